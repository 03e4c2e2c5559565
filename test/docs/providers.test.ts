/**
 * The page on providers: its tables are those of the data, and its examples run as a reader would run them.
 */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { identity } from "../support/client/wire.js"
import { root, run } from "../support/docs.js"
import { markdown } from "../support/vendors/table.js"

const text = "Because air scatters blue light most."
const whole = Reply.stream(Wire.answer("chat-completions", { text }))
const drop = Reply.cut(whole, { afterEvents: 4 }, "rst")

describe("docs/providers.md", () => {
  it("has the tables of the data: npm run -s vendors -- --markdown", () => {
    const page = readFileSync(new URL("docs/providers.md", root), "utf8")
    const [, table = ""] = /<!-- vendors -->\n([\s\S]*)\n<!-- \/vendors -->/.exec(page) ?? []
    assert.strictEqual(table.trim(), markdown())
  })

  it.scopedLive("by-name asks the vendor that the environment names, through a drop", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([drop, whole])
      const env = { VENDOR: "groq", GROQ_API_KEY: "k", MODEL: "m", BASE_URL: `${server.url}/v1` }
      const { code, err, out } = yield* run("by-name", env)
      assert.deepStrictEqual([code, out, err], [0, `${text}\n`, ""])
      for (const { headers } of yield* server.requests) {
        assert.deepStrictEqual(identity(headers), { authorization: "Bearer k" })
      }
    })
  )

  it.scopedLive("by-name says what is missing or wrong", () =>
    Effect.gen(function* () {
      assert.include((yield* run("by-name", { VENDOR: "grok", MODEL: "m" })).err, "there are anthropic, openai, azure")
      assert.include((yield* run("by-name", { VENDOR: "groq", MODEL: "m" })).err, "GROQ_API_KEY")
    })
  )

  it.scopedLive("entra shows its token, on a new pool after a drop, and no key beside it", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([drop, whole])
      const env = { AZURE_TOKEN: "token", AZURE_BASE_URL: `${server.url}/openai/v1` }
      const { code, err, out } = yield* run("entra", env)
      assert.deepStrictEqual([code, out, err], [0, `${text}\n`, ""])
      const requests = yield* server.requests
      assert.deepStrictEqual(
        requests.map(({ connection, headers }) => [connection, identity(headers)]),
        [
          [1, { authorization: "Bearer token" }],
          [2, { authorization: "Bearer token" }]
        ]
      )
    })
  )
})
