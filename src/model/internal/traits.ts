/** What follows from each kind of error, in one table. A new tag does not compile until it has a row. */
import type { Fault } from "./fault.js"

type Tag = Fault["_tag"]

/**
 * Who can do something about an error: the `network`, the `provider`, the author of the `request` or of the program that
 * sends it, or the owner of the `key`. `admission`: nothing was sent, because a circuit breaker or a limit of this program refused it.
 *
 * @since 0.1.0
 * @category models
 */
export type Blame = "network" | "provider" | "request" | "key" | "admission"

/** A row: traits of every error of the tag, or functions of the error. */
interface Traits<F> {
  /** Another attempt can succeed. */
  readonly retryable: boolean | ((fault: F) => boolean)
  /** The connection is suspect, so the client that carried it is renewed. */
  readonly transport: boolean | ((fault: F) => boolean)
  /** If an attempt continues an answer: this route is closed, but another one may be open. */
  readonly refusesRoute: boolean
  /**
   * Whether an answer that a server keeps can still be fetched: always, only if the error came in place of output, or
   * never.
   */
  readonly leavesAnswer: "always" | "before-output" | "never"
  readonly blame: Blame | ((fault: F) => Blame)
}

type Table = { readonly [T in Tag]: Traits<Extract<Fault, { readonly _tag: T }>> }

const request = {
  retryable: false,
  transport: false,
  refusesRoute: true,
  leavesAnswer: "never",
  blame: "request"
} as const
const key = { retryable: false, transport: false, refusesRoute: false, blame: "key" } as const
const lost = {
  retryable: true,
  transport: true,
  refusesRoute: false,
  leavesAnswer: "always",
  blame: "network"
} as const
const busy = {
  retryable: true,
  transport: false,
  refusesRoute: false,
  // In the middle of an answer, the vendor means the answer itself.
  leavesAnswer: "before-output",
  blame: "provider"
} as const

/** Nothing was sent, so nothing is known about the connection or a kept answer. */
const refused = {
  retryable: false,
  transport: false,
  refusesRoute: false,
  leavesAnswer: "always",
  blame: "admission"
} as const

const table: Table = {
  ConnectionFailed: {
    ...lost,
    retryable: ({ reason }) => reason !== "closed" && reason !== "client",
    transport: ({ reason }) => reason !== "closed" && reason !== "client",
    // A missing SDK or a scope that is closed is the program's own, and says nothing about the vendor.
    blame: ({ reason }) => (reason === "closed" || reason === "client" ? "request" : "network")
  },
  StreamDropped: lost,
  StreamTruncated: lost,
  StreamStalled: {
    ...lost,
    retryable: ({ deadline }) => deadline !== "reasoning" && deadline !== "total",
    // A server that sends keep-alives has a working connection.
    transport: ({ deadline, silent }) => silent && (deadline === "idle" || deadline === "firstEvent"),
    // The time that the caller gives, or a model that thinks for long: neither says that the provider fails.
    blame: ({ deadline }) => (deadline === "total" || deadline === "reasoning" ? "request" : "network")
  },
  MalformedStream: { ...lost, leavesAnswer: "never", blame: "provider" },
  Overloaded: busy,
  RateLimited: busy,
  ServerError: busy,
  // Another key may fetch the rest.
  AuthenticationFailed: { ...key, leavesAnswer: "before-output" },
  QuotaExhausted: { ...key, leavesAnswer: "before-output" },
  PermissionDenied: { ...key, leavesAnswer: "never" },
  ModelNotFound: request,
  InvalidRequest: request,
  ContextOverflow: request,
  ContentRefused: request,
  // The model did not follow the instructions; the provider works.
  SeamNotProven: request,
  CircuitOpen: refused,
  LimitReached: refused
}

/** The row of an error. The row's functions take that error's own fields, which TypeScript cannot follow. */
const of = <F extends Fault>(fault: F): Traits<F> => table[fault._tag] as Traits<F>

const holds = <F, T extends boolean | Blame>(trait: T | ((fault: F) => T), fault: F): T =>
  typeof trait === "function" ? trait(fault) : trait

export const isRetryable = (fault: Fault): boolean => holds(of(fault).retryable, fault)

export const isTransport = (fault: Fault): boolean => holds(of(fault).transport, fault)

export const refusesRoute = (fault: Fault): boolean => of(fault).refusesRoute

export const leavesAnswer = (fault: Fault, began: boolean): boolean => {
  const { leavesAnswer } = of(fault)
  return leavesAnswer === "always" || (leavesAnswer === "before-output" && !began)
}

/** If there are several keys, the limit of one says nothing about the provider. */
export const blame = (fault: Fault, hasKeys: boolean): Blame =>
  hasKeys && fault._tag === "RateLimited" ? "key" : holds(of(fault).blame, fault)
