/**
 * One run: a stream whose server drops it where a plan says, and what the consumer had at each moment.
 */
import { Chunk, Effect, Either, type Scope, Stream } from "effect"
import {
  ModelEvent,
  type ModelResponse,
  type PartialResponse,
  type Protocol,
  type Provider,
  type ProviderError,
  type Recovery
} from "effect-redial"
import { type FaultServer, Reply } from "effect-redial/testing"
import { answer, type Manner, meant, runOf } from "./vendor.js"

/** After how many events the n-th answer of a run is dropped, and how; undefined where it is whole. */
export interface Plan {
  readonly drops: ReadonlyArray<number>
  readonly how: "rst" | "fin" | "clean"
}

export interface Verdict {
  /** What is wrong; undefined where nothing is. */
  readonly wrong: string | undefined
  readonly takenBack: boolean
  readonly requestAfterFail: boolean
  readonly gaveUp: boolean
}

export const script = (plans: ReadonlyArray<Plan>, protocol: Protocol.ProtocolId, manner: Manner) => {
  const asked = new Map<number, number>()
  return {
    requests: (run: number): number => asked.get(run) ?? 0,
    reply: (request: FaultServer.ReceivedRequest): Reply.Reply => {
      const run = runOf(request)
      const nth = asked.get(run) ?? 0
      asked.set(run, nth + 1)
      const whole = Reply.stream(answer(request, protocol, manner))
      const plan = plans[run]
      const at = plan?.drops[nth]
      return plan === undefined || at === undefined ? whole : Reply.cut(whole, { afterEvents: at }, plan.how)
    }
  }
}

const isOutput = (delivered: PartialResponse.Delivered): boolean => delivered === "text" || delivered === "tool-call"

const attemptsOf = (events: ReadonlyArray<ModelEvent.ModelEvent>): ReadonlyArray<ModelResponse.Attempt> => {
  const last = events.at(-1)
  return last?._tag === "Finish" ? last.response.attempts : []
}

/** Whether text was joined that no marker and anchor stood before. */
const isGuessed = (manner: Manner, attempts: ReadonlyArray<ModelResponse.Attempt>): boolean =>
  manner !== "exact" && attempts.some(({ error, route }) => route === "ask" && error === undefined)

const isVisible = (text: string): boolean => /\S/.test(text)

/** What a consumer who renders events has on the screen, and what was taken from it. */
const watch = (events: Iterable<ModelEvent.ModelEvent>) => {
  const texts: Array<string> = []
  let taken = ""
  for (const event of events) {
    if (event._tag === "TextDelta") texts[event.index] = (texts[event.index] ?? "") + event.text
    else if (event._tag === "Superseded") taken += texts.splice(event.fromIndex).join("")
  }
  return { text: texts.join(""), taken }
}

/** The content in one form: neighbouring texts are one, as a reader sees them. */
const contentOf = (blocks: ReadonlyArray<Record<string, unknown>>): string => {
  const out: Array<ReadonlyArray<unknown>> = []
  for (const { arguments: args, json, name, text, type } of blocks) {
    const previous = out.at(-1)
    if (type === "text" && previous?.[0] === "text") out[out.length - 1] = ["text", `${previous[1]}${text}`]
    else if (type === "tool-call") out.push([type, name, args ?? JSON.parse(String(json || "{}"))])
    // What Responses keeps beside the reasoning, to hand it back.
    else if (type === "provider") continue
    else if (text !== "") out.push([type, text])
  }
  return JSON.stringify(out)
}

const whole = contentOf([
  { type: "text", text: meant.text.slice(0, meant.text.indexOf("\n")) },
  { type: "reasoning", text: meant.reasoning },
  ...meant.calls.map((call) => ({ type: "tool-call", ...call })),
  { type: "text", text: meant.text.slice(meant.text.indexOf("\n")) }
])

export const events = (
  provider: Provider.Service,
  run: number,
  delivery: Recovery.Delivery,
  background: boolean,
  manner: Manner,
  requests: (run: number) => number,
  mayGiveUp: (error: ProviderError.ProviderError) => boolean
): Effect.Effect<Verdict, never, Scope.Scope> =>
  Effect.gen(function* () {
    const seen: Array<ModelEvent.ModelEvent> = []
    const ended = yield* provider.stream(requestOf(run, background), { delivery }).pipe(
      Stream.runForEach((event) => Effect.sync(() => void seen.push(event))),
      Effect.either
    )
    const { taken, text } = watch(seen)
    const attempts = Either.isLeft(ended) ? ended.left.attempts : attemptsOf(seen)
    const visibly = attempts.findIndex((attempt) => attempt.error && isOutput(attempt.delivered))
    const verdict = {
      takenBack:
        delivery === "hold"
          ? seen.some(({ _tag }) => _tag === "Superseded")
          : delivery === "resume" && isVisible(taken),
      requestAfterFail:
        delivery === "fail" && (requests(run) > attempts.length || (visibly >= 0 && visibly < attempts.length - 1)),
      gaveUp: Either.isLeft(ended)
    }
    const folded = ModelEvent.fold(seen)
    if (Either.isLeft(ended)) {
      const error = ended.left
      const partial = delivery === "hold" ? "" : (error.partial?.text ?? "")
      if (!mayGiveUp(error)) return { ...verdict, wrong: `failed: ${error.message}` }
      if (isVisible(text) && partial !== text)
        return { ...verdict, wrong: `the error's partial is "${partial}", seen was "${text}"` }
      if (!meant.text.startsWith(text)) return { ...verdict, wrong: `shown "${text}"` }
      return { ...verdict, wrong: undefined }
    }
    const finish = seen.at(-1)
    if (finish?._tag !== "Finish") return { ...verdict, wrong: "no Finish" }
    const { response } = finish
    if (isGuessed(manner, attempts)) return { ...verdict, wrong: "joined what the model did not prove" }
    const proven = contentOf(response.content)
    if (proven !== whole) return { ...verdict, wrong: `the response is ${proven}` }
    if (contentOf(folded.blocks) !== proven) return { ...verdict, wrong: `folded is ${JSON.stringify(folded.blocks)}` }
    if (text !== response.text) return { ...verdict, wrong: `shown is "${text}"` }
    if (response.toolCalls.length !== meant.calls.length || response.finishReason.reason !== "tool-calls") {
      return {
        ...verdict,
        wrong: `finished as ${response.finishReason.reason} with ${response.toolCalls.length} calls`
      }
    }
    return { ...verdict, wrong: undefined }
  })

/** The same for text that cannot be taken back. */
export const text = (
  provider: Provider.Service,
  run: number,
  background: boolean,
  mayGiveUp: (error: ProviderError.ProviderError) => boolean
): Effect.Effect<Verdict, never, Scope.Scope> =>
  Effect.gen(function* () {
    const seen: Array<string> = []
    const ended = yield* provider.streamText(requestOf(run, background)).pipe(
      Stream.runForEachChunk((chunk) => Effect.sync(() => void seen.push(Chunk.join(chunk, "")))),
      Effect.either
    )
    const shown = seen.join("")
    const gaveUp = Either.isLeft(ended)
    const isWhole = !isVisible(shown) || (gaveUp && (ended.left.partial?.text ?? "") === shown)
    const good = gaveUp ? mayGiveUp(ended.left) && isWhole && meant.text.startsWith(shown) : shown === meant.text
    return {
      takenBack: !meant.text.startsWith(shown),
      requestAfterFail: false,
      gaveUp,
      wrong: good ? undefined : `streamText showed "${shown}"${gaveUp ? ` and failed: ${ended.left.message}` : ""}`
    }
  })

const requestOf = (run: number, background: boolean) => ({
  model: "m",
  prompt: `run-${run}: look at both of them`,
  ...(background && { providerOptions: { responses: { background: true } } })
})
