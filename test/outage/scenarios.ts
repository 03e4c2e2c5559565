/**
 * The outages, and which policies are held against each.
 */
import * as P from "./policies.js"
import type { Quota, Spell, Trouble, VendorId } from "./world.js"

export interface Scenario {
  readonly name: string
  /** What happens, in a line. */
  readonly title: string
  /** Milliseconds. */
  readonly length: number
  readonly spells: ReadonlyArray<Spell>
  readonly quota?: Quota | undefined
  readonly policies: ReadonlyArray<P.Policy>
}

/** In milliseconds, as the run counts them: all is well, then there is trouble, then all is well again. */
export interface Phases {
  readonly before: number
  readonly during: number
  readonly after: number
}

export const scenarios = ({ after, before, during }: Phases): ReadonlyArray<Scenario> => {
  const length = before + during + after
  const until = before + during
  const spell = (trouble: Trouble, vendor: VendorId = "alpha"): Spell => ({ vendor, from: before, until, trouble })
  const half = before + during / 2
  return [
    {
      name: "dies",
      title: "alpha dies, and comes back",
      length,
      spells: [spell({ _tag: "dead" })],
      policies: [P.none, P.unbudgeted, P.standard]
    },
    {
      name: "overloaded",
      title: "alpha answers 529 to 60%",
      length,
      spells: [spell({ _tag: "overloaded", share: 0.6 })],
      policies: [P.none, P.unbudgeted, P.standard]
    },
    {
      name: "slow",
      title: "alpha's first event takes 20 times as long",
      length,
      spells: [spell({ _tag: "slow", times: 20 })],
      policies: [P.none, P.standard]
    },
    {
      name: "half-open",
      title: "alpha accepts, then falls silent",
      length,
      spells: [spell({ _tag: "stalled" })],
      policies: [P.none, P.unbudgeted, P.standard]
    },
    {
      name: "key",
      title: "alpha refuses one of three keys",
      length,
      spells: [spell({ _tag: "refuses", key: "key-2" })],
      policies: [P.keysInTurn, P.manyKeys]
    },
    {
      name: "rolling",
      title: "alpha answers 529 to 80%, then beta does",
      length,
      spells: [
        { vendor: "alpha", from: before, until: half, trouble: { _tag: "overloaded", share: 0.8 } },
        { vendor: "beta", from: half, until, trouble: { _tag: "overloaded", share: 0.8 } }
      ],
      policies: [P.none, P.standard]
    }
  ]
}

/** Code that runs for the first time is slow, and that is nobody's outage. */
export const warmUp: Scenario = {
  name: "warm-up",
  title: "all is well, then alpha dies",
  length: 1_500,
  spells: [{ vendor: "alpha", from: 1_000, until: 1_500, trouble: { _tag: "dead" } }],
  policies: [P.none, P.standard]
}
