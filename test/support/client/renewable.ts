/**
 * What the tests of `Renewable` renew: numbered things, whose building and closing follow a script and are logged.
 */
import { assert } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Renewable from "../../../src/client/Renewable.js"

export interface Thing {
  readonly number: number
}

export interface Held {
  readonly lease: Renewable.Lease<Thing>
  /** Returns the lease. */
  readonly giveBack: Effect.Effect<void>
}

/** Lets every other fiber run until it waits for something that only the test can bring about. */
export const settle = Effect.repeatN(Effect.yieldNow(), 200)

/** Leases in a scope of its own. */
export const hold = <E>(lease: Effect.Effect<Renewable.Lease<Thing>, E, Scope.Scope>): Effect.Effect<Held, E> =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const held = yield* Scope.extend(lease, scope).pipe(
      Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
    )
    return { lease: held, giveBack: Scope.close(scope, Exit.void) }
  })

export class World {
  /** `open 1`, `close 1` and whatever the test adds, in the order in which it happened. */
  readonly log: Array<string> = []
  /** What the coming builds do before they open their thing. A build beyond the end of the list just opens it. */
  readonly builds: Array<Effect.Effect<unknown, string, Scope.Scope>> = []
  /** What closing a thing does after `close n` was logged. */
  readonly closings = new Map<number, Effect.Effect<unknown>>()
  /** Whether a build, once begun, cannot be interrupted. */
  stubborn = false
  /** Builds begun. */
  begun = 0
  #opened = 0

  readonly acquire: Effect.Effect<Thing, string, Scope.Scope> = Effect.suspend(() => {
    this.begun++
    const build = Effect.zipRight(this.builds.shift() ?? Effect.void, this.open)
    return this.stubborn ? Effect.uninterruptible(build) : build
  })

  readonly open: Effect.Effect<Thing, never, Scope.Scope> = Effect.acquireRelease(
    Effect.sync(() => {
      const number = ++this.#opened
      this.log.push(`open ${number}`)
      return { number }
    }),
    ({ number }) =>
      Effect.suspend(() => {
        this.log.push(`close ${number}`)
        return this.closings.get(number) ?? Effect.void
      })
  )

  say(word: string): Effect.Effect<void> {
    return Effect.sync(() => void this.log.push(word))
  }

  /** Makes the next build wait, at a point where it can be interrupted, until the gate is opened. */
  readonly slowBuild: Effect.Effect<Deferred.Deferred<void, string>> = Effect.tap(
    Deferred.make<void, string>(),
    (gate) => Effect.sync(() => void this.builds.push(Deferred.await(gate)))
  )

  /** Makes the closing of a thing wait. */
  slowClosing(number: number): Effect.Effect<Deferred.Deferred<void>> {
    return Effect.tap(Deferred.make<void>(), (gate) =>
      Effect.sync(() => void this.closings.set(number, Deferred.await(gate)))
    )
  }

  /** A renewable of these things, and the closing of the scope that owns it. */
  renewable(options?: Renewable.Options<Thing>) {
    return Effect.gen(this, function* () {
      const owner = yield* Scope.make()
      const renewable = yield* Renewable.make(this.acquire, options).pipe(Scope.extend(owner))
      return { renewable, owner, close: Scope.close(owner, Exit.void) }
    })
  }
}

export const isClosedError = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isFailure(exit) &&
  Option.exists(Cause.failureOption(exit.cause), (error) => error instanceof Renewable.RenewableClosed)

export const tagsOf = (renewals: ReadonlyArray<Renewable.Renewal<unknown>>): ReadonlyArray<string> => [
  ...new Set(renewals.map((renewal) => renewal._tag))
]

/** Renews and gives the id of the new generation, or fails the test. */
export const renewed = Effect.fn(function* <E>(renewable: Renewable.Renewable<Thing, E>, held: Held) {
  const renewal = yield* renewable.renew(held.lease.generation)
  assert.strictEqual(renewal._tag, "Renewed")
  return renewal._tag === "Renewed" ? renewal.generation : held.lease.generation
})

/** Renews `times` times, each time with one holder staying behind on the generation that retires. */
export const drain = Effect.fn(function* <E>(renewable: Renewable.Renewable<Thing, E>, times: number) {
  const holders: Array<Held> = []
  for (let i = 0; i < times; i++) {
    const held = yield* hold(renewable.lease)
    holders.push(held)
    yield* renewed(renewable, held)
  }
  return holders
})
