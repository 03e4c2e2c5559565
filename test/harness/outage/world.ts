/**
 * The words of the outage laboratory: vendors, what may befall them and when, and how its clock runs.
 *
 * Time is compressed: one second stands for ten. The waits of retries, the window of the retry budget and the intervals of
 * probes are a tenth of the library's defaults, so that one minute of an outage passes in six seconds. Sockets, answers and
 * the machine are not compressed.
 */
import type { Protocol } from "effect-redial"

/** How many real seconds one second of a run stands for. */
export const SCALE = 10

export const vendors = ["alpha", "beta"] as const

export type VendorId = (typeof vendors)[number]

/** Two vendors of two protocols, since a fallback has to cross them. */
export const protocolOf: Record<VendorId, Protocol.ProtocolId> = {
  alpha: "anthropic-messages",
  beta: "chat-completions"
}

export const modelOf: Record<VendorId, string> = { alpha: "alpha-1", beta: "beta-1" }

export const keys = ["key-1", "key-2", "key-3"] as const

/**
 * - `dead`: answers that are under way are reset, and each request is reset once it was read
 * - `stalled`: answers that are under way fall silent, and new ones never begin, or stop after some words
 * - `overloaded`: so many of the requests are answered with 529
 * - `slow`: the first event takes so many times as long
 * - `refuses`: requests with this key are answered with 401
 */
export type Trouble =
  | { readonly _tag: "dead" }
  | { readonly _tag: "stalled" }
  | { readonly _tag: "overloaded"; readonly share: number }
  | { readonly _tag: "slow"; readonly times: number }
  | { readonly _tag: "refuses"; readonly key: string }

/** In milliseconds since the run began. */
export interface Spell {
  readonly vendor: VendorId | "redis"
  readonly from: number
  readonly until: number
  readonly trouble: Trouble
}

export const troubleAt = (spells: ReadonlyArray<Spell>, vendor: VendorId, at: number): Spell | undefined =>
  spells.find((spell) => spell.vendor === vendor && spell.from <= at && at < spell.until)

/** So many requests in any window of so many milliseconds, for everybody who asks the vendor; the rest gets 429. */
export interface Quota {
  readonly requests: number
  readonly window: number
}

/** What the vendors of one run are told: everything else follows from the time and the seed. */
export interface Weather {
  readonly seed: number
  readonly spells: ReadonlyArray<Spell>
  readonly quota: Quota | undefined
  /** One pair of vendors for each policy. */
  readonly policies: ReadonlyArray<string>
}

/** One request as its vendor saw it. */
export interface Served {
  readonly vendor: VendorId
  /** Milliseconds since the run began. */
  readonly at: number
  /** Which request of the load it belongs to. */
  readonly request: number
  readonly status: number | "reset" | "silent"
  /** The whole text that it was to be, and how many characters of it were written. */
  readonly text: string
  readonly written: number
  /** What the vendor bills: the prompt once the answer began, and what was written. */
  readonly tokens: number
}
