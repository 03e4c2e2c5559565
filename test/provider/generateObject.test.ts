/**
 * Objects over real sockets: what is asked for on the wire, natively and by a tool, and what is made of the answers.
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Either, Schedule, Schema, type Scope } from "effect"
import {
  type InvalidOptions,
  InvalidOutput,
  ModelResponse,
  Prompt,
  Provider,
  ProviderError,
  Router,
  Tool,
  Toolkit,
  Vendors
} from "effect-redial"
import { FaultServer, Reply, ScriptedProvider, Wire } from "effect-redial/testing"
import { apiKey } from "../support/request.js"

const retry = Schedule.recurs(3)
const request = { model: "test-model", prompt: "Which is the northernmost capital?" }

const City = Schema.Struct({ name: Schema.String, since: Schema.DateFromString })
const document = {
  type: "object",
  required: ["name", "since"],
  properties: { name: { type: "string" }, since: { $ref: "#/$defs/DateFromString" } },
  additionalProperties: false,
  $defs: { DateFromString: { type: "string", description: "a string to be decoded into a Date" } }
}
const city = { name: "Reykjavík", since: "1786-08-18T00:00:00.000Z" }
const decoded = { name: "Reykjavík", since: new Date("1786-08-18T00:00:00.000Z") }

/** What stands somewhere in a body. */
const at = (json: unknown, ...path: ReadonlyArray<string | number>): unknown =>
  path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    json
  )

interface Way {
  readonly name: string
  readonly protocol: "anthropic-messages" | "chat-completions" | "responses"
  readonly make: (url: string) => Effect.Effect<Provider.Service, InvalidOptions.InvalidOptions, Scope.Scope>
  readonly schema: ReadonlyArray<string | number>
  /** The answer that has this JSON text. */
  readonly answer: (json: string) => Wire.Answer
}

const asText = (text: string): Wire.Answer => ({ text })
const asCall = (json: string): Wire.Answer => ({
  toolCalls: [{ id: "call_1", name: "answer", pieces: json.match(/.{1,8}/g) ?? [] }]
})

const overMessages: Way = {
  name: "natively over Anthropic Messages",
  protocol: "anthropic-messages",
  make: (baseUrl) => Provider.make(Vendors.anthropic, { apiKey, baseUrl, retry }),
  schema: ["output_config", "format", "schema"],
  answer: asText
}
const overChat: Way = {
  name: "natively over Chat Completions",
  protocol: "chat-completions",
  make: (url) => Provider.make(Vendors.openai, { apiKey, baseUrl: `${url}/v1`, retry }),
  schema: ["response_format", "json_schema", "schema"],
  answer: asText
}
const byToolOverMessages: Way = {
  name: "by a tool over Anthropic Messages",
  protocol: "anthropic-messages",
  make: (baseUrl) => Provider.make(Vendors.minimax, { apiKey, baseUrl, retry }),
  schema: ["tools", 0, "input_schema"],
  answer: asCall
}
const byToolOverChat: Way = {
  name: "by a tool over Chat Completions",
  protocol: "chat-completions",
  make: (url) => Provider.make(Vendors.openai, { apiKey, baseUrl: `${url}/v1`, retry, structuredOutput: "tool" }),
  schema: ["tools", 0, "function", "parameters"],
  answer: asCall
}
const overResponses: Way = {
  name: "natively over Responses",
  protocol: "responses",
  make: (url) => Provider.make(Vendors.openai, { apiKey, baseUrl: `${url}/v1`, retry, protocol: "responses" }),
  schema: ["text", "format", "schema"],
  answer: asText
}
const byToolOverResponses: Way = {
  name: "by a tool over Responses",
  protocol: "responses",
  make: (url) =>
    Provider.make(Vendors.openai, {
      apiKey,
      baseUrl: `${url}/v1`,
      retry,
      protocol: "responses",
      structuredOutput: "tool"
    }),
  schema: ["tools", 0, "parameters"],
  answer: asCall
}
const ways = [overMessages, overChat, overResponses, byToolOverMessages, byToolOverChat, byToolOverResponses]

const reply = (way: Way, answer: Wire.Answer) => Reply.stream(Wire.answer(way.protocol, answer))

/** Asks a server that answers so. */
const ask = <A, I, R>(way: Way, answer: Wire.Answer, schema: Schema.Schema<A, I, R>) =>
  Effect.gen(function* () {
    const server = yield* FaultServer.make([reply(way, answer)])
    const provider = yield* way.make(server.url)
    return yield* provider.generateObject(request, { schema })
  })

/** The error of an ask that must fail so. */
const invalid = <A, E, R>(asking: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.either(asking), (made) => {
    assert(Either.isLeft(made) && made.left instanceof InvalidOutput.InvalidOutput, "it fails with InvalidOutput")
    assert(ModelResponse.isModelResponse(made.left.response))
    return made.left
  })

for (const way of ways) {
  describe(`generateObject ${way.name}`, () => {
    it.scopedLive("asks for the schema, and gives the object that it describes", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([reply(way, way.answer(JSON.stringify(city)))])
        const provider = yield* way.make(server.url)
        const { response, value } = yield* provider.generateObject(request, { schema: City })
        assert.deepStrictEqual(value, decoded)
        assert.strictEqual(response.attempts.length, 1)
        const [sent] = yield* server.requests
        assert.deepStrictEqual(at(sent?.json, ...way.schema), document)
      })
    )

    it.scopedLive("puts what is no object into one, and takes it out again", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([reply(way, way.answer(`{"value": [1, 2]}`))])
        const provider = yield* way.make(server.url)
        const { value } = yield* provider
          .generateObject(request, { schema: Schema.Array(Schema.NumberFromString) })
          .pipe(Effect.catchTag("InvalidOutput", ({ reason }) => Effect.succeed({ value: reason })))
        assert.strictEqual(value, "schema")
        const numbers = yield* provider.generateObject(request, { schema: Schema.Array(Schema.Number) })
        assert.deepStrictEqual(numbers.value, [1, 2])
        const [, sent] = yield* server.requests
        assert.deepStrictEqual(at(sent?.json, ...way.schema), {
          type: "object",
          required: ["value"],
          properties: { value: { type: "array", items: { type: "number" } } },
          additionalProperties: false
        })
      })
    )

    for (const how of ["rst", "clean"] as const) {
      it.scopedLive(`heals a drop (${how}) in the middle of the object`, () =>
        Effect.gen(function* () {
          const whole = reply(way, way.answer(JSON.stringify(city)))
          const server = yield* FaultServer.make([Reply.cut(whole, { afterEvents: 5 }, how), whole])
          const provider = yield* way.make(server.url)
          const { response, value } = yield* provider.generateObject(request, { schema: City })
          assert.deepStrictEqual(value, decoded)
          assert.strictEqual(response.attempts.length, 2)
          assert.strictEqual((yield* server.stats).connectionsOpened, 2)
        })
      )
    }

    it.scopedLive("says what does not fit the schema, with the text and the response", () =>
      Effect.gen(function* () {
        const wrong = JSON.stringify({ name: 7, since: "1786-08-18T00:00:00.000Z" })
        const error = yield* invalid(ask(way, way.answer(wrong), City))
        assert.deepStrictEqual([error.reason, error.text], ["schema", wrong])
        assert.include(error.issue, "Expected string, actual 7")
        assert.include(error.message, "does not fit the schema")
        assert.strictEqual(error.response.usage.inputTokens, 10)
      })
    )

    it.scopedLive("says what is not JSON, with the text as it came", () =>
      Effect.gen(function* () {
        const error = yield* invalid(ask(way, way.answer(`{"name": "Reykj`), City))
        assert.deepStrictEqual([error.reason, error.text], ["json", `{"name": "Reykj`])
        assert.isDefined(error.issue)
      })
    )

    it.scopedLive("says that the answer was cut, even where what there is of it would fit", () =>
      Effect.gen(function* () {
        for (const json of [JSON.stringify(city), `{"name": "Reykj`]) {
          const answer = { ...way.answer(json), finish: "length" }
          const error = yield* invalid(ask(way, answer, City))
          assert.deepStrictEqual([error.reason, error.text], ["cut", json])
          assert.include(error.message, "the answer was cut at the limit of its length. Raise `maxOutputTokens`")
        }
      })
    )

    it.scopedLive("says that nothing came", () =>
      Effect.gen(function* () {
        const error = yield* invalid(ask(way, { text: " " }, City))
        assert.strictEqual(error.reason, "absent")
      })
    )

    it.scopedLive("fails as the provider does where there is no answer", () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make([Reply.status(401, { body: Wire.errorBody(way.protocol) })])
        const provider = yield* way.make(server.url)
        const error = yield* Effect.flip(provider.generateObject(request, { schema: City }))
        assert.strictEqual(error._tag, "AuthenticationFailed")
      })
    )
  })
}

describe("generateObject", () => {
  it.scopedLive("reports a refusal of Anthropic's", () =>
    Effect.gen(function* () {
      const answer = { text: "I would rather not.", finish: "refusal" }
      const error = yield* invalid(ask(overMessages, answer, City))
      assert.deepStrictEqual([error.reason, error.text], ["refusal", "I would rather not."])
      assert.include(error.message, "anthropic: the model refused to answer")
    })
  )

  it.scopedLive("reports a refusal of OpenAI's, which is no text", () =>
    Effect.gen(function* () {
      const chunk = (delta: object, finish_reason: string | null) =>
        Wire.event({ id: "c", object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason }] })
      const server = yield* FaultServer.make([
        Reply.stream([
          chunk({ role: "assistant", refusal: "I cannot " }, null),
          chunk({ refusal: "help." }, null),
          chunk({}, "stop"),
          Wire.event("[DONE]")
        ])
      ])
      const provider = yield* overChat.make(server.url)
      const error = yield* invalid(provider.generateObject(request, { schema: City }))
      assert.deepStrictEqual([error.reason, error.text], ["refusal", "I cannot help."])
    })
  )

  it.scopedLive("reports the vendor's filter as a refusal, and a pause as a cut", () =>
    Effect.gen(function* () {
      const filtered = { text: `{"name":`, finish: "content_filter" }
      assert.strictEqual((yield* invalid(ask(overChat, filtered, City))).reason, "refusal")
      const paused = { text: JSON.stringify(city), finish: "pause_turn" }
      assert.strictEqual((yield* invalid(ask(overMessages, paused, City))).reason, "cut")
    })
  )

  it.scopedLive("takes no two answers for one", () =>
    Effect.gen(function* () {
      const toolCalls = ["1", "2"].map((id) => ({ id, name: "answer", arguments: city }))
      const error = yield* invalid(ask(byToolOverMessages, { toolCalls }, City))
      assert.deepStrictEqual([error.reason, error.text], ["absent", JSON.stringify([city, city])])
    })
  )

  const lookUp = Tool.make("look_up", { parameters: Schema.Struct({ what: Schema.String }) })
  const conversation: Prompt.Prompt = [
    ...Prompt.text("Look it up."),
    { role: "assistant", content: [{ type: "tool-call", id: "1", name: "look_up", arguments: { what: "it" } }] },
    { role: "tool", content: [Prompt.toolResult({ id: "1" }, "Reykjavík, since 1786")] }
  ]

  for (const [given, tools] of [
    ["list", [lookUp]],
    ["toolkit", Toolkit.make(lookUp)]
  ] as const) {
    it.scopedLive(`keeps the tools of a conversation, given as a ${given}, and lets none of them be called`, () =>
      Effect.gen(function* () {
        const native = yield* ScriptedProvider.make([ScriptedProvider.answer(asText(JSON.stringify(city)))])
        const byTool = yield* ScriptedProvider.make([ScriptedProvider.answer(asCall(JSON.stringify(city)))], {
          structuredOutput: "tool"
        })
        for (const { provider } of [native, byTool]) {
          const asked = { model: "m", prompt: conversation, tools }
          const { value } = yield* provider.generateObject(asked, { schema: City })
          assert.deepStrictEqual(value, decoded)
        }
        const [nativeRequest] = yield* native.requests
        assert.deepStrictEqual(nativeRequest?.tools, [lookUp])
        assert.strictEqual(nativeRequest?.toolChoice, "none")
        const [toolRequest] = yield* byTool.requests
        assert.deepStrictEqual(
          toolRequest?.tools?.map(({ name }) => name),
          ["look_up", "answer"]
        )
        assert.deepStrictEqual(toolRequest?.toolChoice, { tool: "answer" })
        assert.isUndefined(toolRequest?.output)
      })
    )
  }

  it.scopedLive("names and describes the object as it is told, else as its schema says", () =>
    Effect.gen(function* () {
      const named = yield* ScriptedProvider.make([ScriptedProvider.answer(asText(JSON.stringify(city)))])
      yield* named.provider.generateObject(request, { schema: City, name: "city", description: "A capital" })
      const [native] = yield* named.requests
      assert.deepStrictEqual(native?.output, { name: "city", schema: { ...document, description: "A capital" } })

      const toolCalls = [{ id: "1", name: "city", arguments: city }]
      const byTool = yield* ScriptedProvider.make([ScriptedProvider.answer({ toolCalls })], {
        structuredOutput: "tool"
      })
      const schema = City.annotations({ description: "A city" })
      yield* byTool.provider.generateObject(request, { schema, name: "city" })
      yield* byTool.provider.generateObject(request, { schema, name: "city", description: "A capital" })
      assert.deepStrictEqual(
        (yield* byTool.requests).map(({ tools: [tool] = [] }) =>
          tool === undefined || Tool.isVendorTool(tool) ? [] : [tool.name, tool.description]
        ),
        [
          ["city", "A city"],
          ["city", "A capital"]
        ]
      )
    })
  )

  it.scopedLive("asks by a tool of a tool vendor behind a Router too", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([reply(byToolOverMessages, asCall(JSON.stringify(city)))])
      const router = Router.make(
        { minimax: yield* byToolOverMessages.make(server.url) },
        Router.byModel({ "test-*": "minimax" })
      )
      const { value } = yield* router.generateObject(request, { schema: City })
      assert.deepStrictEqual(value, decoded)
      const [sent] = yield* server.requests
      assert.deepStrictEqual(at(sent?.json, "tools", 0, "input_schema"), document)
      const lost = yield* Effect.flip(router.generateObject({ ...request, model: "other" }, { schema: City }))
      assert(ProviderError.isProviderError(lost) && lost._tag === "InvalidRequest" && lost.field === "model")
    })
  )

  it.scopedLive(
    "asks by a tool for what Anthropic's structured output does not take: recursion, open objects, any value",
    () =>
      Effect.gen(function* () {
        interface Tree {
          readonly name: string
          readonly below: ReadonlyArray<Tree>
        }
        const Tree = Schema.Struct({
          name: Schema.String,
          below: Schema.Array(Schema.suspend((): Schema.Schema<Tree> => Tree))
        }).annotations({ identifier: "Tree" })
        const counts = Schema.Struct({ counts: Schema.Record({ key: Schema.String, value: Schema.Number }) })
        const anything = Schema.Struct({ any: Schema.Unknown })
        const cases = [
          [Tree, { name: "a", below: [{ name: "b", below: [] }] }],
          [counts, { counts: { a: 1 } }],
          [anything, { any: [1] }]
        ] as const
        for (const [schema, value] of cases) {
          const call = [{ id: "1", name: "answer", arguments: value }]
          const server = yield* FaultServer.make(() =>
            Reply.stream(Wire.answer("anthropic-messages", { toolCalls: call }))
          )
          const provider = yield* Provider.make(Vendors.anthropic, { apiKey, baseUrl: server.url, retry })
          const any: Schema.Schema.AnyNoContext = schema
          const got = yield* provider.generateObject(request, { schema: any })
          assert.deepStrictEqual<unknown>(got.value, value)
          const [sent] = yield* server.requests
          assert.deepStrictEqual(at(sent?.json, "tool_choice"), { type: "tool", name: "answer" })
          // Said by the caller, it is refused with advice and not asked in another way.
          const error = yield* Effect.flip(
            provider.generateObject(request, { schema: any, structuredOutput: "native" })
          )
          assert(error._tag === "InvalidRequest" && error.field === "output")
        }
      })
  )

  it.scopedLive("refuses a schema that JSON Schema has no words for, before anything is sent", () =>
    Effect.gen(function* () {
      const { provider, requests } = yield* ScriptedProvider.make([ScriptedProvider.answer(asText("{}"))])
      const error = yield* Effect.flip(provider.generateObject(request, { schema: Schema.DateFromSelf }))
      assert(error._tag === "InvalidRequest" && error.field === "schema")
      assert.include(error.message, "DateFromSelf")
      assert.strictEqual((yield* requests).length, 0)
    })
  )

  it.scopedLive("gives a Schema what it requires, as an accessor", () =>
    Effect.gen(function* () {
      class Capitals extends Context.Tag("Capitals")<Capitals, ReadonlyArray<string>>() {}
      const Capital = Schema.String.pipe(
        Schema.filterEffect((name) => Effect.map(Capitals, (capitals) => capitals.includes(name) || "no capital"))
      )
      const { value } = yield* Provider.generateObject(request, { schema: Capital }).pipe(
        Effect.provideService(Capitals, ["Reykjavík"]),
        Effect.provide(ScriptedProvider.layer([ScriptedProvider.answer(asText(`{"value":"Reykjavík"}`))]))
      )
      assert.strictEqual(value, "Reykjavík")
    })
  )

  it.scopedLive("has an error that can be stored and read back", () =>
    Effect.gen(function* () {
      const error = yield* invalid(ask(overMessages, asText("no"), City))
      const stored = yield* Schema.encode(InvalidOutput.InvalidOutput)(error)
      const again = yield* Schema.decode(InvalidOutput.InvalidOutput)(JSON.parse(JSON.stringify(stored)))
      assert.deepStrictEqual([again.message, again.response.text], [error.message, "no"])
    })
  )
})
