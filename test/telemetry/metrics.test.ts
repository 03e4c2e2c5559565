/**
 * The metrics of requests: what is counted, once, whatever becomes of a request, and under how many labels.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Metric, Redacted, Schedule, Stream, TestClock } from "effect"
import { type Admission, CircuitBreaker, InvalidOptions, Metrics, Provider, Vendors } from "effect-redial"
import { FaultServer, Reply, ScriptedProvider, Wire } from "effect-redial/testing"
import { fresh, ofModel, samples, samplesBy } from "../support/telemetry/metered.js"

const usage = { inputTokens: 100, outputTokens: 20, cacheReadTokens: 40, reasoningTokens: 7 }
const whole = { text: ["Because of ", "Rayleigh ", "scattering."], usage }
const answer = ScriptedProvider.answer(whole)
const dropped = ScriptedProvider.drop(whole, { afterEvents: 5 })

const base = "gen_ai.client"

const healthy = (of: Record<string, number> = {}) => ({
  "effect_redial.attempts effect_redial.outcome=succeeded": 1,
  "effect_redial.requests effect_redial.outcome=succeeded": 1,
  [`${base}.operation.duration`]: 1,
  [`${base}.operation.time_to_first_chunk`]: 1,
  ...of
})

const without = (counts: Readonly<Record<string, number>>, ...prefixes: ReadonlyArray<string>) =>
  Object.fromEntries(Object.entries(counts).filter(([name]) => !prefixes.some((prefix) => name.startsWith(prefix))))

const tokens = ["gen_ai.client.token", "effect_redial.lost", "effect_redial.cache", "effect_redial.reasoning"]
const waits = [`${base}.operation.time_per_output_chunk`]

describe("the metrics of a request", () => {
  it.scoped("that goes well are one of each, and no redial", () =>
    Effect.gen(function* () {
      const model = fresh()
      const { provider } = yield* ScriptedProvider.make([answer])
      yield* provider.generate({ model, prompt: "hi" })
      assert.deepStrictEqual(without(ofModel(model), ...tokens, ...waits), healthy())
      const told = samples("gen_ai.request.model", model)
      assert.deepStrictEqual(
        told.filter(({ name }) => name === Metrics.names.tokenUsage).map(({ labels, sum }) => [labels, sum]),
        (
          [
            ["input", 100],
            ["output", 20]
          ] as const
        ).map(([type, sum]) => [
          {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "scripted",
            "gen_ai.request.model": model,
            "gen_ai.token.type": type,
            "effect_redial.protocol": "anthropic-messages",
            unit: "{token}"
          },
          sum
        ])
      )
      assert.strictEqual(ofModel(model)["effect_redial.cache_read_tokens"], 40)
      assert.notProperty(ofModel(model), "effect_redial.lost_tokens")
    })
  )

  it.scoped("that begins anew has lost what the broken attempt read and wrote", () =>
    Effect.gen(function* () {
      const model = fresh()
      const { provider } = yield* ScriptedProvider.make([dropped, answer], { retry: Schedule.recurs(1) })
      const { attempts } = yield* provider.generate({ model, prompt: "hi" })
      const counts = ofModel(model)
      assert.deepStrictEqual(without(counts, ...tokens, ...waits), {
        ...healthy(),
        "effect_redial.attempts effect_redial.outcome=failed error.type=StreamDropped": 1,
        "effect_redial.redials effect_redial.route=restart error.type=StreamDropped": 1
      })
      const { inputTokens, outputTokens } = attempts[0]?.usage ?? {}
      assert.strictEqual(inputTokens, 100)
      const lost = (type: string) => `effect_redial.lost_tokens error.type=StreamDropped gen_ai.token.type=${type}`
      assert.strictEqual(counts[lost("input")], inputTokens)
      assert.strictEqual(counts[lost("output")], outputTokens)
      // The usage of the request is that of both.
      const sums = samples("gen_ai.request.model", model).filter(({ name }) => name === Metrics.names.tokenUsage)
      assert.deepStrictEqual(
        sums.map(({ sum }) => sum),
        [200, 20 + (outputTokens ?? 0)]
      )
    })
  )

  it.scoped("that goes on with its text has lost what was read, and not what was written", () =>
    Effect.gen(function* () {
      const model = fresh()
      const { provider } = yield* ScriptedProvider.make(
        [ScriptedProvider.drop(whole, { afterEvents: 5 }), ScriptedProvider.resumed("scattering.")],
        { retry: Schedule.recurs(1) }
      )
      yield* Stream.runDrain(provider.streamText({ model, prompt: "hi" }))
      const lost = Object.entries(ofModel(model)).filter(([name]) => name.startsWith("effect_redial.lost"))
      assert.deepStrictEqual(lost, [
        ["effect_redial.lost_tokens error.type=StreamDropped gen_ai.token.type=input", 100]
      ])
      assert.strictEqual(ofModel(model)["effect_redial.redials effect_redial.route=ask error.type=StreamDropped"], 1)
    })
  )

  it.scoped("count each request and each attempt once, whatever becomes of them", () =>
    Effect.gen(function* () {
      type Use = (service: Provider.Service, model: string) => Effect.Effect<unknown, unknown>
      const request = (model: string) => ({ model, prompt: "hi" })
      const uses: ReadonlyArray<Use> = [
        (service, model) => service.generate(request(model)),
        (service, model) => Stream.runDrain(service.stream(request(model))),
        (service, model) => Stream.runDrain(service.stream(request(model), { delivery: "hold" })),
        (service, model) => Stream.runDrain(service.streamText(request(model))),
        (service, model) => Stream.runDrain(Stream.take(service.stream(request(model)), 1)),
        (service, model) => Effect.timeout(service.generate(request(model)), "1 second")
      ]
      const turns: ReadonlyArray<ScriptedProvider.Turn> = [
        answer,
        dropped,
        ScriptedProvider.drop(whole, { afterEvents: 5, how: "stall" }),
        ScriptedProvider.status(529)
      ]
      const label = "effect_redial.outcome"
      const cases = uses.flatMap((use) => turns.flatMap((first) => turns.map((second) => ({ use, first, second }))))
      const played = yield* Effect.forEach(cases, ({ first, second, use }) =>
        Effect.gen(function* () {
          const model = fresh()
          const script = [first, second, answer] as const
          const { provider, requests } = yield* ScriptedProvider.make(script, {
            retry: Schedule.recurs(1),
            deadlines: { firstEvent: "2 seconds", idle: "2 seconds" }
          })
          const fiber = yield* Effect.fork(Effect.exit(use(provider, model)))
          return { model, fiber, requests }
        })
      )
      yield* TestClock.adjust("20 seconds")
      for (const { fiber } of played) yield* Fiber.join(fiber)
      const all = samplesBy("gen_ai.request.model")
      for (const { model, requests } of played) {
        const told = all.get(model) ?? []
        const total = (metric: string, outcome?: string) =>
          told
            .filter(({ labels, name }) => name === metric && (outcome ?? labels[label]) === labels[label])
            .reduce((sum, { value }) => sum + value, 0)
        const { length } = yield* requests
        assert.strictEqual(total(Metrics.names.requests), 1)
        assert.strictEqual(total(Metrics.names.attempts), length)
        // There is no duration of a request that was left, and at most one first event.
        const left = total(Metrics.names.requests, "abandoned")
        assert.strictEqual(total(Metrics.names.operationDuration), 1 - left)
        assert.isAtMost(total(Metrics.names.timeToFirstChunk), 1)
        assert.include([length - 1, length], total(Metrics.names.redials))
      }
    })
  )

  it.scoped("of one that its consumer leaves, in any way, is a request that was abandoned", () =>
    Effect.gen(function* () {
      const stalled = ScriptedProvider.drop(whole, { afterEvents: 5, how: "stall" })
      const { provider } = yield* ScriptedProvider.make([stalled])
      const enough = fresh()
      yield* Stream.runDrain(Stream.take(provider.stream({ model: enough, prompt: "hi" }), 1))
      const interrupted = fresh()
      const came = yield* Deferred.make<void>()
      const fiber = yield* provider.stream({ model: interrupted, prompt: "hi" }).pipe(
        Stream.runForEach(() => Deferred.succeed(came, undefined)),
        Effect.fork
      )
      yield* Deferred.await(came)
      yield* Fiber.interrupt(fiber)
      for (const model of [enough, interrupted]) {
        assert.deepStrictEqual(without(ofModel(model), ...tokens, ...waits), {
          "effect_redial.attempts effect_redial.outcome=abandoned": 1,
          "effect_redial.requests effect_redial.outcome=abandoned": 1,
          [`${base}.operation.time_to_first_chunk`]: 1
        })
      }
    })
  )

  it.scoped("say by seconds how long it took, waited for its first event, and waited for permission", () =>
    Effect.gen(function* () {
      const model = fresh()
      const slow: Admission.Admission = {
        admit: () => Effect.as(Effect.sleep("2 seconds"), { settle: () => Effect.void })
      }
      const { provider } = yield* ScriptedProvider.make([dropped, answer], {
        retry: Schedule.fromDelay("5 seconds"),
        admission: Effect.succeed(slow)
      })
      const fiber = yield* Effect.fork(provider.generate({ model, prompt: "hi" }))
      const queue = () => ofModel(model)["effect_redial.queue.length"]
      yield* TestClock.adjust("1 second")
      assert.strictEqual(queue(), 1)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(queue(), 0)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      assert.strictEqual(queue(), 0)
      const sum = (metric: string) =>
        samples("gen_ai.request.model", model).find(({ labels, name }) => name === metric && labels.unit === "s")?.sum
      assert.strictEqual(sum(Metrics.names.operationDuration), 9)
      assert.strictEqual(sum(Metrics.names.timeToFirstChunk), 2)
      assert.strictEqual(sum(Metrics.names.admissionWait), 4)
    })
  )

  it.scopedLive("say how long was waited for the next events, and not for the consumer", () =>
    Effect.gen(function* () {
      const model = fresh()
      const events = Wire.answer("anthropic-messages", { text: ["a", "b", "c"] })
      const server = yield* FaultServer.make([Reply.stream(events, { every: "40 millis" })])
      const provider = yield* Provider.make(Vendors.anthropic, {
        apiKey: Redacted.make("test-key"),
        baseUrl: server.url
      })
      yield* provider.stream({ model, prompt: "hi" }).pipe(Stream.runForEachChunk(() => Effect.sleep("5 millis")))
      const waited = samples("gen_ai.request.model", model).find(
        ({ name }) => name === Metrics.names.timePerOutputChunk
      )
      assert.isAbove(waited?.value ?? 0, 2)
      const mean = (waited?.sum ?? 0) / (waited?.value ?? 1)
      assert(mean > 0.015 && mean < 0.3, `the mean wait was ${mean} s`)
    })
  )

  it.scoped("say what it cost where the provider has prices, all attempts included", () =>
    Effect.gen(function* () {
      const model = fresh()
      const prices = { [model]: { input: 3_000_000, output: 1_000_000, cacheRead: 1_000_000 } }
      const { provider } = yield* ScriptedProvider.make([answer], { prices })
      yield* provider.generate({ model, prompt: "hi" })
      yield* provider.generate({ model, prompt: "hi" })
      assert.strictEqual(ofModel(model)["effect_redial.cost"], 2 * (60 * 3 + 40 + 20))
      const other = fresh()
      yield* provider.generate({ model: other, prompt: "hi" })
      assert.notProperty(ofModel(other), "effect_redial.cost")
    })
  )

  it.effect("take no price that is no number", () =>
    Effect.gen(function* () {
      for (const input of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
        const error = yield* Effect.flip(
          Effect.scoped(ScriptedProvider.make([answer], { prices: { m: { input, output: 1 } } }))
        )
        assert.instanceOf(error, InvalidOptions.InvalidOptions)
        assert.strictEqual(error.option, "prices.m.input")
      }
    })
  )
})

describe("the labels of a metric", () => {
  it.scoped("are those of 100 models of a provider, and of one more that stands for all others", () =>
    Effect.gen(function* () {
      const first = fresh()
      const { provider } = yield* ScriptedProvider.make([answer])
      const others = () => ofModel("_OTHER")["effect_redial.requests effect_redial.outcome=succeeded"] ?? 0
      const before = others()
      for (let i = 0; i < 130; i++) yield* provider.generate({ model: `${first}-${i}`, prompt: "hi" })
      const models = new Set(
        Metric.unsafeSnapshot().flatMap(({ metricKey }) =>
          metricKey.tags.filter(({ value }) => value.startsWith(first)).map(({ value }) => value)
        )
      )
      assert.strictEqual(models.size, 100)
      assert.strictEqual(others() - before, 30)
    })
  )

  it.scoped("have those that the program gives its own metrics, too, which add no models", () =>
    Effect.gen(function* () {
      const model = fresh()
      const { provider } = yield* ScriptedProvider.make([answer])
      const run = provider.generate({ model, prompt: "hi" })
      yield* Effect.tagMetrics(run, "team", "search")
      yield* Effect.tagMetrics(run, "team", "search")
      yield* run
      const counts = ofModel(model)
      assert.strictEqual(counts["effect_redial.requests effect_redial.outcome=succeeded team=search"], 2)
      assert.strictEqual(counts["effect_redial.requests effect_redial.outcome=succeeded"], 1)
    })
  )
})

describe("the metrics of a provider", () => {
  it.scoped("say in which state its circuit breaker is", () =>
    Effect.gen(function* () {
      const state = () =>
        samples("gen_ai.provider.name", "scripted").find(({ name }) => name === Metrics.names.circuitBreakerState)
          ?.value
      const { provider } = yield* ScriptedProvider.make(
        [ScriptedProvider.status(529), ScriptedProvider.status(529), answer],
        { retry: Schedule.stop, admission: CircuitBreaker.make({ failures: 2, openFor: "5 seconds" }) }
      )
      const ask = Effect.exit(provider.generate({ model: "m", prompt: "hi" }))
      yield* ask
      assert.strictEqual(state(), 0)
      yield* ask
      assert.strictEqual(state(), 2)
      yield* TestClock.adjust("5 seconds")
      yield* ask
      assert.strictEqual(state(), 0)
    })
  )

  it.scoped("say what its retry budget has left", () =>
    Effect.gen(function* () {
      const level = () =>
        samples("gen_ai.provider.name", "scripted").find(({ name }) => name === Metrics.names.retryBudgetLevel)
          ?.value ?? 0
      const good = yield* ScriptedProvider.make([answer])
      yield* good.provider.generate({ model: "m", prompt: "hi" })
      assert.closeTo(level(), 10.2, 0.001)
      const bad = yield* ScriptedProvider.make([ScriptedProvider.status(529)], { retry: Schedule.recurs(2) })
      yield* Effect.exit(bad.provider.generate({ model: "m", prompt: "hi" }))
      assert.closeTo(level(), 8, 0.001)
    })
  )
})
