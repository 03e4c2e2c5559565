import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as Renewable from "../../src/client/Renewable.js"
import { type Held, hold, settle, type Thing, World } from "./renewableWorld.js"

const isClosedError = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isFailure(exit) &&
  Option.exists(Cause.failureOption(exit.cause), (error) => error instanceof Renewable.RenewableClosed)

const tagsOf = (renewals: ReadonlyArray<Renewable.Renewal<unknown>>): ReadonlyArray<string> => [
  ...new Set(renewals.map((renewal) => renewal._tag))
]

/** Renews and gives the id of the new generation, or fails the test. */
const renewed = Effect.fn(function* <E>(renewable: Renewable.Renewable<Thing, E>, held: Held) {
  const renewal = yield* renewable.renew(held.lease.generation)
  assert.strictEqual(renewal._tag, "Renewed")
  return renewal._tag === "Renewed" ? renewal.generation : held.lease.generation
})

/** Renews `times` times, each time with one holder staying behind on the generation that retires. */
const drain = Effect.fn(function* <E>(renewable: Renewable.Renewable<Thing, E>, times: number) {
  const holders: Array<Held> = []
  for (let i = 0; i < times; i++) {
    const held = yield* hold(renewable.lease)
    holders.push(held)
    yield* renewed(renewable, held)
  }
  return holders
})

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

describe("Renewable, changes and stats", () => {
  it.effect("tell what is acquired, retired, released and what failed to build", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable, close } = yield* world.renewable()
      const seen: Array<Renewable.Change> = []
      const reader = yield* Effect.fork(
        Stream.runForEach(renewable.changes, (change) => Effect.sync(() => void seen.push(change)))
      )
      yield* settle
      const held = yield* hold(renewable.lease)
      const one = held.lease.generation
      world.builds.push(Effect.fail("no"))
      yield* renewable.renew(one)
      const two = yield* renewed(renewable, held)
      yield* settle
      yield* held.giveBack
      yield* settle
      assert.deepStrictEqual(seen, [
        { _tag: "Acquired", generation: one },
        { _tag: "BuildFailed", cause: Cause.fail("no") },
        { _tag: "Acquired", generation: two },
        { _tag: "Retired", generation: one, leases: 1 },
        { _tag: "Released", generation: one }
      ])
      assert.deepStrictEqual(yield* renewable.stats, {
        current: two,
        acquired: 2,
        released: 1,
        draining: 0,
        failedBuilds: 1
      })
      yield* close
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(reader)))
    })
  )

  it.effect("a reader that does not read holds nobody up", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable } = yield* world.renewable()
      const reader = yield* Effect.fork(Stream.runForEach(renewable.changes, () => Effect.never))
      yield* settle
      for (let i = 0; i < 300; i++) {
        const held = yield* hold(renewable.lease)
        yield* held.giveBack
        yield* renewed(renewable, held)
      }
      yield* settle
      assert.strictEqual((yield* renewable.stats).released, 300)
      yield* Fiber.interrupt(reader)
    })
  )

  it.effect("every generation has an id of its own", () =>
    Effect.gen(function* () {
      const worlds = yield* Effect.forEach(Array(3), () => new World().renewable({ name: "client" }))
      const ids: Array<string> = []
      for (const { renewable } of worlds) {
        for (const held of yield* drain(renewable, 4)) ids.push(held.lease.generation)
      }
      assert.strictEqual(new Set(ids).size, 12)
    })
  )
})

describe("Renewable.fromLayer", () => {
  class Client extends Context.Tag("Client")<Client, Thing>() {}
  class Pool extends Context.Tag("Pool")<Pool, Thing>() {}

  it.effect("builds the whole layer afresh for each generation, even when it is built elsewhere", () =>
    Effect.gen(function* () {
      const pools = new World()
      const world = new World()
      const pool = Layer.scoped(Pool, pools.open)
      const layer = Layer.provideMerge(Layer.scoped(Client, world.open), pool)
      const scope = yield* Scope.make()
      const memo = yield* Layer.makeMemoMap
      const renewable = yield* Effect.gen(function* () {
        yield* Layer.buildWithMemoMap(layer, memo, scope)
        return yield* Renewable.fromLayer(Client, layer)
      }).pipe(Scope.extend(scope))
      assert.deepStrictEqual(world.log, ["open 1"])
      const held = yield* hold(renewable.lease)
      assert.deepStrictEqual(held.lease.value, { number: 2 })
      yield* renewed(renewable, held)
      assert.deepStrictEqual((yield* hold(renewable.lease)).lease.value, { number: 3 })
      yield* held.giveBack
      for (const { log } of [world, pools]) assert.deepStrictEqual(log, ["open 1", "open 2", "open 3", "close 2"])
      yield* Scope.close(scope, Exit.void)
      for (const { log } of [world, pools])
        assert.deepStrictEqual([...log].sort().slice(0, 3), ["close 1", "close 2", "close 3"])
    })
  )

  it.effect("gives each generation the services that the layer needs, and its error", () =>
    Effect.gen(function* () {
      let tries = 0
      const layer = Layer.effect(
        Client,
        Effect.flatMap(Pool, (pool) => (++tries === 1 ? Effect.fail("no" as const) : Effect.succeed(pool)))
      )
      const renewable = yield* Renewable.fromLayer(Client, layer).pipe(Effect.provideService(Pool, { number: 7 }))
      assert.deepStrictEqual(yield* Effect.flip(hold(renewable.lease)), "no")
      assert.deepStrictEqual((yield* hold(renewable.lease)).lease.value, { number: 7 })
    }).pipe(Effect.scoped)
  )
})

describe("Renewable, as its users write it", () => {
  it.effect("a lease in the scope of the renewable itself is returned before the end", () =>
    Effect.gen(function* () {
      const world = new World()
      yield* Effect.scoped(
        Effect.gen(function* () {
          const renewable = yield* Renewable.make(world.acquire)
          const lease = yield* renewable.lease
          yield* renewable.renew(lease.generation)
          yield* renewable.lease
        })
      )
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 1", "close 2"])
    })
  )

  it.effect("streams that fail together and retry share one renewal and nothing stays open", () =>
    Effect.gen(function* () {
      const world = new World()
      const { renewable, close } = yield* world.renewable()
      const attempt = Stream.unwrapScoped(
        Effect.map(renewable.lease, ({ value, generation }) =>
          value.number === 1
            ? Stream.concat(Stream.make("half"), Stream.fail(generation))
            : Stream.make(`whole ${value.number}`)
        )
      )
      const answers = yield* Effect.forEach(
        Array(50),
        () =>
          attempt.pipe(
            Stream.catchAll((failed) =>
              typeof failed === "string"
                ? Stream.unwrap(Effect.as(renewable.renew(failed as Renewable.Lease<Thing>["generation"]), attempt))
                : Stream.fail(failed)
            ),
            Stream.runCollect,
            Effect.map(Chunk.last)
          ),
        { concurrency: 50 }
      )
      assert.isTrue(answers.every((answer) => Option.getOrUndefined(answer) === "whole 2"))
      yield* settle
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 1"])
      yield* close
      assert.deepStrictEqual(world.log, ["open 1", "open 2", "close 1", "close 2"])
    })
  )
})
