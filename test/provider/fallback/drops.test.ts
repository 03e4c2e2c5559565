/**
 * One answer, cut at every event at the first provider, and gone on with at another, over every protocol and in every
 * delivery: what the consumer has is the answer, or a beginning of it with an error.
 */
import { assert, describe } from "@effect/vitest"
import { Chunk, Effect, Stream } from "effect"
import { Fallback, ModelEvent, ModelResponse } from "effect-redial"
import { Wire } from "effect-redial/testing"
import {
  cut,
  down,
  model,
  pieces,
  protocols,
  quietly,
  request,
  served,
  text,
  usage
} from "../../support/provider/fallback.js"

const answer: Wire.Answer = {
  blocks: [
    { type: "reasoning", text: ["Hm, ", "yes."] },
    { type: "text", text: pieces }
  ],
  usage
}

for (const from of protocols) {
  for (const to of protocols) {
    describe(`an answer over ${from} that breaks at any event and goes on over ${to}`, () => {
      const { length } = Wire.answer(from, answer)

      quietly(
        "is one answer, whatever the delivery",
        () =>
          Effect.gen(function* () {
            const second = yield* served(model(to), to, { id: "second" })
            for (let after = 0; after < length; after++) {
              const first = yield* served([cut(from, answer, after)], from, { id: "first" })
              const service = yield* Fallback.make(
                [{ provider: first.provider }, { provider: second.provider, model: "other" }],
                { coolDown: 0 }
              )
              for (const delivery of ["restart", "resume", "hold"] as const) {
                const events = Chunk.toReadonlyArray(yield* Stream.runCollect(service.stream(request, { delivery })))
                const finish = events.at(-1)
                assert(finish?._tag === "Finish")
                const { response } = finish
                // Folding what came gives what the end says.
                assert.strictEqual(ModelEvent.fold(events).text, response.text)
                assert.strictEqual(response.text, text)
                if (delivery === "hold") assert(!events.some(({ _tag }) => _tag === "Superseded"))
                if (delivery === "resume") {
                  const shown = events.map((event) => (event._tag === "TextDelta" ? event.text : "")).join("")
                  assert.strictEqual(shown, text)
                }
                // What is paid for twice is told with the attempt that wrote it first.
                const voided = events.find((event) => event._tag === "Superseded")
                if (voided?._tag === "Superseded" && voided.discarded.text !== "") {
                  assert.strictEqual(response.attempts[0]?.discarded?.text, voided.discarded.text)
                }
                const isWhole = response.attempts.length === 1
                assert.deepStrictEqual(
                  response.attempts.map(({ attempt, provider }) => [attempt, provider]),
                  isWhole
                    ? [[1, "first"]]
                    : [
                        [1, "first"],
                        [2, "second"]
                      ]
                )
                const costs = ModelResponse.usageByProvider(response)
                assert.deepStrictEqual(
                  costs.map(({ model, provider }) => [provider, model]),
                  isWhole
                    ? [["first", "m"]]
                    : [
                        ["first", "m"],
                        ["second", "other"]
                      ]
                )
                // A vendor that proves its end before it tells the usage may have broken in between.
                if (!isWhole) assert.strictEqual(costs.at(-1)?.usage.outputTokens, usage.outputTokens)
              }
              const response = yield* service.generate(request)
              assert.strictEqual(response.text, text)
            }
          }),
        60_000
      )

      quietly(
        "never shows a character twice as text",
        () =>
          Effect.gen(function* () {
            const second = yield* served(model(to), to)
            for (let after = 0; after < length; after += 2) {
              const first = yield* served([cut(from, answer, after)], from)
              const service = yield* Fallback.make([{ provider: first.provider }, { provider: second.provider }])
              const shown = Chunk.join(yield* Stream.runCollect(service.streamText(request)), "")
              assert.strictEqual(shown, text)
            }
          }),
        60_000
      )

      quietly(
        "ends with the first error after visible output, with fail",
        () =>
          Effect.gen(function* () {
            const second = yield* served(model(to), to)
            for (let after = 0; after < length; after += 2) {
              const first = yield* served([cut(from, answer, after)], from)
              const service = yield* Fallback.make([{ provider: first.provider }, { provider: second.provider }])
              const seen: Array<ModelEvent.ModelEvent> = []
              const result = yield* service.stream(request, { delivery: "fail" }).pipe(
                Stream.runForEach((event) => Effect.sync(() => void seen.push(event))),
                Effect.either
              )
              const alone = yield* Effect.either(Stream.runDrain(first.provider.stream(request, { delivery: "fail" })))
              const isVisible = alone._tag === "Left" && alone.left.partial?.text.trim()
              if (isVisible) assert.strictEqual(result._tag, "Left")
              const shown = ModelEvent.fold(seen).text
              if (result._tag === "Right") assert.strictEqual(shown, text)
              else {
                assert.isTrue(text.startsWith(shown) && shown !== "")
                assert.strictEqual(result.left.partial?.text, shown)
                assert.strictEqual(result.left.checkpoint?.text, shown)
              }
              const asked = (yield* second.server.requests).length
              assert.strictEqual(asked > 0 || result._tag === "Left", true)
            }
          }),
        60_000
      )

      quietly(
        "fails with all that came, where the other one is down, too",
        () =>
          Effect.gen(function* () {
            const second = yield* served([down(to)], to, { id: "second" })
            for (let after = 0; after < length; after += 3) {
              const first = yield* served([cut(from, answer, after)], from)
              const service = yield* Fallback.make([{ provider: first.provider }, { provider: second.provider }])
              const shown: Array<string> = []
              const result = yield* service.streamText(request).pipe(
                Stream.runForEach((piece) => Effect.sync(() => void shown.push(piece))),
                Effect.either
              )
              if (result._tag === "Right") continue
              const error = result.left
              assert.strictEqual(error.status, 500)
              assert.strictEqual(error.provider, "second")
              assert.deepStrictEqual(
                error.attempts.map(({ error, provider }) => [provider, error?.tag !== undefined]),
                [
                  ["vendor", true],
                  ["second", true]
                ]
              )
              assert.strictEqual(error.checkpoint?.text, shown.join(""))
              assert.strictEqual(error.checkpoint?.attempts.length, 2)
              assert.strictEqual(error.partial?.text ?? "", shown.join(""))
              // Whoever goes on later has the whole answer.
              const third = yield* served(model(from), from)
              const rest = yield* third.provider.generate(request, { from: error.checkpoint })
              assert.strictEqual(rest.text, text)
            }
          }),
        60_000
      )
    })
  }
}
