import { FetchHttpClient, HttpClient, HttpClientResponse } from "@effect/platform"
import { Config, Console, Effect, Layer, Schema } from "effect"
import { Credentials, Provider, Vendors } from "effect-redial"

const Token = Schema.Struct({ access_token: Schema.Redacted(Schema.String), expires_in: Schema.Number })

const login = Effect.gen(function* () {
  const http = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)
  const answer = yield* http.post(yield* Config.string("TOKEN_URL"))
  const { access_token, expires_in } = yield* HttpClientResponse.schemaBodyJson(Token)(answer)
  return { key: access_token, expiresIn: `${expires_in} seconds` as const }
})

const live = Layer.unwrapScoped(
  Effect.gen(function* () {
    const baseUrl = yield* Config.string("GATEWAY_URL")
    const apiKey = yield* Credentials.make([Credentials.fromEffect(login, { name: "login", timeout: "10 seconds" })], {
      hosts: [new URL(baseUrl).host]
    })
    const gateway = Vendors.custom({ id: "gateway", protocol: "chat-completions", baseUrl })
    return Provider.layer(gateway, { apiKey })
  })
).pipe(Layer.provide(FetchHttpClient.layer))

await Provider.generate({ model: "any", prompt: "Why is the sky blue?" }).pipe(
  Effect.flatMap(({ text }) => Console.log(text)),
  Effect.provide(live),
  Effect.runPromise
)
