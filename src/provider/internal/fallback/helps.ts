/**
 * What a fallback does about each kind of error, in one table. A new tag does not compile until it has its row.
 */
import type { ProviderError } from "../../../model/ProviderError.js"

type Tag = ProviderError["_tag"]

/**
 * When the next provider is asked.
 *
 * - `always`: another provider can do better
 * - `never`: the request would fail there, too
 * - `option`: only where the plan says so
 * - `crossed`: only where an earlier provider failed, and this one could not be sent what that one took or had begun
 */
export type When = "always" | "never" | "option" | "crossed"

/** A row: what holds for every error of the tag, or is to be asked of each. */
interface Row<E> {
  readonly next: When | ((error: E) => When)
  /** The provider failed for a reason of its own, so that later requests skip it for a while. */
  readonly cools: boolean | ((error: E) => boolean)
}

type Table = { readonly [T in Tag]: Row<Extract<ProviderError, { readonly _tag: T }>> }

const failed = { next: "always", cools: true } as const
/** The provider works: what it refused is this request, or this program asks for too much. */
const refused = { next: "always", cools: false } as const

const table: Table = {
  ConnectionFailed: failed,
  StreamDropped: failed,
  StreamTruncated: failed,
  // The time that the caller gave to the whole request is over, whoever is asked.
  StreamStalled: {
    next: ({ deadline }) => (deadline === "total" ? "never" : "always"),
    cools: ({ deadline }) => deadline !== "total" && deadline !== "reasoning"
  },
  MalformedStream: failed,
  Overloaded: failed,
  RateLimited: failed,
  ServerError: failed,
  AuthenticationFailed: failed,
  PermissionDenied: failed,
  QuotaExhausted: failed,
  // The name of the model may be the request's.
  ModelNotFound: refused,
  InvalidRequest: { next: "crossed", cools: false },
  // A larger context costs more, and a laxer policy is a decision.
  ContextOverflow: { next: "option", cools: false },
  ContentRefused: { next: "option", cools: false },
  SeamNotProven: refused,
  // The breaker knows by itself when to ask again, and asking it costs nothing.
  CircuitOpen: refused,
  LimitReached: refused
}

export interface Situation {
  /** The tags that the plan adds. */
  readonly also: ReadonlyArray<string>
  /** A provider before this one failed. */
  readonly crossed: boolean
  /** This one was to go on with what that one had begun. */
  readonly continued: boolean
}

export const helps = (error: ProviderError, { also, continued, crossed }: Situation): boolean => {
  const { next } = rowOf(error)
  switch (typeof next === "function" ? next(error) : next) {
    case "always":
      return true
    case "never":
      return false
    case "option":
      return also.includes(error._tag)
    case "crossed":
      return crossed && (error.attempt === 0 || continued)
  }
}

export const isOwnFault = (error: ProviderError): boolean => {
  const { cools } = rowOf(error)
  return typeof cools === "function" ? cools(error) : cools
}

/** The row of an error; its own fields are what the row's functions ask for, which TypeScript cannot follow. */
const rowOf = <E extends ProviderError>(error: E): Row<E> => table[error._tag] as Row<E>
