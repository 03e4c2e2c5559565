/**
 * The lines of the log: one per redial, one for a request that failed although it was tried again, none for a healthy one.
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, FiberRef, FiberRefs, Logger, LogLevel, Option, Schedule, Tracer } from "effect"
import { Telemetry } from "effect-redial"
import { ScriptedProvider } from "effect-redial/testing"
import { observing } from "../support/observing.js"

const whole = { text: "Because of Rayleigh scattering." }
const answer = ScriptedProvider.answer(whole)
const dropped = ScriptedProvider.drop(whole, { afterEvents: 5 })

const request = { model: "m", prompt: "hi" }

/** The lines that a request leaves, without Effect's own about a fiber that failed. */
const linesOf = (script: Parameters<typeof ScriptedProvider.make>[0], levels: Telemetry.Levels = {}) =>
  Effect.gen(function* () {
    const { lines, run } = observing()
    const { provider } = yield* ScriptedProvider.make(script, { retry: Schedule.recurs(2) })
    yield* Effect.exit(run(Effect.provide(provider.generate(request), Telemetry.logs(levels))))
    return { lines: lines.filter(({ message }) => !message.startsWith("Fiber terminated")) }
  })

const levelsOf = (lines: ReadonlyArray<{ readonly level: string }>) => lines.map(({ level }) => level)

describe("the log", () => {
  it.scoped("has no line for a healthy request, and none for one that fails at once", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* linesOf([answer])).lines, [])
      assert.deepStrictEqual((yield* linesOf([ScriptedProvider.status(400)])).lines, [])
    })
  )

  it.scoped("has one for each redial, and one where a request failed in spite of them", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(levelsOf((yield* linesOf([dropped, answer])).lines), ["INFO"])
      const { lines } = yield* linesOf([dropped])
      assert.deepStrictEqual(levelsOf(lines), ["INFO", "INFO", "WARN"])
      const [first, , last] = lines
      assert.match(
        first?.message ?? "",
        // No advice after the facts: the library itself asks again.
        /^Redialling in 0 ms to begin the answer anew\. scripted over anthropic-messages: the connection .* \(model m, attempt 1, [^)]*\)\.$/
      )
      assert.match(
        last?.message ?? "",
        /^The request failed after 3 attempts\. scripted over .*attempt 3.*ask again\.$/
      )
      assert.strictEqual(last?.annotations["effect_redial.attempts"], 3)
    })
  )

  it.scoped("has no field that is not known, and no text of an answer", () =>
    Effect.gen(function* () {
      const { lines } = yield* linesOf([ScriptedProvider.status(529), dropped])
      assert.strictEqual(lines.length, 3)
      for (const { annotations, message } of lines) {
        for (const [name, value] of Object.entries(annotations)) assert.isDefined(value, name)
        assert.notInclude(message, "undefined")
        assert.notInclude(message, "Rayleigh")
      }
      assert.notProperty(lines[0]?.annotations, "effect_redial.route")
    })
  )

  it.scoped("takes its levels from the program, down to none", () =>
    Effect.gen(function* () {
      const { None } = LogLevel
      const levels = (given: Telemetry.Levels) => Effect.map(linesOf([dropped], given), ({ lines }) => levelsOf(lines))
      assert.deepStrictEqual(yield* levels({ redials: None }), ["WARN"])
      assert.deepStrictEqual(yield* levels({ redials: None, failures: None }), [])
      assert.deepStrictEqual(yield* levels({ redials: LogLevel.Debug, failures: LogLevel.Error }), [
        "DEBUG",
        "DEBUG",
        "ERROR"
      ])
    })
  )

  it.scoped("makes no event of a span out of a line, and the line belongs to the trace all the same", () =>
    Effect.gen(function* () {
      const ids: Array<string> = []
      const logger = Logger.make(({ context }) => {
        const span = Context.getOption(FiberRefs.getOrDefault(context, FiberRef.currentContext), Tracer.ParentSpan)
        if (Option.isSome(span)) ids.push(span.value.spanId)
      })
      const { run, spans } = observing()
      const { provider } = yield* ScriptedProvider.make([dropped, answer], { retry: Schedule.recurs(2) })
      yield* run(Effect.provide(provider.generate(request), Logger.add(logger)))
      const at = spans.findIndex(({ name }) => name === "chat m")
      assert.deepStrictEqual(ids, [String(at + 1)])
      for (const { events } of spans) for (const [name] of events) assert.match(name, /^effect_redial\.[a-z_]+$/)
    })
  )
})
