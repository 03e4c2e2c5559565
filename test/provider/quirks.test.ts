import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schedule } from "effect"
import { Provider, type Quirks, Vendors } from "../../src/index.js"
import { FaultServer, Reply, Wire } from "../../src/testing/index.js"

const events = Wire.answer("chat-completions", { text: "Hello." })

/** An answer that never says why it ended. */
const silent = events.filter((event) => !event.includes('"finish_reason":"stop"'))

const ask = (quirks: Quirks.ChatCompletions) =>
  Effect.gen(function* () {
    const server = yield* FaultServer.make([Reply.stream(silent)])
    const provider = yield* Provider.make(
      Vendors.custom({ id: "vendor", protocol: "chat-completions", baseUrl: `${server.url}/v1`, quirks }),
      { apiKey: Redacted.make("key"), retry: Schedule.stop }
    )
    return yield* provider.generate({ model: "m", prompt: "go" })
  })

describe("Quirks.finishReason", () => {
  it.scopedLive("false takes [DONE] for the end of an answer that never says why it ended", () =>
    Effect.gen(function* () {
      assert.strictEqual(silent.length, events.length - 1)
      const response = yield* ask({ finishReason: false })
      assert.deepStrictEqual([response.text, response.finishReason], ["Hello.", { reason: "stop", raw: undefined }])
      const error = yield* Effect.flip(ask({}))
      assert.strictEqual(error._tag, "StreamTruncated")
      assert.include(error.message, "quirks.finishReason")
    })
  )
})
