/**
 * What a renewable does over its life, apart from its laws.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as Renewable from "../../../src/client/Renewable.js"
import { drain, hold, renewed, settle, World } from "../../support/client/renewable.js"

describe("Renewable: the first generation", () => {
  it.effect("acquires nothing before the first lease", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable, close } = yield* world.renewable()
      yield* settle
      assert.strictEqual((yield* renewable.stats).current, undefined)
      yield* close
      assert.deepStrictEqual(world.log, [])
      assert.strictEqual(world.begun, 0)
    })
  )

  it.effect("is built once for any number of first leases at the same time", () =>
    Effect.gen(function* () {
      const world = new World()
      const gate = yield* world.slowBuild
      const { renewable, close } = yield* world.renewable()
      const fiber = yield* Effect.fork(Effect.forEach(Array(100), () => hold(renewable.lease), { concurrency: 100 }))
      yield* settle
      assert.strictEqual(world.begun, 1)
      yield* Deferred.succeed(gate, undefined)
      const holders = yield* Fiber.join(fiber)
      assert.strictEqual(new Set(holders.map(({ lease }) => lease.value)).size, 1)
      assert.strictEqual(new Set(holders.map(({ lease }) => lease.generation)).size, 1)
      yield* Effect.forEach(holders, ({ giveBack }) => giveBack)
      assert.deepStrictEqual(world.log, ["open 1"])
      yield* close
      assert.deepStrictEqual(world.log, ["open 1", "close 1"])
    })
  )

  it.effect("that fails to build fails everyone who waits for it, and the next lease builds again", () =>
    Effect.gen(function* () {
      const world = new World()
      const gate = yield* world.slowBuild
      const { renewable } = yield* world.renewable()
      const first = yield* Effect.fork(Effect.exit(hold(renewable.lease)))
      const second = yield* Effect.fork(Effect.exit(hold(renewable.lease)))
      yield* settle
      yield* Deferred.fail(gate, "no route")
      assert.deepStrictEqual(yield* Fiber.join(first), Exit.fail("no route"))
      assert.deepStrictEqual(yield* Fiber.join(second), Exit.fail("no route"))
      const { lease } = yield* hold(renewable.lease)
      assert.deepStrictEqual(lease.value, { number: 1 })
      assert.strictEqual(world.begun, 2)
    })
  )

  it.effect("cannot be renewed while it is being built", () =>
    Effect.gen(function* () {
      const world = new World()
      const other = yield* new World().renewable()
      const foreign = yield* hold(other.renewable.lease)
      const gate = yield* world.slowBuild
      const { renewable } = yield* world.renewable()
      const fiber = yield* Effect.fork(hold(renewable.lease))
      yield* settle
      assert.deepStrictEqual(yield* renewable.renew(foreign.lease.generation), { _tag: "NotCurrent" })
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(fiber)
      assert.strictEqual(world.begun, 1)
    })
  )

  it.effect("is built with the services of whoever made the renewable, not of whoever leases first", () =>
    Effect.gen(function* () {
      class Place extends Context.Tag("Place")<Place, string>() {}
      class Guest extends Context.Tag("Guest")<Guest, string>() {}
      const seen: Array<unknown> = []
      const scope = yield* Scope.make()
      const renewable = yield* Renewable.make(
        Effect.gen(function* () {
          seen.push(yield* Place, (yield* Effect.serviceOption(Guest))._tag)
          return { number: 0 }
        })
      ).pipe(Effect.provideService(Place, "home"), Scope.extend(scope))
      yield* hold(renewable.lease).pipe(Effect.provideService(Place, "away"), Effect.provideService(Guest, "me"))
      assert.deepStrictEqual(seen, ["home", "None"])
    })
  )
})

describe("Renewable, the retire callback", () => {
  it.effect("runs once, and only for a generation that retires while in use", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable, close } = yield* world.renewable({ retire: ({ number }) => world.say(`retire ${number}`) })
      const one = yield* hold(renewable.lease)
      yield* renewed(renewable, one)
      yield* settle
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "retire 1"])
      yield* one.giveBack
      const two = yield* hold(renewable.lease)
      yield* two.giveBack
      yield* renewed(renewable, two)
      yield* settle
      yield* close
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "retire 1", "close 1", "open 3", "close 2", "close 3"])
    })
  )

  const bad: ReadonlyArray<readonly [string, () => Effect.Effect<void>]> = [
    ["dies", () => Effect.die("a bug")],
    [
      "throws",
      () => {
        throw new Error("a bug")
      }
    ],
    ["interrupts itself", () => Effect.interrupt],
    ["never ends", () => Effect.never]
  ]
  for (const [what, retire] of bad) {
    it.effect(`breaks nothing when it ${what}`, () =>
      Effect.gen(function* () {
        const world = new World()
        const { renewable, close } = yield* world.renewable({ retire, drainLimit: "10 seconds" })
        const [one, two] = yield* drain(renewable, 2)
        yield* one!.giveBack
        yield* settle
        assert.deepStrictEqual(world.log, ["open 1", "open 2", "open 3", "close 1"])
        yield* TestClock.adjust("10 seconds")
        assert.deepStrictEqual(world.log, ["open 1", "open 2", "open 3", "close 1", "close 2"])
        yield* two!.giveBack
        yield* drain(renewable, 1)
        const closing = yield* Effect.fork(close)
        yield* settle
        assert.isTrue(Option.isSome(yield* Fiber.poll(closing)))
        assert.deepStrictEqual([...world.log.slice(5)].sort(), ["close 3", "close 4", "open 4"])
      })
    )
  }
})

describe("Renewable, maxAge", () => {
  it.effect("renews at the first lease after that age, and not before", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable({ maxAge: "1 minute" })
      const one = yield* hold(renewable.lease)
      yield* TestClock.adjust("59999 millis")
      assert.strictEqual((yield* hold(renewable.lease).pipe(Effect.tap((held) => held.giveBack))).lease.value.number, 1)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(world.begun, 1)
      const holders = yield* Effect.forEach(Array(10), () => hold(renewable.lease), { concurrency: 10 })
      assert.deepStrictEqual([...new Set(holders.map(({ lease }) => lease.value.number))], [2])
      yield* one.giveBack
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 1"])
    })
  )

  it.effect("keeps serving the old generation when the build fails, and tries again at the next lease", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable({ maxAge: "1 minute" })
      yield* hold(renewable.lease)
      yield* TestClock.adjust("1 minute")
      world.builds.push(Effect.fail("no"))
      assert.strictEqual((yield* hold(renewable.lease)).lease.value.number, 1)
      assert.strictEqual((yield* hold(renewable.lease)).lease.value.number, 2)
      assert.strictEqual(world.begun, 3)
    })
  )

  it.effect("keeps serving the old generation when too many are draining", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable({ maxAge: "1 minute", maxDraining: 1 })
      yield* drain(renewable, 1)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* hold(renewable.lease)).lease.value.number, 2)
      assert.strictEqual(world.begun, 2)
    })
  )

  it.effect("an interrupted lease that had to renew leaks nothing", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable, close } = yield* world.renewable({ maxAge: 0 })
      const one = yield* hold(renewable.lease)
      const gate = yield* world.slowBuild
      const fiber = yield* Effect.fork(hold(renewable.lease))
      yield* settle
      yield* Fiber.interrupt(fiber)
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      yield* one.giveBack
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 1"])
      yield* close
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 1", "close 2"])
    })
  )
})
