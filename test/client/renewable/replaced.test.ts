/**
 * The laws of the replacement: acquire before release, kept on failure, fenced.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { hold, isClosedError, renewed, settle, tagsOf, World } from "../../support/client/renewable.js"

describe("Renewable law 1, acquire before release", () => {
  it.effect("the next generation is open before the old one is closed", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable, close } = yield* world.renewable()
      const held = yield* hold(renewable.lease)
      yield* held.giveBack
      const id = yield* renewed(renewable, held)
      yield* settle
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 1"])
      assert.strictEqual((yield* renewable.stats).current, id)
      yield* close
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 1", "close 2"])
    })
  )

  it.effect("the old generation serves leases as long as the next one is being built", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable()
      const held = yield* hold(renewable.lease)
      const gate = yield* world.slowBuild
      const renewal = yield* Effect.fork(renewable.renew(held.lease.generation))
      yield* settle
      const during = yield* hold(renewable.lease)
      assert.deepStrictEqual(during.lease.value, { number: 1 })
      yield* held.giveBack
      yield* during.giveBack
      assert.deepStrictEqual(world.log, ["open 1"])
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual((yield* Fiber.join(renewal))._tag, "Renewed")
      yield* settle
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 1"])
    })
  )

  it.effect("a renewal does not wait for the old generation to close", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable()
      const held = yield* hold(renewable.lease)
      yield* held.giveBack
      const gate = yield* world.slowClosing(1)
      yield* renewed(renewable, held)
      assert.deepStrictEqual((yield* hold(renewable.lease)).lease.value, { number: 2 })
      yield* Deferred.succeed(gate, undefined)
    })
  )

  it.effect("the interruption of all who wait does not undo the build", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable, close } = yield* world.renewable()
      const held = yield* hold(renewable.lease)
      const gate = yield* world.slowBuild
      const fibers = yield* Effect.forEach(Array(10), () => Effect.fork(renewable.renew(held.lease.generation)))
      yield* settle
      yield* Fiber.interruptAll(fibers)
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      assert.deepStrictEqual((yield* hold(renewable.lease)).lease.value, { number: 2 })
      assert.strictEqual(world.begun, 2)
      yield* held.giveBack
      yield* close
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 1", "close 2"])
    })
  )

  it.effect("the interruption of all first leasers does not undo the build", () =>
    Effect.gen(function* () {
      const world = new World()
      const gate = yield* world.slowBuild
      const { renewable, close } = yield* world.renewable()
      const fibers = yield* Effect.forEach(Array(10), () => Effect.fork(hold(renewable.lease)))
      yield* settle
      yield* Fiber.interruptAll(fibers)
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      assert.deepStrictEqual((yield* hold(renewable.lease)).lease.value, { number: 1 })
      assert.strictEqual(world.begun, 1)
      yield* close
      assert.deepStrictEqual(world.log, ["open 1", "close 1"])
    })
  )
})

describe("Renewable law 2, kept on failure", () => {
  it.effect("a build that fails leaves the old generation in use, and a later renewal works", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable()
      const held = yield* hold(renewable.lease)
      world.builds.push(Effect.fail("no key"))
      assert.deepStrictEqual(yield* renewable.renew(held.lease.generation), {
        _tag: "Kept",
        cause: Cause.fail("no key")
      })
      const again = yield* hold(renewable.lease)
      assert.strictEqual(again.lease.value, held.lease.value)
      assert.strictEqual(again.lease.generation, held.lease.generation)
      assert.deepStrictEqual(world.log, ["open 1"])
      yield* renewed(renewable, held)
      yield* held.giveBack
      yield* again.giveBack
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 1"])
      assert.strictEqual((yield* renewable.stats).failedBuilds, 1)
    })
  )

  it.effect("so does a build that dies", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable()
      const held = yield* hold(renewable.lease)
      world.builds.push(Effect.die("a bug"))
      assert.deepStrictEqual(yield* renewable.renew(held.lease.generation), { _tag: "Kept", cause: Cause.die("a bug") })
      assert.strictEqual((yield* hold(renewable.lease)).lease.value, held.lease.value)
      yield* renewed(renewable, held)
      assert.deepStrictEqual(world.log, ["open 1", "open 2"])
    })
  )

  it.effect("so does a build that interrupts itself", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable()
      const held = yield* hold(renewable.lease)
      world.builds.push(Effect.interrupt)
      const renewal = yield* renewable.renew(held.lease.generation)
      assert.isTrue(renewal._tag === "Kept" && Cause.isInterruptedOnly(renewal.cause))
      yield* renewed(renewable, held)
      assert.deepStrictEqual(world.log, ["open 1", "open 2"])
    })
  )

  it.effect("a first build that interrupts itself does not look like a closed renewable", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable()
      world.builds.push(Effect.interrupt)
      const exit = yield* Effect.exit(hold(renewable.lease))
      assert.isFalse(isClosedError(exit))
      assert.deepStrictEqual((yield* hold(renewable.lease)).lease.value, { number: 1 })
    })
  )

  it.effect("what a failed build had acquired is released at once", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable()
      const held = yield* hold(renewable.lease)
      world.builds.push(Effect.zipRight(world.open, Effect.fail("second step")))
      assert.strictEqual((yield* renewable.renew(held.lease.generation))._tag, "Kept")
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 2"])
    })
  )

  it.effect("the reason for a failed build is not lost when releasing its half dies", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable()
      const held = yield* hold(renewable.lease)
      world.closings.set(2, Effect.die("cannot close"))
      world.builds.push(Effect.zipRight(world.open, Effect.fail("second step")))
      assert.deepStrictEqual(yield* renewable.renew(held.lease.generation), {
        _tag: "Kept",
        cause: Cause.fail("second step")
      })
    })
  )

  it.effect("all who asked for a build that fails hear of it, and it was tried once", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable()
      const held = yield* hold(renewable.lease)
      const gate = yield* world.slowBuild
      const fibers = yield* Effect.forEach(Array(100), () => Effect.fork(renewable.renew(held.lease.generation)))
      yield* settle
      yield* Deferred.fail(gate, "no")
      assert.deepStrictEqual(tagsOf(yield* Effect.forEach(fibers, Fiber.join)), ["Kept"])
      assert.strictEqual(world.begun, 2)
    })
  )
})

describe("Renewable law 3, fenced", () => {
  it.effect("a hundred renewals of one generation cause one build and all see the same new one", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable()
      const held = yield* hold(renewable.lease)
      const gate = yield* world.slowBuild
      const fibers = yield* Effect.forEach(Array(100), () => Effect.fork(renewable.renew(held.lease.generation)))
      yield* settle
      yield* Deferred.succeed(gate, undefined)
      const renewals = yield* Effect.forEach(fibers, Fiber.join)
      const current = (yield* renewable.stats).current
      assert.isTrue(renewals.every((renewal) => renewal._tag === "Renewed" && renewal.generation === current))
      assert.notStrictEqual(current, held.lease.generation)
      assert.strictEqual(world.begun, 2)
      assert.strictEqual((yield* hold(renewable.lease)).lease.generation, current)
    })
  )

  it.effect("the interruption of the first of a hundred renewers leaves one build to the others", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable()
      const held = yield* hold(renewable.lease)
      const gate = yield* world.slowBuild
      const [first, ...others] = yield* Effect.forEach(Array(100), () =>
        Effect.fork(renewable.renew(held.lease.generation))
      )
      yield* settle
      yield* Fiber.interrupt(first!)
      yield* Deferred.succeed(gate, undefined)
      assert.deepStrictEqual(tagsOf(yield* Effect.forEach(others, Fiber.join)), ["Renewed"])
      assert.strictEqual(world.begun, 2)
    })
  )

  it.effect("a late failure of an old generation causes nothing", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable()
      const early = yield* hold(renewable.lease)
      const late = yield* hold(renewable.lease)
      const id = yield* renewed(renewable, early)
      assert.deepStrictEqual(yield* renewable.renew(late.lease.generation), { _tag: "NotCurrent" })
      assert.strictEqual((yield* renewable.stats).current, id)
      assert.strictEqual(world.begun, 2)
    })
  )

  it.effect("a late failure during the next build causes nothing either", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable()
      const first = yield* hold(renewable.lease)
      yield* renewed(renewable, first)
      const second = yield* hold(renewable.lease)
      const gate = yield* world.slowBuild
      const fiber = yield* Effect.fork(renewable.renew(second.lease.generation))
      yield* settle
      assert.deepStrictEqual(yield* renewable.renew(first.lease.generation), { _tag: "NotCurrent" })
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(fiber)
      assert.strictEqual(world.begun, 3)
    })
  )
})
