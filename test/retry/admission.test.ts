/**
 * The laws of an admission: asked once per attempt, settled exactly once whatever happens, a place in the queue that a
 * consumer who stops leaves and one who pulls again keeps; and several admissions as one.
 */
import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  Deferred,
  Effect,
  Exit,
  Fiber,
  FastCheck as fc,
  Option,
  Redacted,
  Schedule,
  Scope,
  Stream,
  TestClock
} from "effect"
import { Admission, Credentials, Provider, ProviderError, Vendors } from "effect-redial"
import { FaultServer, Reply, ScriptedProvider, Wire } from "effect-redial/testing"
import * as Traits from "../../src/model/internal/traits.js"
import { info } from "../support/traffic/info.js"
import { atEachOperation } from "../support/traffic/interrupting.js"

const request = { model: "m", prompt: "Why is the sky blue?" }
const whole = { text: ["Because ", "of ", "Rayleigh ", "scattering."] }
const answer = ScriptedProvider.answer(whole)
const dropped = ScriptedProvider.drop(whole, { afterEvents: 5 })
const busy = ScriptedProvider.status(529)
const refused = ScriptedProvider.status(400)

type Turns = Parameters<typeof ScriptedProvider.make>[0]

/** Writes down what it is asked and told, and does what a test wants in each place. */
const watched = (
  does: {
    readonly admit?: Effect.Effect<void, ProviderError.ProviderError>
    readonly began?: Effect.Effect<void>
    readonly settle?: Effect.Effect<void>
  } = {}
) => {
  const asked: Array<number> = []
  const began: Array<number> = []
  const settled: Array<Admission.Outcome["_tag"]> = []
  const log: Array<string> = []
  let given = 0
  const admission: Admission.Admission = {
    admit: ({ attempt }) =>
      Effect.suspend(() => {
        asked.push(attempt)
        log.push(`ask ${attempt}`)
        return Effect.zipRight(
          does.admit ?? Effect.void,
          Effect.sync((): Admission.Permit => {
            given++
            let told = false
            return {
              began: () =>
                Effect.suspend(() => {
                  assert.isFalse(told, "began after settle")
                  began.push(attempt)
                  log.push(`began ${attempt}`)
                  return does.began ?? Effect.void
                }),
              settle: (outcome) =>
                Effect.suspend(() => {
                  assert.isFalse(told, "settled twice")
                  told = true
                  settled.push(outcome._tag)
                  log.push(`${outcome._tag} ${attempt}`)
                  return does.settle ?? Effect.void
                })
            }
          })
        )
      })
  }
  return { admission, asked, began, settled, log, given: () => given }
}

const provider = (turns: Turns, admission: Admission.Admission, options: Provider.ServiceOptions = {}) =>
  Effect.map(
    ScriptedProvider.make(turns, {
      retry: Schedule.recurs(3),
      retryBudget: false,
      ...options,
      admission: Effect.succeed(admission)
    }),
    ({ provider, requests }) => ({ provider, requests })
  )

const deliveries = ["restart", "resume", "hold", "fail"] as const

describe("an admission is asked once per attempt, and settled once", () => {
  for (const delivery of deliveries) {
    it.scoped(`over drops, overload and an answer, with the delivery ${delivery}`, () =>
      Effect.gen(function* () {
        const seen = watched()
        const script: Turns = [busy, dropped, ScriptedProvider.resumed("Rayleigh scattering."), answer]
        const { provider: service, requests } = yield* provider(script, seen.admission)
        const exit = yield* Effect.exit(Stream.runDrain(service.stream(request, { delivery })))
        assert.strictEqual(Exit.isSuccess(exit), delivery !== "fail")
        const sent = (yield* requests).length
        assert.strictEqual(sent, delivery === "fail" ? 2 : 3)
        const numbers = Array.from({ length: sent }, (_, at) => at + 1)
        assert.deepStrictEqual(seen.asked, numbers)
        assert.deepStrictEqual(seen.began, numbers.slice(1))
        assert.deepStrictEqual(
          seen.settled,
          delivery === "fail" ? ["Failed", "Failed"] : ["Failed", "Failed", "Succeeded"]
        )
      })
    )
  }

  it.scoped("says whose fault a failure was, and what became of the attempt", () =>
    Effect.gen(function* () {
      const outcomes: Array<Admission.Outcome> = []
      const admission: Admission.Admission = {
        admit: () =>
          Effect.succeed({ settle: (outcome: Admission.Outcome) => Effect.sync(() => void outcomes.push(outcome)) })
      }
      const script: Turns = [busy, dropped, refused]
      const { provider: service } = yield* provider(script, admission)
      yield* Effect.flip(service.generate(request))
      assert.deepStrictEqual(
        outcomes.map((outcome) => (outcome._tag === "Failed" ? [outcome.error._tag, outcome.blame] : [])),
        [
          ["Overloaded", "provider"],
          ["StreamDropped", "network"],
          ["InvalidRequest", "request"]
        ]
      )
      const second = outcomes[1]
      assert(second?._tag === "Failed")
      assert.deepStrictEqual([second.attempt.attempt, second.attempt.delivered], [2, "text"])
    })
  )

  it.scoped("blames the key and not the provider, where there are several and one is limited", () =>
    Effect.gen(function* () {
      const blames: Array<string> = []
      const admission: Admission.Admission = {
        admit: () =>
          Effect.succeed({
            settle: (outcome: Admission.Outcome) =>
              Effect.sync(() => void blames.push(outcome._tag === "Failed" ? outcome.blame : outcome._tag))
          })
      }
      const apiKey = yield* Credentials.make([
        Credentials.fromKey(Redacted.make("one")),
        Credentials.fromKey(Redacted.make("two"))
      ])
      const { provider: service } = yield* ScriptedProvider.make([ScriptedProvider.status(429), answer], {
        apiKey,
        retry: Schedule.recurs(3),
        admission: Effect.succeed(admission)
      })
      yield* service.generate(request)
      assert.deepStrictEqual(blames, ["key", "Succeeded"])
    })
  )

  it("blames no vendor for what a program lacks, and for time that the caller gave", () => {
    const described = { description: "it went wrong" }
    const reasons = ["refused", "dns", "tls", "proxy", "timeout", "reset", "other", "closed", "client"] as const
    const failed = reasons.map((reason) => Traits.blame({ _tag: "ConnectionFailed", reason, ...described }, false))
    assert.deepStrictEqual(failed, [...Array.from({ length: 7 }, () => "network"), "request", "request"])
    const deadlines = ["firstEvent", "idle", "stuck", "reasoning", "total"] as const
    const stalled = deadlines.map((deadline) =>
      Traits.blame({ _tag: "StreamStalled", deadline, silent: true, ...described }, false)
    )
    assert.deepStrictEqual(stalled, ["network", "network", "network", "request", "request"])
  })

  it.scoped("sends nothing where it refuses, and the request ends with that", () =>
    Effect.gen(function* () {
      const seen = watched({ admit: new ProviderError.LimitReached({ limit: "requests" }) })
      const { provider: service, requests } = yield* provider([answer], seen.admission)
      const error = yield* Effect.flip(service.generate(request))
      assert.strictEqual(error._tag, "LimitReached")
      assert.deepStrictEqual([seen.asked, seen.settled, (yield* requests).length], [[1], [], 0])
      assert.deepStrictEqual([error.attempt, error.attempts.length, error.provider], [1, 1, "scripted"])
    })
  )

  it.scoped("asks again where it refuses with an error that the schedule retries", () =>
    Effect.gen(function* () {
      let left = 2
      const admit = Effect.suspend(
        (): Effect.Effect<void, ProviderError.ProviderError> =>
          left-- > 0 ? new ProviderError.Overloaded() : Effect.void
      )
      const seen = watched({ admit })
      const { provider: service, requests } = yield* provider([answer], seen.admission)
      yield* service.generate(request)
      assert.deepStrictEqual([seen.asked, seen.settled, (yield* requests).length], [[1, 2, 3], ["Succeeded"], 1])
    })
  )

  it.scoped("asks for no permission where nothing is to be sent", () =>
    Effect.gen(function* () {
      const seen = watched()
      const { provider: service } = yield* provider([answer], seen.admission)
      yield* Effect.flip(service.generate({ model: "", prompt: "" }))
      assert.deepStrictEqual(seen.asked, [])
    })
  )

  for (const taken of [1, 2, 3, 4, 7]) {
    it.scoped(`where the consumer takes ${taken} events of it`, () =>
      Effect.gen(function* () {
        const seen = watched()
        const { provider: service } = yield* provider([answer], seen.admission)
        yield* Stream.runDrain(Stream.take(service.stream(request), taken))
        assert.deepStrictEqual([seen.asked, seen.settled], [[1], ["Abandoned"]])
      })
    )
  }

  it.scopedLive("once the connection is free", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([
        Reply.hold(
          Reply.stream(Wire.answer("anthropic-messages", whole)),
          { afterEvents: 4 },
          yield* FaultServer.gate()
        )
      ])
      let open = -1
      const admission: Admission.Admission = {
        admit: () =>
          Effect.succeed({
            settle: () =>
              Effect.map(
                server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0),
                ({ connectionsOpen }) => {
                  open = connectionsOpen
                }
              )
          })
      }
      const vendor = Vendors.custom({ id: "vendor", protocol: "anthropic-messages", baseUrl: server.url })
      const service = yield* Provider.make(vendor, {
        apiKey: Redacted.make("k"),
        admission: Effect.succeed(admission)
      })
      yield* Stream.runDrain(Stream.take(service.stream(request), 2))
      assert.strictEqual(open, 0)
    })
  )
})

describe("an interruption", () => {
  it.scoped("in the queue leaves it, and nothing is settled or sent", () =>
    Effect.gen(function* () {
      let left = 0
      const waits = yield* Deferred.make<void>()
      const queue = Effect.zipRight(
        Deferred.succeed(waits, undefined),
        Effect.onInterrupt(Effect.never, () => Effect.sync(() => left++))
      )
      const seen = watched({ admit: queue })
      const { provider: service, requests } = yield* provider([answer], seen.admission)
      for (const call of [service.generate(request), Stream.runDrain(service.streamText(request))]) {
        const fiber = yield* Effect.fork(call)
        yield* Deferred.await(waits)
        yield* Effect.yieldNow()
        yield* Fiber.interrupt(fiber)
      }
      assert.deepStrictEqual([left, seen.settled, (yield* requests).length], [2, [], 0])
    })
  )

  it.scoped("of a pull keeps the place: it is asked once, however often the pull is made again", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const seen = watched({ admit: Deferred.await(gate) })
      const { provider: service, requests } = yield* provider([answer], seen.admission)
      const pull = yield* Stream.toPull(service.streamText(request))
      for (let at = 0; at < 5; at++) {
        const fiber = yield* Effect.fork(Effect.timeoutOption(pull, 100))
        yield* TestClock.adjust(100)
        assert.isTrue(Option.isNone(yield* Fiber.join(fiber)))
      }
      assert.deepStrictEqual([seen.asked, (yield* requests).length], [[1], 0])
      yield* Deferred.succeed(gate, undefined)
      yield* pull
      assert.deepStrictEqual([seen.asked, (yield* requests).length], [[1], 1])
    })
  )

  it.scoped("in the middle of an answer is told as Abandoned", () =>
    Effect.gen(function* () {
      const seen = watched()
      const stalls = ScriptedProvider.drop(whole, { afterEvents: 4, how: "stall" })
      const { provider: service } = yield* provider([stalls], seen.admission)
      const text = yield* Deferred.make<void>()
      const reading = Stream.runForEach(service.streamText(request), () => Deferred.succeed(text, undefined))
      const fiber = yield* Effect.fork(reading)
      yield* Deferred.await(text)
      assert.deepStrictEqual(seen.settled, [])
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(seen.settled, ["Abandoned"])
    })
  )

  it.scoped("between two attempts changes nothing: the first one is settled, and the second one not asked for", () =>
    Effect.gen(function* () {
      const seen = watched()
      const { provider: service } = yield* provider([busy, answer], seen.admission, {
        retry: Schedule.spaced("1 hour")
      })
      const fiber = yield* Effect.fork(service.generate(request))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(seen.settled, ["Failed"])
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual([seen.asked, seen.settled], [[1], ["Failed"]])
    })
  )

  it.scoped("while it hears of the beginning loses no event", () =>
    Effect.gen(function* () {
      const seen = watched({ began: Effect.sleep("1 second") })
      const { provider: service, requests } = yield* provider([answer], seen.admission)
      const pull = yield* Stream.toPull(service.streamText(request))
      const texts: Array<string> = []
      while (true) {
        const fiber = yield* Effect.fork(
          Effect.timeoutOption(
            Effect.matchEffect(pull, {
              onFailure: Option.match({ onNone: () => Effect.succeed(undefined), onSome: Effect.fail }),
              onSuccess: (chunk) => Effect.succeed([...chunk])
            }),
            "300 millis"
          )
        )
        yield* TestClock.adjust("1 second")
        const got = yield* Fiber.join(fiber)
        if (Option.isNone(got)) continue
        if (got.value === undefined) break
        texts.push(...got.value)
      }
      assert.strictEqual(texts.join(""), whole.text.join(""))
      assert.deepStrictEqual([seen.began, seen.settled, (yield* requests).length], [[1], ["Succeeded"], 1])
    })
  )

  it.scoped("of a scope that closes settles what is under way", () =>
    Effect.gen(function* () {
      const seen = watched()
      const { provider: service } = yield* provider([answer], seen.admission)
      const scope = yield* Scope.make()
      const pull = yield* Scope.extend(Stream.toPull(service.stream(request)), scope)
      yield* pull
      assert.deepStrictEqual(seen.settled, [])
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(seen.settled, ["Abandoned"])
    })
  )
})

describe("a defect", () => {
  const places = {
    admit: [[1], []],
    began: [[1], ["Abandoned"]],
    settle: [[1], ["Succeeded"]]
  } as const
  for (const [place, expected] of Object.entries(places)) {
    for (const delivery of deliveries) {
      it.scoped(`in ${place} ends the request, and everything is settled once, with the delivery ${delivery}`, () =>
        Effect.gen(function* () {
          const seen = watched({ [place]: Effect.die(new Error("broken")) })
          const { provider: service } = yield* provider([answer], seen.admission)
          const exit = yield* Effect.exit(Stream.runDrain(service.stream(request, { delivery })))
          assert(Exit.isFailure(exit) && Cause.isDie(exit.cause), "the defect was lost")
          assert.deepStrictEqual<unknown>([seen.asked, seen.settled], expected)
        })
      )
    }
  }

  it.scoped("that is thrown is one as well", () =>
    Effect.gen(function* () {
      const admission: Admission.Admission = {
        admit: () => {
          throw new Error("broken")
        }
      }
      const { provider: service } = yield* provider([answer], admission)
      const exit = yield* Effect.exit(service.generate(request))
      assert(Exit.isFailure(exit) && Cause.isDie(exit.cause))
    })
  )
})

describe("Admission.all", () => {
  /** Admissions that write into one list. */
  const named = (
    log: Array<string>,
    name: string,
    admit: Effect.Effect<void, ProviderError.ProviderError> = Effect.void
  ) => ({
    admit: () =>
      Effect.zipRight(
        admit,
        Effect.sync(() => {
          log.push(`+${name}`)
          return {
            began: () => Effect.sync(() => void log.push(`!${name}`)),
            settle: ({ _tag }: Admission.Outcome) => Effect.sync(() => void log.push(`-${name} ${_tag}`))
          }
        })
      )
  })

  it.scoped("asks in order, and tells the last one first", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const all = Admission.all([named(log, "a"), Admission.all([named(log, "b"), named(log, "c")])])
      const { provider: service } = yield* provider([answer], all)
      yield* service.generate(request)
      assert.deepStrictEqual(log, [
        ...["+a", "+b", "+c", "!a", "!b", "!c"],
        ...["-c Succeeded", "-b Succeeded", "-a Succeeded"]
      ])
    })
  )

  const stops = {
    refuses: new ProviderError.LimitReached(),
    dies: Effect.die(new Error("broken"))
  }
  for (const [how, stop] of Object.entries(stops)) {
    it.scoped(`gives back at once what it has, the last one first, where a later one ${how}`, () =>
      Effect.gen(function* () {
        const log: Array<string> = []
        const all = Admission.all([named(log, "a"), named(log, "b"), named(log, "c", stop), named(log, "d")])
        const { provider: service, requests } = yield* provider([answer], all)
        assert.isTrue(Exit.isFailure(yield* Effect.exit(service.generate(request))))
        assert.deepStrictEqual(log, ["+a", "+b", "-b Abandoned", "-a Abandoned"])
        assert.strictEqual((yield* requests).length, 0)
      })
    )
  }

  it.scoped("gives back what it has where the wait for a later one is interrupted", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const all = Admission.all([named(log, "a"), named(log, "b"), named(log, "c", Effect.never)])
      const { provider: service } = yield* provider([answer], all)
      const fiber = yield* Effect.fork(service.generate(request))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(log, ["+a", "+b", "-b Abandoned", "-a Abandoned"])
    })
  )

  it.effect("tells all of them, also where one dies at that", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const dies = { admit: () => Effect.succeed({ settle: () => Effect.die(new Error("broken")) }) }
      const permit = yield* Admission.all([named(log, "a"), dies, named(log, "b")]).admit(info)
      const exit = yield* Effect.exit(permit.settle({ _tag: "Abandoned" }))
      assert(Exit.isFailure(exit) && Cause.isDie(exit.cause))
      assert.deepStrictEqual(log, ["+a", "+b", "-b Abandoned", "-a Abandoned"])
    })
  )
})

describe("whatever happens", () => {
  const turn = fc.constantFrom(
    answer,
    dropped,
    busy,
    refused,
    ScriptedProvider.drop(whole, { afterEvents: 6, how: "stall" })
  )
  const plan = fc.record({
    turns: fc.array(turn, { minLength: 1, maxLength: 4 }),
    delivery: fc.constantFrom(...deliveries),
    parts: fc.array(fc.constantFrom(0, 0, 5, 40), { minLength: 1, maxLength: 4 }),
    interruptAt: fc.integer({ min: 0, max: 240 }),
    takes: fc.integer({ min: 1, max: 12 }),
    began: fc.constantFrom(0, 7)
  })

  it.effect.prop(
    "each permit that was given is settled once, at the latest when the consumer is gone",
    { plan },
    ({ plan }) =>
      Effect.scoped(
        Effect.gen(function* () {
          const { began, delivery, interruptAt, parts, takes, turns } = plan
          const seen = parts.map((wait) => watched({ admit: Effect.sleep(wait), began: Effect.sleep(began) }))
          const all = Admission.all(seen.map(({ admission }) => admission))
          const [first = answer, ...rest] = turns
          const { provider: service } = yield* provider([first, ...rest], all, {
            retry: Schedule.intersect(Schedule.spaced(30), Schedule.recurs(3)),
            deadlines: { idle: 100 }
          })
          const fiber = yield* Effect.fork(Stream.runDrain(Stream.take(service.stream(request, { delivery }), takes)))
          for (let at = 0; at < interruptAt; at += 20) yield* TestClock.adjust(20)
          const interrupting = yield* Effect.fork(Fiber.interrupt(fiber))
          yield* TestClock.adjust("1 second")
          yield* Fiber.join(interrupting)
          for (const each of seen) assert.strictEqual(each.settled.length, each.given())
          // Each one is asked only once the one before it has agreed.
          for (const [at, each] of seen.entries()) {
            const before = seen[at - 1]
            if (before !== undefined) assert.strictEqual(each.asked.length, before.given())
          }
        })
      ),
    { fastCheck: { numRuns: 40 } }
  )

  it.effect("also where an interruption comes between any two operations of what asks", () =>
    Effect.gen(function* () {
      const seen = [watched(), watched(), watched()]
      const admission = Admission.all(seen.map(({ admission }) => admission))
      let waiting = 0
      const queue = { queued: () => waiting++, left: () => waiting-- }
      const operations = yield* atEachOperation(Effect.succeed({ admission, info, queue }), (at) =>
        Effect.sync(() => {
          assert.strictEqual(waiting, 0, `in the queue at operation ${at}`)
          for (const { given, settled } of seen) assert.strictEqual(settled.length, given(), `at operation ${at}`)
        })
      )
      assert.isAbove(operations, 50)
    })
  )
})
