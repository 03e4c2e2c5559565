/**
 * The rules by which keys are chosen and benched. Pure: how a ring of keys changes when one of them fails, and what the
 * failed request must do. It contains no key, only what is known of each.
 */
import type { Fault } from "../../model/internal/fault.js"

/** Why a key is benched. */
export type Reason = "rate-limit" | "quota" | "refused" | "refresh"

export interface Slot {
  /** Whether its source can give another key. */
  readonly renewable: boolean
  /** 0 if there is no key yet. */
  readonly version: number
  /** The provider called this version invalid: it is never sent again. */
  readonly revoked: boolean
  readonly bench: { readonly until: number; readonly reason: Reason } | undefined
}

export interface Ring {
  readonly strategy: "first" | "round-robin"
  readonly slots: ReadonlyArray<Slot>
  /** Where the next round begins. */
  readonly turn: number
}

/** In milliseconds. */
export interface CoolDown {
  readonly rateLimit: number
  readonly quota: number
  readonly refused: number
}

/** One failed attempt, and the history of its request. */
export interface Failure {
  readonly slot: number
  /** The version that was sent. */
  readonly version: number
  readonly fault: Fault
  /** How often this key has met a rate limit in this request, including this time. */
  readonly limited: number
  /** Whether this request has already refreshed this key. */
  readonly refreshed: boolean
  /** The longest wait that the request accepts, in milliseconds. */
  readonly maxWait: number
}

/**
 * - `Same`: the keys have no say; the schedule decides
 * - `Refresh`: read the source for another key, then judge again
 * - `Another`: another key is available
 * - `None`: this key is unusable now, and there is no other
 */
export type Advice = "Same" | "Refresh" | "Another" | "None"

const lost = (slot: Slot): boolean => slot.revoked && !slot.renewable

const benched = ({ bench }: Slot, now: number): boolean => bench !== undefined && now < bench.until

export const usable = (slot: Slot, now: number): boolean => !lost(slot) && !benched(slot, now)

/**
 * The only key that is not revoked. It is never benched: that would only replace the provider's answer with our guess.
 */
const sole = (ring: Ring, index: number): boolean => ring.slots.every((slot, i) => i === index || lost(slot))

const change = (ring: Ring, index: number, to: (slot: Slot) => Slot): Ring => ({
  ...ring,
  slots: ring.slots.map((slot, i) => (i === index ? to(slot) : slot))
})

export const bench = (ring: Ring, index: number, until: number, reason: Reason): Ring =>
  sole(ring, index)
    ? ring
    : change(ring, index, (slot) =>
        lost(slot) || (slot.bench !== undefined && slot.bench.until >= until)
          ? slot
          : { ...slot, bench: { until, reason } }
      )

/** The source gave another key. A limit of the account stays: a new key does not lift it. */
export const renewed = (ring: Ring, index: number): Ring =>
  change(ring, index, (slot) => ({
    ...slot,
    version: slot.version + 1,
    revoked: false,
    bench: slot.bench?.reason === "rate-limit" || slot.bench?.reason === "quota" ? slot.bench : undefined
  }))

/** The next slot to use, without those that were tried in vain. A request stays with the key that it `prefers`. */
export const choose = (
  ring: Ring,
  now: number,
  prefers: number | undefined,
  tried: ReadonlySet<number>
): readonly [Ring, number | undefined] => {
  const can = (index: number): boolean => {
    const slot = ring.slots[index]
    return slot !== undefined && !tried.has(index) && usable(slot, now)
  }
  if (prefers !== undefined && can(prefers)) return [ring, prefers]
  const from = ring.strategy === "first" ? 0 : ring.turn
  for (let i = 0; i < ring.slots.length; i++) {
    const index = (from + i) % ring.slots.length
    if (can(index)) return [{ ...ring, turn: (index + 1) % ring.slots.length }, index]
  }
  return [ring, undefined]
}

/** Which slot comes back first; a key that comes back from a rate limit is known to work again. */
export const firstBack = (
  ring: Ring,
  now: number
): { readonly index: number; readonly until: number; readonly reason: Reason } | undefined => {
  const back = ring.slots.flatMap((slot, index) =>
    slot.bench !== undefined && benched(slot, now) && !lost(slot) ? [{ index, ...slot.bench }] : []
  )
  back.sort((a, b) => a.until - b.until)
  return back.find(({ reason }) => reason === "rate-limit") ?? back[0]
}

/** The words of a 401 that is about the key itself, not about a fault of the provider. */
const invalid =
  /revoked|deactivated|disabled|deleted|expired|(invalid|incorrect).{0,20}\b(api.?key|token)|\b(api.?key|token).{0,20}(invalid|incorrect|not valid)/i

const namesKeyInvalid = ({ code, description }: Fault): boolean =>
  invalid.test(`${code?.replaceAll("_", " ")} ${description}`)

/** An aggregator passes on the limits of its upstreams, which another key of the aggregator meets too. */
const passedOn = ({ description }: Fault): boolean => /provider returned error|upstream/i.test(description)

/** Not a limit per minute: the same key would meet it again. */
const spent = ({ description }: Fault): boolean => /quota|usage limit|spend(ing)? limit|credit/i.test(description)

/**
 * The shortest bench: one of milliseconds would end before the next attempt chooses, which would take the same key
 * again.
 */
const LEAST_MILLIS = 1_000

export const judge = (
  ring: Ring,
  { fault, limited, maxWait, refreshed, slot: index, version }: Failure,
  now: number,
  coolDown: CoolDown
): readonly [Ring, Advice] => {
  const slot = ring.slots[index]
  if (slot === undefined) return [ring, "Same"]
  const until = (millis: number): number =>
    now + Math.max(fault.retryAfterMillis ?? millis, Math.min(millis, LEAST_MILLIS))

  const others = (after: Ring, waits: boolean): readonly [Ring, Advice] => {
    const there = after.slots.some((other, i) => i !== index && usable(other, now))
    const back = waits ? firstBack(after, now) : undefined
    const soon =
      back !== undefined && back.reason === "rate-limit" && back.index !== index && back.until - now <= maxWait
    return [after, there || soon ? "Another" : "None"]
  }

  switch (fault._tag) {
    case "AuthenticationFailed": {
      // A late refusal of a replaced key says nothing about its successor.
      if (version !== slot.version) return usable(slot, now) ? [ring, "Another"] : others(ring, true)
      const told = namesKeyInvalid(fault) ? change(ring, index, (old) => ({ ...old, revoked: true })) : ring
      if (slot.renewable && !refreshed && usable(slot, now)) return [told, "Refresh"]
      return others(bench(told, index, until(coolDown.refused), "refused"), true)
    }
    case "QuotaExhausted":
      return others(bench(ring, index, until(coolDown.quota), "quota"), true)
    case "RateLimited": {
      if (sole(ring, index) || passedOn(fault)) return [ring, "Same"]
      const first = limited < 2 && !spent(fault) && (fault.retryAfterMillis ?? 0) <= maxWait && !benched(slot, now)
      return first ? [ring, "Same"] : others(bench(ring, index, until(coolDown.rateLimit), "rate-limit"), false)
    }
    default:
      return [ring, "Same"]
  }
}
