/**
 * A scoped value that can be replaced while it is in use.
 *
 * The value of the moment is a *generation*. Users lease it; when a user finds it broken it asks for the next one, naming
 * the generation that failed. The laws, each of which is a test:
 *
 * 1. Acquire before release: the next generation is built, in the scope of the renewable, before the old one retires.
 * 2. Kept on failure: if the build fails, the old generation stays in use, and the failure is reported as data.
 * 3. Fenced: only the current generation of this very renewable can be renewed, so a hundred users who fail together
 *    cause one build, and a late or foreign failure causes none.
 * 4. Drained, not cut: a retired generation takes no new leases and is released when its last lease ends.
 * 5. Owned: every generation is released exactly once, under interruption too, and all when the scope closes.
 * 6. Separate: renewing one renewable touches no other.
 * 7. Bounded: at most `maxDraining` retired generations live; past that, a user who must not meet the failed generation
 *    again gets an unshared one of its own.
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
  /** What to name when it turns out broken. An unshared lease names the generation that it stands in for. */
  readonly generation: GenerationId.GenerationId
  readonly shared: boolean
}

/**
 * What became of a wish to renew.
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
 * What happens to the generations of a renewable.
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
 * The generations of a renewable, counted.
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
 * Whoever leases a generation.
 *
 * @since 0.1.0
 * @category models
 */
export interface User {
  /** The lease ends with it. */
  readonly scope: Scope.Scope
  /** The generation that has failed this user, as `leaseAfter` takes it. Default: none. */
  readonly failed?: GenerationId.GenerationId | undefined
  /** The span that the building of a generation stands below. Default: that of the context. */
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
   * Leases for a user whom `failed` has failed. As `lease`, but where `failed` is still the current generation: a renewal
   * that is under way is waited for, one that was refused while too many were draining is tried again, and while too
   * many are draining the lease is on an unshared generation of its own, released with it.
   */
  readonly leaseAfter: (failed: GenerationId.GenerationId) => Effect.Effect<Lease<A>, E | RenewableClosed, Scope.Scope>
  /** The same two for a user who has its scope at hand, which it would cost more to put into the context than to lease. */
  readonly leaseFor: (user: User) => Effect.Effect<Lease<A>, E | RenewableClosed>
  /** Replaces `failed`, if it is the current generation. Never fails: what became of it is the result. */
  readonly renew: (failed: GenerationId.GenerationId) => Effect.Effect<Renewal<E>>
  readonly stats: Effect.Effect<Stats>
  /** What happens from now on. A reader that falls 256 changes behind misses the oldest. */
  readonly changes: Stream.Stream<Change>
}

/**
 * The options of `make` and `fromLayer`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<in A> {
  /** Begins the names of the generations. Default: `renewable`. */
  readonly name?: string | undefined
  /** Run when a generation retires while still in use, to give up what its users do not need. Default: nothing. */
  readonly retire?: ((value: A) => Effect.Effect<void>) | undefined
  /** Retired generations that may live at once. Default: 8. */
  readonly maxDraining?: number | undefined
  /** How long a retired generation may be used before it is released under its users. Default: for ever. */
  readonly drainLimit?: Duration.DurationInput | undefined
  /** A lease finding the current generation older than this renews it first. Default: for ever. */
  readonly maxAge?: Duration.DurationInput | undefined
}

/**
 * Makes a renewable of whatever `acquire` acquires. Nothing is acquired until the first lease.
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
