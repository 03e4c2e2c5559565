/**
 * One cell: a middlebox, a protocol, with or without retry, through the public API.
 */
import { Cause, Chunk, Deferred, Effect, Exit, Redacted, Schedule, Scope, Stream } from "effect"
import { type Protocol, Provider, Vendors } from "effect-redial"
import { FaultServer } from "effect-redial/testing"
import { type Cell, deadlinesFor, HANG, material, outcomeOf } from "../faults/run.js"
import type { Case } from "./catalogue.js"

export const run = (middle: Case, protocol: Protocol.ProtocolId, retry: boolean): Effect.Effect<Cell> => {
  const expected = retry ? (middle.retried ?? "ok") : middle.expect
  const cell = { fault: middle.name, protocol, retry, delivery: "restart", expected } as const
  return Effect.scoped(
    Effect.gen(function* () {
      const made = material(protocol)
      const broken = middle.reply?.(made) ?? made.answer
      const server = yield* FaultServer.make(
        middle.between === undefined ? [broken, made.answer] : [made.answer, broken, made.answer]
      )
      const upstream = middle.dead ? (yield* Effect.scoped(FaultServer.make([broken]))).port : server.port
      const box = yield* middle.box(upstream)
      const url = `http://127.0.0.1:${box.port}`
      const scope = yield* Scope.make()
      const provider = yield* Provider.make(
        Vendors.custom({
          id: "vendor",
          protocol,
          baseUrl: protocol === "anthropic-messages" ? url : `${url}/v1`,
          headers: middle.encoding === undefined ? {} : { "accept-encoding": middle.encoding }
        }),
        {
          apiKey: Redacted.make("test-key"),
          retry: retry ? Schedule.recurs(2) : Schedule.stop,
          deadlines: deadlinesFor(middle.expect === "StreamStalled")
        }
      ).pipe(Scope.extend(scope))

      if (middle.between !== undefined) {
        yield* provider.generate({ model: "m", prompt: "warm up" })
        yield* middle.between(box)
      }
      const half = yield* Deferred.make<void>()
      const { act } = middle
      if (act !== undefined) {
        const asked = server.awaitStats(({ requests }) => requests === 1)
        yield* Effect.forkScoped(Effect.zipRight(act.at === "text" ? Deferred.await(half) : asked, act.run(box)))
      }
      const before = performance.now()
      const exit = yield* provider.stream({ model: "m", prompt: "go" }).pipe(
        Stream.tap((event) =>
          event._tag === "TextDelta" && event.text === "t2 " ? Deferred.succeed(half, undefined) : Effect.void
        ),
        Stream.runCollect,
        Effect.map(Chunk.last),
        Effect.timeoutOption(HANG),
        Effect.exit
      )
      const millis = Math.round(performance.now() - before)
      const seen = outcomeOf(exit)
      if (middle.encoding !== undefined && !(yield* box.encodings).includes(middle.encoding)) {
        return yield* Effect.dieMessage(`nothing was sent as ${middle.encoding}`)
      }
      yield* Scope.close(scope, Exit.void)
      // The box still runs: it closes its own connections because the client's are gone.
      const left = yield* server
        .awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
        .pipe(
          Effect.timeoutOption("5 seconds"),
          Effect.flatMap(() => server.stats)
        )
      return { ...cell, millis, socketsLeft: left.connectionsOpen, ...seen }
    })
  ).pipe(
    Effect.catchAllCause((cause) =>
      Effect.succeed<Cell>({
        ...cell,
        outcome: "defect",
        millis: 0,
        attempts: 0,
        socketsLeft: 0,
        detail: Cause.pretty(cause)
      })
    )
  )
}
