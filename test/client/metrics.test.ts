/**
 * The metrics of clients and keys: how often a client was renewed, which pools are there, and what became of keys.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Redacted, Ref, Scope } from "effect"
import { Credentials, type GenerationId, Renewable } from "effect-redial"
import { ScriptedProvider } from "effect-redial/testing"
import { counted, fresh, samples } from "../support/telemetry/metered.js"

const ofRenewable = (name: string) => counted("effect_redial.renewable", name)

const pools = (name: string) => {
  const counts = ofRenewable(name)
  return [
    counts["effect_redial.pools effect_redial.state=open"],
    counts["effect_redial.pools effect_redial.state=draining"]
  ]
}

const renewals = (name: string) =>
  Object.fromEntries(
    samples("effect_redial.renewable", name).flatMap(({ labels, value }) => {
      const outcome = labels["effect_redial.outcome"]
      return outcome === undefined ? [] : [[outcome, value]]
    })
  )

describe("the metrics of a renewable", () => {
  it.scoped("say at each moment how many pools are open, and how many of them drain", () =>
    Effect.gen(function* () {
      const name = fresh()
      const owner = yield* Scope.make()
      const renewable = yield* Scope.extend(Renewable.make(Effect.void, { name }), owner)
      assert.deepStrictEqual(pools(name), [undefined, undefined])
      const user = yield* Scope.make()
      const { generation } = yield* renewable.leaseFor({ scope: user })
      assert.deepStrictEqual(pools(name), [1, 0])
      yield* renewable.renew(generation)
      assert.deepStrictEqual(pools(name), [2, 1])
      yield* Scope.close(user, Exit.void)
      assert.deepStrictEqual(pools(name), [1, 0])
      yield* Scope.close(owner, Exit.void)
      assert.deepStrictEqual(pools(name), [0, 0])
    })
  )

  it.scoped("are the sum of all that have the same name", () =>
    Effect.gen(function* () {
      const name = fresh()
      const make = Renewable.make(Effect.void, { name })
      const [one, other] = yield* Effect.all([make, make])
      const { generation } = yield* one.lease
      yield* other.lease
      assert.deepStrictEqual(pools(name), [2, 0])
      yield* one.renew(generation)
      assert.deepStrictEqual(pools(name), [3, 1])
    })
  )

  it.scoped("count a build once, however many ask for it, and a wish that led to none each time", () =>
    Effect.gen(function* () {
      const name = fresh()
      const fails = yield* Ref.make(false)
      const renewable = yield* Renewable.make(
        Effect.flatMap(Ref.get(fails), (failing) => (failing ? Effect.fail("no") : Effect.void)),
        { name, maxDraining: 1 }
      )
      const all = (failed: GenerationId.GenerationId) =>
        Effect.all(
          Array.from({ length: 20 }, () => renewable.renew(failed)),
          { concurrency: "unbounded" }
        )
      const first = (yield* renewable.lease).generation
      assert.deepStrictEqual(renewals(name), {})
      yield* all(first)
      assert.deepStrictEqual(renewals(name), { renewed: 1 })
      yield* all(first)
      assert.deepStrictEqual(renewals(name), { renewed: 1, "not-current": 20 })
      const second = (yield* renewable.lease).generation
      // The first one drains, and there may be one such only.
      yield* renewable.renew(second)
      assert.deepStrictEqual(renewals(name), { renewed: 1, "not-current": 20, saturated: 1 })
    })
  )

  it.scoped("say where the old one was kept", () =>
    Effect.gen(function* () {
      const name = fresh()
      const fails = yield* Ref.make(false)
      const renewable = yield* Renewable.make(
        Effect.flatMap(Ref.get(fails), (failing) => (failing ? Effect.fail("no") : Effect.void)),
        { name }
      )
      const { generation } = yield* renewable.lease
      yield* Ref.set(fails, true)
      yield* renewable.renew(generation)
      assert.deepStrictEqual(renewals(name), { kept: 1 })
      assert.deepStrictEqual(pools(name), [1, 0])
    })
  )
})

describe("the metrics of keys", () => {
  it.scoped("count what became of them, with the reason and without their names", () =>
    Effect.gen(function* () {
      const changes = () =>
        Object.fromEntries(
          ["refreshed", "refresh-failed", "benched", "revoked"].map((change) => [
            change,
            samples("effect_redial.change", change).reduce((sum, { value }) => sum + value, 0)
          ])
        )
      const before = changes()
      const versions = yield* Ref.make(0)
      const apiKey = yield* Credentials.make([
        Credentials.fromKey(Redacted.make("first-test-key"), { name: "team" }),
        Credentials.fromEffect(
          Effect.map(
            Ref.updateAndGet(versions, (n) => n + 1),
            (n) => Redacted.make(`fetched-key-${n}`)
          )
        )
      ])
      const answer = ScriptedProvider.answer({ text: "hi" })
      const { provider } = yield* ScriptedProvider.make([ScriptedProvider.status(402), answer], { apiKey })
      yield* provider.generate({ model: "m", prompt: "hi" })
      const after = changes()
      const more = Object.fromEntries(Object.entries(after).map(([change, n]) => [change, n - (before[change] ?? 0)]))
      assert.deepStrictEqual(more, { refreshed: 1, "refresh-failed": 0, benched: 1, revoked: 0 })
      const labels = samples("effect_redial.change", "benched").map(({ labels }) => labels)
      assert.includeDeepMembers(labels, [{ "effect_redial.change": "benched", "effect_redial.reason": "quota" }])
      assert.notInclude(JSON.stringify(labels), "team")
    })
  )
})
