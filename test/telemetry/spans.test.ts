/**
 * What is seen from outside: a span per request with one per attempt below it, and a log line per redial.
 */
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Redacted, Schedule, Stream, TestClock, TestServices } from "effect"
import { Credentials, Provider, Vendors } from "effect-redial"
import { FaultServer, Reply, ScriptedProvider, Wire } from "effect-redial/testing"
import { observing } from "../support/observing.js"

const whole = { text: "Because of Rayleigh scattering." }

describe("telemetry", () => {
  it.scoped("a request is one span, and each attempt one below it, with what became of it", () =>
    Effect.gen(function* () {
      const { lines, run, spans } = observing()
      const { provider } = yield* ScriptedProvider.make(
        [ScriptedProvider.drop(whole, { afterEvents: 5 }), ScriptedProvider.answer(whole)],
        { retry: Schedule.recurs(1) }
      )
      yield* run(Stream.runDrain(provider.stream({ model: "m", prompt: "hi" })))
      const attempts = spans.filter(({ name }) => name === "attempt")
      assert.deepStrictEqual(
        attempts.map(({ attributes, exit, name, parent }) => [
          name,
          parent,
          exit?._tag,
          attributes.get("effect_redial.delivered"),
          attributes.get("error.type")
        ]),
        [
          ["attempt", "chat m", "Failure", "text", "StreamDropped"],
          ["attempt", "chat m", "Success", "text", undefined]
        ]
      )
      assert.strictEqual(spans.find(({ name }) => name === "chat m")?.exit?._tag, "Success")

      const redials = lines.filter(({ message }) => message.startsWith("Redialling"))
      assert.strictEqual(redials.length, 1)
      assert.strictEqual(redials[0]?.annotations["error.type"], "StreamDropped")
      assert.include(redials[0]?.message, "in the middle of the answer")
      assert.match(String(redials[0]?.annotations["effect_redial.generation"]), /^scripted#\d+\.1$/)
    })
  )

  it.scoped("the wait before a redial is in whole milliseconds, in the span and in the log", () =>
    Effect.gen(function* () {
      const { lines, run, spans } = observing()
      const { provider } = yield* ScriptedProvider.make(
        [ScriptedProvider.status(529), ScriptedProvider.answer(whole)],
        { retry: Schedule.addDelay(Schedule.recurs(1), () => Duration.nanos(1_600_000n)) }
      )
      const fiber = yield* Effect.fork(run(provider.generate({ model: "m", prompt: "hi" })))
      yield* TestClock.adjust("2 millis")
      yield* Fiber.join(fiber)
      const redial = spans.flatMap(({ events }) => events).find(([name]) => name === "effect_redial.redial")
      assert.strictEqual(redial?.[2]?.["effect_redial.retry_in_ms"], 2)
      assert.deepStrictEqual(
        lines.map(({ annotations }) => annotations["effect_redial.retry_in_ms"]),
        [2]
      )
    })
  )

  it.scoped("an attempt says by which route it goes on, and the log line before it says so too", () =>
    Effect.gen(function* () {
      const { lines, run, spans } = observing()
      const { provider } = yield* ScriptedProvider.make(
        [
          ScriptedProvider.drop(whole, { afterEvents: 1 }),
          ScriptedProvider.drop({ text: ["Because of ", "Rayleigh"] }, { afterEvents: 5 }),
          ScriptedProvider.answer({ text: "It is not blue." }),
          ScriptedProvider.resumed(" scattering.")
        ],
        { retry: Schedule.recurs(2) }
      )
      yield* run(Stream.runDrain(provider.streamText({ model: "m", prompt: "hi" })))
      assert.deepStrictEqual(
        spans
          .filter(({ name }) => name === "attempt")
          .map(({ attributes }) => [attributes.get("effect_redial.route"), attributes.get("error.type")]),
        [
          [undefined, "StreamDropped"],
          [undefined, "StreamDropped"],
          ["ask", "SeamNotProven"],
          ["ask", undefined]
        ]
      )
      assert.deepStrictEqual(
        lines.flatMap(({ annotations }) => annotations["effect_redial.next_route"] ?? []),
        ["restart", "ask", "ask"]
      )
    })
  )

  it.scoped("the span of a request ends as the request did, whether it is streamed or taken whole", () =>
    Effect.gen(function* () {
      const request = { model: "m", prompt: "hi" }
      type Use = (provider: Provider.Service) => Effect.Effect<unknown, unknown>
      const ends = (turn: ScriptedProvider.Turn, use: Use, how: "left alone" | "interrupted" = "left alone") =>
        Effect.gen(function* () {
          const { run, spans } = observing()
          const { provider } = yield* ScriptedProvider.make([turn], { retry: Schedule.stop })
          const fiber = yield* Effect.fork(run(use(provider)))
          if (how === "interrupted") {
            const under = () => spans.some(({ name }) => name === "attempt")
            yield* Effect.repeat(TestServices.provideLive(Effect.sleep("1 millis")), { until: under })
            yield* Fiber.interrupt(fiber)
          }
          yield* Fiber.await(fiber)
          const requests = spans.filter(({ name }) => name !== "effect-redial.acquire")
          return requests.map(({ exit, name }) => [name, exit && Exit.isInterrupted(exit) ? "Interrupted" : exit?._tag])
        })
      const both = (end: string) => [
        ["chat m", end],
        ["attempt", end]
      ]
      const broken = ScriptedProvider.drop(whole, { afterEvents: 5 })
      const stalled = ScriptedProvider.drop(whole, { afterEvents: 5, how: "stall" })
      const uses: ReadonlyArray<Use> = [
        (provider) => Stream.runDrain(provider.stream(request)),
        (provider) => Stream.runDrain(provider.streamText(request)),
        (provider) => provider.generate(request)
      ]
      for (const use of uses) {
        assert.deepStrictEqual(yield* ends(ScriptedProvider.answer(whole), use), both("Success"))
        assert.deepStrictEqual(yield* ends(broken, use), both("Failure"))
        assert.deepStrictEqual(yield* ends(stalled, use, "interrupted"), both("Interrupted"))
      }
      // Whoever has enough has not failed.
      const enough: Use = (provider) => Stream.runDrain(Stream.take(provider.stream(request), 1))
      assert.deepStrictEqual(yield* ends(stalled, enough), both("Success"))
    })
  )

  it.scopedLive("the server, its headers and the answer's own facts are there by the names of OpenTelemetry", () =>
    Effect.gen(function* () {
      const { lines, run, spans } = observing()
      const events = Wire.answer("anthropic-messages", { text: "hi", id: "msg_7", model: "m-2026" })
      const headers = {
        "request-id": "req_1",
        "cf-ray": "ray",
        "set-cookie": "c=1",
        "x-other": "o",
        server: "s".repeat(900)
      }
      const server = yield* FaultServer.make([
        Reply.status(529, {
          headers: { ...headers, "retry-after-ms": "1", "X-RateLimit-Remaining": "0" },
          body: "busy"
        }),
        Reply.stream(events, { headers: { ...headers, "anthropic-ratelimit-tokens-remaining": "7" } })
      ])
      const provider = yield* Provider.make(Vendors.anthropic, {
        apiKey: Redacted.make("test-key"),
        baseUrl: server.url,
        retry: Schedule.recurs(1)
      })
      const { attempts } = yield* run(provider.generate({ model: "m", prompt: "hi" }))
      const kept = { "request-id": "req_1", "cf-ray": "ray", server: "s".repeat(200) }
      assert.deepStrictEqual(attempts[0]?.headers, { ...kept, "retry-after-ms": "1", "x-ratelimit-remaining": "0" })
      assert.deepStrictEqual(attempts[1]?.headers, { ...kept, "anthropic-ratelimit-tokens-remaining": "7" })

      const chat = spans.find(({ name }) => name === "chat m")
      const expected = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": "m",
        "gen_ai.response.id": "msg_7",
        "gen_ai.response.model": "m-2026",
        "gen_ai.response.finish_reasons": ["stop"],
        "server.address": "127.0.0.1",
        "server.port": server.port
      }
      for (const [name, value] of Object.entries(expected))
        assert.deepStrictEqual(chat?.attributes.get(name), value, name)
      const first = spans.find(({ name }) => name === "attempt")
      assert.deepStrictEqual(first?.attributes.get("http.response.header.request-id"), ["req_1"])
      assert.strictEqual(first?.attributes.get("error.type"), "Overloaded")

      const [line, ...others] = lines.filter(({ message }) => message.startsWith("Redialling"))
      assert.deepStrictEqual(others, [])
      // All that a support engineer asks first, in the text alone.
      for (const fact of [
        "in 1 ms",
        "anthropic",
        "anthropic-messages",
        "overloaded",
        "model m",
        "attempt 1",
        "status 529"
      ]) {
        assert.include(line?.message, fact)
      }
      assert.match(line?.message ?? "", /generation anthropic#\d+\.1.*request id req_1/)
      assert.strictEqual(line?.annotations["gen_ai.provider.name"], "anthropic")
      assert.strictEqual(line?.annotations["effect_redial.delivered"], "nothing")
      assert.strictEqual(line?.annotations["effect_redial.retry_in_ms"], 1)
    })
  )

  it.scopedLive(
    "the building of a client stands below who needed it: the first attempt, or the request that redials",
    () =>
      Effect.gen(function* () {
        const { run, spans } = observing()
        const events = Wire.answer("anthropic-messages", whole)
        const server = yield* FaultServer.make([
          Reply.cut(Reply.stream(events), { afterEvents: 4 }, "rst"),
          Reply.stream(events),
          Reply.stream(events)
        ])
        const provider = yield* Provider.make(Vendors.anthropic, {
          apiKey: Redacted.make("test-key"),
          baseUrl: server.url,
          retry: Schedule.recurs(1)
        })
        // The second request finds a client, and builds none.
        yield* run(Effect.repeatN(provider.generate({ model: "m", prompt: "hi" }), 1))
        assert.deepStrictEqual(
          spans.filter(({ name }) => name === "effect-redial.acquire").map(({ parent }) => parent),
          ["attempt", "chat m"]
        )
      })
  )

  it.scoped("an attempt says by name and version with which key it was sent, and nothing says the key", () =>
    Effect.gen(function* () {
      const { lines, run, spans } = observing()
      const apiKey = yield* Credentials.make([
        Credentials.fromKey(Redacted.make("the-first-key"), { name: "team" }),
        Credentials.fromKey(Redacted.make("the-second-key"))
      ])
      const { provider } = yield* ScriptedProvider.make(
        [ScriptedProvider.status(401), ScriptedProvider.answer(whole)],
        { apiKey }
      )
      yield* run(provider.generate({ model: "m", prompt: "hi" }))
      assert.deepStrictEqual(
        spans.flatMap(({ attributes }) => attributes.get("effect_redial.credential") ?? []),
        ["team@1", "key-2@1"]
      )
      assert.strictEqual(lines.filter(({ message }) => message.startsWith("Redialling")).length, 1)
      assert.notMatch(inspect([spans, lines], { depth: 20 }), /the-(first|second)-key/)
    })
  )
})
