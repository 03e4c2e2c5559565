/**
 * When a tool loop stores how far it is, and what a loop that goes on from there does.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Option, Schema, Stream, TestClock } from "effect"
import { Provider, Tool, Toolkit, ToolLoop } from "effect-redial"
import { ScriptedProvider } from "effect-redial/testing"

const toolkit = Toolkit.make(Tool.make("wait", { parameters: { millis: Schema.Number } }))
const waiting = ToolLoop.make(toolkit, { wait: ({ millis }) => Effect.as(Effect.sleep(millis), `${millis}`) })
const request = { model: "m", prompt: "Wait." }
const call = (millis: number) => ({ id: `c${millis}`, name: "wait", arguments: { millis } })
const calls = ScriptedProvider.answer({ toolCalls: [call(30), call(10), call(20)] })
const script = [calls, ScriptedProvider.answer({ text: "Done." })] as const

const resultsOf = ({ steps }: ToolLoop.Checkpoint) =>
  steps.map(({ results }) => results.map((result) => result?.content ?? null))

const failureOf = <A, E>(exit: Exit.Exit<A, E>): Option.Option<unknown> =>
  Option.flatMap(Exit.causeOption(exit), Cause.failureOption)

/** The calls that have their results. */
const idsOf = ({ steps }: ToolLoop.Checkpoint): ReadonlyArray<string> =>
  steps.flatMap(({ results }) => results.flatMap((result) => result?.id ?? []))

/** Runs a program over the script, while the clock moves on. */
const run = <A, E>(program: Effect.Effect<A, E, Provider.Provider>) =>
  Effect.gen(function* () {
    const { provider } = yield* ScriptedProvider.make(script)
    const fiber = yield* Effect.fork(Effect.provideService(program, Provider.Provider, provider))
    yield* TestClock.adjust("1 hour")
    return yield* Fiber.join(fiber)
  })

describe("ToolLoop's save", () => {
  it.scoped("stores each answer and each result before anybody is told, one after the other", () =>
    Effect.gen(function* () {
      const stored: Array<ReadonlyArray<string>> = []
      let storing = 0
      const save = (checkpoint: ToolLoop.Checkpoint) =>
        Effect.gen(function* () {
          assert.strictEqual(++storing, 1, "two at once")
          yield* Effect.sleep(1000)
          stored.push(idsOf(checkpoint))
          storing--
        })
      const told: Array<string> = []
      yield* run(
        Stream.runForEach(ToolLoop.stream(waiting, request, { save }), (event) =>
          Effect.sync(() => {
            const id =
              event._tag === "ToolResult"
                ? event.call.id
                : `${event._tag} ${event._tag === "Model" && event.event._tag}`
            told.push(id)
            if (event._tag === "ToolResult") assert.include(stored.at(-1) ?? [], id)
            if (id === "Model Finish") assert.isAtLeast(stored.length, 1)
          })
        )
      )
      // An answer, three results, an answer: no store knows less than the one before it.
      assert.deepStrictEqual(
        stored.map(({ length }) => length),
        [0, 1, 2, 3, 3]
      )
      assert.strictEqual(told.filter((id) => id.startsWith("c")).length, 3)
    })
  )

  it.scoped("is not interrupted in the middle of storing a result", () =>
    Effect.gen(function* () {
      const storing = yield* Deferred.make<void>()
      let stored: ToolLoop.Checkpoint | undefined
      const save = (checkpoint: ToolLoop.Checkpoint) =>
        Effect.suspend(() => {
          if (checkpoint.steps[0]?.results[1] === null) return Effect.void
          return Effect.zipRight(Deferred.succeed(storing, undefined), Effect.sleep(5)).pipe(
            Effect.tap(() =>
              Effect.sync(() => {
                stored = checkpoint
              })
            )
          )
        })
      const { provider } = yield* ScriptedProvider.make(script)
      const fiber = yield* ToolLoop.generate(waiting, request, { save }).pipe(
        Effect.provideService(Provider.Provider, provider),
        Effect.fork
      )
      const clock = yield* Effect.fork(Effect.forever(Effect.zipRight(TestClock.adjust(1), Effect.yieldNow())))
      yield* Deferred.await(storing)
      yield* Fiber.interrupt(fiber)
      yield* Fiber.interrupt(clock)
      assert.deepStrictEqual(stored && resultsOf(stored), [[null, "10", null]])
    })
  )

  it.scoped("ends the loop where it fails, as an effect and as a stream", () =>
    Effect.gen(function* () {
      const save = ({ steps }: ToolLoop.Checkpoint) =>
        steps[0]?.results[1] ? Effect.fail("full" as const) : Effect.void
      const generated = yield* run(Effect.exit(ToolLoop.generate(waiting, request, { save })))
      assert.deepStrictEqual(failureOf(generated), Option.some("full"))
      const told: Array<string> = []
      const streamed = yield* run(
        Effect.exit(
          Stream.runForEach(ToolLoop.stream(waiting, request, { save }), ({ _tag }) =>
            Effect.sync(() => told.push(_tag))
          )
        )
      )
      assert.deepStrictEqual(failureOf(streamed), Option.some("full"))
      assert.notInclude(told, "ToolResult")
    })
  )

  it.scoped("gives a loop that is done its end again, and asks nothing", () =>
    Effect.gen(function* () {
      let stored: ToolLoop.Checkpoint | undefined
      const save = (checkpoint: ToolLoop.Checkpoint) =>
        Effect.sync(() => {
          stored = checkpoint
        })
      const first = yield* run(ToolLoop.generate(waiting, request, { save }))
      const { provider, requests } = yield* ScriptedProvider.make(script)
      const again = yield* ToolLoop.generate(waiting, request, { from: stored }).pipe(
        Effect.provideService(Provider.Provider, provider)
      )
      assert.deepStrictEqual(again, first)
      assert.deepStrictEqual(yield* requests, [])
      assert(stored !== undefined)
      assert.deepStrictEqual(ToolLoop.progress(stored).prompt, first.prompt)
    })
  )

  it.scoped("survives JSON: a stored conversation is the same, and so is what goes on from it", () =>
    Effect.gen(function* () {
      const json = Schema.parseJson(ToolLoop.Checkpoint)
      let stored = ""
      const save = (checkpoint: ToolLoop.Checkpoint) =>
        Effect.map(Effect.orDie(Schema.encode(json)(checkpoint)), (text) => {
          stored = text
        })
      const error = yield* run(Effect.flip(ToolLoop.generate(waiting, request, { save, maxSteps: 1 })))
      assert(error._tag === "StepsExhausted")
      const from = yield* Schema.decode(json)(stored)
      assert.deepStrictEqual(ToolLoop.progress(from).prompt, ToolLoop.progress(error.checkpoint).prompt)
    })
  )
})
