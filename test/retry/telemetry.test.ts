/**
 * What is seen from outside: a span per request with one per attempt below it, and a log line per redial.
 */
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Exit, HashMap, Layer, Logger, LogLevel, Option, Redacted, Schedule, Stream, Tracer } from "effect"
import { Credentials } from "effect-redial"
import { ScriptedProvider } from "effect-redial/testing"

interface Seen {
  readonly name: string
  readonly parent: string | undefined
  readonly attributes: Map<string, unknown>
  exit: Exit.Exit<unknown, unknown> | undefined
}

const collecting = (seen: Array<Seen>): Tracer.Tracer =>
  Tracer.make({
    context: (f) => f(),
    span: (name, parent, context, links, startTime, kind) => {
      const spanId = String(seen.length)
      const owner = Option.map(parent, (span) => (span._tag === "Span" ? span.name : span.spanId))
      const record: Seen = { name, parent: Option.getOrUndefined(owner), attributes: new Map(), exit: undefined }
      seen.push(record)
      return {
        _tag: "Span",
        name,
        spanId,
        traceId: "trace",
        parent,
        context,
        links,
        kind,
        sampled: true,
        status: { _tag: "Started", startTime },
        attributes: record.attributes,
        attribute: (key, value) => void record.attributes.set(key, value),
        event: () => {},
        addLinks: () => {},
        end: (_, exit) => {
          record.exit = exit
        }
      }
    }
  })

const whole = { text: "Because of Rayleigh scattering." }

describe("telemetry", () => {
  it.scoped("a request is one span, and each attempt one below it, with what became of it", () =>
    Effect.gen(function* () {
      const spans: Array<Seen> = []
      const lines: Array<Record<string, unknown>> = []
      const logger = Logger.make(({ annotations, message }) => {
        lines.push({ message: String(message), ...Object.fromEntries(HashMap.toEntries(annotations)) })
      })
      const { provider } = yield* ScriptedProvider.make(
        [ScriptedProvider.drop(whole, { afterEvents: 5 }), ScriptedProvider.answer(whole)],
        { retry: Schedule.recurs(1) }
      )
      yield* Stream.runDrain(provider.stream({ model: "m", prompt: "hi" })).pipe(
        Effect.withTracer(collecting(spans)),
        Effect.provide(
          Layer.merge(Logger.replace(Logger.defaultLogger, logger), Logger.minimumLogLevel(LogLevel.Debug))
        )
      )
      const attempts = spans.filter(({ name }) => name.startsWith("attempt"))
      assert.deepStrictEqual(
        attempts.map(({ attributes, exit, name, parent }) => [
          name,
          parent,
          exit?._tag,
          attributes.get("effect_redial.delivered"),
          attributes.get("error.type")
        ]),
        [
          ["attempt 1", "chat m", "Failure", "text", "StreamDropped"],
          ["attempt 2", "chat m", "Success", "text", undefined]
        ]
      )
      assert.strictEqual(spans.find(({ name }) => name === "chat m")?.exit?._tag, "Success")

      const redials = lines.filter(({ message }) => String(message).startsWith("redialling"))
      assert.strictEqual(redials.length, 1)
      assert.strictEqual(redials[0]?.["error.type"], "StreamDropped")
      assert.include(String(redials[0]?.message), "in the middle of the answer")
      assert.match(String(redials[0]?.["effect_redial.generation"]), /^scripted#\d+\.1$/)
    })
  )

  it.scoped("an attempt says by name and version with which key it was sent, and nothing says the key", () =>
    Effect.gen(function* () {
      const spans: Array<Seen> = []
      const lines: Array<unknown> = []
      const apiKey = yield* Credentials.make([
        Credentials.fromKey(Redacted.make("the-first-key"), { name: "team" }),
        Credentials.fromKey(Redacted.make("the-second-key"))
      ])
      const { provider } = yield* ScriptedProvider.make(
        [ScriptedProvider.status(401), ScriptedProvider.answer(whole)],
        { apiKey }
      )
      yield* provider.generate({ model: "m", prompt: "hi" }).pipe(
        Effect.withTracer(collecting(spans)),
        Effect.provide(
          Layer.merge(
            Logger.replace(
              Logger.defaultLogger,
              Logger.make((line) => lines.push(line))
            ),
            Logger.minimumLogLevel(LogLevel.Debug)
          )
        )
      )
      assert.deepStrictEqual(
        spans.flatMap(({ attributes }) => attributes.get("effect_redial.credential") ?? []),
        ["team@1", "key-2@1"]
      )
      assert.strictEqual(lines.length, 1)
      assert.notMatch(inspect([spans, lines], { depth: 20 }), /the-(first|second)-key/)
    })
  )
})
