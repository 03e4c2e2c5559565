import { Config, Console, Effect, Layer, Option } from "effect"
import { Provider, Vendors } from "effect-redial"

/** The provider from the environment: VENDOR=groq, with its key in GROQ_API_KEY. */
const live = Layer.unwrapEffect(
  Effect.gen(function* () {
    const id = yield* Config.string("VENDOR")
    const baseUrl = yield* Config.option(Config.string("BASE_URL"))
    const vendor = yield* Effect.mapError(
      Vendors.find(id),
      () => `There is no vendor "${id}"; there are ${Vendors.all.map((vendor) => vendor.id).join(", ")}.`
    )
    return Provider.layerFromEnv(vendor, { baseUrl: Option.getOrUndefined(baseUrl) })
  })
)

const program = Effect.gen(function* () {
  const model = yield* Config.string("MODEL")
  const { text } = yield* Provider.generate({ model, prompt: "Why is the sky blue?" })
  yield* Console.log(text)
})

await program.pipe(Effect.provide(live), Effect.runPromise)
