/**
 * The spans by the OpenTelemetry conventions: names that are in them, few names of spans and events, and nothing of what
 * was said unless a program asks for it.
 */

import { assert, describe, it } from "@effect/vitest"
import * as semconv from "@opentelemetry/semantic-conventions/incubating"
import { Effect, Exit, Redacted, Schedule, Stream } from "effect"
import { type Admission, Provider, Telemetry, Tool, Toolkit, Vendors } from "effect-redial"
import { FaultServer, Reply, ScriptedProvider, Wire } from "effect-redial/testing"
import { observing, type Span } from "../support/observing.js"

const usage = { inputTokens: 100, outputTokens: 20, cacheReadTokens: 40, cacheWriteTokens: 5, reasoningTokens: 7 }
const whole = { text: ["Because of ", "Rayleigh ", "scattering."], usage }
const answer = ScriptedProvider.answer(whole)
const dropped = ScriptedProvider.drop(whole, { afterEvents: 5 })

const published = new Set<unknown>(Object.values(semconv))

/** Runs a request over a script; gives what was seen of it. */
const seen = (
  script: Parameters<typeof ScriptedProvider.make>[0],
  use: (provider: Provider.Service) => Effect.Effect<unknown, unknown>,
  options: ScriptedProvider.Options = {}
) =>
  Effect.gen(function* () {
    const observed = observing()
    const { provider } = yield* ScriptedProvider.make(script, { retry: Schedule.recurs(3), ...options })
    const exit = yield* Effect.exit(observed.run(use(provider)))
    return { exit, ...observed }
  })

const chatOf = (spans: ReadonlyArray<Span>): Span => {
  const chat = spans.find(({ name }) => name.startsWith("chat "))
  assert(chat !== undefined, "there is no span of the request")
  return chat
}

const request = {
  model: "m",
  prompt: "Why is the sky blue?",
  system: "Be brief.",
  temperature: 0.5,
  topP: 0.9,
  maxOutputTokens: 512,
  stopSequences: ["END"]
}

describe("the spans of a request", () => {
  it.scoped("use names that the conventions have, or their own", () =>
    Effect.gen(function* () {
      const slow: Admission.Admission = { admit: () => Effect.succeed({ settle: () => Effect.void }) }
      const options = {
        admission: Effect.succeed(slow),
        prices: { m: { input: 3, output: 15, cacheRead: 1, cacheWrite: 1 } }
      }
      const { run, spans } = observing()
      const play = (script: Parameters<typeof ScriptedProvider.make>[0]) =>
        Effect.flatMap(ScriptedProvider.make(script, { retry: Schedule.recurs(1), ...options }), ({ provider }) =>
          Effect.exit(run(Effect.provide(Stream.runDrain(provider.streamText(request)), Telemetry.captureContent())))
        )
      yield* play([answer])
      yield* play([dropped, ScriptedProvider.resumed("scattering.")])
      yield* play([ScriptedProvider.status(529)])
      const names = new Set(spans.flatMap(({ attributes }) => [...attributes.keys()]))
      assert.isAbove(names.size, 30)
      assert.deepStrictEqual(
        [...names].filter(
          (name) =>
            !published.has(name) && !name.startsWith("effect_redial.") && !name.startsWith("http.response.header.")
        ),
        []
      )
      // Nothing is there that is not known.
      for (const { attributes } of spans) for (const [name, value] of attributes) assert.isDefined(value, name)
    })
  )

  it.scoped("say what was asked for when they begin, and the tokens with their parts when they end", () =>
    Effect.gen(function* () {
      const { spans } = yield* seen([answer], (provider) => provider.generate(request))
      const { attributes } = chatOf(spans)
      assert.deepInclude(Object.fromEntries(attributes), {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "scripted",
        "gen_ai.request.model": "m",
        "gen_ai.request.stream": true,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.top_p": 0.9,
        "gen_ai.request.max_tokens": 512,
        "gen_ai.request.stop_sequences": ["END"],
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.usage.cache_read.input_tokens": 40,
        "gen_ai.usage.cache_creation.input_tokens": 5,
        "gen_ai.response.finish_reasons": ["stop"],
        "effect_redial.outcome": "succeeded",
        "effect_redial.attempts": 1,
        "effect_redial.usage.exact": true
      })
      assert.isNumber(attributes.get("gen_ai.response.time_to_first_chunk"))
    })
  )

  it.scoped(
    "count a token once: all attempts on the span of the request, and none of them by the same name below it",
    () =>
      Effect.gen(function* () {
        const { spans } = yield* seen([dropped, answer], (provider) => provider.generate(request))
        const sums = spans.flatMap(({ attributes }) => attributes.get("gen_ai.usage.input_tokens") ?? [])
        assert.deepStrictEqual(sums, [200])
        assert.strictEqual(chatOf(spans).attributes.get("effect_redial.usage.exact"), false)
        assert.deepStrictEqual(
          spans
            .filter(({ name }) => name === "attempt")
            .map(({ attributes }) => attributes.get("effect_redial.usage.input_tokens")),
          [100, 100]
        )
      })
  )

  it.scoped("say how a request failed, and where only an attempt did, not", () =>
    Effect.gen(function* () {
      const types = (spans: ReadonlyArray<Span>) =>
        spans.map(({ attributes, name }) => [name, attributes.get("error.type")])
      const good = yield* seen([dropped, answer], (provider) => provider.generate(request))
      assert.deepStrictEqual(types(good.spans), [
        ["chat m", undefined],
        ["attempt", "StreamDropped"],
        ["attempt", undefined]
      ])
      const bad = yield* seen([dropped, ScriptedProvider.status(400)], (provider) => provider.generate(request))
      assert.deepStrictEqual(types(bad.spans), [
        ["chat m", "InvalidRequest"],
        ["attempt", "StreamDropped"],
        ["attempt", "InvalidRequest"]
      ])
    })
  )

  it.scoped("have events that are named by their kind, with what they are about", () =>
    Effect.gen(function* () {
      const kinds = (spans: ReadonlyArray<Span>) => spans.flatMap(({ events }) => events.map(([name]) => name))
      const anew = yield* seen([dropped, answer], (provider) => Stream.runDrain(provider.stream(request)))
      assert.deepStrictEqual(kinds(anew.spans), [
        "effect_redial.first_event",
        "effect_redial.redial",
        "effect_redial.superseded"
      ])
      const [, redial, superseded] = chatOf(anew.spans).events
      assert.deepStrictEqual(redial?.[2], {
        "error.type": "StreamDropped",
        "effect_redial.attempt": 1,
        "effect_redial.route": "restart",
        "effect_redial.retry_in_ms": 0
      })
      assert.deepStrictEqual(superseded?.[2], { "effect_redial.attempt": 1, "effect_redial.from_index": 0 })

      const resumed = yield* seen([dropped, ScriptedProvider.resumed("scattering.")], (provider) =>
        Stream.runDrain(provider.streamText(request))
      )
      assert.isTrue(Exit.isSuccess(resumed.exit))
      assert.deepStrictEqual(kinds(resumed.spans), [
        "effect_redial.first_event",
        "effect_redial.redial",
        "effect_redial.seam"
      ])
      const seam = chatOf(resumed.spans).events[2]?.[2]
      assert.deepInclude(seam, { "effect_redial.attempt": 2, "effect_redial.route": "ask" })
      assert.strictEqual(chatOf(resumed.spans).attributes.get("effect_redial.seams"), 1)
    })
  )

  it.scoped("call a vendor as the conventions do", () =>
    Effect.gen(function* () {
      const values = new Set<unknown>(
        Object.entries(semconv).flatMap(([key, value]) =>
          key.startsWith("GEN_AI_PROVIDER_NAME_VALUE_") ? [value] : []
        )
      )
      const events = Wire.answer("chat-completions", { text: "hi" })
      const server = yield* FaultServer.make([Reply.stream(events)])
      for (const [vendor, expected] of [
        [Vendors.xai, "x_ai"],
        [Vendors.mistral, "mistral_ai"],
        [Vendors.deepseek, "deepseek"]
      ] as const) {
        const { run, spans } = observing()
        const provider = yield* Provider.make(vendor, { apiKey: Redacted.make("test-key"), baseUrl: server.url })
        yield* Effect.exit(run(provider.generate({ model: "m", prompt: "hi" }, { retry: Schedule.stop })))
        const name = chatOf(spans).attributes.get("gen_ai.provider.name")
        assert.strictEqual(name, expected)
        assert.isTrue(values.has(name), `${name} is no value of the conventions`)
      }
    })
  )
})

describe("what was said", () => {
  const secret = "4111 1111 1111 1111"
  const tools = Toolkit.make(Tool.make("weather", { description: "Tells the weather.", parameters: {} }))
  const asked = { model: "m", prompt: `My card is ${secret}.`, system: "Be brief.", tools }
  const content = (spans: ReadonlyArray<Span>) =>
    spans.flatMap(({ attributes }) =>
      [...attributes].filter(
        ([name]) => /messages|instructions|definitions/.test(name) || name === "effect_redial.content_dropped"
      )
    )

  it.scoped("is in no span and in no line", () =>
    Effect.gen(function* () {
      const { lines, spans } = yield* seen([dropped, answer], (provider) => Stream.runDrain(provider.stream(asked)))
      assert.deepStrictEqual(content(spans), [])
      const all = JSON.stringify(
        [spans, lines].map((told) => told.map((each) => ({ ...each, exit: undefined }))),
        (_, value: unknown) => (typeof value === "bigint" ? String(value) : value instanceof Map ? [...value] : value)
      )
      for (const words of [secret, "Be brief", "Rayleigh"]) assert.notInclude(all, words)
    })
  )

  it.scoped("is in the span of the request where the program wants it, in the convention's own form", () =>
    Effect.gen(function* () {
      const { spans } = yield* seen([dropped, answer], (provider) =>
        Effect.provide(provider.generate(asked), Telemetry.captureContent())
      )
      assert.deepStrictEqual(
        content(spans).map(([name, value]) => [name, JSON.parse(String(value))]),
        [
          ["gen_ai.system_instructions", [{ type: "text", content: "Be brief." }]],
          ["gen_ai.input.messages", [{ role: "user", parts: [{ type: "text", content: asked.prompt }] }]],
          [
            "gen_ai.tool.definitions",
            [
              {
                type: "function",
                name: "weather",
                description: "Tells the weather.",
                parameters: tools.tools[0]?.parameters
              }
            ]
          ],
          [
            "gen_ai.output.messages",
            [
              {
                role: "assistant",
                parts: [{ type: "text", content: "Because of Rayleigh scattering." }],
                finish_reason: "stop"
              }
            ]
          ]
        ]
      )
    })
  )

  it.scoped("is, of an answer that failed, what came of it", () =>
    Effect.gen(function* () {
      const { spans } = yield* seen([dropped, ScriptedProvider.status(400)], (provider) =>
        Effect.provide(provider.generate(asked), Telemetry.captureContent())
      )
      const output = chatOf(spans).attributes.get("gen_ai.output.messages")
      assert.deepStrictEqual(JSON.parse(String(output)), [
        { role: "assistant", parts: [{ type: "text", content: "Because of Rayleigh " }], finish_reason: "error" }
      ])
    })
  )

  it.scoped("is what the program's hook leaves of it", () =>
    Effect.gen(function* () {
      const { spans } = yield* seen([answer], (provider) =>
        Effect.provide(
          provider.generate(asked),
          Telemetry.captureContent(({ inputMessages, toolDefinitions, ...rest }) => rest)
        )
      )
      assert.deepStrictEqual(
        content(spans).map(([name]) => name),
        ["gen_ai.system_instructions", "gen_ai.output.messages"]
      )
      const nothing = yield* seen([answer], (provider) =>
        Effect.provide(
          provider.generate(asked),
          Telemetry.captureContent(() => undefined)
        )
      )
      assert.deepStrictEqual(content(nothing.spans), [])
    })
  )

  it.scoped("is nowhere if the hook throws, and the request goes on", () =>
    Effect.gen(function* () {
      const { exit, spans } = yield* seen([answer], (provider) =>
        Effect.provide(
          provider.generate(asked),
          Telemetry.captureContent(() => {
            throw new Error("a bug in a hook")
          })
        )
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(content(spans), [["effect_redial.content_dropped", true]])
    })
  )
})
