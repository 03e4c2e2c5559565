/**
 * The laws of separation and of bounds: renewables know nothing of each other, and few generations drain at once.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { drain, hold, renewed, settle, World } from "../../support/client/renewable.js"

describe("Renewable law 6, separate", () => {
  it.effect("a failure of another renewable's generation builds nothing here or there", () =>
    Effect.gen(function* () {
      const ours = new World()
      const theirs = new World()
      const here = yield* ours.renewable({ name: "client" })
      const there = yield* theirs.renewable({ name: "client" })
      const mine = yield* hold(here.renewable.lease)
      const other = yield* hold(there.renewable.lease)
      // Both are the first generation of a renewable of the same name.
      assert.notStrictEqual(mine.lease.generation, other.lease.generation)
      assert.deepStrictEqual(yield* here.renewable.renew(other.lease.generation), { _tag: "NotCurrent" })
      assert.deepStrictEqual(yield* there.renewable.renew(mine.lease.generation), { _tag: "NotCurrent" })
      assert.deepStrictEqual([ours.log, theirs.log], [["open 1"], ["open 1"]])
      assert.strictEqual(ours.begun + theirs.begun, 2)
    })
  )

  it.effect("renewing and closing one leaves the other as it is", () =>
    Effect.gen(function* () {
      const ours = new World()
      const theirs = new World()
      const here = yield* ours.renewable()
      const there = yield* theirs.renewable()
      const mine = yield* hold(here.renewable.lease)
      const other = yield* hold(there.renewable.lease)
      yield* renewed(here.renewable, mine)
      yield* here.close
      assert.deepStrictEqual(theirs.log, ["open 1"])
      assert.strictEqual((yield* there.renewable.stats).current, other.lease.generation)
    })
  )
})

describe("Renewable law 7, bounded", () => {
  it.effect("past maxDraining a renewal builds nothing and says so", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable({ maxDraining: 2 })
      yield* drain(renewable, 2)
      const held = yield* hold(renewable.lease)
      assert.deepStrictEqual(yield* renewable.renew(held.lease.generation), { _tag: "Saturated", draining: 2 })
      assert.strictEqual(world.begun, 3)
      assert.strictEqual((yield* renewable.stats).current, held.lease.generation)
    })
  )

  it.effect("then who must not meet the failed generation gets an unshared one, released with its lease", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable, close } = yield* world.renewable({ maxDraining: 1 })
      const [one] = yield* drain(renewable, 1)
      const failed = yield* hold(renewable.lease)
      const unshared = yield* hold(renewable.leaseAfter(failed.lease.generation))
      const another = yield* hold(renewable.leaseAfter(failed.lease.generation))
      assert.deepStrictEqual(
        [unshared, another].map(({ lease }) => lease),
        [3, 4].map((number) => ({ value: { number }, generation: failed.lease.generation, shared: false }))
      )
      assert.deepStrictEqual((yield* hold(renewable.lease)).lease, failed.lease)
      yield* unshared.giveBack
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "open 3", "open 4", "close 3"])
      // When the draining one has left, the generation that the unshared lease names can be renewed.
      yield* one!.giveBack
      yield* renewed(renewable, another)
      assert.deepStrictEqual((yield* hold(renewable.leaseAfter(failed.lease.generation))).lease.value, { number: 5 })
      yield* close
      assert.strictEqual((yield* renewable.stats).released, 5)
    })
  )

  it.effect("and a renewal that was refused is made up for by the first leaseAfter once the draining have left", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable({ maxDraining: 1 })
      const [one] = yield* drain(renewable, 1)
      const { lease } = yield* hold(renewable.lease)
      assert.strictEqual((yield* renewable.renew(lease.generation))._tag, "Saturated")
      yield* one!.giveBack
      const after = yield* hold(renewable.leaseAfter(lease.generation))
      assert.deepStrictEqual([after.lease.value.number, after.lease.shared], [3, true])
    })
  )

  it.effect("below the bound leaseAfter gives what lease gives", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable()
      const held = yield* hold(renewable.lease)
      assert.deepStrictEqual((yield* hold(renewable.leaseAfter(held.lease.generation))).lease, held.lease)
      const id = yield* renewed(renewable, held)
      assert.strictEqual((yield* hold(renewable.leaseAfter(held.lease.generation))).lease.generation, id)
      assert.strictEqual(world.begun, 2)
    })
  )

  it.effect("leaseAfter waits for a renewal under way rather than meet the failed generation again", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable()
      const held = yield* hold(renewable.lease)
      const gate = yield* world.slowBuild
      const renewal = yield* Effect.fork(renewable.renew(held.lease.generation))
      yield* settle
      const after = yield* Effect.fork(hold(renewable.leaseAfter(held.lease.generation)))
      yield* settle
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(renewal)
      assert.deepStrictEqual((yield* Fiber.join(after)).lease.value, { number: 2 })
    })
  )

  it.effect("and takes the old one when that renewal fails", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable()
      const held = yield* hold(renewable.lease)
      const gate = yield* world.slowBuild
      yield* Effect.fork(renewable.renew(held.lease.generation))
      yield* settle
      const after = yield* Effect.fork(hold(renewable.leaseAfter(held.lease.generation)))
      yield* settle
      yield* Deferred.fail(gate, "no")
      assert.strictEqual((yield* Fiber.join(after)).lease.value, held.lease.value)
      assert.strictEqual(world.begun, 2)
    })
  )

  it.effect("an unshared build that fails fails its lease only", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable({ maxDraining: 0 })
      const held = yield* hold(renewable.lease)
      world.builds.push(Effect.zipRight(world.open, Effect.fail("no")))
      assert.deepStrictEqual(yield* Effect.exit(hold(renewable.leaseAfter(held.lease.generation))), Exit.fail("no"))
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 2"])
      assert.strictEqual((yield* hold(renewable.lease)).lease.value, held.lease.value)
    })
  )

  it.effect("who gives up an unshared lease does not wait for its build, which is undone", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable({ maxDraining: 0 })
      const held = yield* hold(renewable.lease)
      world.builds.push(Effect.zipRight(world.open, Effect.never))
      const fiber = yield* Effect.fork(hold(renewable.leaseAfter(held.lease.generation)))
      yield* settle
      const leaving = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* settle
      assert.isTrue(Option.isSome(yield* Fiber.poll(leaving)))
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 2"])
    })
  )

  it.effect("an interruption at any moment of an unshared lease leaks nothing", () =>
    Effect.forEach(
      Array.from({ length: 40 }, (_, moment) => moment),
      (moment) =>
        Effect.gen(function* () {
          const world = new World()
          const { renewable } = yield* world.renewable({ maxDraining: 0 })
          const held = yield* hold(renewable.lease)
          world.builds.push(Effect.repeatN(Effect.yieldNow(), 5))
          const fiber = yield* Effect.fork(
            Effect.scoped(Effect.zipRight(renewable.leaseAfter(held.lease.generation), Effect.never))
          )
          yield* Effect.repeatN(Effect.yieldNow(), moment)
          yield* Fiber.interrupt(fiber)
          yield* settle
          const { acquired, released } = yield* renewable.stats
          assert.strictEqual(acquired, released + 1)
          assert.strictEqual(world.log.length, acquired + released)
        })
    )
  )

  it.effect("releasing counts as draining until it is done", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable({ maxDraining: 1 })
      const held = yield* hold(renewable.lease)
      yield* held.giveBack
      const gate = yield* world.slowClosing(1)
      const id = yield* renewed(renewable, held)
      assert.deepStrictEqual(yield* renewable.renew(id), { _tag: "Saturated", draining: 1 })
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      assert.strictEqual((yield* renewable.renew(id))._tag, "Renewed")
    })
  )
})
