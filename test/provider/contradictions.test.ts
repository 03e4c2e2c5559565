/**
 * Which word counts where a vendor contradicts itself: the last one for callers who have seen nothing.
 */
import { assert, it } from "@effect/vitest"
import { Chunk, Effect, Redacted, Schedule, Stream } from "effect"
import { ModelEvent, Provider, Vendors } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { request } from "../support/request.js"

const lost = Wire.answer("responses", { text: ["The ", "sky ", "is blue."] }).filter(
  (event) => !event.includes('"sky "')
)
const whole = "The sky is blue."

const provider = Effect.gen(function* () {
  const server = yield* FaultServer.make([Reply.stream(lost)])
  const options = { apiKey: Redacted.make("test-key"), baseUrl: `${server.url}/v1`, protocol: "responses" } as const
  return yield* Provider.make(Vendors.openai, { ...options, retry: Schedule.stop })
})

it.scopedLive("generate takes the vendor's last word", () =>
  Effect.gen(function* () {
    const response = yield* (yield* provider).generate(request)
    assert.strictEqual(response.text, whole)
  })
)

it.scopedLive("hold delivers the vendor's last word, and its events say the same", () =>
  Effect.gen(function* () {
    const stream = (yield* provider).stream(request, { delivery: "hold" })
    const events = Chunk.toReadonlyArray(yield* Stream.runCollect(stream))
    const last = events.at(-1)
    assert.strictEqual(last?._tag === "Finish" ? last.response.text : undefined, whole)
    assert.strictEqual(ModelEvent.fold(events).text, whole)
  })
)

it.scopedLive("a stream that has shown the deltas fails, and says no more than that to its caller", () =>
  Effect.gen(function* () {
    for (const delivery of ["restart", "resume", "fail"] as const) {
      const error = yield* Effect.flip(Stream.runDrain((yield* provider).stream(request, { delivery })))
      assert.deepStrictEqual([error._tag, error.partial?.text], ["MalformedStream", "The is blue."])
      assert.isFalse("contradicts" in error)
    }
  })
)
