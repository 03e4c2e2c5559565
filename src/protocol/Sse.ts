/**
 * Bytes into server-sent events, incrementally and in bounded memory.
 *
 * @since 0.1.0
 */
import type { Fault } from "../model/internal/fault.js"
import type { ServerSentEvent } from "./Protocol.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Limits {
  /** The largest event, in characters. Default: 16 Mi. */
  readonly maxEventLength?: number | undefined
}

/**
 * @internal
 */
export interface Callbacks {
  readonly onEvent: (event: ServerSentEvent) => void
  readonly onFault: (fault: Fault) => void
}

/**
 * @internal
 */
export declare const make: (
  callbacks: Callbacks,
  limits?: Limits
) => { readonly push: (bytes: Uint8Array) => void; readonly end: () => void }
