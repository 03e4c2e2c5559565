/**
 * The published examples of limits, run as a reader would run them.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { run } from "../support/docs.js"
import * as RedisServer from "../support/redis/redisServer.js"

const text = "Because air scatters blue light most."
const answer = Reply.stream(Wire.answer("anthropic-messages", { text }))

describe("the published examples of limits", () => {
  it.scopedLive("limits asks for three answers, two at once", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([answer])
      const { code, out } = yield* run("limits", { MINIMAX_API_KEY: "k", MINIMAX_BASE_URL: server.url })
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(out.trim().split("\n").sort(), [`ice: ${text}`, `the sea: ${text}`, `the sky: ${text}`])
      assert.strictEqual((yield* server.stats).connectionsOpened, 2)
    })
  )

  it.scopedLive("redis-limits answers, with Redis or without", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([answer])
      const env = { MINIMAX_API_KEY: "k", MINIMAX_BASE_URL: server.url }
      const { code, out } = yield* run("redis-limits", { ...env, REDIS_PORT: "1" })
      assert.strictEqual(code, 0)
      assert.include(out, "Redis is away: the limits of minimax are local until it is back")
      assert.include(out, text)
      if (RedisServer.missing !== undefined) return
      const { port } = yield* RedisServer.make
      const shared = yield* run("redis-limits", { ...env, REDIS_PORT: String(port) })
      assert.deepStrictEqual([shared.code, shared.out, shared.err], [0, `${text}\n`, ""])
    })
  )
})
