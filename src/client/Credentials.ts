/**
 * Where the keys of a provider come from, and which of them is used.
 *
 * A key is chosen for each attempt and sent with its request alone, so neither a refresh nor a rotation touches a client
 * or its connections. What a refused, limited or expired key means is in docs/credentials.md, rule by rule.
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
 * By which credentials are known at run time.
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
 * Keys of one provider, to be given as `apiKey` of a provider or as `credential` of a call.
 *
 * They belong to the first host that they are used for, or to the `hosts` that they were made for: a provider at any
 * other host is refused when it is made, and a call when it is made, before anything is sent.
 *
 * @since 0.1.0
 * @category models
 */
export interface Credentials {
  readonly [TypeId]: TypeId
  /** One entry per key, in the order in which they were given. Never the keys. */
  readonly state: Effect.Effect<ReadonlyArray<KeyState>>
  /** What happens from now on. A reader that falls 256 changes behind misses the oldest. */
  readonly changes: Stream.Stream<Change>
}

/**
 * Why a key is not used for a while: too many requests, an account without money or quota, a 401, or a source that gave
 * no key.
 *
 * @since 0.1.0
 * @category models
 */
export type Reason = Rotation.Reason

/**
 * What is known of one key.
 *
 * - `unread`: its source was not asked yet
 * - `ready`: it can be used
 * - `expired`: its time is over; its source is asked when it is needed next
 * - `benched`: it is not used until `benchedUntil`
 * - `revoked`: the provider called it invalid, and it is never sent again; a source may yet give another
 *
 * @since 0.1.0
 * @category models
 */
export interface KeyState {
  /** The name that its source was given, or `key-1`, `key-2`, ...: nothing of it is made from the key. */
  readonly name: string
  /** Counts the keys that the source gave, from 1; 0 where it was not asked yet. */
  readonly version: number
  readonly status: "unread" | "ready" | "expired" | "benched" | "revoked"
  /** Milliseconds since the epoch. */
  readonly benchedUntil: number | undefined
  readonly benchedFor: Reason | undefined
  /** Milliseconds since the epoch; absent where the key does not expire. */
  readonly expiresAt: number | undefined
}

/**
 * What became of a key, as `changes` tells it: to be logged, or to page whoever pays.
 *
 * @since 0.1.0
 * @category models
 */
export type Change = Data.TaggedEnum<{
  /** The source gave another key. */
  Refreshed: { readonly name: string; readonly version: number }
  /** It gave none, or none that is new. A key that is still valid stays in use. */
  RefreshFailed: { readonly name: string; readonly version: number; readonly description: string }
  Benched: { readonly name: string; readonly version: number; readonly until: number; readonly reason: Reason }
  Revoked: { readonly name: string; readonly version: number }
}>

/**
 * What an effect gives that has more to say than the key.
 *
 * @since 0.1.0
 * @category models
 */
export interface Fetched {
  readonly key: Redacted.Redacted
  /** How long the key is valid, from the moment it was asked for. Default: for ever. */
  readonly expiresIn?: Duration.DurationInput | undefined
  /** When the key ends, in milliseconds since the epoch; wins over `expiresIn`. */
  readonly expiresAt?: number | undefined
  /** Whose key it is. A refresh that gives the key of another account is a failed one. */
  readonly account?: string | undefined
}

/**
 * Where one key comes from. `E` is what making credentials of it can fail with, `R` what it needs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Source<out E = never, out R = never> {
  readonly name: string | undefined
  readonly origin: Origin<E, R>
}

/**
 * What may be said of any source.
 *
 * @since 0.1.0
 * @category models
 */
export interface SourceOptions {
  /** What errors, logs and `state` call it. Not a secret. Default: `key-1`, `key-2`, ... by its place. */
  readonly name?: string | undefined
}

/**
 * What may be said of a source that is an effect.
 *
 * @since 0.1.0
 * @category models
 */
export interface RefreshOptions extends SourceOptions {
  /**
   * How long before its end a key is replaced, while the old one goes on serving; at most a fifth of its life. It happens
   * when a request needs a key, so an idle program refreshes nothing. Default: 5 minutes.
   */
  readonly refreshAhead?: Duration.DurationInput | undefined
  /** The longest that the effect may take. Default: 30 seconds. */
  readonly timeout?: Duration.DurationInput | undefined
}

/**
 * What may be said of credentials as a whole.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * - `first`: the first that works, in the given order
   * - `round-robin`: each request takes the next one; the attempts of one request stay with theirs
   *
   * Default: `first`.
   */
  readonly strategy?: "first" | "round-robin" | undefined
  /**
   * The hosts that may be sent these keys, as in a URL, with the port where it is not the usual one. Default: the one
   * that they are first used for.
   */
  readonly hosts?: Arr.NonEmptyReadonlyArray<string> | undefined
  /** How long a key is left alone, where the provider does not say. */
  readonly coolDown?:
    | {
        /** After the second 429. Default: 1 minute. */
        readonly rateLimit?: Duration.DurationInput | undefined
        /** After a 402, or a 429 that waiting does not heal. Default: 1 hour. */
        readonly quota?: Duration.DurationInput | undefined
        /** After a 401 that no refresh mended. Default: 5 minutes. */
        readonly refused?: Duration.DurationInput | undefined
      }
    | undefined
}

/**
 * A key that is known.
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
 * @since 0.1.0
 * @category sources
 */
export const fromConfig = (config: Config.Config<Redacted.Redacted>, options?: SourceOptions): Source<ConfigError> => ({
  name: options?.name,
  origin: { _tag: "Fixed", key: config }
})

/**
 * A key from an effect: a vault, a file, a token endpoint. It is run when a key is first needed, before the key expires,
 * and when the provider refuses the key; once at a time, whoever asks and however many.
 *
 * An effect that fails, dies, or takes longer than `timeout` leaves a key that is still valid in use. Where there is none,
 * requests fail with `AuthenticationFailed`, which says why, and for 5 seconds the effect is not asked again.
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
 * Makes credentials of one source or several, for the scope: the end of the scope ends a refresh that is under way.
 *
 * Fails with `InvalidOptions` for a key that cannot be one, for the same key twice and for names that are not distinct.
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
  // Each source is of some part of the two unions; TypeScript cannot follow that through `infer`.
  const all = sources as unknown as ReadonlyArray<Source<E, R>>
  return Effect.map(internal.make(all, options), of)
}

/**
 * Tells credentials from a plain `Redacted` key, where either may be given.
 *
 * @since 0.1.0
 * @category guards
 */
export const isCredentials = (u: unknown): u is Credentials => Predicate.hasProperty(u, TypeId)
