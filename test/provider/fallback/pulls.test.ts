/**
 * Consumers that stop, or pull with a timeout, while an answer goes from one provider to the next.
 */
import { assert, describe } from "@effect/vitest"
import { Chunk, Effect, Fiber, Option, Stream } from "effect"
import { Fallback } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { pieces, quietly, request, text, vendor } from "../../support/provider/fallback.js"

const whole = Wire.answer("anthropic-messages", { text: pieces })
/** Broken after three pieces. */
const broken = Reply.cut(Reply.stream(whole), { afterEvents: 6 }, "rst")

const restOf = (json: unknown): ReadonlyArray<string> => {
  const ask = Wire.asked(json)
  const at = ask === undefined ? 0 : text.indexOf(ask.anchor) + ask.anchor.length
  const rest = text.slice(at)
  return Wire.answer("chat-completions", {
    text: ask === undefined ? pieces : (Wire.resumed(ask, rest).match(/[\s\S]{1,20}/g) ?? [])
  })
}

describe("an answer of two providers", () => {
  for (const delivery of ["resume", "restart", "hold"] as const) {
    quietly(`frees both wherever its consumer stops, with ${delivery}`, () =>
      Effect.gen(function* () {
        for (let events = 0; events < 14; events++) {
          const a = yield* FaultServer.make([broken])
          const b = yield* FaultServer.make(({ json }) => {
            const rest = restOf(json)
            return Reply.cut(Reply.stream(rest), { afterEvents: rest.length - 2 }, "stall")
          })
          const service = yield* Fallback.make(
            [{ provider: yield* vendor(a, "anthropic-messages") }, { provider: yield* vendor(b, "chat-completions") }],
            { firstEvent: "30 seconds" }
          )
          let count = 0
          const fiber = yield* service.stream(request, { delivery }).pipe(
            Stream.rechunk(1),
            Stream.runForEach(() => Effect.suspend(() => (++count > events ? Effect.never : Effect.void))),
            Effect.fork
          )
          yield* Effect.raceFirst(
            b.awaitStats(({ requests }) => requests === 1),
            Effect.sleep("50 millis")
          )
          yield* Fiber.interrupt(fiber)
          yield* a.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
          yield* b.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
        }
      })
    )
  }

  quietly("frees the first one as soon as its first event is late", () =>
    Effect.gen(function* () {
      const a = yield* FaultServer.make([Reply.stallBeforeHead])
      const b = yield* FaultServer.make(({ json }) =>
        Reply.cut(Reply.stream(restOf(json)), { afterEvents: 3 }, "stall")
      )
      const plan = [
        { provider: yield* vendor(a, "anthropic-messages") },
        { provider: yield* vendor(b, "chat-completions") }
      ] as const
      const service = yield* Fallback.make(plan, { firstEvent: "100 millis" })
      const fiber = yield* Effect.fork(service.generate(request))
      yield* b.awaitStats(({ requests }) => requests === 1)
      // The other one still writes.
      yield* a.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
      assert.strictEqual((yield* b.stats).connectionsOpen, 1)
      yield* Fiber.interrupt(fiber)
      yield* b.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
    })
  )

  for (const firstEvent of [undefined, "30 seconds"] as const) {
    quietly(
      `loses nothing to a consumer that pulls with a timeout, ${firstEvent ? "with" : "without"} a deadline`,
      () =>
        Effect.gen(function* () {
          for (let run = 0; run < 5; run++) {
            const a = yield* FaultServer.make([
              Reply.cut(Reply.stream(whole, { every: "5 millis" }), { afterEvents: 6 }, "rst")
            ])
            const b = yield* FaultServer.make(({ json }) => Reply.stream(restOf(json), { every: "5 millis" }))
            const service = yield* Fallback.make(
              [
                { provider: yield* vendor(a, "anthropic-messages") },
                { provider: yield* vendor(b, "chat-completions") }
              ],
              { firstEvent }
            )
            const pull = yield* Stream.toPull(service.streamText(request))
            let shown = ""
            let timeouts = 0
            while (true) {
              const got = yield* Effect.either(Effect.timeoutOption(pull, `${1 + (run % 3)} millis`))
              if (got._tag === "Left") {
                assert(Option.isNone(got.left), String(Option.getOrUndefined(got.left)))
                break
              }
              if (Option.isNone(got.right)) timeouts++
              else shown += Chunk.join(got.right.value, "")
            }
            assert.strictEqual(shown, text)
            assert.isAbove(timeouts, 0)
            assert.deepStrictEqual([(yield* a.requests).length, (yield* b.requests).length], [1, 1])
          }
        })
    )
  }
})
