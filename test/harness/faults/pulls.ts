/**
 * A thousand streams whose consumers pull with a short timeout, while the first bytes are late: a pull that is given up
 * costs no second request, and no text.
 */
import { Effect, Option, Redacted, type Scope, Stream } from "effect"
import { Provider, type ProviderError, Vendors } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"

const STREAMS = 1_000

/** Streams at once: each of them wakes 50 times in a second, and the machine may have two cores. */
const WAVE = 200

/** How late the first bytes are, and how long a pull waits, in milliseconds. */
const LATE = 700
const PATIENCE = 20

/** A wave that takes longer than this hangs. */
const HANG = "30 seconds"

const text = "Because short waves are scattered more than long ones."

export interface Pulled {
  /** What came of the text. */
  readonly text: string
  /** The requests on the wire, of the wave that the stream was part of; counted with its first stream only. */
  readonly requests: number
}

/** The text of a stream, and nothing more where it fails or hangs. */
const pulled = (
  stream: Stream.Stream<string, ProviderError.ProviderError>
): Effect.Effect<string, never, Scope.Scope> =>
  Effect.gen(function* () {
    const pull = yield* Stream.toPull(stream)
    let seen = ""
    while (true) {
      const next = yield* Effect.timeoutOption(Effect.either(pull), PATIENCE)
      if (Option.isNone(next)) continue
      if (next.value._tag === "Left") return Option.match(next.value.left, { onNone: () => seen, onSome: String })
      for (const piece of next.value.right) seen += piece
    }
  })

const wave = Effect.gen(function* () {
  const server = yield* FaultServer.make(() =>
    Reply.hold(Reply.stream(Wire.answer("anthropic-messages", { text })), { afterEvents: 0 }, LATE)
  )
  const provider = yield* Provider.make(
    Vendors.custom({ id: "vendor", protocol: "anthropic-messages", baseUrl: server.url }),
    { apiKey: Redacted.make("test-key") }
  )
  const one = Effect.scoped(pulled(provider.streamText({ model: "m", prompt: "Why is the sky blue?" }))).pipe(
    Effect.timeoutTo({ duration: HANG, onTimeout: () => "it hangs", onSuccess: (seen) => seen })
  )
  const texts = yield* Effect.all(
    Array.from({ length: WAVE }, () => one),
    { concurrency: "unbounded" }
  )
  const requests = (yield* server.requests).length
  return texts.map((text, at): Pulled => ({ text, requests: at === 0 ? requests : 0 }))
}).pipe(Effect.scoped, Effect.orDie)

export const pulls: Effect.Effect<ReadonlyArray<Pulled>> = Effect.map(
  Effect.replicateEffect(wave, STREAMS / WAVE),
  (waves) => waves.flat()
)

export const figures = (all: ReadonlyArray<Pulled>) => ({
  streams: all.length,
  requests: all.reduce((sum, { requests }) => sum + requests, 0),
  wholeTexts: all.filter((one) => one.text === text).length
})

export const isGood = ({ requests, streams, wholeTexts }: ReturnType<typeof figures>): boolean =>
  requests === streams && wholeTexts === streams

export const lines = (all: ReadonlyArray<Pulled>): ReadonlyArray<string> => {
  if (all.length === 0) return []
  const made = figures(all)
  const bad = new Set(all.flatMap((one) => (one.text === text ? [] : [one.text])))
  return [
    `\n${isGood(made) ? " " : "!"} pulled for ${PATIENCE} ms at a time, first bytes after ${LATE} ms: ` +
      `${made.streams} streams, ${made.requests} requests, ${made.wholeTexts} whole texts`,
    ...[...bad].slice(0, 5).map((other) => `! ${other.slice(0, 200)}`)
  ]
}
