/**
 * The laws of events, for any answer that breaks anywhere, any number of times, in every mode: what a consumer may count on
 * whatever happens. In memory; `npm run drops` tries the same over real sockets, for one answer at each of its events.
 */
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Either, FastCheck, Schedule, Stream } from "effect"
import { ModelEvent, type ModelResponse, type Protocol, type Recovery } from "effect-redial"
import { Wire } from "effect-redial/testing"
import * as Memory from "./memory.js"

type Events = ReadonlyArray<ModelEvent.ModelEvent>

/** Each block between its start and its end, starts told as what they are, one Finish, last. */
const checkLaws = (events: Events, ended: boolean): void => {
  let open = new Map<number, string>()
  let length = 0
  let superseded = true
  for (const [at, event] of events.entries()) {
    switch (event._tag) {
      case "ResponseStart":
        assert(superseded || event.route !== undefined, "a second start that nothing announced")
        superseded = false
        break
      case "Superseded":
        assert(event.fromIndex <= length, `void from ${event.fromIndex} of ${length}`)
        open = new Map([...open].filter(([index]) => index < event.fromIndex))
        length = event.fromIndex
        superseded = true
        break
      case "TextStart":
      case "ReasoningStart":
      case "ToolCallStart":
      case "ProviderPart":
        assert.strictEqual(event.index, length, "a block that is not the next one")
        length++
        if (event._tag !== "ProviderPart") open.set(event.index, event._tag.slice(0, -5))
        break
      case "TextDelta":
      case "ReasoningDelta":
      case "ToolCallDelta":
        assert.strictEqual(open.get(event.index), event._tag.slice(0, -5))
        break
      case "TextEnd":
      case "ReasoningEnd":
      case "ToolCallEnd":
        assert.strictEqual(open.get(event.index), event._tag.slice(0, -3))
        open.delete(event.index)
        break
      case "Finish":
        assert.strictEqual(at, events.length - 1)
        assert.deepStrictEqual([...open], [])
        break
    }
  }
  assert.strictEqual(events.at(-1)?._tag === "Finish", ended)
}

/** What was taken back, of text that can be read. */
const takenBack = (events: Events): string => {
  const texts: Array<string> = []
  let taken = ""
  for (const event of events) {
    if (event._tag === "TextDelta") texts[event.index] = (texts[event.index] ?? "") + event.text
    else if (event._tag === "Superseded") taken += texts.splice(event.fromIndex).join("")
  }
  return taken.trim()
}

const words = FastCheck.array(
  FastCheck.constantFrom(
    "sky ",
    "blue",
    ", and ",
    "a",
    "\n\n",
    "ha ",
    "1,0",
    "00",
    "云",
    "云是",
    "\u{1f600}",
    "</p>",
    " ",
    "long-winded "
  ),
  { minLength: 1, maxLength: 8 }
)

const block = FastCheck.oneof(
  { weight: 3, arbitrary: words.map((text): Wire.Block => ({ type: "text", text })) },
  { weight: 1, arbitrary: words.map((text): Wire.Block => ({ type: "reasoning", text })) },
  {
    weight: 1,
    arbitrary: FastCheck.nat(3).map(
      (at): Wire.Block => ({ type: "tool-call", id: `call_${at}`, name: "look", arguments: { at: "x".repeat(at) } })
    )
  }
)

const run = FastCheck.record({
  protocol: FastCheck.constantFrom<Protocol.ProtocolId>("anthropic-messages", "chat-completions", "responses"),
  delivery: FastCheck.constantFrom<Recovery.Delivery>("restart", "resume", "resume", "resume", "hold", "fail"),
  prefill: FastCheck.constantFrom(undefined, {}, { echoes: true }),
  background: FastCheck.boolean(),
  /** What each new answer is, and after what share of it it breaks; the last one is whole. */
  answers: FastCheck.array(
    FastCheck.record({
      blocks: FastCheck.array(block, { maxLength: 4 }),
      share: FastCheck.constantFrom(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
      fault: FastCheck.constantFrom<"reset" | "end" | "status" | "refused">(
        "reset",
        "reset",
        "reset",
        "reset",
        "end",
        "status",
        "refused"
      )
    }),
    { minLength: 2, maxLength: 5 }
  )
})

type Run = typeof run extends FastCheck.Arbitrary<infer A> ? A : never

/** Answers one after the other; a kept one is sent from where it is asked for, and breaks once more. */
const replies = ({ answers, protocol }: Run) => {
  let next = 0
  const kept = new Map<string, ReadonlyArray<string>>()
  return (asked: Memory.Asked): Memory.Reply => {
    const id = /resp_\d+/.exec(asked.path)?.[0]
    const nth = next++
    const { blocks, fault, share } = answers[nth] ?? { blocks: [], fault: "end", share: 1 }
    if (fault === "status") return { status: 503, body: Wire.errorBody(protocol), events: [] }
    if (fault === "refused")
      return { status: 400, body: Wire.errorBody(protocol, { type: "invalid_request_error" }), events: [] }
    const whole = (id === undefined ? undefined : kept.get(id)) ?? Wire.answer(protocol, { id: `resp_${nth}`, blocks })
    kept.set(id ?? `resp_${nth}`, whole)
    const events = Wire.rest(asked, whole)
    if (nth >= answers.length - 1) return { events }
    return { events: events.slice(0, Math.floor(share * events.length)), ending: fault }
  }
}

const requestOf = ({ background }: Run) => ({
  model: "m",
  prompt: "go",
  ...(background && { providerOptions: { responses: { background: true } } })
})

const play = (one: Run) =>
  Effect.gen(function* () {
    const { asked, open, provider } = yield* Memory.make(one.protocol, replies(one), {
      retry: Schedule.recurs(10),
      ...(one.prefill && one.protocol !== "responses" && { prefill: one.prefill })
    })
    const events: Array<ModelEvent.ModelEvent> = []
    const ended = yield* provider.stream(requestOf(one), { delivery: one.delivery }).pipe(
      Stream.runForEach((event) => Effect.sync(() => void events.push(event))),
      Effect.either
    )
    assert.strictEqual(open(), 0, "a connection was not given back")
    return { asked, ended, events }
  }).pipe(Effect.scoped)

const seamsFit = ({ seams, text }: ModelResponse.ModelResponse): void => {
  let from = 0
  for (const { offset } of seams) {
    assert(offset >= from && offset <= text.length, `a seam at ${offset} of ${text.length}, after one at ${from}`)
    from = offset
  }
}

describe("any answer that breaks anywhere", () => {
  it.live("keeps the laws of events and the promise of its mode", () =>
    Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(run, async (one) => {
          const { asked, ended, events } = await Effect.runPromise(play(one))
          checkLaws(events, Either.isRight(ended))
          const folded = ModelEvent.fold(events)
          const last = events.at(-1)
          if (Either.isLeft(ended)) {
            const { attempts, delivered, partial } = ended.left
            assert.strictEqual(attempts.length, asked.length)
            assert.deepStrictEqual(
              attempts.map(({ attempt }) => attempt),
              attempts.map((_, at) => at + 1)
            )
            if (one.delivery === "hold") assert.deepStrictEqual([events, delivered], [[], "nothing"])
            else if (one.delivery === "resume")
              assert.strictEqual((partial?.text ?? "").trimEnd(), folded.text.trimEnd())
            if (one.delivery !== "hold") assert.strictEqual(partial === undefined, delivered === "nothing")
          } else {
            assert(last?._tag === "Finish")
            const { response } = last
            assert.strictEqual(folded.text, response.text)
            assert.strictEqual(response.attempts.length, asked.length)
            assert.isTrue(response.attempts.slice(0, -1).every(({ error }) => error !== undefined))
            assert.isUndefined(response.attempts.at(-1)?.error)
            seamsFit(response)
          }
          if (one.delivery === "resume" || one.delivery === "fail") assert.strictEqual(takenBack(events), "")
          if (one.delivery === "hold") assert.isFalse(events.some(({ _tag }) => _tag === "Superseded"))
        }),
        { numRuns: 200 }
      )
    )
  )

  it.live("is shown as text of which nothing is taken back", () =>
    Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(run, async (one) => {
          const shown = Effect.gen(function* () {
            const { provider } = yield* Memory.make(one.protocol, replies(one), { retry: Schedule.recurs(10) })
            const seen: Array<string> = []
            const text = provider
              .streamText(requestOf(one))
              .pipe(Stream.runForEachChunk((chunk) => Effect.sync(() => void seen.push(Chunk.join(chunk, "")))))
            const ended = yield* Effect.either(text)
            return { ended, seen: seen.join("") }
          }).pipe(Effect.scoped)
          const events = await Effect.runPromise(play({ ...one, delivery: "resume", prefill: undefined }))
          const text = await Effect.runPromise(shown)
          const last = events.events.at(-1)
          assert.strictEqual(Either.isRight(text.ended), Either.isRight(events.ended))
          if (last?._tag === "Finish") assert.strictEqual(text.seen, last.response.text)
          else assert.strictEqual(text.seen.trimEnd(), ModelEvent.fold(events.events).text.trimEnd())
        }),
        { numRuns: 50 }
      )
    )
  )
})
