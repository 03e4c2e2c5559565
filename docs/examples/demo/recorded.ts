/**
 * Recorded answers of real vendors, each served twice: whole, and broken at a random byte. Both must come out equal.
 */
import { isDeepStrictEqual } from "node:util"
import { Effect, Either, Random, Schedule, Stream } from "effect"
import type { ModelResponse, Protocol, ProviderError, Usage } from "effect-redial"
import { Provider, Vendors } from "effect-redial"
import { FaultServer, Reply } from "effect-redial/testing"
import { load, type Recording } from "./corpus.js"
import { Mistake } from "./mistake.js"
import { Output } from "./output.js"
import { type Answer, Page } from "./page.js"
import { clientOf } from "./scripted.js"

/** Streams at once. */
const CONCURRENCY = 8

/** How one recording is served. Drawn from the seed before anything runs, so that timing cannot change it. */
interface Plan {
  readonly recording: Recording
  readonly bytesPerChunk: number
  readonly cutAt: number
  readonly how: "rst" | "fin" | "clean"
}

const planned = (recording: Recording, random: Random.Random): Effect.Effect<Plan> =>
  Effect.gen(function* () {
    const hows = ["rst", "fin", "clean"] as const
    return {
      recording,
      bytesPerChunk: yield* random.nextIntBetween(200, 4000),
      cutAt: yield* random.nextIntBetween(0, Math.max(1, recording.body.length)),
      how: hows[yield* random.nextIntBetween(0, hows.length)] ?? "rst"
    }
  })

interface Outcome {
  readonly page: Answer
  readonly response: ModelResponse.ModelResponse
}

type Result = Either.Either<Outcome, ProviderError.ProviderError>

const outcome = (provider: Provider.Service, model: string): Effect.Effect<Result> =>
  provider.stream({ model, prompt: "What was recorded?" }).pipe(
    Stream.runFold(
      { page: new Page(), response: undefined as ModelResponse.ModelResponse | undefined },
      (seen, event) => {
        seen.page.take(event)
        return event._tag === "Finish" ? { ...seen, response: event.response } : seen
      }
    ),
    Effect.flatMap(({ page, response }) =>
      response === undefined
        ? Effect.dieMessage(`${model}: a stream ended without Finish and without an error`)
        : Effect.succeed({ page: page.answer(), response })
    ),
    Effect.either
  )

const fields = ["text", "reasoning", "toolCalls", "incompleteToolCalls", "content", "finishReason", "usage"] as const

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? "nothing"
  return text.length > 160 ? `${text.slice(0, 160)}…` : text
}

/**
 * Chat Completions sends usage after the proof of the end. A cut in between leaves an answer that is whole and needs no
 * second attempt, but whose usage was never sent: then it must be unknown, and no number may be wrong.
 */
const isUsageCut = (whole: ModelResponse.ModelResponse, broken: ModelResponse.ModelResponse): boolean =>
  broken.attempts.length === 1 && !isKnown(broken.usage) && isKnown(whole.usage)

const isKnown = (usage: Usage.Usage): boolean => Object.values(usage).some((tokens) => tokens !== undefined)

/** Where the two answers differ, in words; empty where they are equal. */
const differences = (whole: Outcome, broken: Outcome, usageCut: boolean): ReadonlyArray<string> => [
  ...fields.flatMap((field) =>
    (field === "usage" && usageCut) || isDeepStrictEqual(whole.response[field], broken.response[field])
      ? []
      : [`${field}: whole ${shown(whole.response[field])}, broken ${shown(broken.response[field])}`]
  ),
  ...(isDeepStrictEqual(whole.page, broken.page)
    ? []
    : [`what the consumer saw: whole ${shown(whole.page)}, broken ${shown(broken.page)}`])
]

const replies = (plans: ReadonlyArray<Plan>) => {
  const attempts = new Map<string, number>()
  return ({ model = "" }: FaultServer.ReceivedRequest): Reply.Reply => {
    const [kind, number] = model.split(" ")
    const plan = plans[Number(number)]
    if (plan === undefined) return Reply.status(404)
    const attempt = (attempts.get(model) ?? 0) + 1
    attempts.set(model, attempt)
    const whole = Reply.stream([plan.recording.body], { bytesPerChunk: plan.bytesPerChunk })
    return kind === "broken" && attempt === 1 ? Reply.cut(whole, { afterBytes: plan.cutAt, wait: 0 }, plan.how) : whole
  }
}

/** What became of one recording. */
type Verdict =
  | { readonly _tag: "Equal"; readonly redials: number; readonly usageCut: boolean }
  | { readonly _tag: "Different"; readonly redials: number; readonly notes: ReadonlyArray<string> }
  | { readonly _tag: "Broken"; readonly note: string }

const judge = ({ cutAt, how, recording }: Plan, whole: Result, broken: Result): Verdict => {
  if (Either.isLeft(whole)) {
    const note = `${whole.left._tag}: ${whole.left.description}`
    return recording.readable
      ? { _tag: "Different", redials: 0, notes: [`the vendor's SDK reads it, and here it failed whole: ${note}`] }
      : { _tag: "Broken", note }
  }
  const where = `cut after ${cutAt} of ${recording.body.length} bytes (${how})`
  if (Either.isLeft(broken)) {
    const redials = Math.max(0, broken.left.attempts.length - 1)
    return { _tag: "Different", redials, notes: [`${where}: ${broken.left.message}`] }
  }
  const redials = whole.right.response.attempts.length + broken.right.response.attempts.length - 2
  const usageCut = isUsageCut(whole.right.response, broken.right.response)
  const notes = differences(whole.right, broken.right, usageCut)
  return notes.length === 0
    ? { _tag: "Equal", redials, usageCut }
    : { _tag: "Different", redials, notes: notes.map((note) => `${where}: ${note}`) }
}

export const recorded = (directory: string, given: number | undefined, json: boolean) =>
  Effect.gen(function* () {
    const output = yield* Output
    const recordings = yield* load(directory)
    if (recordings.length === 0) {
      return yield* new Mistake({ message: `${directory} lists no stream of a protocol spoken here`, usage: false })
    }
    const seed = given ?? (yield* Random.nextIntBetween(0, 1_000_000))
    const random = Random.make(seed)
    const plans = yield* Effect.forEach(recordings, (recording) => planned(recording, random))
    const server = yield* FaultServer.make(replies(plans))
    const resilience = { retry: Schedule.recurs(3) }
    const providers: Readonly<Record<Protocol.ProtocolId, Provider.Service>> = {
      "anthropic-messages": yield* Effect.flatMap(clientOf(Vendors.minimax, server.url), (client) =>
        Provider.makeFromClient(client, resilience)
      ),
      "chat-completions": yield* Effect.flatMap(clientOf(Vendors.openai, `${server.url}/v1`), (client) =>
        Provider.makeFromClient(client, resilience)
      ),
      responses: yield* Effect.flatMap(
        clientOf(Vendors.openai, `${server.url}/v1`, Vendors.openai.endpoints[1]),
        (client) => Provider.makeFromClient(client, resilience)
      )
    }

    let done = 0
    const progress = Effect.suspend(() =>
      output.live && !json ? output.note(`\r ${++done} of ${plans.length} recordings`) : Effect.void
    )
    const verdicts = yield* Effect.forEach(
      plans,
      (plan, i) =>
        Effect.gen(function* () {
          const provider = providers[plan.recording.protocol]
          const whole = yield* outcome(provider, `whole ${i}`)
          const broken = Either.isLeft(whole) ? whole : yield* outcome(provider, `broken ${i}`)
          yield* progress
          return judge(plan, whole, broken)
        }),
      { concurrency: CONCURRENCY }
    )
    if (output.live && !json) yield* output.note("\r\x1b[K")

    const count = (tag: Verdict["_tag"]) => verdicts.filter(({ _tag }) => _tag === tag).length
    const result = {
      streams: count("Equal") + count("Different"),
      equal: count("Equal"),
      different: count("Different"),
      broken: count("Broken"),
      // Of the equal ones, those that were cut between the proof of their end and their usage.
      usageCut: verdicts.filter((verdict) => verdict._tag === "Equal" && verdict.usageCut).length,
      redials: verdicts.reduce((sum, verdict) => sum + (verdict._tag === "Broken" ? 0 : verdict.redials), 0),
      seed
    }
    if (json) yield* output.write(`${JSON.stringify(result)}\n`)
    else yield* output.write(told(plans, verdicts, result))
    return result.different > 0 || result.streams === 0 ? 1 : 0
  }).pipe(Effect.scoped)

const told = (
  plans: ReadonlyArray<Plan>,
  verdicts: ReadonlyArray<Verdict>,
  { broken, different, equal, redials, seed, streams, usageCut }: Readonly<Record<string, number>>
): string => {
  const lines: Array<string> = []
  for (const [i, verdict] of verdicts.entries()) {
    const file = plans[i]?.recording.file
    if (verdict._tag === "Broken") lines.push(`broken in itself: ${file}\n  ${verdict.note}`)
    else if (verdict._tag === "Different") lines.push(`DIFFERENT: ${file}\n  ${verdict.notes.join("\n  ")}`)
  }
  return [
    ...lines,
    `${streams} recorded streams, each once whole and once broken: ${equal} equal, ${different} different, ${redials} redials`,
    `${usageCut} of the equal ones were cut after the proof of their end and before their usage, which is then unknown`,
    `${broken} more are broken in themselves and not counted`,
    `seed ${seed}`,
    ""
  ].join("\n")
}
