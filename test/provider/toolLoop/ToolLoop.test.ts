/**
 * What a tool loop does with calls and answers, over scripted ones.
 */
import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  Chunk,
  Context,
  Data,
  Deferred,
  Effect,
  Exit,
  Fiber,
  Layer,
  Option,
  Ref,
  Schema,
  type Scope,
  Stream,
  TestClock
} from "effect"
import { AnthropicMessages, type ModelRequest, Prompt, Provider, Tool, Toolkit, ToolLoop } from "effect-redial"
import { ScriptedProvider, type Wire } from "effect-redial/testing"

const weather = Tool.make("weather", { parameters: { city: Schema.String } })
const add = Tool.make("add", { parameters: { a: Schema.Number, b: Schema.Number } })
const toolkit = Toolkit.make(weather, add)
const request = { model: "m", prompt: "How warm is it?" }

const oslo = { id: "c1", name: "weather", arguments: { city: "Oslo" } }
const sum = { id: "c2", name: "add", arguments: { a: 1, b: 2 } }
const done = ScriptedProvider.answer({ text: "Done." })
const calls = (...toolCalls: ReadonlyArray<Wire.ToolCall>) => ScriptedProvider.answer({ toolCalls })

/** Runs a program over a script, and gives what was asked besides. */
const over = <A, E, R>(
  script: Parameters<typeof ScriptedProvider.make>[0],
  program: Effect.Effect<A, E, Provider.Provider | R>
) =>
  Effect.gen(function* () {
    const { provider, requests } = yield* ScriptedProvider.make(script)
    const value = yield* Effect.provideService(program, Provider.Provider, provider)
    return { value, requests: yield* requests }
  })

const last = (requests: ReadonlyArray<ModelRequest.ModelRequest>) => requests.at(-1)?.prompt.at(-1)?.content

const told = (requests: ReadonlyArray<ModelRequest.ModelRequest>): ReadonlyArray<unknown> => {
  const content = last(requests)
  assert(Array.isArray(content))
  return content.map(({ cache: _, ...result }) => result)
}

const result = (id: string, content: string) => ({ type: "tool-result", id, content })
const failed = (id: string, content: string) => ({ ...result(id, content), isError: true })

const fine = ToolLoop.make(toolkit, {
  weather: ({ city }) => Effect.succeed(`18 degrees in ${city}`),
  add: ({ a, b }) => Effect.succeed(a + b)
})

describe("ToolLoop", () => {
  it.scoped("tells the model the result of each call, and gives answers, conversation, usage and cost", () =>
    Effect.gen(function* () {
      const { requests, value } = yield* over(
        [calls(oslo, sum), done],
        ToolLoop.generate(fine, request, { price: { input: 1_000_000, output: 0 } })
      )
      assert.deepStrictEqual(told(requests), [result("c1", "18 degrees in Oslo"), result("c2", "3")])
      assert.strictEqual(value.text, "Done.")
      assert.strictEqual(value.response, value.responses[1])
      assert.strictEqual(value.usage.inputTokens, 20)
      assert.isTrue(value.exact)
      assert.deepStrictEqual(value.cost, Option.some(20))
      const [question, asked, results, answer] = value.prompt
      assert.deepStrictEqual(question, { role: "user", content: request.prompt })
      assert.deepStrictEqual([asked?.role, results?.role, answer?.role], ["assistant", "tool", "assistant"])
      assert.deepStrictEqual(requests[1]?.prompt, value.prompt.slice(0, -1))
      assert.deepStrictEqual(requests[1]?.tools, toolkit.tools)
    })
  )

  it.scoped("streams the events of each answer with its step, the results, and the end", () =>
    Effect.gen(function* () {
      const { value } = yield* over([calls(oslo), done], Stream.runCollect(ToolLoop.stream(fine, request)))
      const shown = Chunk.toReadonlyArray(value).map((event) =>
        event._tag === "Model" ? `${event.step} ${event.event._tag}` : event._tag
      )
      const at = shown.indexOf("ToolResult")
      assert.deepStrictEqual(shown.slice(0, at).at(-1), "1 Finish")
      assert.deepStrictEqual(shown[at + 1], "2 ResponseStart")
      assert.deepStrictEqual(shown.slice(-2), ["2 Finish", "End"])
      const end = Chunk.unsafeLast(value)
      assert(end._tag === "End")
      assert.strictEqual(end.result.text, "Done.")
    })
  )

  it.scoped("answers calls that do not fit, of no tool, and of a vendor's tool that nothing runs", () =>
    Effect.gen(function* () {
      const search = AnthropicMessages.tool({ type: "web_search_20250305", name: "web_search" })
      const ran: Array<string> = []
      const loop = ToolLoop.make(Toolkit.make(weather, search), {
        weather: ({ city }) => Effect.sync(() => ran.push(city))
      })
      const { requests } = yield* over(
        [
          calls(
            { id: "c1", name: "weather", arguments: { town: "Oslo" } },
            { id: "c2", name: "wether", arguments: {} },
            { id: "c3", name: "web_search", arguments: {} }
          ),
          done
        ],
        ToolLoop.generate(loop, request)
      )
      const all = told(requests)
      assert.deepStrictEqual(
        all.map((one) => one !== null && typeof one === "object" && "isError" in one && one.isError),
        [true, true, true]
      )
      assert.include(JSON.stringify(all[0]), "city")
      assert.include(JSON.stringify(all[1]), "there are weather, web_search")
      assert.include(JSON.stringify(all[2]), "No program runs")
      assert.deepStrictEqual(ran, [])
    })
  )

  it.scoped("tells failures by their message, and ends with those that are to end it", () =>
    Effect.gen(function* () {
      class Offline extends Data.TaggedError("Offline") {}
      class NoCity extends Data.TaggedError("NoCity")<{ readonly message: string }> {}
      const telling = ToolLoop.make(toolkit, {
        weather: ({ city }) => new NoCity({ message: `There is no ${city}.` }),
        add: () => new Offline()
      })
      const { requests } = yield* over([calls(oslo, sum), done], ToolLoop.generate(telling, request))
      assert.deepStrictEqual(told(requests), [failed("c1", "There is no Oslo."), failed("c2", "Offline")])

      const failing = ToolLoop.make(toolkit, {
        weather: { run: () => new Offline(), onFailure: "fail" },
        add: ({ a }) => Effect.succeed(a)
      })
      const ended = yield* over([calls(oslo), done], Effect.flip(ToolLoop.generate(failing, request)))
      assert.strictEqual(ended.value._tag, "Offline")
      assert.strictEqual(ended.requests.length, 1)
      const exit = yield* over([calls(oslo)], Effect.exit(Stream.runDrain(ToolLoop.stream(failing, request))))
      assert(Exit.isFailure(exit.value))
      assert.deepStrictEqual(
        Option.map(Cause.failureOption(exit.value.cause), ({ _tag }) => _tag),
        Option.some("Offline")
      )
    })
  )

  it.scoped("takes a defect of a handler, and a value that is not its own schema's, for a defect", () =>
    Effect.gen(function* () {
      const broken = ToolLoop.make(toolkit, {
        weather: () => Effect.dieMessage("bug"),
        add: { run: () => Effect.succeed(1.5), result: Schema.Int }
      })
      for (const call of [oslo, sum]) {
        const { value } = yield* over([calls(call), done], Effect.exit(ToolLoop.generate(broken, request)))
        assert(Exit.isFailure(value) && Cause.isDie(value.cause))
      }
    })
  )

  it.scoped("encodes results with their schema, gives parts as they are, and nothing as an empty text", () =>
    Effect.gen(function* () {
      const image = { type: "image" as const, source: { base64: "AAAA", mediaType: "image/png" } }
      const at = Tool.make("at")
      const loop = ToolLoop.make(Toolkit.make(weather, add, at), {
        weather: (_, call) => Effect.succeed(Prompt.toolResult(call, [image])),
        add: () => Effect.void,
        at: { run: () => Effect.succeed(new Date(0)), result: Schema.Date }
      })
      const { requests } = yield* over(
        [calls(oslo, sum, { id: "c3", name: "at", arguments: {} }), done],
        ToolLoop.generate(loop, request)
      )
      assert.deepStrictEqual(told(requests), [
        { type: "tool-result", id: "c1", content: [image] },
        result("c2", ""),
        result("c3", "1970-01-01T00:00:00.000Z")
      ])
    })
  )

  it.scoped("asks for approval before it runs a call, tells a refusal, and fails with the failure of the asking", () =>
    Effect.gen(function* () {
      class Hung extends Data.TaggedError("Hung") {}
      const ran: Array<string> = []
      const loop = ToolLoop.make(toolkit, {
        weather: {
          run: ({ city }) => Effect.sync(() => ran.push(city)),
          approve: ({ city }) =>
            city === "Rome"
              ? Effect.succeed(true)
              : city === "Oslo"
                ? Effect.succeed(ToolLoop.refuse("Not Oslo."))
                : Effect.fail(new Hung())
        },
        add: { run: () => Effect.sync(() => ran.push("add")), approve: () => Effect.succeed(false) }
      })
      const rome = { id: "c3", name: "weather", arguments: { city: "Rome" } }
      const { requests } = yield* over([calls(oslo, sum, rome), done], ToolLoop.generate(loop, request))
      assert.deepStrictEqual(told(requests), [
        failed("c1", "Not Oslo."),
        failed("c2", "This call was not approved, and was not run."),
        result("c3", "1")
      ])
      assert.deepStrictEqual(ran, ["Rome"])
      const lost = { id: "c4", name: "weather", arguments: { city: "Bergen" } }
      const { value } = yield* over([calls(lost)], Effect.flip(ToolLoop.generate(loop, request)))
      assert.strictEqual(value._tag, "Hung")
    })
  )

  it.scoped("stops a handler that takes too long, and tells so; the time of the approval is not counted", () =>
    Effect.gen(function* () {
      const stopped = yield* Ref.make(0)
      const slow = Effect.onInterrupt(Effect.sleep("1 hour"), () => Ref.update(stopped, (n) => n + 1))
      const loop = ToolLoop.make(toolkit, {
        weather: { run: () => slow, timeout: "3 seconds" },
        add: {
          run: () => Effect.succeed("added"),
          approve: () => Effect.as(Effect.sleep("1 minute"), true),
          timeout: "3 seconds"
        }
      })
      const fiber = yield* Effect.fork(over([calls(oslo, sum), done], ToolLoop.generate(loop, request)))
      yield* TestClock.adjust("2 minutes")
      const { requests } = yield* Fiber.join(fiber)
      assert.deepStrictEqual(told(requests), [
        failed("c1", "The tool was stopped: it took longer than 3s."),
        result("c2", "added")
      ])
      assert.strictEqual(yield* Ref.get(stopped), 1)
    })
  )

  const many = Array.from({ length: 6 }, (_, i) => ({ id: `c${i}`, name: "add", arguments: { a: i, b: 0 } }))

  const atOnce = (
    settings: { readonly concurrency?: number },
    options: ToolLoop.Options
  ): Effect.Effect<readonly [number, ReadonlyArray<unknown>], unknown, Scope.Scope> =>
    Effect.gen(function* () {
      let running = 0
      let most = 0
      const loop = ToolLoop.make(toolkit, {
        weather: () => Effect.void,
        add: {
          ...settings,
          run: ({ a }) =>
            Effect.acquireUseRelease(
              Effect.sync(() => {
                most = Math.max(most, ++running)
              }),
              () => Effect.as(Effect.sleep(1000 - 100 * a), a),
              () => Effect.sync(() => running--)
            )
        }
      })
      const fiber = yield* Effect.fork(over([calls(...many), done], ToolLoop.generate(loop, request, options)))
      yield* TestClock.adjust("1 minute")
      const { requests } = yield* Fiber.join(fiber)
      return [most, told(requests)]
    })

  it.scoped("runs as many calls at once as it may, and tells their results in the order of the calls", () =>
    Effect.gen(function* () {
      const inOrder = many.map(({ id }, i) => result(id, String(i)))
      assert.deepStrictEqual(yield* atOnce({}, {}), [6, inOrder])
      assert.deepStrictEqual(yield* atOnce({ concurrency: 2 }, {}), [2, inOrder])
      assert.deepStrictEqual(yield* atOnce({ concurrency: 4 }, { concurrency: 3 }), [3, inOrder])
    })
  )

  it.scoped("goes on after a pause, and its text is the whole message", () =>
    Effect.gen(function* () {
      const pause = ScriptedProvider.answer({ text: "Let me think. ", finish: "pause_turn" })
      const { requests, value } = yield* over(
        [calls(oslo), pause, pause, ScriptedProvider.answer({ text: "36." })],
        ToolLoop.generate(fine, request)
      )
      assert.strictEqual(value.text, "Let me think. Let me think. 36.")
      assert.deepStrictEqual(
        requests.at(-1)?.prompt.map(({ role }) => role),
        ["user", "assistant", "tool", "assistant"]
      )
    })
  )

  it.scoped("ends after as many steps as it may make, with all that was done, and can go on", () =>
    Effect.gen(function* () {
      const first = yield* over([calls(oslo)], Effect.flip(ToolLoop.generate(fine, request)))
      assert(first.value._tag === "StepsExhausted")
      assert.strictEqual(first.requests.length, 20)
      assert.include(first.value.message, "20 steps")

      const { value: error } = yield* over(
        [calls(oslo)],
        Effect.flip(ToolLoop.generate(fine, request, { maxSteps: 2 }))
      )
      assert(error._tag === "StepsExhausted")
      const { prompt, responses, usage } = ToolLoop.progress(error.checkpoint)
      assert.deepStrictEqual([responses.length, usage.inputTokens, prompt.at(-1)?.role], [2, 20, "tool"])
      const { requests, value } = yield* over(
        [done],
        ToolLoop.generate(fine, { ...request, prompt: "not read" }, { from: error.checkpoint, maxSteps: 3 })
      )
      assert.deepStrictEqual(requests[0]?.prompt, prompt)
      assert.strictEqual(value.responses.length, 3)
      for (const maxSteps of [0, Number.NaN]) {
        const none = yield* over([done], Effect.flip(ToolLoop.generate(fine, request, { maxSteps })))
        assert.deepStrictEqual([none.value._tag, none.requests.length], ["StepsExhausted", 0])
      }
    })
  )

  it.scoped("stops where it is told to, with a conversation in which each call has its result", () =>
    Effect.gen(function* () {
      const seen: Array<number> = []
      const { requests, value } = yield* over(
        [calls(oslo), calls(sum), done],
        ToolLoop.generate(fine, request, {
          maxSteps: 2,
          stopWhen: ({ response, responses }) => {
            seen.push(responses.length)
            return response.toolCalls.some(({ name }) => name === "add")
          }
        })
      )
      assert.deepStrictEqual([requests.length, seen], [2, [1, 2]])
      assert.strictEqual(value.prompt.at(-1)?.role, "tool")
    })
  )

  it.scoped("interrupts its handlers when it is interrupted, as an effect and as a stream", () =>
    Effect.gen(function* () {
      for (const how of ["generate", "stream"] as const) {
        const begun = yield* Deferred.make<void>()
        const stopped = yield* Deferred.make<void>()
        const loop = ToolLoop.make(toolkit, {
          weather: () =>
            Effect.zipRight(Deferred.succeed(begun, undefined), Effect.never).pipe(
              Effect.onInterrupt(() => Deferred.succeed(stopped, undefined))
            ),
          add: () => Effect.void
        })
        const program =
          how === "generate" ? ToolLoop.generate(loop, request) : Stream.runDrain(ToolLoop.stream(loop, request))
        const fiber = yield* Effect.fork(over([calls(oslo)], Effect.asVoid(program)))
        yield* Deferred.await(begun)
        yield* Fiber.interrupt(fiber)
        assert.isTrue(yield* Deferred.isDone(stopped), how)
      }
    })
  )

  it.scoped("runs a handler once although its consumer pulls with a timeout", () =>
    Effect.gen(function* () {
      const runs = yield* Ref.make(0)
      const loop = ToolLoop.make(toolkit, {
        weather: () =>
          Effect.zipRight(
            Ref.update(runs, (n) => n + 1),
            Effect.as(Effect.sleep("10 seconds"), "warm")
          ),
        add: () => Effect.void
      })
      const pulling = Effect.gen(function* () {
        const pull = yield* Stream.toPull(ToolLoop.stream(loop, request))
        const tags: Array<string> = []
        let heartbeats = 0
        while (true) {
          const pulled = yield* Effect.exit(Effect.timeoutOption(pull, "1 second"))
          if (Exit.isFailure(pulled)) return { tags, heartbeats }
          if (Option.isNone(pulled.value)) heartbeats++
          else for (const event of pulled.value.value) tags.push(event._tag)
        }
      })
      const fiber = yield* Effect.fork(over([calls(oslo), done], Effect.scoped(pulling)))
      yield* TestClock.adjust("1 minute")
      const { requests, value } = yield* Fiber.join(fiber)
      assert.strictEqual(yield* Ref.get(runs), 1)
      assert.strictEqual(requests.length, 2)
      assert.isAtLeast(value.heartbeats, 5)
      assert.deepStrictEqual(
        value.tags.filter((tag) => tag !== "Model"),
        ["ToolResult", "End"]
      )
    })
  )

  it.scoped("runs nothing ahead of a consumer that does not pull", () =>
    Effect.gen(function* () {
      const runs = yield* Ref.make(0)
      const loop = ToolLoop.make(toolkit, { weather: () => Ref.update(runs, (n) => n + 1), add: () => Effect.void })
      const { requests } = yield* over(
        [calls(oslo), done],
        Stream.runForEachWhile(ToolLoop.stream(loop, request), () =>
          Effect.as(
            Effect.forEach(Array.from({ length: 100 }), () => Effect.yieldNow()),
            false
          )
        )
      )
      assert.deepStrictEqual([yield* Ref.get(runs), requests.length], [0, 1])
    })
  )

  it.scoped("needs what its handlers need, and gives them the call", () =>
    Effect.gen(function* () {
      class Db extends Context.Tag("Db")<Db, ReadonlyMap<string, string>>() {}
      const loop = ToolLoop.make(toolkit, {
        weather: ({ city }, { id }) => Effect.map(Db, (db) => `${id}: ${db.get(city)}`),
        add: () => Effect.void
      })
      const db = Layer.succeed(Db, new Map([["Oslo", "cold"]]))
      const generated = yield* over([calls(oslo), done], Effect.provide(ToolLoop.generate(loop, request), db))
      assert.deepStrictEqual(told(generated.requests), [result("c1", "c1: cold")])
      const streamed = yield* over(
        [calls(oslo), done],
        ToolLoop.stream(loop, request).pipe(Stream.runDrain, Effect.provide(db))
      )
      assert.deepStrictEqual(told(streamed.requests), [result("c1", "c1: cold")])
    })
  )

  it("refuses handlers that cannot work where it is made", () => {
    // For those who have no types.
    const make = (handlers: object) => () => ToolLoop.make(toolkit, handlers as never)
    const run = () => Effect.void
    assert.throws(make({ weather: run }), /"add" has no handler/)
    assert.throws(make({ weather: run, add: run, sub: run }), /"sub" is not in the toolkit/)
    assert.throws(make({ weather: run, add: { run, concurrency: 0 } }), /concurrency 0/)
    assert.throws(make({ weather: run, add: { run, timeout: "soon" } }), /`timeout` that is not a duration/)
  })
})
