/**
 * A scoped value that can be replaced while it is in use.
 *
 * The current value is a *generation*. Users lease it. A user that finds it broken asks for the next one, naming the
 * generation that failed. The laws, each of which is a test:
 *
 * 1. Acquire before release: the next generation is built, in the scope of the renewable, before the old one retires.
 * 2. Kept on failure: if the build fails, the old generation stays in use, and the failure is reported as data.
 * 3. Fenced: only the current generation of this very renewable can be renewed, so a hundred users that fail together
 *    cause one build, and a late or foreign failure causes none.
 * 4. Drained, not cut: a retired generation takes no new leases and is released when its last lease ends.
 * 5. Owned: every generation is released exactly once, even under interruption, and all when the scope closes.
 * 6. Separate: renewing one renewable touches no other.
 * 7. Bounded: at most `maxDraining` retired generations live. Beyond that, a user that must avoid the failed generation
 *    gets an unshared one of its own.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import type * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type * as Tracer from "effect/Tracer"
import type * as GenerationId from "../model/GenerationId.js"
import * as internal from "./internal/renewable.js"
import type { RenewableClosed } from "./internal/renewableClosed.js"

export { RenewableClosed } from "./internal/renewableClosed.js"

/**
 * The right to use one generation until the scope of the lease closes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Lease<out A> {
  readonly value: A
  /** What to name if it turns out broken. An unshared lease names the generation that it replaces. */
  readonly generation: GenerationId.GenerationId
  readonly shared: boolean
}

/**
 * The result of a renewal.
 *
 * - `Renewed`: `generation` is the new one
 * - `NotCurrent`: the named generation is not the current one of this renewable; nothing was done
 * - `Kept`: the build failed; the old generation stays in use
 * - `Saturated`: too many retired generations are still in use; nothing was built
 *
 * @since 0.1.0
 * @category models
 */
export type Renewal<E> = Data.TaggedEnum<{
  Renewed: { readonly generation: GenerationId.GenerationId }
  NotCurrent: {}
  Kept: { readonly cause: Cause.Cause<E | RenewableClosed> }
  Saturated: { readonly draining: number }
}>

/**
 * A change of the generations of a renewable.
 *
 * @since 0.1.0
 * @category models
 */
export type Change = Data.TaggedEnum<{
  Acquired: { readonly generation: GenerationId.GenerationId }
  Retired: { readonly generation: GenerationId.GenerationId; readonly leases: number }
  Released: { readonly generation: GenerationId.GenerationId }
  BuildFailed: { readonly cause: Cause.Cause<unknown> }
}>

/**
 * Counts of the generations of a renewable.
 *
 * @since 0.1.0
 * @category models
 */
export interface Stats {
  readonly current: GenerationId.GenerationId | undefined
  /** Generations built, unshared ones included. */
  readonly acquired: number
  readonly released: number
  /** Retired generations that are still in use. */
  readonly draining: number
  readonly failedBuilds: number
}

/**
 * The options of a lease.
 *
 * @since 0.1.0
 * @category models
 */
export interface User {
  /** The lease ends when this scope closes. */
  readonly scope: Scope.Scope
  /** The generation that failed for this user, as for `leaseAfter`. Default: none. */
  readonly failed?: GenerationId.GenerationId | undefined
  /** The parent of the span that builds a generation. Default: the span of the context. */
  readonly parent?: Tracer.AnySpan | undefined
}

/**
 * A scoped value that can be replaced while it is in use, under the laws above.
 *
 * @since 0.1.0
 * @category models
 */
export interface Renewable<out A, out E = never> {
  readonly name: string
  /** Leases the current generation; the first lease builds the first one. */
  readonly lease: Effect.Effect<Lease<A>, E | RenewableClosed, Scope.Scope>
  /**
   * Leases for a user for whom `failed` has failed. Like `lease`, unless `failed` is still the current generation. Then
   * it waits for a running renewal, and retries one that was refused because too many were draining. While too many are
   * draining, it leases an unshared generation, which is released with the lease.
   */
  readonly leaseAfter: (failed: GenerationId.GenerationId) => Effect.Effect<Lease<A>, E | RenewableClosed, Scope.Scope>
  /** Like `lease` and `leaseAfter`, with an explicit scope; cheaper than putting the scope into the context. */
  readonly leaseFor: (user: User) => Effect.Effect<Lease<A>, E | RenewableClosed>
  /** Replaces `failed`, if it is the current generation. Never fails: the outcome is the result. */
  readonly renew: (failed: GenerationId.GenerationId) => Effect.Effect<Renewal<E>>
  readonly stats: Effect.Effect<Stats>
  /** Changes from now on. A reader that falls 256 changes behind misses the oldest. */
  readonly changes: Stream.Stream<Change>
}

/**
 * The options of `make` and `fromLayer`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<in A> {
  /** The prefix of the generations' names. Default: `renewable`. */
  readonly name?: string | undefined
  /** Runs when a generation retires while still in use, to release what its users do not need. Default: nothing. */
  readonly retire?: ((value: A) => Effect.Effect<void>) | undefined
  /** How many retired generations may live at once. Default: 8. */
  readonly maxDraining?: number | undefined
  /** How long a retired generation may still be used before it is released anyway. Default: no limit. */
  readonly drainLimit?: Duration.DurationInput | undefined
  /** A lease renews a current generation that is older than this first. Default: no limit. */
  readonly maxAge?: Duration.DurationInput | undefined
}

/**
 * Makes a renewable of what `acquire` acquires. Nothing is acquired until the first lease.
 *
 * @example
 * ```ts
 * import { Renewable } from "effect-redial"
 * import { Effect } from "effect"
 *
 * interface Pool {
 *   readonly query: Effect.Effect<string, Error>
 *   readonly close: Effect.Effect<void>
 * }
 * declare const openPool: Effect.Effect<Pool, Error>
 *
 * const program = Effect.gen(function* () {
 *   const pools = yield* Renewable.make(Effect.acquireRelease(openPool, (pool) => pool.close))
 *   const lease = yield* pools.lease
 *   return yield* lease.value.query.pipe(Effect.tapError(() => pools.renew(lease.generation)))
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: <A, E, R>(
  acquire: Effect.Effect<A, E, R>,
  options?: Options<A>
) => Effect.Effect<Renewable<A, E>, never, Exclude<R, Scope.Scope> | Scope.Scope> = internal.make

/**
 * Makes a renewable of the service that a layer provides. Each generation is a fresh build of the layer.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromLayer = <I, S, E, R>(
  tag: Context.Tag<I, S>,
  layer: Layer.Layer<I, E, R>,
  options?: Options<S>
): Effect.Effect<Renewable<S, E>, never, Exclude<R, Scope.Scope> | Scope.Scope> =>
  make(Effect.map(Layer.build(Layer.fresh(layer)), Context.get(tag)), options)
