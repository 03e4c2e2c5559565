/**
 * One process of a fleet: gets ready, sends as fast as its limits allow once it is told to, until it is
 * told to stop, and tells how that went.
 */
import { Effect, Logger, LogLevel, Redacted } from "effect"
import { Limits, Provider, Vendors } from "effect-redial"
import { RedisLimits } from "effect-redial/redis"
import type { Job, Told } from "./fleet.js"

/** How many requests it has under way or waiting. */
const AT_ONCE = 8

const job: Job = JSON.parse(process.argv[2] ?? "")
const told: { -readonly [K in keyof Told]: Told[K] } = { succeeded: 0, errors: [], logged: [], outstanding: 0 }
const errors: Array<string> = []
const logged: Array<string> = []

const logger = Logger.make(({ logLevel, message }) => {
  if (LogLevel.greaterThanEqual(logLevel, LogLevel.Info)) logged.push(`${logLevel.label} ${message}`)
})

/** The next message of the fleet. */
const word = Effect.async<void>((resume) => {
  process.once("message", () => resume(Effect.void))
})

const program = Effect.gen(function* () {
  const { limit, per, redisPort, share, url } = job
  const store = RedisLimits.make({ redis: { port: redisPort }, key: "fleet", share, timeout: "2 seconds" })
  const limits = yield* Limits.make({ requestsPerMinute: limit, per, maxWait: "1 hour", store })
  const provider = yield* Provider.make(Vendors.openai, {
    apiKey: Redacted.make("fleet"),
    baseUrl: `${url}/v1`,
    admission: Effect.succeed(limits)
  })
  const ask = Effect.matchEffect(provider.generate({ model: "m", prompt: "Hello" }), {
    onFailure: (error) => Effect.sync(() => errors.push(error.message)),
    onSuccess: () => Effect.sync(() => told.succeeded++)
  })
  // The first request loads the SDK and connects, which takes longer than a short window allows for.
  yield* ask
  process.send?.("ready")
  yield* word
  const all = Array.from({ length: AT_ONCE }, () => Effect.forever(ask))
  yield* Effect.raceFirst(Effect.all(all, { concurrency: "unbounded" }), word)
  return (yield* limits.queued) + (yield* limits.running)
})

told.outstanding = await program.pipe(
  Effect.scoped,
  Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
  Effect.runPromise
)
process.send?.({ ...told, errors, logged })
process.disconnect()
