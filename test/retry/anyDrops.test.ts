/**
 * The laws of events, for any answer that breaks anywhere, any number of times, in every mode: what a consumer may count on
 * whatever happens. In memory; `npm run drops` tries the same over real sockets, for one answer at each of its events.
 */
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Either, FastCheck, Schedule, Stream } from "effect"
import { ModelEvent, type ModelResponse, type Protocol, type Recovery } from "effect-redial"
import { Wire } from "effect-redial/testing"
import * as Memory from "../support/retry/memory.js"

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

/** How much of an answer comes before it breaks. */
const share = FastCheck.constantFrom(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)

const fault = FastCheck.constantFrom<"reset" | "end" | "status" | "refused">(
  "reset",
  "reset",
  "reset",
  "reset",
  "end",
  "status",
  "refused"
)

const conditions = {
  protocol: FastCheck.constantFrom<Protocol.ProtocolId>("anthropic-messages", "chat-completions", "responses"),
  delivery: FastCheck.constantFrom<Recovery.Delivery>("restart", "resume", "resume", "resume", "hold", "fail"),
  prefill: FastCheck.constantFrom(undefined, {}, { echoes: true }),
  background: FastCheck.boolean()
}

/** A model that says something else each time. */
const run = FastCheck.record({
  ...conditions,
  /** What each new answer is, and after what share of it it breaks; the last one is whole. */
  answers: FastCheck.array(
    FastCheck.record({
      blocks: FastCheck.array(block, { maxLength: 4 }),
      share,
      fault,
      /** What the model does where it is asked to go on: what it is asked, nothing of it, or too much. */
      obeys: FastCheck.constantFrom<"yes" | "no" | "and writes the marker again">(
        "yes",
        "yes",
        "no",
        "and writes the marker again"
      )
    }),
    { minLength: 2, maxLength: 6 }
  )
})

type Run = typeof run extends FastCheck.Arbitrary<infer A> ? A : never

type Answer = Run["answers"][number]

type Ask = NonNullable<ReturnType<typeof Wire.asked>>

const textOf = ({ text }: { readonly text: string | ReadonlyArray<string> }): string =>
  typeof text === "string" ? text : text.join("")

/** In pieces that are cut anywhere, also in the middle of a marker or of a character. */
const pieces = (text: string): ReadonlyArray<string> => text.match(/[\s\S]{1,7}/g) ?? []

/** The blocks of a model that was asked to go on: its first words follow the marker and the anchor. */
const blocksFor = (ask: Ask, { blocks, obeys }: Answer): ReadonlyArray<Wire.Block> => {
  if (obeys === "no") return blocks
  const at = blocks.findIndex(({ type }) => type === "text")
  const words = blocks[at]
  const first = Wire.resumed(ask, words?.type === "text" ? textOf(words) : "")
  const text = obeys === "yes" ? first : `${first} ${ask.marker} more`
  const going: Wire.Block = { type: "text", text: pieces(text) }
  return at < 0 ? [going, ...blocks] : blocks.with(at, going)
}

/** Answers one after the other; a kept one is sent from where it is asked for, and breaks once more. */
const vendor = (
  protocol: Protocol.ProtocolId,
  answers: ReadonlyArray<Pick<Answer, "fault" | "share">>,
  blocksOf: (asked: Memory.Asked, nth: number) => ReadonlyArray<Wire.Block>
) => {
  let next = 0
  const kept = new Map<string, ReadonlyArray<string>>()
  return (asked: Memory.Asked): Memory.Reply => {
    const id = /resp_\d+/.exec(asked.path)?.[0]
    const nth = next++
    const { fault, share } = answers[nth] ?? { fault: "end", share: 1 }
    if (fault === "status") return { status: 503, body: Wire.errorBody(protocol), events: [] }
    if (fault === "refused")
      return { status: 400, body: Wire.errorBody(protocol, { type: "invalid_request_error" }), events: [] }
    const whole =
      (id === undefined ? undefined : kept.get(id)) ??
      Wire.answer(protocol, { id: `resp_${nth}`, blocks: blocksOf(asked, nth) })
    kept.set(id ?? `resp_${nth}`, whole)
    const events = Wire.rest(asked, whole)
    if (nth >= answers.length - 1) return { events }
    return { events: events.slice(0, Math.floor(share * events.length)), ending: fault }
  }
}

const replies = ({ answers, protocol }: Run) =>
  vendor(protocol, answers, ({ json }, nth) => {
    const ask = Wire.asked(json)
    const answer = answers[nth]
    if (answer === undefined) return []
    return ask === undefined ? answer.blocks : blocksFor(ask, answer)
  })

/** A model that has one answer, and does what it is asked. */
const obedientRun = FastCheck.record({
  ...conditions,
  texts: FastCheck.array(
    FastCheck.array(words, { minLength: 1, maxLength: 6 }).map((some) => some.flat()),
    { minLength: 1, maxLength: 2 }
  ),
  reasons: FastCheck.boolean(),
  calls: FastCheck.boolean(),
  answers: FastCheck.array(FastCheck.record({ share, fault }), { minLength: 2, maxLength: 6 })
})

type ObedientRun = typeof obedientRun extends FastCheck.Arbitrary<infer A> ? A : never

/** What is put into the model's mouth, where the request ends in that. */
const prefilled = (json: Memory.Asked["json"]): string | undefined => {
  const messages = json?.messages as ReadonlyArray<{ readonly role: string; readonly content: unknown }> | undefined
  const last = messages?.at(-1)
  if (last?.role !== "assistant") return undefined
  if (typeof last.content === "string") return last.content
  return (last.content as ReadonlyArray<{ readonly text: string }>).map(({ text }) => text).join("")
}

const call = { type: "tool-call", id: "call_1", name: "look", arguments: { at: 1 } } as const

const obedient = ({ answers, calls, prefill, protocol, reasons, texts }: ObedientRun) => {
  const whole = texts.flat().join("")
  const thought: ReadonlyArray<Wire.Block> = reasons ? [{ type: "reasoning", text: ["Let me ", "think."] }] : []
  const after: ReadonlyArray<Wire.Block> = calls ? [call] : []
  return vendor(protocol, answers, ({ json }) => {
    const ask = Wire.asked(json)
    const before = prefilled(json)
    if (ask !== undefined) {
      // The anchor occurs once in what was delivered, at its end.
      const missing = whole.slice(whole.indexOf(ask.anchor) + ask.anchor.length)
      return [...thought, { type: "text", text: pieces(Wire.resumed(ask, missing)) }, ...after]
    }
    if (before !== undefined) {
      assert(whole.startsWith(before), "a message that the model did not write")
      const text = prefill?.echoes ? whole : whole.slice(before.length)
      return [...(text === "" ? [] : [{ type: "text" as const, text: pieces(text) }]), ...after]
    }
    return [...thought, ...texts.map((text) => ({ type: "text" as const, text })), ...after]
  })
}

const requestOf = ({ background, protocol }: Pick<Run, "background" | "protocol">) => ({
  model: "m",
  prompt: "go",
  ...(background && protocol === "responses" && { providerOptions: { responses: { background: true } } })
})

const play = (one: Omit<Run, "answers">, reply: (asked: Memory.Asked) => Memory.Reply) =>
  Effect.gen(function* () {
    const { asked, open, provider } = yield* Memory.make(one.protocol, reply, {
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

type Played = Effect.Effect.Success<ReturnType<typeof play>>

/** What holds whatever a model says. */
const checkAll = (delivery: Recovery.Delivery, { asked, ended, events }: Played): void => {
  checkLaws(events, Either.isRight(ended))
  const folded = ModelEvent.fold(events)
  const last = events.at(-1)
  if (Either.isLeft(ended)) {
    const { attempts, checkpoint, delivered, partial } = ended.left
    assert.strictEqual(attempts.length, asked.length)
    assert.deepStrictEqual(
      attempts.map(({ attempt }) => attempt),
      attempts.map((_, at) => at + 1)
    )
    assert.deepStrictEqual(checkpoint?.attempts, attempts)
    assert.notStrictEqual(ended.left._tag, "SeamNotProven", "only an attempt ends with that")
    if (delivery === "hold") assert.deepStrictEqual([events, delivered], [[], "nothing"])
    else assert.strictEqual(partial === undefined, delivered === "nothing")
    if (delivery === "resume" || delivery === "fail") assert.strictEqual(partial?.text ?? "", folded.text)
    // Exactly what the consumer has; of what is held back it has nothing.
    const has = delivery === "hold" ? { text: "", blocks: [] } : folded
    assert.deepStrictEqual(
      { text: checkpoint?.text, blocks: checkpoint?.blocks },
      { text: has.text, blocks: has.blocks }
    )
  } else {
    assert(last?._tag === "Finish")
    const { response } = last
    assert.strictEqual(folded.text, response.text)
    assert.strictEqual(response.attempts.length, asked.length)
    assert.isTrue(response.attempts.slice(0, -1).every(({ error }) => error !== undefined))
    assert.isUndefined(response.attempts.at(-1)?.error)
    seamsFit(response)
  }
  if (delivery === "resume" || delivery === "fail") assert.strictEqual(takenBack(events), "")
  if (delivery === "hold") assert.isFalse(events.some(({ _tag }) => _tag === "Superseded"))
}

/** What was shown of the text, after each event. */
const shownAfterEach = (events: Events): ReadonlyArray<string> =>
  events.map((_, at) => ModelEvent.fold(events.slice(0, at + 1)).text)

const seamsFit = ({ seams, text }: ModelResponse.ModelResponse): void => {
  let from = 0
  for (const { anchor, offset, route } of seams) {
    assert.strictEqual(route === "ask", anchor !== undefined)
    assert(text.slice(0, offset).endsWith(anchor ?? ""), "an anchor that is not what was delivered last")
    assert(offset >= from && offset <= text.length, `a seam at ${offset} of ${text.length}, after one at ${from}`)
    from = offset
  }
}

describe("any answer that breaks anywhere", () => {
  it.live("keeps the laws of events and the promise of its mode", () =>
    Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(run, async (one) => {
          checkAll(one.delivery, await Effect.runPromise(play(one, replies(one))))
        }),
        { numRuns: 300 }
      )
    )
  )

  it.live("shows nothing but the beginning of an obedient model's answer, and ends with all of it or an error", () =>
    Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(obedientRun, async (one) => {
          const played = await Effect.runPromise(play(one, obedient(one)))
          checkAll(one.delivery, played)
          const whole = one.texts.flat().join("")
          for (const shown of shownAfterEach(played.events))
            assert(whole.startsWith(shown), `${JSON.stringify(shown)} of ${JSON.stringify(whole)}`)
          const last = played.events.at(-1)
          if (last?._tag !== "Finish") return
          assert.strictEqual(last.response.text, whole)
          assert.deepStrictEqual(last.response.toolCalls, one.calls ? [call] : [])
        }),
        { numRuns: 300 }
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
          const events = await Effect.runPromise(play({ ...one, delivery: "resume", prefill: undefined }, replies(one)))
          const text = await Effect.runPromise(shown)
          const last = events.events.at(-1)
          assert.strictEqual(Either.isRight(text.ended), Either.isRight(events.ended))
          if (last?._tag === "Finish") assert.strictEqual(text.seen, last.response.text)
          else assert.strictEqual(text.seen, ModelEvent.fold(events.events).text)
        }),
        { numRuns: 50 }
      )
    )
  )
})
