/**
 * An answer that is held back says what one that is shown says: every kind of part, with its protocol.
 */
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Redacted, Schedule, Stream } from "effect"
import { ModelEvent, Provider, Vendors } from "effect-redial"
import { FaultServer, Reply } from "effect-redial/testing"
import * as samples from "../support/protocol/samples.js"

const { blockDelta, blockStart, blockStop, messageDelta, messageStart, messageStop, textBlock } = samples

const citation = {
  type: "web_search_result_location",
  url: "https://a/",
  title: "A",
  cited_text: "So",
  encrypted_index: "e"
}
const pieces = [
  messageStart({ input_tokens: 12, output_tokens: 1, service_tier: "standard" }),
  blockStart(0, { type: "thinking", thinking: "" }),
  blockDelta(0, { type: "thinking_delta", thinking: "Hm." }),
  blockDelta(0, { type: "signature_delta", signature: "c2ln" }),
  blockStop(0),
  blockStart(1, { type: "redacted_thinking", data: "cmVk" }),
  blockStop(1),
  blockStart(2, { type: "text", text: "" }),
  blockDelta(2, { type: "text_delta", text: "So it is." }),
  blockDelta(2, { type: "citations_delta", citation }),
  blockStop(2),
  textBlock(3, "Yes."),
  messageDelta("stop_sequence"),
  messageStop
]

const collect = (url: string, delivery: "hold" | "restart") =>
  Effect.flatMap(
    Provider.make(Vendors.anthropic, { apiKey: Redacted.make("k"), baseUrl: url, retry: Schedule.recurs(1) }),
    (service) =>
      Effect.map(Stream.runCollect(service.stream({ model: "m", prompt: "Hi" }, { delivery })), Chunk.toReadonlyArray)
  )

describe("an answer that is held back", () => {
  it.scopedLive("has every part of one that is shown, broken at any event or not", () =>
    Effect.gen(function* () {
      const whole = Reply.stream(pieces)
      const plain = yield* FaultServer.make([whole])
      const shown = (yield* collect(plain.url, "restart")).at(-1)
      assert(shown?._tag === "Finish")
      const kinds = shown.response.content.map((part) => [part.type, "protocol" in part ? part.protocol : undefined])
      assert.deepStrictEqual(kinds, [
        ["reasoning", "anthropic-messages"],
        ["provider", "anthropic-messages"],
        ["text", undefined],
        ["citation", "anthropic-messages"],
        ["text", undefined]
      ])
      for (let afterEvents = 1; afterEvents < pieces.length; afterEvents++) {
        const server = yield* FaultServer.make([Reply.cut(whole, { afterEvents }, "rst"), whole])
        const held = yield* collect(server.url, "hold")
        const last = held.at(-1)
        assert(last?._tag === "Finish")
        assert.deepStrictEqual(last.response.content, shown.response.content, `cut after ${afterEvents}`)
        assert.deepStrictEqual(
          [last.response.serviceTier, last.response.rawUsage],
          [shown.response.serviceTier, shown.response.rawUsage]
        )
        // Folded, the events say the same as the response.
        const parts = ModelEvent.fold(held).blocks.map(({ open: _, ...block }) => block)
        assert.deepStrictEqual<unknown>(parts, shown.response.content)
      }
    })
  )
})
