/**
 * The outages, and which policies are held against each.
 */
import * as P from "./policies.js"
import type { Quota, Spell, Trouble } from "./world.js"

export interface Scenario {
  readonly name: string
  /** What happens, in a line. */
  readonly title: string
  /** Milliseconds. */
  readonly length: number
  readonly spells: ReadonlyArray<Spell>
  readonly quota?: Quota | undefined
  /** What part of the load each process of a fleet has. Default: one process, with all of it. */
  readonly fleet?: ReadonlyArray<number> | undefined
  readonly policies: ReadonlyArray<P.Policy>
}

/** All is well, then there is trouble, then all is well again: for so many milliseconds. */
export interface Setting {
  readonly before: number
  readonly during: number
  readonly after: number
  /** Requests in a second, for each policy. */
  readonly rate: number
}

export const scenarios = ({ after, before, during, rate }: Setting): ReadonlyArray<Scenario> => {
  const length = before + during + after
  const until = before + during
  const spell = (trouble: Trouble, vendor: Spell["vendor"] = "alpha"): Spell => ({
    vendor,
    from: before,
    until,
    trouble
  })
  const half = before + during / 2
  // Long enough for more than two of the vendor's minutes.
  const fleetLength = Math.max(length, 9_000)
  const window = fleetLength / 2.6
  const quota = (share: number): Quota => ({ requests: Math.floor((share * rate * window) / 1_000), window })
  return [
    {
      name: "dies",
      title: "A vendor dies, and comes back",
      length,
      spells: [spell({ _tag: "dead" })],
      policies: [P.none(), P.unbudgeted(), P.defaults(), P.breaker(), P.fallback(), P.fallbackAndBreaker(), P.all()]
    },
    {
      name: "overloaded",
      title: "A vendor answers 529 to 60% of the requests",
      length,
      spells: [spell({ _tag: "overloaded", share: 0.6 })],
      policies: [P.none(), P.unbudgeted(), P.defaults(), P.breaker(), P.fallback(), P.fallbackAndBreaker(), P.all()]
    },
    {
      name: "slow",
      title: "A vendor's first event takes 20 times as long",
      length,
      spells: [spell({ _tag: "slow", times: 20 })],
      policies: [P.none(), P.defaults(), P.hedge(), P.fallback(late), P.all(late)]
    },
    {
      name: "half-open",
      title: "A vendor accepts requests, then falls silent",
      length,
      spells: [spell({ _tag: "stalled" })],
      policies: [P.none, P.unbudgeted, P.defaults, P.breaker, P.hedge, P.fallback, P.fallbackAndBreaker, P.all].map(
        (policy) => policy(silence)
      )
    },
    {
      name: "key",
      title: "A vendor refuses one of three keys",
      length,
      spells: [spell({ _tag: "refuses", key: "key-2" })],
      policies: [P.none, P.defaults, P.breaker, P.fallbackAndBreaker].map((policy) => policy({ keys: true }))
    },
    {
      name: "rolling",
      title: "A vendor answers 529 to 80%, then another one does",
      length,
      spells: [
        { vendor: "alpha", from: before, until: half, trouble: { _tag: "overloaded", share: 0.8 } },
        { vendor: "beta", from: half, until, trouble: { _tag: "overloaded", share: 0.8 } }
      ],
      policies: [P.none(), P.defaults(), P.breaker(), P.fallback(), P.fallbackAndBreaker(), P.all()]
    },
    {
      name: "redis",
      title: "Redis dies under four processes that share a quota",
      length: fleetLength,
      spells: [spell({ _tag: "dead" }, "redis")],
      quota: quota(1.3),
      fleet: [0.25, 0.25, 0.25, 0.25],
      policies: [P.limits(), P.redisLimits()]
    },
    {
      name: "fleet",
      title: "Four processes want half as much again as the quota that they share",
      length: fleetLength,
      spells: [],
      quota: quota(2 / 3),
      fleet: [0.55, 0.15, 0.15, 0.15],
      policies: [P.none(), P.defaults(), P.limits(), P.redisLimits()]
    }
  ]
}

/** Well above what a first event takes, and well below twenty times that. */
const late: P.Terms = { late: 250 }

/** Ten seconds, since nobody who has another provider waits for three minutes; and an answer that begins proves nothing. */
const silence: P.Terms = { deadlines: { firstEvent: 1_000, idle: 1_000 }, breaker: { provenBy: "response" } }

/** Code that runs for the first time is slow, and that is nobody's outage. */
export const warmUp: Scenario = {
  name: "warm-up",
  title: "all is well, then alpha dies",
  length: 1_500,
  spells: [{ vendor: "alpha", from: 1_000, until: 1_500, trouble: { _tag: "dead" } }],
  policies: [P.none(), P.defaults()]
}
