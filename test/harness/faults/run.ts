/**
 * One cell of the matrix: a fault, a protocol, with or without retry, through the public API against a real server.
 */
import { Cause, Chunk, Duration, Effect, Exit, Option, Redacted, Schedule, Scope, Stream } from "effect"
import { Provider, type Recovery } from "effect-redial"
import { FaultServer, Reply } from "effect-redial/testing"
import type { Fault, Material, Tag } from "./catalogue.js"
import { everything, languageOf, type Spoken } from "./spoken.js"
import * as Worlds from "./worlds.js"

const pieces = ["t0 ", "t1 ", "t2 ", "t3 ", "t4 €"]
const text = pieces.join("")

/** Nothing that is right takes this long: what does is a hang. */
export const HANG = Duration.seconds(15)

/** Short only where silence is the fault: elsewhere a busy machine must not be taken for a silent server. */
export const deadlinesFor = (silent: boolean) =>
  silent
    ? ({ firstEvent: "3 seconds", idle: "1500 millis", stuck: "2 seconds" } as const)
    : ({ firstEvent: "12 seconds", idle: "12 seconds", stuck: "12 seconds" } as const)

export interface Cell {
  readonly fault: string
  readonly protocol: Spoken
  readonly retry: boolean
  readonly delivery: Recovery.Delivery
  /** What came of it: `ok` is the whole answer. */
  readonly outcome: "ok" | "wrong text" | "silent end" | "hang" | "defect" | Tag
  readonly expected: "ok" | Tag
  readonly millis: number
  readonly attempts: number
  /** Sockets that were still open once the provider's scope had closed. */
  readonly socketsLeft: number
  readonly detail: string
}

export const material = (protocol: Spoken): Material => {
  const language = languageOf(protocol)
  const events = language.write({ text: pieces })
  return {
    ...language,
    protocol,
    events,
    answer: language.stream(events),
    midText: events.findIndex((event) => event.includes("t2 ")) + 1
  }
}

export interface Way {
  readonly protocol: Spoken
  readonly retry: boolean
  readonly delivery: Recovery.Delivery
}

/** In which ways a fault is seen. */
export const waysOf = (fault: Fault): ReadonlyArray<Way> =>
  (fault.protocols ?? everything).flatMap((protocol) =>
    deliveries
      .slice(0, fault.deliveries ? deliveries.length : 1)
      .flatMap((delivery) => [false, true].map((retry) => ({ protocol, retry, delivery })))
  )

/** That of `stream` comes first. */
const deliveries: ReadonlyArray<Recovery.Delivery> = ["restart", "resume", "hold", "fail"]

/**
 * What must come of it with retry. What was shown cannot be taken back under `fail`, and under `resume` it stays, so both
 * may fail with the fault itself; no other outcome is right.
 */
const withRetry = (
  fault: Fault,
  without: "ok" | Tag,
  delivery: Recovery.Delivery,
  seen: Cell["outcome"]
): "ok" | Tag => {
  if (fault.heals === false) return without
  return (delivery === "fail" || delivery === "resume") && seen === without ? without : "ok"
}

export const run = (fault: Fault, { delivery, protocol, retry }: Way): Effect.Effect<Cell> =>
  Effect.scoped(
    Effect.gen(function* () {
      const shown = typeof fault.expect === "function" ? fault.expect(protocol) : fault.expect
      const expected = delivery === "hold" ? (fault.held ?? shown) : shown
      const made = material(protocol)
      const broken = fault.reply(made)
      const warm = fault.world === "warm"
      // The connection's first answer, in faults of a connection that is used again.
      const first = fault.name === "poison_idle_rst" ? Reply.thenClose(made.answer, "rst", "5 millis") : made.answer
      const server = yield* FaultServer.make(
        warm ? [first, broken, made.answer] : fault.heals === false ? [broken] : [broken, made.answer]
      )
      const world = yield* Worlds.make(fault.world, server)
      const providerScope = yield* Scope.make()
      const provider = yield* Provider.make(made.vendor(world.url), {
        apiKey: Redacted.make("test-key"),
        pool: world.pool,
        retry: retry ? Schedule.recurs(2) : Schedule.stop,
        deadlines: deadlinesFor(expected === "StreamStalled")
      }).pipe(Scope.extend(providerScope))

      if (warm) {
        yield* provider.generate({ model: "m", prompt: "warm up" })
        if (fault.name === "poison_idle_rst") {
          yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
          // The reset is on its way to the pool; that it has arrived shows nowhere.
          yield* Effect.sleep("80 millis")
        }
      }
      const before = performance.now()
      const exit = yield* provider
        .stream({ model: "m", prompt: "go" }, { delivery })
        .pipe(Stream.runCollect, Effect.map(Chunk.last), Effect.timeoutOption(HANG), Effect.exit)
      const millis = performance.now() - before
      const seen = outcomeOf(exit)
      yield* Scope.close(providerScope, Exit.void)
      const left = yield* server
        .awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
        .pipe(
          Effect.timeoutOption("2 seconds"),
          Effect.flatMap(() => server.stats)
        )
      return {
        fault: fault.name,
        protocol,
        retry,
        delivery,
        expected: retry ? withRetry(fault, expected, delivery, seen.outcome) : expected,
        millis: Math.round(millis),
        socketsLeft: left.connectionsOpen,
        ...seen
      }
    })
  ).pipe(
    Effect.catchAllCause((cause) =>
      Effect.succeed<Cell>({
        fault: fault.name,
        protocol,
        retry,
        delivery,
        outcome: "defect",
        expected: "ok",
        millis: 0,
        attempts: 0,
        socketsLeft: 0,
        detail: Cause.pretty(cause)
      })
    )
  )

type Events = Exit.Exit<
  Option.Option<Option.Option<Stream.Stream.Success<ReturnType<Provider.Service["stream"]>>>>,
  Stream.Stream.Error<ReturnType<Provider.Service["stream"]>>
>

export const outcomeOf = (exit: Events): Pick<Cell, "outcome" | "attempts" | "detail"> => {
  if (Exit.isFailure(exit)) {
    const error = Option.getOrUndefined(Cause.failureOption(exit.cause))
    return error === undefined
      ? { outcome: "defect", attempts: 0, detail: Cause.pretty(exit.cause) }
      : { outcome: error._tag, attempts: error.attempts.length, detail: error.message }
  }
  if (Option.isNone(exit.value)) return { outcome: "hang", attempts: 0, detail: "" }
  const last = Option.getOrUndefined(exit.value.value)
  if (last?._tag !== "Finish") return { outcome: "silent end", attempts: 0, detail: `ended with ${last?._tag}` }
  const { attempts, text: came } = last.response
  return { outcome: came === text ? "ok" : "wrong text", attempts: attempts.length, detail: came }
}
