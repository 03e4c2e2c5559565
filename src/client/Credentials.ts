/**
 * The keys of a provider: where they come from, and which of them is used.
 *
 * A key is chosen for each attempt and sent with its request only, so neither a refresh nor a rotation touches a client
 * or its connections. [docs/credentials.md](../../docs/credentials.md) says what a refused, limited or expired key
 * means, rule by rule.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import type * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import type * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { of } from "./credentials/credentials.js"
import type { Origin } from "./credentials/keyring.js"
import * as internal from "./credentials/keyring.js"
import type * as Rotation from "./credentials/rotation.js"
import type { InvalidOptions } from "./InvalidOptions.js"

export type { Origin } from "./credentials/keyring.js"

/**
 * Identifies credentials at run time.
 *
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: unique symbol = Symbol.for("effect-redial/Credentials")

/**
 * The type of `TypeId`.
 *
 * @since 0.1.0
 * @category type ids
 */
export type TypeId = typeof TypeId

/**
 * Keys of one provider, for the option `apiKey` of a provider or `credential` of a call.
 *
 * They belong to their `hosts`, or else to the first host that they are used for. A provider at any other host is
 * refused when it is made, and a call before anything is sent.
 *
 * @since 0.1.0
 * @category models
 */
export interface Credentials {
  readonly [TypeId]: TypeId
  /** One entry per key, in the given order. Never the keys. */
  readonly state: Effect.Effect<ReadonlyArray<KeyState>>
  /** Changes from now on. A reader that falls 256 changes behind misses the oldest. */
  readonly changes: Stream.Stream<Change>
}

/**
 * Why a key is not used for a while: too many requests, an account without credit or quota, a 401, or a source that
 * gave no key.
 *
 * @since 0.1.0
 * @category models
 */
export type Reason = Rotation.Reason

/**
 * The state of one key.
 *
 * - `unread`: its source has not been read yet
 * - `ready`: it can be used
 * - `expired`: its time is over; its source is read when the key is needed next
 * - `benched`: it is not used until `benchedUntil`
 * - `revoked`: the provider called it invalid, and it is never sent again; its source may still give another
 *
 * @since 0.1.0
 * @category models
 */
export interface KeyState {
  /** The name of its source, or `key-1`, `key-2`, ... Not derived from the key. */
  readonly name: string
  /** Counts the keys of the source, from 1; 0 if the source has not been read yet. */
  readonly version: number
  readonly status: "unread" | "ready" | "expired" | "benched" | "revoked"
  /** Milliseconds since the epoch. */
  readonly benchedUntil: number | undefined
  readonly benchedFor: Reason | undefined
  /** Milliseconds since the epoch; absent if the key does not expire. */
  readonly expiresAt: number | undefined
}

/**
 * A change of a key, as emitted by `changes`, for logs and alerts.
 *
 * @since 0.1.0
 * @category models
 */
export type Change = Data.TaggedEnum<{
  /** The source gave another key. */
  Refreshed: { readonly name: string; readonly version: number }
  /** The source gave no key, or no new one. A key that is still valid stays in use. */
  RefreshFailed: { readonly name: string; readonly version: number; readonly description: string }
  Benched: { readonly name: string; readonly version: number; readonly until: number; readonly reason: Reason }
  Revoked: { readonly name: string; readonly version: number }
}>

/**
 * The result of an effect that knows more than the key.
 *
 * @since 0.1.0
 * @category models
 */
export interface Fetched {
  readonly key: Redacted.Redacted
  /** How long the key is valid, from the start of the effect. Default: for ever. */
  readonly expiresIn?: Duration.DurationInput | undefined
  /** When the key expires, in milliseconds since the epoch; takes precedence over `expiresIn`. */
  readonly expiresAt?: number | undefined
  /** The owner of the key. A refresh that gives the key of another account fails. */
  readonly account?: string | undefined
}

/**
 * Where one key comes from. `E` is the error of making credentials from it, `R` its requirements.
 *
 * @since 0.1.0
 * @category models
 */
export interface Source<out E = never, out R = never> {
  readonly name: string | undefined
  readonly origin: Origin<E, R>
}

/**
 * The options of any source.
 *
 * @since 0.1.0
 * @category models
 */
export interface SourceOptions {
  /** The name in errors, logs and `state`. Not a secret. Default: `key-1`, `key-2`, ... by position. */
  readonly name?: string | undefined
}

/**
 * The options of a source that is an effect.
 *
 * @since 0.1.0
 * @category models
 */
export interface RefreshOptions extends SourceOptions {
  /**
   * How long before its expiry a key is refreshed, while the old one stays in use; at most a fifth of its life. A
   * refresh starts when a request needs a key, so an idle program refreshes nothing. Default: 5 minutes.
   */
  readonly refreshAhead?: Duration.DurationInput | undefined
  /** The timeout of the effect. Default: 30 seconds. */
  readonly timeout?: Duration.DurationInput | undefined
}

/**
 * The options of credentials as a whole.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * - `first`: the first key that works, in the given order
   * - `round-robin`: each request takes the next key; the attempts of one request keep theirs
   *
   * Default: `first`.
   */
  readonly strategy?: "first" | "round-robin" | undefined
  /**
   * The hosts that these keys may be sent to, as in a URL, with the port unless it is the usual one. Default: the first
   * host that they are used for.
   */
  readonly hosts?: Arr.NonEmptyReadonlyArray<string> | undefined
  /** How long a key is benched, if the provider does not say. */
  readonly coolDown?:
    | {
        /** After the second 429. Default: 1 minute. */
        readonly rateLimit?: Duration.DurationInput | undefined
        /** After a 402, or a 429 that waiting does not resolve. Default: 1 hour. */
        readonly quota?: Duration.DurationInput | undefined
        /** After a 401 that no refresh resolved. Default: 5 minutes. */
        readonly refused?: Duration.DurationInput | undefined
      }
    | undefined
}

/**
 * A fixed key.
 *
 * @since 0.1.0
 * @category sources
 */
export const fromKey = (key: Redacted.Redacted, options?: SourceOptions): Source => ({
  name: options?.name,
  origin: { _tag: "Fixed", key: Effect.succeed(key) }
})

/**
 * A key from the configuration, read once, when the credentials are made.
 *
 * @example
 * ```ts
 * import { Credentials } from "effect-redial"
 * import { Config } from "effect"
 *
 * const keys = Credentials.make([
 *   Credentials.fromConfig(Config.redacted("MINIMAX_API_KEY"), { name: "main" }),
 *   Credentials.fromConfig(Config.redacted("MINIMAX_SPARE_KEY"), { name: "spare" })
 * ])
 * ```
 *
 * @since 0.1.0
 * @category sources
 */
export const fromConfig = (config: Config.Config<Redacted.Redacted>, options?: SourceOptions): Source<ConfigError> => ({
  name: options?.name,
  origin: { _tag: "Fixed", key: config }
})

/**
 * A key from an effect: a vault, a file, a token endpoint. The effect runs when the key is first needed, before the key
 * expires, and when the provider refuses it; only once at a time, for any number of callers.
 *
 * If the effect fails, dies, or takes longer than `timeout`, a key that is still valid stays in use. If there is none,
 * requests fail with `AuthenticationFailed`, which gives the reason, and the effect is not run again for 5 seconds.
 *
 * @example
 * ```ts
 * import { Credentials } from "effect-redial"
 * import { Effect, Redacted } from "effect"
 *
 * declare const login: Effect.Effect<{ readonly token: string; readonly expiresInSeconds: number }, Error>
 *
 * const source = Credentials.fromEffect(
 *   Effect.map(login, ({ expiresInSeconds, token }) => ({
 *     key: Redacted.make(token),
 *     expiresIn: `${expiresInSeconds} seconds`
 *   })),
 *   { name: "login" }
 * )
 * ```
 *
 * @since 0.1.0
 * @category sources
 */
export const fromEffect = <E, R>(
  effect: Effect.Effect<Redacted.Redacted | Fetched, E, R>,
  options?: RefreshOptions
): Source<never, R> => ({
  name: options?.name,
  origin: {
    _tag: "Fetched",
    fetch: Effect.map(effect, (given): Fetched => (Redacted.isRedacted(given) ? { key: given } : given)),
    refreshAhead: options?.refreshAhead ?? "5 minutes",
    timeout: options?.timeout ?? "30 seconds"
  }
})

/**
 * Makes credentials of one source or several, for the scope: closing the scope ends a running refresh.
 *
 * Fails with `InvalidOptions` for an invalid key, for the same key twice and for names that are not distinct.
 *
 * @example
 * ```ts
 * import { Credentials, Provider, Vendors } from "effect-redial"
 * import { Config, Effect, Layer } from "effect"
 *
 * const live = Layer.unwrapScoped(
 *   Effect.gen(function* () {
 *     const apiKey = yield* Credentials.make([
 *       Credentials.fromConfig(Config.redacted("ANTHROPIC_API_KEY")),
 *       Credentials.fromConfig(Config.redacted("ANTHROPIC_SPARE_KEY"))
 *     ])
 *     return Provider.layer(Vendors.anthropic, { apiKey })
 *   })
 * )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <const Sources extends Arr.NonEmptyReadonlyArray<Source<unknown, unknown>>>(
  sources: Sources,
  options: Options = {}
): Effect.Effect<
  Credentials,
  InvalidOptions | (Sources[number] extends Source<infer E, unknown> ? E : never),
  Scope.Scope | (Sources[number] extends Source<unknown, infer R> ? R : never)
> => {
  type E = Sources[number] extends Source<infer E, unknown> ? E : never
  type R = Sources[number] extends Source<unknown, infer R> ? R : never
  // Each source has a part of the two unions; TypeScript cannot follow that through `infer`.
  const all = sources as unknown as ReadonlyArray<Source<E, R>>
  return Effect.map(internal.make(all, options), of)
}

/**
 * Tells credentials from a plain `Redacted` key, if either may be given.
 *
 * @since 0.1.0
 * @category guards
 */
export const isCredentials = (u: unknown): u is Credentials => Predicate.hasProperty(u, TypeId)
