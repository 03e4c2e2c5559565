/**
 * The implementation of `Renewable`: one plain record per generation, which changes only in synchronous steps, so that
 * no interruption can come half-way; everything slow runs between those steps.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import type * as GenerationId from "../../model/GenerationId.js"
import { make as makeId } from "../../model/internal/generationId.js"
import type { Change, Lease, Options, Renewable, Renewal, User } from "../Renewable.js"
import * as Meters from "./meters.js"
import { RenewableClosed } from "./renewableClosed.js"

interface Generation<A> {
  readonly id: GenerationId.GenerationId
  readonly value: A
  readonly scope: Scope.CloseableScope
  readonly bornAt: number
  readonly shared: boolean
  readonly released: Deferred.Deferred<void>
  leases: number
  retired: boolean
  releasing: boolean
}

let renewables = 0

export const make = <A, E, R>(
  acquire: Effect.Effect<A, E, R>,
  options: Options<A> = {}
): Effect.Effect<Renewable<A, E>, never, Exclude<R, Scope.Scope> | Scope.Scope> =>
  Effect.gen(function* () {
    // Builds and drain limits run in this scope. It closes after `closed` is set, unlike the owner's own children.
    const workers = yield* Scope.make(ExecutionStrategy.parallel)
    const context = yield* Effect.context<Exclude<R, Scope.Scope>>()
    const pubsub = yield* PubSub.sliding<Change>(256)
    const name = `${options.name ?? "renewable"}#${++renewables}`
    const maxDraining = options.maxDraining ?? 8
    const maxAge = options.maxAge === undefined ? Infinity : Duration.toMillis(options.maxAge)

    const alive = new Set<Generation<A>>()
    let current: Generation<A> | undefined
    let building: Deferred.Deferred<Exit.Exit<Generation<A>, E | RenewableClosed>> | undefined
    let owed: GenerationId.GenerationId | undefined
    let closed = false
    let count = 0
    let acquired = 0
    let released = 0
    let failedBuilds = 0

    const draining = (): number => {
      let n = 0
      for (const generation of alive) if (generation.shared && generation.retired) n++
      return n
    }

    const meter = new Meters.RenewableMeter(options.name ?? "renewable")
    const counted = (): void => meter.pools(alive.size, draining())

    // A publish after shutdown interrupts its caller, which may hold a generation.
    const announce = (change: Change): Effect.Effect<void> => Effect.asVoid(Effect.exit(PubSub.publish(pubsub, change)))

    const release = (generation: Generation<A>): Effect.Effect<void> =>
      Effect.suspend(() => {
        if (generation.releasing) return Deferred.await(generation.released)
        generation.releasing = true
        return Scope.close(generation.scope, Exit.void).pipe(
          Effect.catchAllCause((cause) => Effect.logWarning(`releasing ${generation.id} failed`, cause)),
          Effect.zipRight(
            Effect.sync(() => {
              alive.delete(generation)
              released++
              counted()
            })
          ),
          Effect.zipRight(announce({ _tag: "Released", generation: generation.id })),
          Effect.zipRight(Deferred.succeed(generation.released, undefined)),
          Effect.asVoid
        )
      }).pipe(Effect.uninterruptible)

    const retire = (generation: Generation<A>): Effect.Effect<void> =>
      Effect.gen(function* () {
        yield* announce({ _tag: "Retired", generation: generation.id, leases: generation.leases })
        if (generation.leases === 0) return yield* release(generation)
        if (options.drainLimit !== undefined) {
          yield* Effect.sleep(options.drainLimit).pipe(
            Effect.zipRight(release(generation)),
            Effect.raceFirst(Deferred.await(generation.released)),
            Effect.interruptible,
            Effect.forkIn(workers)
          )
        }
        if (options.retire === undefined) return
        const retirement = Effect.suspend(() => options.retire!(generation.value))
        yield* Effect.ignoreLogged(Effect.interruptible(retirement))
      })

    /** Only these services: the first caller's context must not leak into a shared generation. */
    const servicesBelow = (asker: Context.Context<never>) => {
      const span = Context.getOption(asker, Tracer.ParentSpan)
      return Option.isSome(span) ? Context.add(context, Tracer.ParentSpan, span.value) : context
    }

    /** Builds a generation in its own scope. Only the acquisition itself can be interrupted. */
    const build = (shared: boolean): Effect.Effect<Generation<A>, E | RenewableClosed> =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const exit = yield* Scope.extend(acquire, scope).pipe(
          Effect.mapInputContext(servicesBelow),
          Effect.interruptible,
          Effect.exit
        )
        if (Exit.isFailure(exit)) {
          failedBuilds++
          yield* Effect.ignoreLogged(Scope.close(scope, exit))
          yield* announce({ _tag: "BuildFailed", cause: exit.cause })
          return yield* closed ? new RenewableClosed({ name }) : Effect.failCause(exit.cause)
        }
        const generation: Generation<A> = {
          id: makeId(name, ++count),
          value: exit.value,
          scope,
          bornAt: yield* Clock.currentTimeMillis,
          shared,
          released: Deferred.unsafeMake(FiberId.none),
          leases: 0,
          retired: false,
          releasing: false
        }
        acquired++
        alive.add(generation)
        counted()
        yield* announce({ _tag: "Acquired", generation: generation.id })
        if (closed) {
          yield* release(generation)
          return yield* new RenewableClosed({ name })
        }
        return generation
      })

    /**
     * Joins the running build or starts one. It runs among the workers, so that the first caller can leave without
     * undoing it for the others. Call it in an uninterruptible region, in the same step as the decision to build: a
     * fiber may yield between any two steps, and then the state of the decision may have changed.
     */
    const joinBuild = (): Effect.Effect<Deferred.Deferred<Exit.Exit<Generation<A>, E | RenewableClosed>>> => {
      if (building !== undefined) return Effect.succeed(building)
      const done = Deferred.unsafeMake<Exit.Exit<Generation<A>, E | RenewableClosed>>(FiberId.none)
      building = done
      const swap = (exit: Exit.Exit<Generation<A>, E | RenewableClosed>): Effect.Effect<unknown> =>
        Effect.suspend(() => {
          building = undefined
          if (closed) return Deferred.succeed(done, Exit.fail(new RenewableClosed({ name })))
          const old = current
          if (old !== undefined) meter.renewal(Exit.isSuccess(exit) ? "renewed" : "kept")
          if (Exit.isFailure(exit)) return Deferred.succeed(done, exit)
          current = exit.value
          if (old === undefined) return Deferred.succeed(done, exit)
          old.retired = true
          counted()
          return Effect.zipRight(Deferred.succeed(done, exit), retire(old))
        })
      return build(true).pipe(
        Effect.exit,
        Effect.flatMap(swap),
        // Forked from an uninterruptible region, so the bookkeeping always runs, even if the workers are stopped.
        Effect.forkIn(workers),
        Effect.as(done)
      )
    }

    const returnLease = (generation: Generation<A>): Effect.Effect<void> =>
      Effect.suspend(() => {
        generation.leases--
        // Does not wait for a release that someone else began: that may be waiting for the user of this lease.
        const last = generation.retired && generation.leases === 0 && !generation.releasing
        return last ? release(generation) : Effect.void
      })

    /** Call it in an uninterruptible region, in the same step as the choice of the generation. */
    const take = (
      generation: Generation<A>,
      scope: Scope.Scope,
      standsFor = generation.id
    ): Effect.Effect<Lease<A>> => {
      generation.leases++
      const lease: Lease<A> = { value: generation.value, generation: standsFor, shared: generation.shared }
      // Not `Effect.addFinalizer`, which also restores the fiber's own settings: 51 operations instead of 12.
      return Effect.as(Scope.addFinalizer(scope, returnLease(generation)), lease)
    }

    /** Builds among the workers too, so that closing the renewable stops it; but it is undone if its user leaves. */
    const takeUnshared = (
      scope: Scope.Scope,
      standsFor: GenerationId.GenerationId,
      restore: <X, F>(self: Effect.Effect<X, F>) => Effect.Effect<X, F>
    ) =>
      Effect.flatMap(Effect.forkIn(build(false), workers), (fiber) =>
        restore(Fiber.await(fiber)).pipe(
          Effect.onInterrupt(() =>
            Effect.flatMap(Fiber.interrupt(fiber), (exit) => (Exit.isSuccess(exit) ? release(exit.value) : Effect.void))
          ),
          Effect.flatten,
          Effect.flatMap((generation) => {
            generation.retired = true
            return take(generation, scope, standsFor)
          })
        )
      )

    /** Not computed if there is no maximum age. */
    const now = Number.isFinite(maxAge) ? Clock.currentTimeMillis : Effect.succeed(0)

    const leaseFor = ({ failed, parent, scope }: User): Effect.Effect<Lease<A>, E | RenewableClosed> => {
      const below: <X, F>(slow: Effect.Effect<X, F>) => Effect.Effect<X, F> = (slow) =>
        parent === undefined ? slow : Effect.withParentSpan(slow, parent)
      return Effect.uninterruptibleMask((restore) => {
        // At most one wait for a renewal: after that, the current generation is used in any case.
        const attempt = (first: boolean): Effect.Effect<Lease<A>, E | RenewableClosed> =>
          Effect.flatMap(now, (now) => {
            if (closed) return Effect.fail(new RenewableClosed({ name }))
            if (current === undefined) {
              return Effect.flatMap(below(joinBuild()), (done) =>
                Effect.flatMap(restore(Deferred.await(done)), (exit) =>
                  Exit.isSuccess(exit) ? attempt(false) : Effect.failCause(exit.cause)
                )
              )
            }
            if (first && now - current.bornAt >= maxAge) {
              return Effect.zipRight(restore(below(renew(current.id))), attempt(false))
            }
            if (failed === current.id) {
              // A renewal is running, or due: it was refused because too many were draining.
              if (first && (building !== undefined || (owed === failed && draining() < maxDraining))) {
                return Effect.zipRight(restore(below(renew(failed))), attempt(false))
              }
              if (building === undefined && draining() >= maxDraining)
                return below(takeUnshared(scope, failed, restore))
            }
            return take(current, scope)
          })
        return attempt(true)
      })
    }

    const renew = (failed: GenerationId.GenerationId): Effect.Effect<Renewal<E>> =>
      Effect.uninterruptibleMask((restore): Effect.Effect<Renewal<E>> => {
        if (closed || current === undefined || current.id !== failed) {
          meter.renewal("not-current")
          return Effect.succeed({ _tag: "NotCurrent" })
        }
        if (building === undefined && draining() >= maxDraining) {
          owed = failed
          meter.renewal("saturated")
          return Effect.succeed({ _tag: "Saturated", draining: draining() })
        }
        return Effect.map(
          Effect.flatMap(joinBuild(), (done) => restore(Deferred.await(done))),
          Exit.match({
            onFailure: (cause): Renewal<E> => ({ _tag: "Kept", cause }),
            onSuccess: ({ id }): Renewal<E> => ({ _tag: "Renewed", generation: id })
          })
        )
      })

    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        closed = true
        current = undefined
        // A build that ends from here on releases its own generation.
        return Effect.all([Scope.close(workers, Exit.void), ...Array.from(alive, release)], {
          discard: true,
          concurrency: "unbounded"
        })
      }).pipe(Effect.zipRight(PubSub.shutdown(pubsub)))
    )

    return {
      name,
      lease: Effect.flatMap(Effect.scope, (scope) => leaseFor({ scope })),
      leaseAfter: (failed) => Effect.flatMap(Effect.scope, (scope) => leaseFor({ scope, failed })),
      leaseFor,
      renew,
      stats: Effect.sync(() => ({ current: current?.id, acquired, released, draining: draining(), failedBuilds })),
      changes: Stream.fromPubSub(pubsub)
    } satisfies Renewable<A, E>
  })
