/**
 * Stops sending to a provider that fails, and sends one probe at a time until it answers again. A provider takes it as its
 * `admission`; while it is open, attempts end at once with `CircuitOpen`, so that a `Fallback` goes on with another provider
 * rather than wait for an error.
 *
 * - `Closed`: all attempts are sent. It opens when several in a row fail, or too large a share of the recent ones
 * - `Open`: none is sent before `probeAt`
 * - `HalfOpen`: one attempt is on its way as a probe, all others are refused. If it proves that the provider answers, the
 *   circuit closes; if it fails, it opens again for longer; if it is abandoned, the next attempt is the probe
 *
 * What fails by the fault of the network or of the provider counts: connections, drops, stalls, overload, limits of the
 * account. A bad request, a key that was refused or limited while there are others, a missing SDK, a `total` or `reasoning`
 * deadline, and consumers that stop do not. Streams that break together after they had begun, as behind a proxy that
 * restarts, count as one failure.
 *
 * It needs no fiber and no timer, and keeps no list of what happened.
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
 * What a circuit breaker does at the moment. Times are in milliseconds since the epoch.
 *
 * @since 0.1.0
 * @category models
 */
export type State =
  | { readonly _tag: "Closed" }
  | {
      readonly _tag: "Open"
      readonly since: number
      /** When an attempt is let through as a probe. The state changes with that attempt, and not by itself. */
      readonly probeAt: number
    }
  | { readonly _tag: "HalfOpen"; readonly since: number }

/**
 * An admission that can be watched. One value can be shared by several providers that fail together.
 *
 * @since 0.1.0
 * @category models
 */
export interface CircuitBreaker extends Admission {
  readonly state: Effect.Effect<State>
  /**
   * The state at first, and then each change. It does not end, and one who reads it slowly misses the oldest of more than
   * 64 changes.
   */
  readonly changes: Stream.Stream<State>
}

/**
 * What may be set for a circuit breaker.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Opens after so many failures in a row; `false`: never for that reason. Default: 5. */
  readonly failures?: number | false | undefined
  /**
   * Opens when so large a share of the attempts within the `window` failed, more than 0 and at most 1; `false`: never for
   * that reason. An attempt is good with its first event; one that breaks after it counts as failed besides. Default: 0.5.
   */
  readonly share?: number | false | undefined
  /** The time that `share` looks back, to a tenth of it. Default: 30 seconds. */
  readonly window?: Duration.DurationInput | undefined
  /** How many attempts there must be in the window before `share` means anything. Default: 20. */
  readonly atLeast?: number | undefined
  /** How long it stays open at first. Where the provider asked to wait for longer, it does. Default: 5 seconds. */
  readonly openFor?: Duration.DurationInput | undefined
  /** By what the time grows with each opening, until an answer is proven; 1: it does not. Default: 2. */
  readonly growth?: number | undefined
  /** The longest time that it stays open, whatever the provider asked for. Default: 1 minute. */
  readonly longest?: Duration.DurationInput | undefined
  /**
   * How long a probe is waited for before another one is sent too. A probe ends by the deadlines of its own request, but
   * none of them counts while its consumer does not pull. Default: 1 minute.
   */
  readonly probeTimeout?: Duration.DurationInput | undefined
  /**
   * What shows that the provider answers: `first-event`, the first event of an answer, or `response`, an answer whose end is
   * proven. The second is for vendors that begin answers which they do not end; until then it lets nothing else through.
   * Default: `first-event`.
   */
  readonly provenBy?: "first-event" | "response" | undefined
}

/**
 * Makes a circuit breaker, which is closed at first.
 *
 * Fails with `InvalidOptions` where a number or a time cannot be one, or nothing could ever open it.
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
 * // One that a program watches is made first.
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

/** How many changes wait for one who reads them slowly. */
const MOST_CHANGES = 64

/** A state, and how many there were before it. */
interface Change {
  readonly number: number
  readonly state: State
}

const stateNames = { Closed: "closed", Open: "open", HalfOpen: "half-open" } as const

class Breaker implements CircuitBreaker {
  private readonly circuit: Circuit
  /** Say the state to the metrics, of each provider that asked it. */
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
        // What came between the subscription and this is in the queue too.
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
      // The probe is taken by the last operation, as each admission must: only an exception can fail in that.
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
