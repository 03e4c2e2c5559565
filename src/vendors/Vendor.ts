/**
 * What a vendor is: data that says where it is and how it wants to be spoken to.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { InvalidOptions } from "../client/InvalidOptions.js"
import type * as ModelClient from "../client/ModelClient.js"
import type { ProtocolId } from "../protocol/Protocol.js"

/**
 * How an object of a schema is asked for: by the vendor's own structured output, or by a tool that the model must call,
 * where there is none.
 *
 * @since 0.1.0
 * @category models
 */
export type StructuredOutput = "native" | "tool"

/**
 * One protocol that a vendor serves.
 *
 * @since 0.1.0
 * @category models
 */
export interface Endpoint {
  readonly baseUrl: string
  readonly auth: ModelClient.Auth
  /** Headers that the vendor wants with each request. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Default: `native`. */
  readonly structuredOutput?: StructuredOutput | undefined
  /** Which models go on with a message of their own. Default: none, or what the client's own vendor is known to take. */
  readonly prefill?: ModelClient.Prefill | undefined
  /** Makes a client of the protocol. */
  readonly client: <R = never>(
    options: ModelClient.Options<R>
  ) => Effect.Effect<ModelClient.ModelClient, InvalidOptions, R | Scope.Scope>
}

/**
 * A vendor: its id, the protocols that it serves, and which of them is used when nobody says.
 *
 * @since 0.1.0
 * @category models
 */
export interface Vendor<out Id extends string = string, P extends ProtocolId = ProtocolId> {
  readonly id: Id
  readonly endpoints: { readonly [K in P]: Endpoint }
  /** The protocol used by default. */
  readonly protocol: P
  /** The environment variable that usually holds the key; absent where there is none. */
  readonly env?: string | undefined
}
