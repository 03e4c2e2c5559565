/**
 * The law of draining: a generation that retires closes with its last return, or at its limit.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { drain, hold, renewed, settle, World } from "../../support/client/renewable.js"

describe("Renewable law 4, drained, not cut", () => {
  it.effect("a holder goes on while the next generation serves, and its generation closes with its last return", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable()
      const one = yield* hold(renewable.lease)
      const two = yield* hold(renewable.lease)
      yield* renewed(renewable, one)
      const three = yield* hold(renewable.lease)
      assert.deepStrictEqual(three.lease.value, { number: 2 })
      yield* one.giveBack
      yield* settle
      assert.deepStrictEqual(world.log, ["open 1", "open 2"])
      assert.strictEqual((yield* renewable.stats).draining, 1)
      yield* two.giveBack
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 1"])
      assert.strictEqual((yield* renewable.stats).draining, 0)
      yield* three.giveBack
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 1"])
    })
  )

  it.effect("a lease that was not used yet when its generation retired is still good", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable()
      const user = yield* hold(renewable.lease)
      const unused = yield* hold(renewable.lease)
      yield* renewed(renewable, user)
      yield* user.giveBack
      yield* settle
      yield* world.say(`use ${unused.lease.value.number}`)
      yield* unused.giveBack
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "use 1", "close 1"])
    })
  )

  it.effect("several generations drain in any order", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable()
      const [one, two, three] = yield* drain(renewable, 3)
      yield* two!.giveBack
      yield* three!.giveBack
      yield* one!.giveBack
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "open 3", "open 4", "close 2", "close 3", "close 1"])
    })
  )

  it.effect("a drain limit releases a generation under its users, and their return is harmless", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable, close } = yield* world.renewable({ drainLimit: "10 seconds" })
      const stalled = yield* hold(renewable.lease)
      yield* renewed(renewable, stalled)
      yield* settle
      yield* TestClock.adjust("9999 millis")
      assert.deepStrictEqual(world.log, ["open 1", "open 2"])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 1"])
      yield* stalled.giveBack
      yield* close
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 1", "close 2"])
      assert.strictEqual((yield* renewable.stats).released, 2)
    })
  )

  it.effect("a drain limit has nothing to do with a generation that drained in time", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable({ drainLimit: "10 seconds" })
      const held = yield* hold(renewable.lease)
      yield* renewed(renewable, held)
      yield* settle
      yield* held.giveBack
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 1"])
      assert.strictEqual((yield* renewable.stats).released, 1)
    })
  )

  it.effect("a return does not wait for the closing that a drain limit began", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable({ drainLimit: "10 seconds" })
      const held = yield* hold(renewable.lease)
      const gate = yield* world.slowClosing(1)
      yield* renewed(renewable, held)
      yield* settle
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 1"])
      const fiber = yield* Effect.fork(held.giveBack)
      yield* settle
      assert.isTrue(Option.isSome(yield* Fiber.poll(fiber)))
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      assert.strictEqual((yield* renewable.stats).released, 1)
    })
  )
})
