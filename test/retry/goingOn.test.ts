/**
 * Going on with an answer that broke: what becomes of its blocks, its seams, its budget and its connections. In memory.
 */
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Fiber, FiberId, Schedule, Stream, TestClock } from "effect"
import { ModelEvent, ModelResponse } from "effect-redial"
import { Wire } from "effect-redial/testing"
import * as Memory from "./memory.js"

const request = { model: "m", prompt: "Why is the sky blue?" }
const background = { ...request, providerOptions: { responses: { background: true } } }

const text = "The sky is blue because short waves are scattered more than long ones."

const pieces = (whole: string): ReadonlyArray<string> => whole.match(/[\s\S]{1,10}/g) ?? []

const cut = (events: ReadonlyArray<string>, afterEvents: number): Memory.Reply => ({
  events: events.slice(0, afterEvents),
  ending: "reset"
})

const all = <E>(stream: Stream.Stream<ModelEvent.ModelEvent, E>) =>
  Effect.map(Stream.runCollect(stream), Chunk.toReadonlyArray)

const starts = (events: ReadonlyArray<ModelEvent.ModelEvent>) =>
  events.flatMap((event) => (event._tag === "ResponseStart" ? [event.continues] : []))

const responseOf = (events: ReadonlyArray<ModelEvent.ModelEvent>) => {
  const finish = events.at(-1)
  assert(finish?._tag === "Finish")
  return finish.response
}

describe("a continuation that the server keeps", () => {
  const first = Wire.answer("responses", { id: "resp_1", text: pieces(text) })
  /** What was delivered of the first answer: three pieces. */
  const delivered = text.slice(0, 30)

  /** The first answer breaks and is forgotten; its continuation breaks after so many events and is kept. */
  const keeping = (continuation: ReadonlyArray<string>, after: number) => (asked: Memory.Asked, nth: number) => {
    if (nth === 1) return cut(first, 7)
    if (asked.path.includes("resp_1")) {
      return { status: 404, body: Wire.errorBody("responses"), events: [] }
    }
    if (asked.method === "GET") return { events: Wire.rest(asked, continuation) }
    return cut(continuation, after)
  }

  // Held back or not, with its start told or not: wherever it breaks, the cursor goes on with the same seam.
  for (const repeated of [0, 20, 30]) {
    it.scopedLive(`is taken up with its seam, where it repeats ${repeated} characters`, () =>
      Effect.gen(function* () {
        const rest = Wire.answer("responses", { id: "resp_2", text: pieces(text.slice(30 - repeated)) })
        for (let after = 1; after < rest.length; after++) {
          const { asked, provider } = yield* Memory.make("responses", keeping(rest, after))
          const events = yield* all(provider.stream(background, { delivery: "resume" }))
          const response = responseOf(events)
          assert.deepStrictEqual([after, response.text], [after, text])
          assert.strictEqual(ModelEvent.fold(events).text, text)
          assert.deepStrictEqual(starts(events), [undefined, "continuation", "cursor"])
          assert.deepStrictEqual(
            asked.map(({ method }) => method),
            ["POST", "GET", "POST", "GET"]
          )
          assert.deepStrictEqual(response.seams, [
            { attempt: 3, continues: "continuation", offset: delivered.length, cut: repeated }
          ])
        }
      })
    )
  }

  it.scopedLive("is given up where the rest of it shows that it is another answer", () =>
    Effect.gen(function* () {
      const other = Wire.answer("responses", { id: "resp_2", text: ["The sky is ", "in fact ", "black at night."] })
      const { asked, generations, provider } = yield* Memory.make("responses", keeping(other, 4))
      const error = yield* Effect.flip(Stream.runDrain(provider.stream(background, { delivery: "resume" })))
      assert.strictEqual(error._tag, "StreamDropped")
      assert.strictEqual(error.partial?.text, delivered)
      assert.deepStrictEqual(
        asked.map(({ method }) => method),
        ["POST", "GET", "POST", "GET"]
      )
      // The drops of both answers renewed their connections; what the vendor said did not.
      assert.strictEqual(generations(), 3)
    })
  )

  it.scopedLive("is not asked for more once it is known to be another answer", () =>
    Effect.gen(function* () {
      const other = Wire.answer("responses", { id: "resp_2", text: ["The sky is ", "in fact ", "black at night."] })
      const { asked, provider } = yield* Memory.make("responses", keeping(other, other.length))
      yield* Effect.flip(Stream.runDrain(provider.stream(background, { delivery: "resume" })))
      assert.deepStrictEqual(
        asked.map(({ method }) => method),
        ["POST", "GET", "POST"]
      )
    })
  )
})

describe("the blocks of an attempt that goes on", () => {
  const whole = Wire.answer("chat-completions", { text: pieces(text) })

  it.scopedLive("are numbered on from those that are kept, whatever their own numbers are", () =>
    Effect.gen(function* () {
      const kept = Wire.answer("anthropic-messages", {
        blocks: [
          { type: "reasoning", text: "Hm." },
          { type: "text", text: "One." }
        ]
      })
      const more = Wire.answer("anthropic-messages", {
        blocks: [
          { type: "reasoning", text: "Go on." },
          { type: "text", text: " Two." },
          { type: "tool-call", id: "call_1", name: "look", arguments: { at: 1 } },
          { type: "tool-call", id: "call_2", name: "look", arguments: { at: 2 } },
          { type: "text", text: " Three." }
        ]
      })
      const { provider } = yield* Memory.make("anthropic-messages", (_, nth) =>
        nth === 1 ? cut(kept, kept.length - 3) : { events: more }
      )
      const events = yield* all(provider.stream(request, { delivery: "resume" }))
      const blocks = events.flatMap((event) =>
        "index" in event && !event._tag.endsWith("Delta") ? [`${event._tag} ${event.index}`] : []
      )
      assert.deepStrictEqual(blocks, [
        ...["ReasoningStart 0", "ReasoningEnd 0", "TextStart 1", "TextEnd 1"],
        ...["ReasoningStart 2", "ReasoningEnd 2", "TextStart 3", "TextEnd 3"],
        ...["ToolCallStart 4", "ToolCallEnd 4", "ToolCallStart 5", "ToolCallEnd 5", "TextStart 6", "TextEnd 6"]
      ])
      const { content } = responseOf(events)
      assert.deepStrictEqual(
        content.map((part) => (part.type === "tool-call" ? part.arguments : "text" in part ? part.text : part)),
        ["Hm.", "One.", "Go on.", " Two.", { at: 1 }, { at: 2 }, " Three."]
      )
    })
  )

  it.scopedLive("may begin with white space before the model thinks: the seam is where its words are", () =>
    Effect.gen(function* () {
      const blank = { type: "text", text: "\n\n" } as const
      const thought = { type: "reasoning", text: "Go on." } as const
      for (const after of [text.slice(20), text]) {
        const rest = Wire.answer("chat-completions", {
          blocks: [blank, thought, { type: "text", text: pieces(after) }]
        })
        const { provider } = yield* Memory.make("chat-completions", (_, nth) =>
          nth === 1 ? cut(whole, 3) : { events: rest }
        )
        const events = yield* all(provider.stream(request, { delivery: "resume" }))
        assert.strictEqual(responseOf(events).text, text)
        assert.strictEqual(ModelEvent.fold(events).text, text)
      }
    })
  )

  it.scopedLive("may be none: calls that were made before are still to be run", () =>
    Effect.gen(function* () {
      const call = { type: "tool-call", id: "call_1", name: "pay", arguments: { euro: 5 } } as const
      const mixed = Wire.answer("anthropic-messages", { blocks: [call, { type: "text", text: "Done." }] })
      const empty = Wire.answer("anthropic-messages", { blocks: [] })
      const { provider } = yield* Memory.make("anthropic-messages", (_, nth) =>
        nth === 1 ? cut(mixed, mixed.length - 2) : { events: empty }
      )
      const response = responseOf(yield* all(provider.stream(request, { delivery: "resume" })))
      assert.strictEqual(response.finishReason.reason, "tool-calls")
      assert.deepStrictEqual(response.seams, [])
    })
  )

  it.scopedLive("leave no seam where they broke before the texts met", () =>
    Effect.gen(function* () {
      const answer = Wire.answer("anthropic-messages", { text: pieces(text) })
      const again = cut(answer, 4)
      const { provider } = yield* Memory.make("anthropic-messages", (_, nth) =>
        nth === 1 ? cut(answer, 5) : nth === 2 ? again : { events: answer }
      )
      const { seams } = responseOf(yield* all(provider.stream(request, { delivery: "resume" })))
      assert.deepStrictEqual(seams, [{ attempt: 3, continues: "continuation", offset: 20, cut: 20 }])
    })
  )
})

describe("text that is never taken back", () => {
  const shown = (first: ReadonlyArray<string>, after: number, second: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const { provider } = yield* Memory.make("anthropic-messages", (_, nth) =>
        nth === 1 ? cut(first, after) : { events: second }
      )
      return Chunk.join(yield* Stream.runCollect(provider.streamText(request)), "")
    }).pipe(Effect.scoped)

  it.live("has no white space of an attempt that is void", () =>
    Effect.gen(function* () {
      const first = Wire.answer("anthropic-messages", { text: ["\n\n", "Hello"] })
      assert.strictEqual(yield* shown(first, 4, first), "\n\nHello")
    })
  )

  it.live("keeps the white space before a block that is void", () =>
    Effect.gen(function* () {
      const thought = { type: "reasoning", text: "Hm." } as const
      const first = Wire.answer("anthropic-messages", { blocks: [{ type: "text", text: ["One.", "\n\n"] }, thought] })
      const second = Wire.answer("anthropic-messages", { text: "Two." })
      assert.strictEqual(yield* shown(first, first.length - 3, second), "One.\n\nTwo.")
    })
  )
})

describe("a prefill that is refused", () => {
  const answer = Wire.answer("anthropic-messages", { text: pieces(text) })
  const rest = { events: Wire.answer("anthropic-messages", { text: text.slice(20) }) }

  /** Whether the second of two requests prefills, where the first was refused so. */
  const isTriedAgain = (status: number, type: string, message: string) =>
    Effect.gen(function* () {
      const refused = { status, body: Wire.errorBody("anthropic-messages", { type, message }), events: [] }
      const script = [cut(answer, 5), refused, rest, cut(answer, 5), rest]
      const { asked, provider } = yield* Memory.make("anthropic-messages", (_, nth) => script[nth - 1] ?? rest, {
        prefill: {}
      })
      for (const _ of [1, 2])
        assert.strictEqual(Chunk.join(yield* Stream.runCollect(provider.streamText(request)), ""), text)
      return isPrefill(asked.at(-1))
    }).pipe(Effect.scoped)

  const isPrefill = (asked: Memory.Asked | undefined): boolean => {
    const messages = asked?.json?.messages as ReadonlyArray<{ readonly role: string }> | undefined
    return messages?.at(-1)?.role === "assistant"
  }

  it.live("because the model takes none is not tried with that model again", () =>
    Effect.gen(function* () {
      const message = "This model does not support assistant message prefill."
      assert.isFalse(yield* isTriedAgain(400, "invalid_request_error", message))
    })
  )

  it.live("for what this one request says, is tried with the next one", () =>
    Effect.gen(function* () {
      assert.isTrue(
        yield* isTriedAgain(400, "invalid_request_error", "prompt is too long: 200001 tokens > 200000 maximum")
      )
    })
  )
})

describe("the error that ends a request", () => {
  it.scopedLive("tells of the tool call that was delivered, also where a later attempt only thought", () =>
    Effect.gen(function* () {
      const call = Wire.answer("anthropic-messages", {
        toolCalls: [{ id: "call_1", name: "pay", arguments: { euro: 5 } }]
      })
      const thought = Wire.answer("anthropic-messages", { reasoning: "Hm." })
      const { provider } = yield* Memory.make(
        "anthropic-messages",
        (_, nth) => (nth === 1 ? cut(call, 5) : cut(thought, 4)),
        { retry: Schedule.recurs(1) }
      )
      const error = yield* Effect.flip(Stream.runDrain(provider.stream(request)))
      assert.strictEqual(error.attempts.at(-1)?.delivered, "reasoning")
      assert.strictEqual(error.delivered, "tool-call")
      assert.strictEqual(error.partial?.blocks[0]?.type, "tool-call")
    })
  )
})

describe("the sum of what attempts cost", () => {
  const costOf = (events: ReadonlyArray<ModelEvent.ModelEvent>) => ModelResponse.totalUsage(responseOf(events))

  it.scopedLive("is exact where the server kept the answer: nothing was written twice", () =>
    Effect.gen(function* () {
      const kept = Wire.answer("responses", { id: "resp_1", text: pieces(text) })
      const { provider } = yield* Memory.make("responses", (asked, nth) =>
        nth < 4 ? cut(Wire.rest(asked, kept), 4) : { events: Wire.rest(asked, kept) }
      )
      assert.isTrue(costOf(yield* all(provider.stream(background))).exact)
    })
  )

  it.scopedLive("is not exact where the provider's numbers count nothing", () =>
    Effect.gen(function* () {
      for (const [inputTokens, exact] of [
        [10, true],
        [-1, false],
        [0.5, false]
      ] as const) {
        const answer = Wire.answer("chat-completions", { text, usage: { inputTokens } })
        const { provider } = yield* Memory.make("chat-completions", () => ({ events: answer }))
        assert.strictEqual(costOf(yield* all(provider.stream(request))).exact, exact)
      }
    })
  )

  it.scopedLive("is not exact where an answer began and broke, also without output", () =>
    Effect.gen(function* () {
      const answer = Wire.answer("chat-completions", { text: pieces(text) })
      const { provider } = yield* Memory.make("chat-completions", (_, nth) =>
        nth === 1 ? cut(answer, 1) : { events: answer }
      )
      assert.isFalse(costOf(yield* all(provider.stream(request))).exact)
    })
  )
})

describe("a model that repeats a long answer", () => {
  it.scoped("is not taken for a dead one while its words are held back", () =>
    Effect.gen(function* () {
      const long = Array.from({ length: 40 }, (_, at) => `word${at * 7919} `)
      const answer = Wire.answer("anthropic-messages", { text: long })
      const { provider } = yield* Memory.make(
        "anthropic-messages",
        (_, nth) => (nth === 1 ? cut(answer, 30) : { events: answer, everyMillis: 1_000 }),
        { deadlines: { stuck: "10 seconds", idle: "5 seconds", firstEvent: "5 seconds" } }
      )
      const fiber = yield* Effect.fork(all(provider.stream(request, { delivery: "resume" })))
      // The SDK is loaded outside the test clock.
      while ((yield* Fiber.status(fiber))._tag !== "Done") {
        yield* TestClock.adjust("1 second")
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      }
      const response = responseOf(yield* Fiber.join(fiber))
      assert.strictEqual(response.text, long.join(""))
      assert.strictEqual(response.attempts.length, 2)
    })
  )
})

describe("an interruption", () => {
  for (const nth of [1, 2]) {
    it.scopedLive(`while attempt ${nth} is being freed frees all of it, and nothing new is opened`, () =>
      Effect.gen(function* () {
        const answer = Wire.answer("anthropic-messages", { text: pieces(text) })
        const rest = Wire.answer("anthropic-messages", { text: pieces(text.slice(20)) })
        let interrupt = (): void => {}
        const { asked, open, provider } = yield* Memory.make("anthropic-messages", (_, at) => ({
          ...cut(at === 1 ? answer : rest, 5),
          // Comes when the fiber waits for the first thing that it has to free.
          atEnd: at === nth ? () => queueMicrotask(() => interrupt()) : undefined
        }))
        const fiber = yield* Effect.fork(Stream.runDrain(provider.streamText(request, { retry: Schedule.forever })))
        interrupt = () => fiber.unsafeInterruptAsFork(FiberId.none)
        yield* Fiber.await(fiber)
        assert.strictEqual(open(), 0)
        assert.strictEqual(asked.length, nth)
      })
    )
  }
})
