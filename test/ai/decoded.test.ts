/**
 * Parts that are made without the Schema of @effect/ai: they must be what that Schema makes of them.
 */
import { Response, Toolkit } from "@effect/ai"
import { assert, it } from "@effect/vitest"
import { Schema } from "effect"
import { decoded, type Plain } from "../../src/ai/internal/decoded.js"

const metadata = { effectRedial: { value: 1 } }
const usage = { inputTokens: 1, outputTokens: undefined, totalTokens: undefined, cachedInputTokens: 3 }

const parts: ReadonlyArray<Plain> = [
  { type: "text-start", id: "1" },
  { type: "text-delta", id: "1", delta: "a" },
  { type: "text-end", id: "1" },
  { type: "reasoning-start", id: "2", metadata: { effectRedial: {} } },
  { type: "reasoning-delta", id: "2", delta: "b" },
  { type: "reasoning-end", id: "2", metadata: { effectRedial: { signature: "s" } } },
  { type: "tool-params-start", id: "3", name: "t" },
  { type: "tool-params-start", id: "3", name: "t", providerName: "p", providerExecuted: true },
  { type: "tool-params-delta", id: "3", delta: "{}" },
  { type: "tool-params-end", id: "3" },
  { type: "response-metadata" },
  { type: "response-metadata", id: "r", modelId: "m", timestamp: "2026-01-02T03:04:05.678Z" },
  { type: "source", sourceType: "url", id: "4", url: "https://example.com/a?b", title: "A", metadata },
  { type: "source", sourceType: "document", id: "5", mediaType: "text/plain", title: "B" },
  { type: "finish", reason: "stop", usage },
  { type: "error", error: { message: "it broke" } }
]

const decode = Schema.decodeSync(Response.StreamPart(Toolkit.empty))

for (const part of parts) {
  it(`${JSON.stringify(part)} is what the Schema makes of it`, () => {
    assert.deepStrictEqual(decoded(part), decode(part))
  })
}
