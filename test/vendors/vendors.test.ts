import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { Provider, Vendors } from "effect-redial"
import { apiKey } from "../support/client/world.js"
import { known, refusal, request, sentBy } from "../support/vendors/world.js"

describe("the list of vendors", () => {
  it("has each once, in itself and by its id", () => {
    const ids = Vendors.all.map(({ id }) => id)
    assert.strictEqual(new Set(ids).size, ids.length)
    for (const vendor of Vendors.all) {
      assert.strictEqual<Vendors.Vendor>(Vendors.get(vendor.id), vendor)
      assert.deepStrictEqual(Vendors.find(vendor.id), Option.some(vendor))
    }
    assert.deepStrictEqual(Vendors.find("toString"), Option.none())
  })

  it("has every vendor that can be imported", () => {
    const { all, custom: _, find: __, get: ___, ...named } = Vendors
    assert.sameMembers<Vendors.Vendor>([...all], Object.values(named))
  })

  it("has addresses that are URLs, once each field stands in them", () => {
    for (const { endpoints, fields = [], id } of Vendors.all as ReadonlyArray<Vendors.Vendor>) {
      for (const { baseUrl } of endpoints) {
        const address = fields.reduce((url, { name }) => url.replace(`{${name}}`, "x"), baseUrl)
        assert(URL.canParse(address) && !address.includes("{") && !address.endsWith("/"), `${id}: ${baseUrl}`)
        assert.match(address, /^https:|^http:\/\/localhost:/)
      }
    }
  })
})

describe("npm run vendors", () => {
  const print = async (...args: ReadonlyArray<string>) => {
    const main = fileURLToPath(new URL("../harness/vendors/main.ts", import.meta.url))
    const flags = ["--conditions=effect-redial-source", "--import=tsx"]
    return (await promisify(execFile)(process.execPath, [...flags, main, ...args])).stdout
  }

  it("prints each vendor, for people and for programs", { timeout: 60_000 }, async () => {
    const { vendors } = JSON.parse(await print("--json"))
    assert.deepStrictEqual(
      vendors.map(({ id, protocols }: { readonly id: string; readonly protocols: unknown }) => [id, protocols]),
      Vendors.all.map(({ endpoints, id }: Vendors.Vendor) => [id, endpoints.map(({ protocol }) => protocol)])
    )
    const [cloudflare] = vendors.filter(({ id }: { readonly id: string }) => id === "cloudflare")
    assert.strictEqual(cloudflare.env, "CLOUDFLARE_API_TOKEN")
    assert.deepStrictEqual(Object.keys(cloudflare.baseUrls), cloudflare.protocols)
    const lines = await print()
    for (const { id } of Vendors.all) assert.match(lines, new RegExp(`^${id} `, "m"))
  })
})

describe("what a vendor says of itself", () => {
  const base = { id: "own", protocol: "chat-completions", baseUrl: "http://127.0.0.1:1/v1" } as const

  it.scopedLive("changes what is sent, and the caller may say otherwise", () =>
    Effect.gen(function* () {
      const own = Vendors.custom({ ...base, quirks: { maxTokens: "max_tokens", streamOptions: false } })
      const limited = { ...request, maxOutputTokens: 9 }
      const { body } = yield* sentBy((options) => Provider.make(own, { ...options, apiKey }), limited)
      const said = { model: "m", messages: [{ role: "user", content: "Hello" }], stream: true }
      assert.deepStrictEqual(body, { ...said, max_tokens: 9 })
      const quirks = { maxTokens: "max_completion_tokens" } as const
      const other = yield* sentBy((options) => Provider.make(own, { ...options, apiKey, quirks }), limited)
      assert.deepStrictEqual(other.body, { ...said, max_completion_tokens: 9 })
    })
  )

  it.scoped("holds for its deadlines, and the caller may say otherwise", () =>
    Effect.gen(function* () {
      const own = Vendors.custom({ ...base, deadlines: { firstEvent: 0 } })
      assert.strictEqual((yield* refusal(own, { apiKey })).option, "deadlines.firstEvent")
      yield* Provider.make(own, { apiKey, deadlines: { firstEvent: "1 second" } })
    })
  )

  it.scoped("is refused where it is a protocol that the vendor does not serve", () =>
    Effect.gen(function* () {
      const error = yield* refusal(known("minimax"), { apiKey, protocol: "responses" })
      assert.strictEqual(error.option, "protocol")
      assert.include(error.message, "it serves anthropic-messages")
    })
  )

  it("tells which of Anthropic's models go on with a text", () => {
    const [{ prefill }] = Vendors.anthropic.endpoints
    const goesOn = (model: string) => prefill?.models?.test(model) ?? false
    for (const model of [
      "claude-3-7-sonnet-20250219",
      "claude-3-haiku-20240307",
      "claude-opus-4-20250514",
      "claude-sonnet-4-0",
      "claude-opus-4-1-20250805",
      "claude-sonnet-4-5",
      "claude-haiku-4-5-20251001"
    ]) {
      assert(goesOn(model), model)
    }
    for (const model of [
      "claude-opus-4-6",
      "claude-sonnet-4-8",
      "claude-opus-5",
      "claude-sonnet-5-5",
      "claude-opus-4-10",
      "x"
    ]) {
      assert(!goesOn(model), model)
    }
  })
})
