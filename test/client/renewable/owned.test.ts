/**
 * The law of ownership: closing the owner releases everything, once, whatever is under way.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { drain, hold, isClosedError, renewed, settle, World } from "../../support/client/renewable.js"

describe("Renewable law 5, owned", () => {
  it.effect("closing the owner releases every generation once, those of stalled holders included", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable, close } = yield* world.renewable()
      const holders = yield* drain(renewable, 3)
      const last = yield* hold(renewable.lease)
      yield* close
      assert.deepStrictEqual([...world.log.slice(4)].sort(), ["close 1", "close 2", "close 3", "close 4"])
      yield* Effect.forEach([last, ...holders], ({ giveBack }) => giveBack)
      yield* close
      assert.strictEqual(world.log.length, 8)
      const { acquired, released, draining, current } = yield* renewable.stats
      assert.deepStrictEqual(
        { acquired, released, draining, current },
        { acquired: 4, released: 4, draining: 0, current: undefined }
      )
    })
  )

  it.effect("closing the owner interrupts a build in progress and releases its half", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable, close } = yield* world.renewable()
      const held = yield* hold(renewable.lease)
      world.builds.push(Effect.zipRight(world.open, Effect.never))
      const renewal = yield* Effect.fork(renewable.renew(held.lease.generation))
      yield* settle
      yield* close
      assert.deepStrictEqual(world.log.slice(0, 2), ["open 1", "open 2"])
      assert.deepStrictEqual([...world.log.slice(2)].sort(), ["close 1", "close 2"])
      const result = yield* Fiber.join(renewal)
      assert.isTrue(result._tag === "Kept" && isClosedError(Exit.failCause(result.cause)))
    })
  )

  it.effect("a build that cannot be interrupted is waited for and released when the owner closes", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable, close } = yield* world.renewable()
      const gate = yield* world.slowBuild
      world.stubborn = true
      const leasing = yield* Effect.fork(Effect.exit(hold(renewable.lease)))
      yield* settle
      const closing = yield* Effect.fork(close)
      yield* settle
      assert.isTrue(Option.isNone(yield* Fiber.poll(closing)))
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(closing)
      assert.deepStrictEqual(world.log, ["open 1", "close 1"])
      assert.isTrue(isClosedError(yield* Fiber.join(leasing)))
      const { acquired, released } = yield* renewable.stats
      assert.strictEqual(acquired, released)
    })
  )

  it.effect("an unshared build that cannot be interrupted is released too when the owner closes", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable, close } = yield* world.renewable({ maxDraining: 0 })
      const held = yield* hold(renewable.lease)
      const gate = yield* world.slowBuild
      world.stubborn = true
      const leasing = yield* Effect.fork(Effect.exit(hold(renewable.leaseAfter(held.lease.generation))))
      yield* settle
      assert.strictEqual(world.begun, 2)
      const closing = yield* Effect.fork(close)
      yield* settle
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(closing)
      assert.isTrue(isClosedError(yield* Fiber.join(leasing)))
      assert.deepStrictEqual(world.log, ["open 1", "close 1", "open 2", "close 2"])
    })
  )

  it.effect("closing the owner interrupts an unshared build", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable, close } = yield* world.renewable({ maxDraining: 0 })
      const held = yield* hold(renewable.lease)
      world.builds.push(Effect.zipRight(world.open, Effect.never))
      const leasing = yield* Effect.fork(Effect.exit(hold(renewable.leaseAfter(held.lease.generation))))
      yield* settle
      yield* close
      assert.deepStrictEqual([...world.log.slice(2)].sort(), ["close 1", "close 2"])
      yield* settle
      assert.isTrue(Option.isSome(yield* Fiber.poll(leasing)))
      assert.isTrue(isClosedError(yield* Fiber.join(leasing)))
    })
  )

  it.effect("a build that cannot be interrupted does not keep another going when the owner closes", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable, close } = yield* world.renewable({ maxDraining: 0 })
      const held = yield* hold(renewable.lease)
      world.builds.push(Effect.zipRight(world.open, Effect.never))
      yield* Effect.fork(Effect.exit(hold(renewable.leaseAfter(held.lease.generation))))
      yield* settle
      const gate = yield* world.slowBuild
      world.stubborn = true
      yield* Effect.fork(Effect.exit(hold(renewable.leaseAfter(held.lease.generation))))
      yield* settle
      const closing = yield* Effect.fork(close)
      yield* settle
      assert.deepStrictEqual([...world.log].sort(), ["close 1", "close 2", "open 1", "open 2"])
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(closing)
      assert.deepStrictEqual(world.log.slice(4), ["open 3", "close 3"])
    })
  )

  it.effect("closing the owner waits for a release in progress and does not repeat it", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable, close } = yield* world.renewable()
      const held = yield* hold(renewable.lease)
      yield* renewed(renewable, held)
      const gate = yield* world.slowClosing(1)
      const returning = yield* Effect.fork(held.giveBack)
      yield* settle
      const closing = yield* Effect.fork(close)
      yield* settle
      assert.isTrue(Option.isNone(yield* Fiber.poll(closing)))
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 1", "close 2"])
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(closing)
      yield* Fiber.join(returning)
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 1", "close 2"])
      assert.strictEqual((yield* renewable.stats).released, 2)
    })
  )

  it.effect("one generation that is slow to close does not keep the others open when the owner closes", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable, close } = yield* world.renewable()
      const held = yield* hold(renewable.lease)
      yield* held.giveBack
      const gate = yield* world.slowClosing(1)
      yield* renewed(renewable, held)
      yield* settle
      const closing = yield* Effect.fork(close)
      yield* settle
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 1", "close 2"])
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(closing)
    })
  )

  it.effect("a generation whose closing waits for its holder does not deadlock with the holder's return", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable, close } = yield* world.renewable()
      const other = yield* hold(renewable.lease)
      const leased = yield* Deferred.make<void>()
      const holder = yield* Effect.scoped(
        Effect.zipRight(renewable.lease, Effect.zipRight(Deferred.succeed(leased, undefined), Effect.never))
      ).pipe(Effect.fork)
      yield* Deferred.await(leased)
      yield* renewed(renewable, other)
      yield* other.giveBack
      world.closings.set(1, Fiber.interrupt(holder))
      const closing = yield* Effect.fork(close)
      yield* settle
      assert.isTrue(Option.isSome(yield* Fiber.poll(closing)))
      assert.deepStrictEqual([...world.log].sort(), ["close 1", "close 2", "open 1", "open 2"])
    })
  )

  it.effect("a release that dies does not stop the others", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable, close } = yield* world.renewable()
      const [one] = yield* drain(renewable, 3)
      for (const number of [1, 3]) world.closings.set(number, Effect.die("cannot close"))
      yield* one!.giveBack
      assert.isTrue(Exit.isSuccess(yield* Effect.exit(close)))
      assert.deepStrictEqual([...world.log.slice(4)].sort(), ["close 1", "close 2", "close 3", "close 4"])
      assert.strictEqual((yield* renewable.stats).released, 4)
    })
  )

  it.effect("after the end there is nothing to lease, to renew or to listen to", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable, close } = yield* world.renewable({ maxDraining: 0 })
      const held = yield* hold(renewable.lease)
      yield* close
      world.stubborn = true
      assert.isTrue(isClosedError(yield* Effect.exit(hold(renewable.lease))))
      assert.isTrue(isClosedError(yield* Effect.exit(hold(renewable.leaseAfter(held.lease.generation)))))
      assert.deepStrictEqual(yield* renewable.renew(held.lease.generation), { _tag: "NotCurrent" })
      assert.strictEqual(yield* Stream.runCount(renewable.changes), 0)
      yield* settle
      assert.deepStrictEqual(world.log, ["open 1", "close 1"])
    })
  )

  it.effect("a lease that waits for a build when the owner closes fails as closed", () =>
    Effect.gen(function* () {
      const world = new World()
      yield* world.slowBuild
      const { renewable, close } = yield* world.renewable()
      const fibers = yield* Effect.forEach(Array(10), () => Effect.fork(Effect.exit(hold(renewable.lease))))
      yield* settle
      yield* close
      const exits = yield* Effect.forEach(fibers, Fiber.join)
      assert.isTrue(exits.every(isClosedError))
      assert.deepStrictEqual(world.log, [])
    })
  )

  it.effect("a build whose interruption fails still reads as closed when the owner closes", () =>
    Effect.gen(function* () {
      const world = new World()
      world.builds.push(Effect.onInterrupt(Effect.never, () => Effect.die("cannot stop")))
      const { renewable, close } = yield* world.renewable()
      const fiber = yield* Effect.fork(Effect.exit(hold(renewable.lease)))
      yield* settle
      yield* close
      assert.isTrue(isClosedError(yield* Fiber.join(fiber)))
    })
  )

  it.effect("what closes before the renewable, in the same scope, can still use and renew it", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable, owner, close } = yield* world.renewable()
      yield* Scope.addFinalizer(
        owner,
        Effect.gen(function* () {
          const held = yield* hold(renewable.lease)
          const id = yield* renewed(renewable, held)
          yield* held.giveBack
          yield* world.say("bye")
          assert.strictEqual((yield* renewable.stats).current, id)
        }).pipe(Effect.orDie)
      )
      assert.isTrue(Exit.isSuccess(yield* Effect.exit(close)))
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 1", "bye", "close 2"])
    })
  )

  it.effect("a build that begins while the owner closes leaves nothing open", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable, owner, close } = yield* world.renewable()
      const gate = yield* world.slowBuild
      world.stubborn = true
      // Begins the build while the owner is already closing.
      yield* Scope.addFinalizer(owner, Effect.zipRight(Effect.forkDaemon(Effect.exit(hold(renewable.lease))), settle))
      const closing = yield* Effect.fork(close)
      yield* settle
      yield* settle
      yield* settle
      assert.strictEqual(world.begun, 1)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(closing)
      yield* settle
      assert.deepStrictEqual(world.log, ["open 1", "close 1"])
    })
  )

  it.effect("an interruption during the build leaks nothing", () =>
    Effect.gen(function* () {
      const world = new World()
      const gate = yield* world.slowBuild
      const { renewable, close } = yield* world.renewable()
      const fiber = yield* Effect.fork(hold(renewable.lease))
      yield* settle
      yield* Fiber.interrupt(fiber)
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      const held = yield* hold(renewable.lease)
      yield* renewed(renewable, held)
      yield* held.giveBack
      yield* close
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 1", "close 2"])
    })
  )

  it.effect("an interruption at any moment of a renewal leaks nothing", () =>
    Effect.forEach(
      Array.from({ length: 30 }, (_, moment) => moment),
      (moment) =>
        Effect.gen(function* () {
          const world = new World()
          const { renewable, close } = yield* world.renewable()
          const held = yield* hold(renewable.lease)
          world.builds.push(Effect.repeatN(Effect.yieldNow(), 5))
          const fiber = yield* Effect.fork(
            Effect.scoped(Effect.zipRight(renewable.renew(held.lease.generation), renewable.lease))
          )
          yield* Effect.repeatN(Effect.yieldNow(), moment)
          yield* Fiber.interrupt(fiber)
          yield* settle
          const begun = world.begun
          assert.strictEqual((yield* renewable.stats).acquired, begun)
          yield* held.giveBack
          yield* settle
          assert.deepStrictEqual(world.log, begun === 1 ? ["open 1"] : ["open 1", "open 2", "close 1"])
          yield* close
          assert.strictEqual(world.log.length, begun * 2)
        })
    )
  )

  it.effect("an interruption during the release does not cut the release short", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable, close } = yield* world.renewable()
      const held = yield* hold(renewable.lease)
      yield* renewed(renewable, held)
      const gate = yield* Deferred.make<void>()
      world.closings.set(1, Effect.zipRight(Deferred.await(gate), world.say("closed 1")))
      const returning = yield* Effect.fork(held.giveBack)
      yield* settle
      const interrupting = yield* Effect.fork(Fiber.interrupt(returning))
      yield* settle
      assert.isTrue(Option.isNone(yield* Fiber.poll(interrupting)))
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(interrupting)
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 1", "closed 1"])
      assert.strictEqual((yield* renewable.stats).released, 1)
      yield* close
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 1", "closed 1", "close 2"])
    })
  )
})
