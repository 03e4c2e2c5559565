/**
 * Which address a provider speaks to, and that none only looks like a vendor's.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Protocol, Provider, Vendors } from "effect-redial"
import { addresses } from "../../src/vendors/internal/mandated.js"
import { apiKey } from "../support/client/world.js"
import { known, refusal, request, sentBy } from "../support/vendors/world.js"

describe("a vendor's own fields", () => {
  it.scopedLive("make its address, on the wire", () =>
    Effect.gen(function* () {
      const { address } = yield* sentBy(
        (options) => Provider.make(Vendors.azure, { ...options, apiKey, resource: "my-resource" }),
        request
      )
      assert.strictEqual(address, "my-resource.openai.azure.com/openai/v1/chat/completions")
    })
  )

  it.scopedLive("are not wanted where the whole address is given", () =>
    Effect.gen(function* () {
      const baseUrl = "https://r.openai.azure.us/openai/v1"
      const { address, credentials } = yield* sentBy(
        (options) => Provider.make(Vendors.azure, { ...options, apiKey, baseUrl }),
        request
      )
      assert.strictEqual(address, "r.openai.azure.us/openai/v1/chat/completions")
      assert.deepStrictEqual(credentials, { "api-key": "test-key" })
    })
  )

  it.scoped("are missed by name, with what they are", () =>
    Effect.gen(function* () {
      const error = yield* refusal(Vendors.cloudflare, { apiKey, account: "a" })
      assert.deepStrictEqual([error.module, error.option], ["Provider", "gateway"])
      assert.include(error.message, "Cloudflare AI Gateway needs the name of the gateway")
    })
  )

  for (const resource of [
    "evil.test/",
    "evil.test#",
    "a.b",
    "a/b",
    "a:1",
    "a@b",
    "",
    " ",
    "-a",
    "a?b",
    "{resource}",
    7
  ]) {
    it.scoped(`can be no more than a name: ${JSON.stringify(resource)}`, () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* refusal(Vendors.azure, { apiKey, resource })).option, "resource")
      })
    )
  }
})

describe("a base URL whose host mandates another protocol", () => {
  const stale = [
    ["minimax's, under Chat Completions", "openai", "chat-completions", "https://api.minimax.io/anthropic"],
    ["minimax's, with a slash", "openai", "chat-completions", "https://api.minimax.io/anthropic/"],
    ["minimax's, with the version", "openai", "responses", "https://api.minimax.io/anthropic/v1"],
    ["minimax's, in capitals", "openai", "chat-completions", "https://API.MINIMAX.IO/anthropic"],
    [
      "alibaba's own, of its other protocol",
      "alibaba",
      "chat-completions",
      "https://dashscope.aliyuncs.com/apps/anthropic"
    ],
    [
      "alibaba's own, the other way",
      "alibaba",
      "anthropic-messages",
      "https://dashscope.aliyuncs.com/compatible-mode/v1"
    ],
    ["OpenAI's, under Anthropic Messages", "minimax", "anthropic-messages", "https://api.openai.com/v1"],
    ["Anthropic's, without its version", "openai", "chat-completions", "https://api.anthropic.com"]
  ] as const
  for (const [what, id, protocol, baseUrl] of stale) {
    it.scoped(`is refused: ${what}`, () =>
      Effect.gen(function* () {
        const error = yield* refusal(known(id), { apiKey, protocol, baseUrl })
        assert.strictEqual(error.option, "baseUrl")
        assert.include(error.message, `the protocol of the provider is ${protocol}`)
        const { protocol: spoken = "" } = /set `protocol: "(?<protocol>[^"]+)"`/.exec(error.message)?.groups ?? {}
        assert.notStrictEqual(spoken, protocol)
        // What the message says works.
        const own = Vendors.custom({ id: "own", protocol: spoken as Protocol.ProtocolId, baseUrl })
        yield* Provider.make(own, { apiKey })
      })
    )
  }

  it.scoped("is refused of a vendor of one's own too", () =>
    Effect.gen(function* () {
      const own = Vendors.custom({ id: "own", protocol: "responses", baseUrl: "https://api.deepseek.com/anthropic" })
      assert.strictEqual((yield* refusal(own, { apiKey })).option, "baseUrl")
    })
  )

  for (const baseUrl of [
    "https://api.minimax.io.evil.test/anthropic",
    "https://evil.test/api.minimax.io/anthropic",
    "https://xapi.minimax.io/anthropic",
    "https://minimax.io/anthropic",
    "https://api.minimax.io:8443/anthropic",
    "https://api.minimax.io/anthropic-proxy",
    "https://api.minimax.io/not/anthropic",
    "https://api.minimax.io/v1",
    "http://127.0.0.1:8080/anthropic"
  ]) {
    it.scopedLive(`is none that only looks like it: ${baseUrl}`, () =>
      Effect.gen(function* () {
        const { address } = yield* sentBy(
          (options) => Provider.make(Vendors.openai, { ...options, apiKey, baseUrl }),
          request
        )
        assert.strictEqual(address, `${baseUrl.replace(/^https?:\/\//, "")}/chat/completions`)
      })
    )
  }

  it("is known of all vendors that serve Anthropic Messages beside another protocol, and of the first ones", () => {
    const served = new Map<string, Array<Protocol.ProtocolId>>()
    for (const { endpoints } of Vendors.all) {
      for (const { baseUrl, protocol } of endpoints) {
        const address = baseUrl.replace("https://", "")
        served.set(address, [...(served.get(address) ?? []), protocol])
      }
    }
    const layers = [...served.keys()].filter((address) => /^[^{]+\/anthropic$/.test(address))
    assert.includeMembers([...addresses.keys()], layers)
    for (const [address, protocols] of addresses) {
      // Anthropic's own Chat Completions are for trials, it says, and no endpoint here.
      if (address === "api.anthropic.com/v1") continue
      assert.deepStrictEqual(served.get(address), [...protocols], address)
    }
  })
})
