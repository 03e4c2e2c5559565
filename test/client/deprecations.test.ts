/**
 * What the Anthropic SDK would write to the console, as warnings in the log; and that what is sent without its
 * `messages.create` is what that would send.
 */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import Anthropic from "@anthropic-ai/sdk"
import { assert, describe, it } from "@effect/vitest"
import { Effect, HashMap, Logger } from "effect"
import { AnthropicClient, type ModelRequest, Provider } from "effect-redial"
import { FaultServer } from "effect-redial/testing"
import * as AnthropicMessages from "../../src/protocol/AnthropicMessages.js"
import { adaptive, models } from "../../src/protocol/anthropic/deprecations.js"
import { answerOf, apiKey } from "../support/client/world.js"

const prompt = "a secret question"

/** The words and annotations of each line of the log. */
const logged = (lines: Array<string>) =>
  Logger.replace(
    Logger.defaultLogger,
    Logger.make(({ annotations, logLevel, message }) => {
      lines.push(`${logLevel.label} ${message} ${HashMap.unsafeGet(annotations, "gen_ai.provider.name")}`)
    })
  )

/** What comes to the console while the scope is open. */
const console_ = Effect.gen(function* () {
  const said: Array<unknown> = []
  const original = { ...console }
  const listen = (...args: ReadonlyArray<unknown>): void => void said.push(args)
  yield* Effect.acquireRelease(
    Effect.sync(() =>
      Object.assign(console, { debug: listen, info: listen, log: listen, warn: listen, error: listen })
    ),
    () => Effect.sync(() => Object.assign(console, original))
  )
  return said
})

const deprecated = [...models.keys()][0] ?? ""
const thinks = [...adaptive][0] ?? ""

/** The log of a client that is asked each of these, and the console. */
const asked = (requests: ReadonlyArray<Partial<ModelRequest.Options>>) =>
  Effect.gen(function* () {
    const said = yield* console_
    const lines: Array<string> = []
    const server = yield* FaultServer.make([answerOf("anthropic-messages")])
    const client = yield* AnthropicClient.make({ apiKey, baseUrl: server.url })
    const provider = yield* Provider.makeFromClient(client)
    yield* Effect.forEach(requests, (request) => provider.generate({ model: "m", prompt, ...request }), {
      concurrency: "unbounded"
    }).pipe(Effect.provide(logged(lines)))
    assert.strictEqual((yield* server.stats).requests, requests.length)
    assert.notInclude(lines.join(), prompt)
    return { lines, said }
  })

describe("a deprecated model", () => {
  it.scopedLive("is warned of once per client, in the log and not on the console", () =>
    Effect.gen(function* () {
      for (const _ of ["one client", "another one"]) {
        const { lines, said } = yield* asked([{ model: deprecated }, { model: deprecated }, { model: deprecated }])
        assert.strictEqual(lines.length, 1, lines.join())
        assert.match(
          lines[0] ?? "",
          new RegExp(`^WARN The model ${deprecated} .*${models.get(deprecated)}.* anthropic$`)
        )
        assert.deepStrictEqual(said, [])
      }
    })
  )

  it.scopedLive("is warned of when a request comes after others, too", () =>
    Effect.gen(function* () {
      const said = yield* console_
      const lines: Array<string> = []
      const server = yield* FaultServer.make([answerOf("anthropic-messages")])
      const provider = yield* Effect.flatMap(AnthropicClient.make({ apiKey, baseUrl: server.url }), (client) =>
        Provider.makeFromClient(client)
      )
      for (const model of ["m", deprecated, deprecated]) {
        yield* Effect.provide(provider.generate({ model, prompt }), logged(lines))
      }
      assert.deepStrictEqual([lines.length, said], [1, []])
    })
  )

  it.scopedLive("has a warning of its own, one for each", () =>
    Effect.gen(function* () {
      const { lines, said } = yield* asked([...models.keys()].map((model) => ({ model })))
      assert.strictEqual(lines.length, models.size)
      assert.deepStrictEqual(said, [])
    })
  )

  it.scopedLive("is one with a budget where it thinks better without", () =>
    Effect.gen(function* () {
      const { lines, said } = yield* asked([
        { model: thinks, reasoning: { budgetTokens: 2_000 } },
        { model: thinks, reasoning: { effort: "high" } },
        { model: thinks },
        { model: "m", reasoning: { budgetTokens: 2_000 } }
      ])
      assert.strictEqual(lines.length, 1, lines.join())
      assert.match(lines[0] ?? "", new RegExp(`^WARN The model ${thinks} .*\`budgetTokens\``))
      assert.deepStrictEqual(said, [])
    })
  )

  it("is in the lists of the SDK that is installed, and in no other", () => {
    const source = readFileSync(
      createRequire(import.meta.url).resolve("@anthropic-ai/sdk/resources/messages/messages"),
      "utf8"
    )
    const [, table = ""] = /const DEPRECATED_MODELS = \{([^}]*)\}/.exec(source) ?? []
    const [, list = ""] = /const MODELS_TO_WARN_WITH_THINKING_ENABLED = \[([^\]]*)\]/.exec(source) ?? []
    const words = (text: string) => [...text.matchAll(/'([^']+)'/g)].map(([, word]) => word)
    assert.deepStrictEqual(words(table), [...models].flat())
    assert.deepStrictEqual(words(list), [...adaptive])
  })
})

describe("a request", () => {
  it.scopedLive("is on the wire what the SDK's own `messages.create` sends", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([answerOf("anthropic-messages")])
      const sdk = new Anthropic({ apiKey: "test-key", baseURL: server.url, maxRetries: 0 })
      const params: Anthropic.MessageCreateParamsStreaming = {
        model: "m",
        max_tokens: 10,
        stream: true,
        messages: [{ role: "user", content: "hi" }],
        tools: [{ name: "t", input_schema: { type: "object" } }],
        metadata: { user_id: "u" },
        user_profile_id: "p",
        workspace_id: "w"
      }
      const { signal } = new AbortController()
      const headers = { "x-api-key": null, authorization: "Bearer k", "anthropic-version": "2023-06-01" }
      const timeout = 2 ** 31 - 1
      const ours = yield* Effect.promise(() => AnthropicMessages.protocol.open(sdk, params, { signal, headers }))
      const theirs = yield* Effect.promise(() => sdk.messages.create(params, { signal, headers, timeout }).asResponse())
      yield* Effect.promise(() => Promise.all([ours.text(), theirs.text()]))
      const [one, other] = yield* server.requests
      assert.include(one?.headers, { "anthropic-user-profile-id": "p", "anthropic-workspace-id": "w" })
      const seen = (request: typeof one) => ({ path: request?.path, headers: request?.headers, body: request?.body })
      assert.deepStrictEqual(seen(one), seen(other))
    })
  )
})
