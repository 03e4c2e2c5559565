/**
 * A vendor: data that says where it is and how to talk to it.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { InvalidOptions } from "../client/InvalidOptions.js"
import type * as ModelClient from "../client/ModelClient.js"
import type * as Quirks from "../protocol/Quirks.js"
import type * as Deadlines from "../retry/Deadlines.js"

/**
 * How an object of a schema is requested: by the vendor's own structured output; by a tool that the model must call, if
 * there is none; or in words, with the schema in the system text, for models that support neither.
 *
 * @since 0.1.0
 * @category models
 */
export type StructuredOutput = "native" | "tool" | "prompt"

/**
 * One protocol that a vendor serves: a built-in one, or one of your own.
 *
 * @since 0.1.0
 * @category models
 */
export interface Endpoint<out P extends string = string, out Q extends object = object> {
  readonly protocol: P
  /** A field of the vendor is written in it as `{name}`. */
  readonly baseUrl: string
  readonly auth: ModelClient.Auth
  /** Headers that the vendor requires with each request. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** How the vendor differs from the protocol. Default: not at all. */
  readonly quirks?: Q | undefined
  /** Default: `native`. */
  readonly structuredOutput?: StructuredOutput | undefined
  /** Which models continue their own message. Default: none. */
  readonly prefill?: ModelClient.Prefill | undefined
  /** Default: those of the library. */
  readonly deadlines?: Deadlines.Options | undefined
  /** Makes a client of the protocol: `OpenAiClient.make`, or your own with `ModelClient.make`. */
  readonly client: <R = never>(
    options: ModelClient.Options<R>
  ) => Effect.Effect<ModelClient.ModelClient, InvalidOptions, R | Scope.Scope>
}

/**
 * A variable part of a vendor's address, which a provider requires besides the key.
 *
 * @since 0.1.0
 * @category models
 */
export interface Field<out Name extends string = string> {
  readonly name: Name
  /** The environment variable that usually has it. */
  readonly env: string
  /** A description of it, for the error if it is missing. */
  readonly about: string
}

/**
 * Of several protocols, an endpoint of each, with the quirks that it reads.
 *
 * @since 0.1.0
 * @category models
 */
export type EndpointOf<P extends string> = P extends string ? Endpoint<P, Quirks.Of<P>> : never

/**
 * A vendor: its id, and the protocols that it serves. The first one is the default.
 *
 * @since 0.1.0
 * @category models
 */
export interface Vendor<
  out Id extends string = string,
  out P extends string = string,
  out E extends Endpoint = EndpointOf<P>
> {
  readonly id: Id
  readonly name: string
  readonly endpoints: readonly [E, ...ReadonlyArray<E>]
  /** The environment variable that usually has the key; absent if there is none. */
  readonly env?: string | undefined
  /** `optional` if the vendor accepts requests without a key. Default: a key is required. */
  readonly key?: "optional" | undefined
  /** Default: nothing besides a key. */
  readonly fields?: ReadonlyArray<Field> | undefined
}

/**
 * A vendor that accepts requests without a key.
 *
 * @since 0.1.0
 * @category models
 */
export interface Keyless {
  readonly key: "optional"
}

/**
 * A vendor with fields in its address.
 *
 * @since 0.1.0
 * @category models
 */
export interface Fields<out Name extends string> {
  readonly fields: ReadonlyArray<Field<Name>>
}
