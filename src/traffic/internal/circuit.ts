/**
 * The rules of a circuit breaker, without effects and without a clock: what it answers to an attempt, and what an attempt
 * teaches it.
 *
 * An outcome counts only for the state in which its attempt was sent. What was sent before the circuit opened says nothing
 * of a provider that is probed, neither by a late success nor by a late failure.
 */
import type { State } from "../CircuitBreaker.js"
import { Recent } from "./recent.js"

export interface Settings {
  /** Infinite where failures in a row do not open it. */
  readonly failures: number
  /** Infinite where no share opens it. */
  readonly share: number
  readonly window: number
  readonly atLeast: number
  readonly openFor: number
  readonly growth: number
  readonly longest: number
  readonly probeTimeout: number
  readonly provenBy: "first-event" | "response"
}

/** An attempt that was let through. */
export interface Passed {
  /** The state in which it was sent, counted. */
  era: number
  /** Its number among all, in the order in which they were sent. */
  readonly number: number
  readonly isProbe: boolean
  began: boolean
}

export class Circuit {
  state: State = { _tag: "Closed" }
  private era = 0
  private sent = 0
  /** Attempts in a row that failed before their first event. */
  private refused = 0
  /** Attempts in a row that failed after it. */
  private broken = 0
  /** What was sent when an attempt last broke after its first event. */
  private sentAtBreak = 0
  /** How often it has opened since an answer was proven. */
  private openings = 0
  /** The number of the probe that is on its way. */
  private probe: number | undefined
  private readonly recent: Recent

  constructor(
    private readonly settings: Settings,
    private readonly changed: (state: State) => void
  ) {
    this.recent = new Recent(settings.window)
  }

  /** Lets an attempt through, or says when the next probe may be sent; `undefined` while one is on its way. */
  admit(now: number): Passed | { readonly probeAt: number | undefined } {
    const { state } = this
    // A clock that was set back would keep it open for as long again.
    if (state._tag === "Open" && now < state.probeAt && now >= state.since) return { probeAt: state.probeAt }
    if (state._tag === "HalfOpen" && now < state.since + this.settings.probeTimeout && now >= state.since)
      return { probeAt: undefined }
    const number = ++this.sent
    const isProbe = state._tag !== "Closed"
    if (isProbe) {
      this.probe = number
      this.become({ _tag: "HalfOpen", since: now })
    }
    return { era: this.era, number, isProbe, began: false }
  }

  began(passed: Passed, now: number): void {
    passed.began = true
    if (passed.era !== this.era || this.settings.provenBy === "response") return
    if (this.state._tag !== "Closed") this.close(passed)
    else {
      this.refused = 0
      this.recent.add(true, now)
    }
  }

  succeeded(passed: Passed, now: number): void {
    if (passed.era !== this.era) return
    if (this.state._tag !== "Closed") this.close(passed)
    else if (!passed.began || this.settings.provenBy === "response") this.recent.add(true, now)
    this.refused = 0
    this.broken = 0
    this.openings = 0
  }

  /** It failed, and the provider or the network is to blame. */
  failed(passed: Passed, now: number, retryAfter: number): void {
    if (passed.era !== this.era) return
    if (this.state._tag !== "Closed") {
      if (passed.number === this.probe) this.open(now, retryAfter)
      return
    }
    if (!passed.began) this.refused++
    // Streams that a proxy cuts all at once were all sent before the first of them broke: that is one failure.
    else if (passed.number > this.sentAtBreak) {
      this.broken++
      this.sentAtBreak = this.sent
    } else return
    this.recent.add(false, now)
    if (this.hasFailed(now)) this.open(now, retryAfter)
  }

  /** It ended, and nothing is known of the provider: where it was the probe, the next attempt is one. */
  unknown(passed: Passed): void {
    if (this.state._tag !== "HalfOpen" || passed.number !== this.probe || passed.era !== this.era) return
    this.probe = undefined
    this.become({ _tag: "Open", since: this.state.since, probeAt: this.state.since })
  }

  private hasFailed(now: number): boolean {
    const { atLeast, failures, share } = this.settings
    if (Math.max(this.refused, this.broken) >= failures) return true
    const { bad, good } = this.recent.counts(now)
    return good + bad >= atLeast && bad / (good + bad) >= share
  }

  private open(now: number, retryAfter: number): void {
    const { growth, longest, openFor } = this.settings
    const asked = Number.isNaN(retryAfter) ? 0 : retryAfter
    const wait = Math.min(longest, Math.max(asked, openFor * growth ** this.openings))
    this.openings++
    this.probe = undefined
    // What was sent while it was closed is of the past. A probe that came too late to be waited for may still close it.
    if (this.state._tag === "Closed") this.era++
    this.become({ _tag: "Open", since: now, probeAt: now + wait })
  }

  private close(by: Passed): void {
    this.era++
    by.era = this.era
    this.probe = undefined
    this.refused = 0
    this.broken = 0
    this.recent.clear()
    this.become({ _tag: "Closed" })
  }

  private become(state: State): void {
    this.state = state
    this.changed(state)
  }
}
