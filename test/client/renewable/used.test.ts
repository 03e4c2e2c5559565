/**
 * A renewable as its users see it: its events, its figures, and one made of a layer.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Renewable from "../../../src/client/Renewable.js"
import { drain, hold, renewed, settle, type Thing, World } from "../../support/client/renewable.js"

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
