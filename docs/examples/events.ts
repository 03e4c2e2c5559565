import { Config, Console, Effect, Match, Schedule, Stream } from "effect"
import { type ModelEvent, Provider, Vendors } from "effect-redial"

let shown: Array<string> = []

const show = Match.type<ModelEvent.ModelEvent>().pipe(
  Match.tag("TextDelta", ({ index, text }) =>
    Effect.sync(() => {
      shown[index] = (shown[index] ?? "") + text
    })
  ),
  Match.tag("Superseded", ({ error, fromIndex }) =>
    Effect.sync(() => {
      shown = shown.slice(0, fromIndex)
    }).pipe(Effect.zipRight(Console.error(`redialling: ${error.message}`)))
  ),
  Match.tag("Finish", ({ response }) =>
    Console.log(shown.join("")).pipe(Effect.zipRight(Console.error(`attempts: ${response.attempts.length}`)))
  ),
  Match.orElse(() => Effect.void)
)

const minimax = Provider.layerConfig(
  Vendors.minimax,
  {
    apiKey: Config.redacted("MINIMAX_API_KEY"),
    baseUrl: Config.string("MINIMAX_BASE_URL").pipe(Config.withDefault("https://api.minimax.io/anthropic"))
  },
  {
    retry: Schedule.exponential("500 millis").pipe(Schedule.jittered, Schedule.intersect(Schedule.recurs(4))),
    deadlines: { firstEvent: "60 seconds", idle: "90 seconds" }
  }
)

await Provider.stream({ model: "MiniMax-M2", prompt: "Why is the sky blue?" }).pipe(
  Stream.runForEach(show),
  Effect.provide(minimax),
  Effect.runPromise
)
