/**
 * Going on with an answer that broke: what becomes of its blocks, its seams, its budget and its connections. In memory.
 */
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Deferred, Effect, Fiber, FiberId, Option, Schedule, Stream, TestClock } from "effect"
import { ModelEvent, ModelResponse } from "effect-redial"
import { Wire } from "effect-redial/testing"
import { request } from "../support/request.js"
import * as Memory from "../support/retry/memory.js"

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
  events.flatMap((event) => (event._tag === "ResponseStart" ? [event.route] : []))

const methods = (asked: ReadonlyArray<Memory.Asked>) => asked.map(({ method }) => method)

type Ask = NonNullable<ReturnType<typeof Wire.asked>>

/** What a request asks for, which is known to ask a model to go on. */
const askOf = ({ json }: Memory.Asked): Ask => {
  const ask = Wire.asked(json)
  assert(ask !== undefined, "no request to go on")
  return ask
}

/** The text as a model writes it that goes on as it is asked. */
const rest = (ask: Ask): string => Wire.resumed(ask, text.slice(text.indexOf(ask.anchor) + ask.anchor.length))

/** The events that came, and the error that ended them. */
const untilError = <E>(stream: Stream.Stream<ModelEvent.ModelEvent, E>) =>
  Effect.suspend(() => {
    const events: Array<ModelEvent.ModelEvent> = []
    return Stream.runForEach(stream, (event) => Effect.sync(() => void events.push(event))).pipe(
      Effect.flip,
      Effect.map((error) => ({ error, events }))
    )
  })

const responseOf = (events: ReadonlyArray<ModelEvent.ModelEvent>) => {
  const finish = events.at(-1)
  assert(finish?._tag === "Finish")
  return finish.response
}

describe("a continuation that the server keeps", () => {
  const first = Wire.answer("responses", { id: "resp_1", text: pieces(text) })
  /** What was delivered of the first answer: three pieces, but for the space at their end. */
  const delivered = text.slice(0, 29)
  const rest = text.slice(29)

  type Model = (ask: Ask) => ReadonlyArray<string>

  /** The first answer breaks and is forgotten. Each continuation breaks after so many events, if it does, and is kept. */
  const keeping = (model: Model, after: number) => {
    const kept = new Map<string, ReadonlyArray<string>>()
    return (asked: Memory.Asked, nth: number): Memory.Reply => {
      const ask = Wire.asked(asked.json)
      if (ask !== undefined) {
        const id = `resp_${nth}`
        const events = Wire.answer("responses", { id, text: model(ask) })
        kept.set(id, events)
        return cut(events, after)
      }
      if (nth === 1) return cut(first, 7)
      const events = kept.get(/resp_\d+/.exec(asked.path)?.[0] ?? "")
      if (events === undefined) return { status: 404, body: Wire.errorBody("responses"), events: [] }
      return { events: Wire.rest(asked, events) }
    }
  }

  const obedient: Readonly<Record<string, Model>> = {
    "in pieces": (ask) => pieces(Wire.resumed(ask, rest)),
    "in one piece": (ask) => [Wire.resumed(ask, rest)],
    "after a word before it": (ask) => pieces(`Certainly. ${Wire.resumed(ask, rest)}`)
  }

  // Held back or not, with its start told or not: wherever it breaks, the cursor goes on with the same seam.
  for (const [how, model] of Object.entries(obedient)) {
    it.scopedLive(`is taken up with its seam, where the model shows it ${how}`, () =>
      Effect.gen(function* () {
        const { length } = Wire.answer("responses", { text: model({ marker: "<resume-000000>", anchor: delivered }) })
        for (let after = 1; after < length; after++) {
          const { asked, provider } = yield* Memory.make("responses", keeping(model, after))
          const events = yield* all(provider.stream(background, { delivery: "resume" }))
          const response = responseOf(events)
          assert.deepStrictEqual([after, response.text], [after, text])
          assert.strictEqual(ModelEvent.fold(events).text, text)
          assert.deepStrictEqual(starts(events), [undefined, "ask", "cursor"])
          assert.deepStrictEqual(methods(asked), ["POST", "GET", "POST", "GET"])
          assert.deepStrictEqual(response.seams, [
            { attempt: 3, route: "ask", offset: delivered.length, anchor: delivered }
          ])
        }
      })
    )
  }

  const disobedient: Readonly<Record<string, Model>> = {
    "another answer": () => ["The sky is ", "in fact ", "black at night."],
    "other words behind its marker": ({ marker }) => [marker, "\nThe sky is ", "in fact ", "black at night."]
  }
  for (const [what, model] of Object.entries(disobedient)) {
    it.scopedLive(`is given up where the rest of it shows that it is ${what}, and tried once more`, () =>
      Effect.gen(function* () {
        const { asked, generations, provider } = yield* Memory.make("responses", keeping(model, 4))
        const { error, events } = yield* untilError(provider.stream(background, { delivery: "resume" }))
        assert.strictEqual(error._tag, "StreamDropped")
        assert.strictEqual(error.partial?.text, delivered)
        assert.strictEqual(ModelEvent.fold(events).text, delivered)
        assert.deepStrictEqual(methods(asked), ["POST", "GET", "POST", "GET", "POST", "GET"])
        assert.deepStrictEqual(
          error.attempts.map(({ error, route }) => [route, error?.tag]),
          [
            [undefined, "StreamDropped"],
            ["cursor", "ModelNotFound"],
            ["ask", "StreamDropped"],
            ["cursor", "SeamNotProven"],
            ["ask", "StreamDropped"],
            ["cursor", "SeamNotProven"]
          ]
        )
        // The drops of three answers renewed their connections; what the vendor said did not.
        assert.strictEqual(generations(), 4)
      })
    )

    it.scopedLive(`is not asked for more once it is known to be ${what}`, () =>
      Effect.gen(function* () {
        const { asked, generations, provider } = yield* Memory.make("responses", keeping(model, 100))
        const { error, events } = yield* untilError(provider.stream(background, { delivery: "resume" }))
        assert.strictEqual(error._tag, "StreamDropped")
        assert.strictEqual(error.partial?.text, delivered)
        assert.strictEqual(ModelEvent.fold(events).text, delivered)
        assert.deepStrictEqual(methods(asked), ["POST", "GET", "POST", "POST"])
        assert.strictEqual(generations(), 2)
      })
    )
  }
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
      const more = (asked: Memory.Asked) =>
        Wire.answer("anthropic-messages", {
          blocks: [
            { type: "reasoning", text: "Go on." },
            { type: "text", text: Wire.resumed(askOf(asked), " Two.") },
            { type: "tool-call", id: "call_1", name: "look", arguments: { at: 1 } },
            { type: "tool-call", id: "call_2", name: "look", arguments: { at: 2 } },
            { type: "text", text: " Three." }
          ]
        })
      const { provider } = yield* Memory.make("anthropic-messages", (asked, nth) =>
        nth === 1 ? cut(kept, kept.length - 3) : { events: more(asked) }
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
      const { provider } = yield* Memory.make("chat-completions", (asked, nth) => {
        if (nth === 1) return cut(whole, 3)
        const words = { type: "text", text: pieces(rest(askOf(asked))) } as const
        return { events: Wire.answer("chat-completions", { blocks: [blank, thought, words] }) }
      })
      const events = yield* all(provider.stream(request, { delivery: "resume" }))
      const response = responseOf(events)
      assert.strictEqual(response.text, text)
      assert.strictEqual(ModelEvent.fold(events).text, text)
      assert.deepStrictEqual(response.seams, [{ attempt: 2, route: "ask", offset: 20, anchor: text.slice(0, 20) }])
    })
  )

  const call = { type: "tool-call", id: "call_1", name: "pay", arguments: { euro: 5 } } as const
  const mixed = Wire.answer("anthropic-messages", { blocks: [call, { type: "text", text: "Done." }] })

  it.scopedLive("may be none, where the model says that nothing was missing: calls are still to be run", () =>
    Effect.gen(function* () {
      const { provider } = yield* Memory.make("anthropic-messages", (asked, nth) =>
        nth === 1
          ? cut(mixed, mixed.length - 2)
          : { events: Wire.answer("anthropic-messages", { text: Wire.resumed(askOf(asked), "") }) }
      )
      const events = yield* all(provider.stream(request, { delivery: "resume" }))
      const response = responseOf(events)
      assert.strictEqual(response.finishReason.reason, "tool-calls")
      assert.strictEqual(response.text, "Done.")
      assert.strictEqual(ModelEvent.fold(events).text, "Done.")
      assert.deepStrictEqual(response.toolCalls, [call])
      assert.deepStrictEqual(response.seams, [])
    })
  )

  it.scopedLive("may be white space and a call", () =>
    Effect.gen(function* () {
      const spoken = Wire.answer("anthropic-messages", { text: ["Let me look.", "\n"], toolCalls: [call] })
      const { provider } = yield* Memory.make("anthropic-messages", (asked, nth) =>
        nth === 1
          ? cut(spoken, 5)
          : {
              events: Wire.answer("anthropic-messages", { text: Wire.resumed(askOf(asked), "\n"), toolCalls: [call] })
            }
      )
      const events = yield* all(provider.stream(request, { delivery: "resume" }))
      const response = responseOf(events)
      assert.strictEqual(response.text, "Let me look.\n")
      assert.strictEqual(ModelEvent.fold(events).text, "Let me look.\n")
      assert.deepStrictEqual(response.toolCalls, [call])
      assert.deepStrictEqual(response.seams, [{ attempt: 2, route: "ask", offset: 12, anchor: "Let me look." }])
    })
  )

  it.scopedLive("may not be none without a word of it: nobody knows whether the answer was whole", () =>
    Effect.gen(function* () {
      const empty = Wire.answer("anthropic-messages", { blocks: [] })
      const { asked, provider } = yield* Memory.make("anthropic-messages", (_, nth) =>
        nth === 1 ? cut(mixed, mixed.length - 2) : { events: empty }
      )
      const { error } = yield* untilError(provider.stream(request, { delivery: "resume" }))
      assert.strictEqual(error._tag, "StreamDropped")
      assert.strictEqual(error.delivered, "tool-call")
      assert.strictEqual(error.partial?.text, "Done.")
      assert.strictEqual(asked.length, 3)
    })
  )

  it.scopedLive("leave no seam where they broke before the texts met", () =>
    Effect.gen(function* () {
      const answer = Wire.answer("anthropic-messages", { text: pieces(text) })
      const anchor = text.slice(0, 20)
      // Three events before the first piece, and no piece of the rest among those that follow.
      const beforeTheyMeet = 3 + Math.floor(Wire.resumed({ marker: "<resume-000000>", anchor }, " ").length / 10)
      for (let after = 0; after <= beforeTheyMeet; after++) {
        const { provider } = yield* Memory.make("anthropic-messages", (asked, nth) => {
          if (nth === 1) return cut(answer, 5)
          const events = Wire.answer("anthropic-messages", { text: pieces(rest(askOf(asked))) })
          return nth === 2 ? cut(events, after) : { events }
        })
        const events = yield* all(provider.stream(request, { delivery: "resume" }))
        const { seams, text: whole } = responseOf(events)
        assert.strictEqual(whole, text)
        assert.strictEqual(ModelEvent.fold(events).text, text)
        assert.deepStrictEqual(seams, [{ attempt: 3, route: "ask", offset: 20, anchor }])
      }
    })
  )
})

describe("text that is never taken back", () => {
  const shown = (first: ReadonlyArray<string>, after: number, second: (asked: Memory.Asked) => ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const { provider } = yield* Memory.make("anthropic-messages", (asked, nth) =>
        nth === 1 ? cut(first, after) : { events: second(asked) }
      )
      return Chunk.join(yield* Stream.runCollect(provider.streamText(request)), "")
    }).pipe(Effect.scoped)

  it.live("has no white space of an attempt that is void", () =>
    Effect.gen(function* () {
      const first = Wire.answer("anthropic-messages", { text: ["\n\n", "Hello"] })
      assert.strictEqual(yield* shown(first, 4, () => first), "\n\nHello")
    })
  )

  it.live("has the white space before a block that is void once only: it is written again", () =>
    Effect.gen(function* () {
      const thought = { type: "reasoning", text: "Hm." } as const
      const first = Wire.answer("anthropic-messages", { blocks: [{ type: "text", text: ["One.", "\n\n"] }, thought] })
      const second = (asked: Memory.Asked) =>
        Wire.answer("anthropic-messages", { text: Wire.resumed(askOf(asked), "\n\nTwo.") })
      assert.strictEqual(yield* shown(first, first.length - 3, second), "One.\n\nTwo.")
    })
  )
})

describe("the citations of a text that is gone on with", () => {
  const event = (body: object) => `data: ${JSON.stringify(body)}\n\n`

  it.scopedLive("stay with it, whatever event the stream drops at", () =>
    Effect.gen(function* () {
      const cite = (title: string) =>
        event({ type: "content_block_delta", index: 0, delta: { type: "citations_delta", citation: { title } } })
      const plain = Wire.answer("anthropic-messages", { text: pieces(text) })
      const first = [...plain.slice(0, 4), cite("A"), ...plain.slice(4, 7), cite("B"), ...plain.slice(7)]
      for (let after = 4; after < 11; after++) {
        const { provider } = yield* Memory.make("anthropic-messages", (asked, nth) =>
          nth === 1 ? cut(first, after) : { events: Wire.answer("anthropic-messages", { text: rest(askOf(asked)) }) }
        )
        const events = yield* all(provider.stream(request, { delivery: "resume" }))
        const response = responseOf(events)
        assert.strictEqual(response.text, text)
        assert.deepStrictEqual(
          response.content.map((part) => (part.type === "citation" ? part.title : part.type)),
          ["text", ...(after > 4 ? ["A"] : []), ...(after > 8 ? ["B"] : [])]
        )
        // A consumer that folds has the same.
        const { blocks } = ModelEvent.fold(events)
        assert.deepStrictEqual(
          blocks.map(({ open, type }) => [type, open]),
          response.content.map(({ type }) => [type, false])
        )
      }
    })
  )

  it.scopedLive("have a place where the text is of one attempt, and none where it was joined", () =>
    Effect.gen(function* () {
      const note = (title: string) =>
        event({
          choices: [
            {
              delta: { annotations: [{ type: "url_citation", url_citation: { title, start_index: 1, end_index: 2 } }] }
            }
          ]
        })
      const annotated = (title: string, said: string, at: number) => {
        const plain = Wire.answer("chat-completions", { text: pieces(said) })
        return [...plain.slice(0, at), note(title), ...plain.slice(at)]
      }
      // Before the seam is proven, and behind it.
      for (const at of [2, 4, 6, 8]) {
        const { provider } = yield* Memory.make("chat-completions", (asked, nth) =>
          nth === 1 ? cut(annotated("A", text, 5), 7) : { events: annotated("B", rest(askOf(asked)), at) }
        )
        const response = responseOf(yield* all(provider.stream(request, { delivery: "resume" })))
        assert.strictEqual(response.text, text)
        assert.deepStrictEqual(
          response.content.map((part) => (part.type === "citation" ? [part.title, part.start, part.end] : part.type)),
          ["text", ["A", 1, 2], ["B", undefined, undefined]]
        )
      }
    })
  )
})

describe("a prefill that is refused", () => {
  const answer = Wire.answer("anthropic-messages", { text: pieces(text) })
  const goingOn = ({ json }: Memory.Asked): Memory.Reply => {
    const ask = Wire.asked(json)
    const missing = ask === undefined ? text.slice(20) : rest(ask)
    return { events: Wire.answer("anthropic-messages", { text: missing }) }
  }

  /** Whether the second of two requests prefills, where the first was refused so. */
  const isTriedAgain = (status: number, type: string, message: string) =>
    Effect.gen(function* () {
      const refused = { status, body: Wire.errorBody("anthropic-messages", { type, message }), events: [] }
      const script = [cut(answer, 5), refused, undefined, cut(answer, 5)]
      const { asked, provider } = yield* Memory.make(
        "anthropic-messages",
        (one, nth) => script[nth - 1] ?? goingOn(one),
        { prefill: {} }
      )
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

describe("the error that ends a request, and what the consumer has", () => {
  const thought = { type: "reasoning", text: "Hm." } as const
  const call = { type: "tool-call", id: "call_1", name: "pay", arguments: { euro: 5 } } as const
  const said = (...blocks: ReadonlyArray<Wire.Block>) => Wire.answer("anthropic-messages", { blocks })
  const body = Wire.errorBody("anthropic-messages", { type: "invalid_request_error" })
  const refused: Memory.Reply = { status: 400, body, events: [] }

  /** The first answer has these blocks and breaks; then each request meets the next reply, and the last one is refused. */
  const meet = (first: ReadonlyArray<string>, after: number, ...then: ReadonlyArray<(ask: Ask) => Memory.Reply>) =>
    Effect.gen(function* () {
      const { provider } = yield* Memory.make("anthropic-messages", (asked, nth) =>
        nth === 1 ? cut(first, after) : (then[nth - 2]?.(askOf(asked)) ?? refused)
      )
      const { error, events } = yield* untilError(provider.stream(request, { delivery: "resume" }))
      const folded = ModelEvent.fold(events)
      assert.strictEqual(error._tag, "StreamDropped")
      assert.strictEqual(error.partial?.text, folded.text)
      assert.strictEqual(error.checkpoint?.text, folded.text)
      assert.deepStrictEqual(error.checkpoint?.blocks, folded.blocks)
      return { error, folded }
    })

  it.scopedLive("are the same where a refused attempt had shown text", () =>
    Effect.gen(function* () {
      const first = said(call, { type: "text", text: "Done." })
      const { error, folded } = yield* meet(first, first.length - 2, (ask) => ({
        events: said({ type: "text", text: Wire.resumed(ask, " And paid.") }, call)
      }))
      assert.strictEqual(folded.text, "Done. And paid.")
      assert.deepStrictEqual(
        error.attempts.map(({ error }) => error?.tag),
        ["StreamDropped", "SeamNotProven", "InvalidRequest"]
      )
    })
  )

  it.scopedLive("are the same where thoughts of a broken attempt became void before a refusal", () =>
    Effect.gen(function* () {
      const first = said({ type: "text", text: "Done." })
      const { error, folded } = yield* meet(first, first.length - 2, () => cut(said(thought), 4))
      assert.deepStrictEqual(
        folded.blocks.map(({ type }) => type),
        ["text"]
      )
      assert.deepStrictEqual(
        error.attempts.map(({ error }) => error?.tag),
        ["StreamDropped", "StreamDropped", "InvalidRequest"]
      )
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

describe("a model that repeats its last words slowly", () => {
  it.scoped("is not taken for a dead one while its words are held back", () =>
    Effect.gen(function* () {
      const long = Array.from({ length: 40 }, (_, at) => `word${at * 7919} `)
      const answer = Wire.answer("anthropic-messages", { text: long })
      // One character each second: what is held back takes a minute, many times the deadlines.
      const slowly = (ask: Ask): Memory.Reply => {
        assert.isAtLeast(Wire.resumed(ask, "").length, 60)
        const missing = long.join("").split(ask.anchor)[1] ?? ""
        const events = Wire.answer("anthropic-messages", { text: [...Wire.resumed(ask, missing)] })
        return { events, everyMillis: 1_000 }
      }
      const { provider } = yield* Memory.make(
        "anthropic-messages",
        (asked, nth) => (nth === 1 ? cut(answer, 30) : slowly(askOf(asked))),
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
  it.scopedLive("while the schedule is stepped, which may renew a client, waits for neither", () =>
    Effect.gen(function* () {
      const answer = Wire.answer("anthropic-messages", { text: pieces(text) })
      const stepped = yield* Deferred.make<void>()
      const forEver = Effect.zipRight(Deferred.succeed(stepped, undefined), Effect.never)
      const { asked, open, provider } = yield* Memory.make("anthropic-messages", () => cut(answer, 5), {
        retry: Schedule.tapInput(Schedule.forever, () => forEver)
      })
      const fiber = yield* Effect.fork(Stream.runDrain(provider.streamText(request)))
      yield* Deferred.await(stepped)
      const exit = yield* Effect.timeoutOption(Effect.disconnect(Fiber.interrupt(fiber)), "2 seconds")
      assert(Option.isSome(exit), "the fiber did not end")
      assert.strictEqual(open(), 0)
      assert.strictEqual(asked.length, 1)
    })
  )

  for (const nth of [1, 2]) {
    it.scopedLive(`while attempt ${nth} is being freed frees all of it, and nothing new is opened`, () =>
      Effect.gen(function* () {
        const answer = Wire.answer("anthropic-messages", { text: pieces(text) })
        let interrupt = (): void => {}
        const { asked, open, provider } = yield* Memory.make("anthropic-messages", (one, at) => ({
          ...cut(at === 1 ? answer : Wire.answer("anthropic-messages", { text: pieces(rest(askOf(one))) }), 8),
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

describe("a block that the protocol reserved and that never came", () => {
  it.scopedLive("moves no other one: the text after it is kept, and is gone on with", () =>
    Effect.gen(function* () {
      const blocks = [
        { type: "reasoning", text: "Hm." },
        { type: "text", text: pieces(text) }
      ] as const
      const whole = Wire.answer("responses", { id: "resp_1", blocks: [...blocks] })
      const isReasoningDone = (event: string): boolean =>
        event.includes("response.output_item.done") && event.includes('"type":"reasoning"')
      const first = cut(
        whole.filter((event) => !isReasoningDone(event)),
        whole.findIndex((event) => event.includes("output_text.delta")) + 3
      )
      const { provider } = yield* Memory.make("responses", ({ json }, nth) => {
        const ask = Wire.asked(json)
        if (nth === 1 || ask === undefined) return first
        const rest = text.slice(text.indexOf(ask.anchor) + ask.anchor.length)
        return { events: Wire.answer("responses", { id: "resp_2", text: Wire.resumed(ask, rest) }) }
      })
      const events = yield* all(provider.stream(request, { delivery: "resume" }))
      assert.strictEqual(responseOf(events).text, text)
      assert.strictEqual(ModelEvent.fold(events).text, text)
    })
  )
})
