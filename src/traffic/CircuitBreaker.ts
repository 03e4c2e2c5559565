/**
 * Stops sending to a provider that fails, and sends one probe at a time until the provider answers again. Pass it to a
 * provider as its `admission`. While the circuit is open, attempts end at once with `CircuitOpen`, so a `Fallback` goes
 * to another provider without waiting for an error.
 *
 * - `Closed`: all attempts are sent. The circuit opens when several attempts in a row fail, or too large a share of the
 *   recent ones
 * - `Open`: no attempt is sent before `probeAt`
 * - `HalfOpen`: one attempt is sent as a probe, and all others are refused. If the probe proves that the provider
 *   answers, the circuit closes. If it fails, the circuit opens again for longer. If it is abandoned, the next attempt
 *   is the probe
 *
 * Failures of the network or the provider count: connections, drops, stalls, overload, limits of the account. A bad
 * request does not count, nor a missing SDK, a `total` or `reasoning` deadline, a consumer that stops, or a key that is
 * refused or limited while there are other keys. If streams break together after they began, for example when a proxy
 * restarts, they count as one failure.
 *
 * A circuit breaker uses no fiber and no timer, and keeps no list of past attempts.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import * as Stream from "effect/Stream"
import { InvalidOptions } from "../client/InvalidOptions.js"
import { checkTimes } from "../client/internal/checkTime.js"
import { type BreakerState, breakerMeter } from "../client/internal/meters.js"
import { CircuitOpen } from "../model/ProviderError.js"
import type { Admission, AttemptInfo, Outcome, Permit } from "../retry/Admission.js"
import { providerName } from "../retry/internal/telemetry.js"
import { Circuit, type Passed, type Settings } from "./internal/circuit.js"

/**
 * The state of a circuit breaker. Times are in milliseconds since the epoch.
 *
 * @since 0.1.0
 * @category models
 */
export type State =
  | { readonly _tag: "Closed" }
  | {
      readonly _tag: "Open"
      readonly since: number
      /** From when on an attempt may be sent as a probe. The state changes with that attempt, not by itself. */
      readonly probeAt: number
    }
  | { readonly _tag: "HalfOpen"; readonly since: number }

/**
 * An admission whose state can be watched. Several providers that fail together can share one value.
 *
 * @since 0.1.0
 * @category models
 */
export interface CircuitBreaker extends Admission {
  readonly state: Effect.Effect<State>
  /**
   * The current state, and then each change. The stream never ends. A slow reader misses the oldest changes if more
   * than 64 wait for it.
   */
  readonly changes: Stream.Stream<State>
}

/**
 * The options of `make`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The number of failures in a row that opens the circuit, 1 or more; `false` turns this rule off. Default: 5. */
  readonly failures?: number | false | undefined
  /**
   * The share of failed attempts within the `window` that opens the circuit, above 0 and at most 1; `false` turns this
   * rule off. An attempt counts as good at its first event. If it breaks later, it counts as failed in addition.
   * Default: 0.5.
   */
  readonly share?: number | false | undefined
  /** How far `share` looks back, with a precision of a tenth of it. Default: 30 seconds. */
  readonly window?: Duration.DurationInput | undefined
  /** The number of attempts in the window from which on `share` applies. Default: 20. */
  readonly atLeast?: number | undefined
  /** How long the circuit stays open at first, or longer if the provider asked for that. Default: 5 seconds. */
  readonly openFor?: Duration.DurationInput | undefined
  /** The factor by which `openFor` grows with each opening, until an answer is proven. 1: no growth. Default: 2. */
  readonly growth?: number | undefined
  /** The longest time that the circuit stays open, whatever the provider asked for. Default: 1 minute. */
  readonly longest?: Duration.DurationInput | undefined
  /**
   * How long to wait for a probe before another one is sent in addition. The deadlines of its request also end a probe,
   * but they stand still while the consumer does not pull. Default: 1 minute.
   */
  readonly probeTimeout?: Duration.DurationInput | undefined
  /**
   * What closes the circuit: the first event of a probe (`first-event`), or an answer whose end is proven (`response`).
   * Use `response` for vendors that begin answers and do not end them. Until the probe ends, all other attempts are
   * refused. Default: `first-event`.
   */
  readonly provenBy?: "first-event" | "response" | undefined
}

/**
 * Makes a circuit breaker, closed at first.
 *
 * Fails with `InvalidOptions` if a number or a time is out of range, or if both `failures` and `share` are `false`.
 *
 * @example
 * ```ts
 * import { CircuitBreaker, Provider, Vendors } from "effect-redial"
 * import { Effect, Redacted, Stream } from "effect"
 *
 * const live = Provider.layer(Vendors.minimax, {
 *   apiKey: Redacted.make("..."),
 *   admission: CircuitBreaker.make({ failures: 3, openFor: "2 seconds" })
 * })
 *
 * // To watch a breaker, make it first.
 * const watched = Effect.gen(function* () {
 *   const breaker = yield* CircuitBreaker.make()
 *   yield* Effect.forkScoped(Stream.runForEach(breaker.changes, ({ _tag }) => Effect.logInfo(`minimax is ${_tag}`)))
 *   return yield* Provider.make(Vendors.minimax, {
 *     apiKey: Redacted.make("..."),
 *     admission: Effect.succeed(breaker)
 *   })
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Effect.Effect<CircuitBreaker, InvalidOptions> =>
  Effect.gen(function* () {
    const {
      atLeast = 20,
      failures = 5,
      growth = 2,
      longest = "1 minute",
      openFor = "5 seconds",
      probeTimeout = "1 minute",
      provenBy = "first-event",
      share = 0.5,
      window = "30 seconds"
    } = options
    if (failures !== false && !(Number.isInteger(failures) && failures >= 1))
      return yield* invalid("failures", `is ${failures}: it must be a whole number from 1 on, or false`)
    if (share !== false && !(share > 0 && share <= 1))
      return yield* invalid("share", `is ${share}: it must be a number above 0 and at most 1, or false`)
    if (failures === false && share === false)
      return yield* invalid("share", "is false, and so is `failures`: nothing would ever open the circuit")
    if (!(Number.isInteger(atLeast) && atLeast >= 1))
      return yield* invalid("atLeast", `is ${atLeast}: it must be a whole number from 1 on`)
    if (!(growth >= 1 && growth < Number.POSITIVE_INFINITY))
      return yield* invalid("growth", `is ${growth}: it must be a number from 1 on`)
    yield* checkTimes({ window, openFor, longest, probeTimeout }, invalid, "more")
    for (const [option, time] of Object.entries({ window, openFor, longest, probeTimeout })) {
      if (!Duration.isFinite(Duration.decode(time))) return yield* invalid(option, "must not be infinite")
    }
    if (Duration.lessThan(longest, openFor))
      return yield* invalid("longest", "is less than `openFor`, the time that it stays open at first")
    return new Breaker(
      {
        failures: failures === false ? Number.POSITIVE_INFINITY : failures,
        share: share === false ? Number.POSITIVE_INFINITY : share,
        atLeast,
        growth,
        provenBy,
        window: Duration.toMillis(window),
        openFor: Duration.toMillis(openFor),
        longest: Duration.toMillis(longest),
        probeTimeout: Duration.toMillis(probeTimeout)
      },
      yield* PubSub.sliding<Change>(MOST_CHANGES)
    )
  })

const invalid = (option: string, problem: string): InvalidOptions =>
  new InvalidOptions({ module: "CircuitBreaker", option, problem })

/** How many changes are kept for a slow reader. */
const MOST_CHANGES = 64

/** A state, and the number of states before it. */
interface Change {
  readonly number: number
  readonly state: State
}

const stateNames = { Closed: "closed", Open: "open", HalfOpen: "half-open" } as const

class Breaker implements CircuitBreaker {
  private readonly circuit: Circuit
  /** Report the state to the metrics, one per provider that uses this breaker. */
  private readonly meters = new Map<string, (state: BreakerState) => void>()
  private last: Change
  readonly state: Effect.Effect<State>
  readonly changes: Stream.Stream<State>

  constructor(settings: Settings, published: PubSub.PubSub<Change>) {
    const circuit = new Circuit(settings, (state) => {
      this.last = { number: this.last.number + 1, state }
      published.unsafeOffer(this.last)
      for (const tell of this.meters.values()) tell(stateNames[state._tag])
    })
    this.circuit = circuit
    this.last = { number: 0, state: circuit.state }
    this.state = Effect.sync(() => circuit.state)
    this.changes = Stream.unwrapScoped(
      Effect.map(PubSub.subscribe(published), (queue) => {
        // A change between the subscription and this line is also in the queue.
        const { number: seen, state } = this.last
        const later = Stream.filter(Stream.fromQueue(queue), ({ number }) => number > seen)
        return Stream.concat(
          Stream.make(state),
          Stream.map(later, ({ state }) => state)
        )
      })
    )
  }

  readonly admit = (attempt: AttemptInfo): Effect.Effect<Permit, CircuitOpen> =>
    Effect.flatMap(Effect.clock, (clock) =>
      // An admission must take its place in the last, synchronous step. That step can only fail by an exception.
      Effect.catchAllDefect(
        Effect.sync(() => this.unsafeAdmit(attempt, clock.unsafeCurrentTimeMillis())),
        (defect) => (defect instanceof CircuitOpen ? Effect.fail(defect) : Effect.die(defect))
      )
    )

  private unsafeAdmit({ model, protocol, provider }: AttemptInfo, now: number): Permit {
    if (!this.meters.has(provider)) {
      const tell = breakerMeter(providerName(provider))
      this.meters.set(provider, tell)
      tell(stateNames[this.circuit.state._tag])
    }
    const passed = this.circuit.admit(now)
    if ("number" in passed) return this.permit(passed)
    const { probeAt } = passed
    const description =
      probeAt === undefined
        ? "the circuit breaker is open, and a probe is on its way"
        : `the circuit breaker is open, and the next probe is due in ${Math.ceil((probeAt - now) / 100) / 10} s`
    throw new CircuitOpen({ provider, protocol, model, description, probeAt })
  }

  private permit(passed: Passed): Permit {
    const told = (tell: (now: number) => void) => Effect.map(Clock.currentTimeMillis, tell)
    return {
      began: () => told((now) => this.circuit.began(passed, now)),
      settle: (outcome) => told((now) => this.settle(passed, outcome, now))
    }
  }

  private settle(passed: Passed, outcome: Outcome, now: number): void {
    if (outcome._tag === "Succeeded") this.circuit.succeeded(passed, now)
    else if (outcome._tag === "Failed" && (outcome.blame === "network" || outcome.blame === "provider"))
      this.circuit.failed(passed, now, outcome.error.retryAfterMillis ?? 0)
    else this.circuit.unknown(passed)
  }
}
