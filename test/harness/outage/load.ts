/**
 * The load of a run: requests arrive at a rate, whatever became of the ones before, and each is read to its end by a consumer
 * that remembers what it saw and when.
 */
import { Cause, Chunk, Effect, Exit, Fiber, Option, Stream } from "effect"
import type { ModelResponse, Provider, ProviderError } from "effect-redial"
import { Page } from "../../../docs/examples/demo/page.js"
import { seeded } from "../../support/random.js"

/** What became of one request. Times are in milliseconds since the run began. */
export interface Outcome {
  readonly request: number
  readonly askedAt: number
  /** When the consumer had its first text. */
  readonly firstAt: number | undefined
  readonly endedAt: number
  /** The error's tag, or what else went wrong; undefined where the answer came. */
  readonly failed: string | undefined
  /** The text that the consumer has at the end. */
  readonly text: string
  readonly attempts: ReadonlyArray<ModelResponse.Attempt>
}

/** What a policy asks: a provider, and what it says of each call. */
export interface Caller {
  readonly provider: Provider.Service
  readonly model: string
  readonly options?: ((request: number) => Provider.CallOptions) | undefined
}

/** A request of the load, and when it is asked, in milliseconds since the run began. */
export interface Arrival {
  readonly request: number
  readonly at: number
}

/** At random, as the requests of many users are, and the same for each policy. */
export const arrivals = (seed: number, perSecond: number, millis: number): ReadonlyArray<Arrival> => {
  const random = seeded(seed)
  const all: Array<Arrival> = []
  for (let at = 0; ; ) {
    at += (-Math.log(1 - random.next()) * 1_000) / perSecond
    if (at >= millis) return all
    all.push({ request: all.length, at })
  }
}

/** Nothing that is right takes so long after the last arrival. */
const HANG = "15 seconds"

export const run = (
  caller: Caller,
  arrivals: ReadonlyArray<Arrival>,
  beginAt: number
): Effect.Effect<ReadonlyArray<Outcome>> =>
  Effect.gen(function* () {
    const now = (): number => Date.now() - beginAt
    const fibers: Array<Fiber.RuntimeFiber<Outcome>> = []
    for (const { at, request } of arrivals) {
      if (at > now()) yield* Effect.sleep(at - now())
      fibers.push(yield* Effect.fork(one(caller, request, now)))
    }
    return yield* Effect.all(fibers.map((fiber) => Fiber.join(fiber)))
  })

const one = (caller: Caller, request: number, now: () => number): Effect.Effect<Outcome> =>
  Effect.gen(function* () {
    const askedAt = now()
    const seen = new Seen(now)
    const exit = yield* read(caller, request, seen).pipe(
      Effect.timeoutFail({ duration: HANG, onTimeout: () => "Hung" as const }),
      Effect.exit
    )
    const error = Exit.isFailure(exit) ? Option.getOrUndefined(Cause.failureOption(exit.cause)) : undefined
    const failed = Exit.isSuccess(exit) ? undefined : error === undefined ? Cause.pretty(exit.cause) : tagOf(error)
    const attempts = seen.response?.attempts ?? (typeof error === "object" ? error.attempts : [])
    return { request, askedAt, firstAt: seen.firstAt, endedAt: now(), failed, text: seen.text, attempts }
  })

const tagOf = (error: ProviderError.ProviderError | "Hung"): string => (typeof error === "string" ? error : error._tag)

/** What a consumer has before it. */
class Seen {
  firstAt: number | undefined
  response: ModelResponse.ModelResponse | undefined
  private readonly page = new Page()
  private shown = ""

  constructor(private readonly now: () => number) {}

  get text(): string {
    return this.shown + this.page.answer().text
  }

  readonly take = (events: Iterable<Parameters<Page["take"]>[0]>): void => {
    for (const event of events) {
      if (event._tag === "TextDelta") this.firstAt ??= this.now()
      if (event._tag === "Finish") this.response = event.response
      this.page.take(event)
    }
  }

  readonly show = (texts: Chunk.Chunk<string>): void => {
    this.firstAt ??= this.now()
    this.shown += Chunk.join(texts, "")
  }
}

/** Half of the consumers render events, half write text out that cannot be taken back. */
const read = ({ model, options, provider }: Caller, request: number, seen: Seen) => {
  const asked = { model, prompt: `request-${request}` }
  const more = options?.(request)
  return request % 2 === 0
    ? Stream.runForEachChunk(provider.stream(asked, more), (events) => Effect.sync(() => seen.take(events)))
    : Stream.runForEachChunk(provider.streamText(asked, more), (texts) => Effect.sync(() => seen.show(texts)))
}
