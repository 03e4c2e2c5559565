/**
 * The laws of a tool loop, for any tools, any drops and any crashes: what the model is told, and how often each handler runs.
 *
 * A crash ends the loop in the moment after it stored something, or while a handler runs; what is stored is all that the
 * next loop knows.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, FastCheck, Option, Schedule, Schema, Stream } from "effect"
import { Prompt, Provider, Tool, Toolkit, ToolLoop } from "effect-redial"
import { ScriptedProvider, Wire } from "effect-redial/testing"

const kinds = ["works", "fails", "refused", "stopped", "malformed", "unknown"] as const

type Kind = (typeof kinds)[number]

const scenario = FastCheck.record({
  how: FastCheck.constantFrom<"restart" | "hold" | "resume" | "generate">("restart", "hold", "resume", "generate"),
  /** The calls of each step; one without calls is a pause. */
  steps: FastCheck.array(FastCheck.array(FastCheck.constantFrom<Kind>(...kinds), { maxLength: 4 }), { maxLength: 4 }),
  /** For each answer, the last one too: after what share of it it drops, first. */
  drops: FastCheck.array(FastCheck.array(FastCheck.double({ min: 0, max: 0.5, noNaN: true }), { maxLength: 2 }), {
    minLength: 5,
    maxLength: 5
  }),
  crashes: FastCheck.array(
    FastCheck.record({ during: FastCheck.constantFrom("save", "run"), nth: FastCheck.integer({ min: 1, max: 6 }) }),
    { maxLength: 4 }
  ),
  concurrency: FastCheck.constantFrom<number | "unbounded">(1, 2, "unbounded"),
  together: FastCheck.constantFrom(undefined, 1, 2)
})

type Scenario = typeof scenario extends FastCheck.Arbitrary<infer A> ? A : never

const idOf = (step: number, call: number) => `s${step}c${call}`

/** The parameters are checked, so a call without an `id` does not fit. */
const parameters = { id: Schema.String }
const toolkit = Toolkit.make(
  Tool.make("works", { parameters }),
  Tool.make("fails", { parameters }),
  Tool.make("refused", { parameters }),
  Tool.make("stopped", { parameters }),
  Tool.make("malformed", { parameters })
)

const answersOf = ({ steps }: Scenario): ReadonlyArray<Wire.Answer> => [
  ...steps.map((calls, step) => ({
    text: `Step ${step}. `,
    ...(calls.length === 0 && { finish: "pause_turn" }),
    toolCalls: calls.map((name, call) => {
      const id = idOf(step, call)
      return { id, name, arguments: name === "malformed" ? {} : { id } }
    })
  })),
  { text: "Done." }
]

/** Text is dropped before it is shown, so that each answer is asked for anew, also with `resume`. */
const scriptOf = (given: Scenario) => {
  const turns = answersOf(given).flatMap((answer, at) => {
    const { length } = Wire.answer("anthropic-messages", answer)
    const shown = given.how === "resume" ? 2 : length - 3
    const drops = (given.drops[at] ?? []).map((share) =>
      ScriptedProvider.drop(answer, { afterEvents: Math.min(shown, Math.floor(share * length)) })
    )
    return [...drops, ScriptedProvider.answer(answer)]
  })
  const [first = ScriptedProvider.answer({ text: "" }), ...others] = turns
  return { script: [first, ...others] as const, count: turns.length }
}

const json = Schema.parseJson(ToolLoop.Checkpoint)

/** One loop after the other, until one of them comes to its end. */
const live = (given: Scenario) =>
  Effect.gen(function* () {
    const { count, script } = scriptOf(given)
    const { provider, requests } = yield* ScriptedProvider.make(script, { retry: Schedule.recurs(5) })
    const starts: Array<string> = []
    const broken: Array<string> = []
    let stored: string | undefined
    const read = () => (stored === undefined ? undefined : Schema.decodeSync(json)(stored))

    const once = (crash: Scenario["crashes"][number] | undefined) =>
      Effect.gen(function* () {
        const dead = yield* Deferred.make<void>()
        let isDead = false
        let left = crash?.nth ?? Number.POSITIVE_INFINITY
        const die = Effect.suspend(() => {
          isDead = true
          return Effect.zipRight(Deferred.succeed(dead, undefined), Effect.interruptible(Effect.never))
        })
        const count = (during: "save" | "run") => crash?.during === during && --left === 0
        const ran = (id: string) =>
          Effect.suspend(() => {
            starts.push(id)
            const results = read()?.steps.flatMap((step) => step.results) ?? []
            if (results.some((result) => result?.id === id)) broken.push(`${id} was run although its result was stored`)
            return count("run") ? die : Effect.yieldNow()
          })
        const settings = { concurrency: given.together }
        const loop = ToolLoop.make(toolkit, {
          works: { ...settings, run: ({ id }) => Effect.as(ran(id), `result of ${id}`) },
          fails: { ...settings, run: ({ id }) => Effect.zipRight(ran(id), Effect.fail(`failure of ${id}`)) },
          refused: { run: ({ id }) => ran(id), approve: () => Effect.succeed(ToolLoop.refuse("no")) },
          stopped: { ...settings, run: ({ id }) => Effect.zipRight(ran(id), Effect.never), timeout: 1 },
          malformed: ({ id }) => ran(id)
        })
        const options: ToolLoop.Options = {
          concurrency: given.concurrency,
          from: read(),
          save: (checkpoint) =>
            Effect.flatMap(Effect.yieldNow(), () => {
              // What is dead stores nothing.
              if (!isDead) stored = Schema.encodeSync(json)(checkpoint)
              return count("save") ? die : Effect.void
            })
        }
        const request = { model: "m", prompt: "go" }
        const { how } = given
        const end =
          how === "generate"
            ? ToolLoop.generate(loop, request, options)
            : ToolLoop.stream(loop, request, { ...options, delivery: how }).pipe(
                Stream.runLast,
                Effect.flatten,
                Effect.filterOrFail((event) => event._tag === "End"),
                Effect.map(({ result }) => result)
              )
        return yield* Effect.raceFirst(
          Effect.asSome(Effect.orDie(Effect.provideService(end, Provider.Provider, provider))),
          Effect.as(Deferred.await(dead), Option.none())
        )
      })

    let crashed = 0
    for (const crash of given.crashes) {
      const result = yield* once(crash)
      if (Option.isSome(result))
        return { result: result.value, starts, broken, crashed, count, requests: yield* requests }
      crashed++
    }
    const result = yield* Effect.flatten(once(undefined))
    return { result, starts, broken, crashed, count, requests: yield* requests }
  }).pipe(Effect.scoped)

const toldOf = (kind: Kind, id: string): RegExp =>
  ({
    works: new RegExp(`^result of ${id}$`),
    fails: new RegExp(`^failure of ${id}$`),
    refused: /^no$/,
    stopped: /took longer than 1ms/,
    malformed: /do not fit/,
    unknown: /There is no tool "unknown"/
  })[kind]

const check = (given: Scenario) =>
  Effect.map(live(given), ({ broken, count, crashed, requests, result, starts }) => {
    assert.deepStrictEqual(broken, [])
    const runs = (id: string) => starts.filter((start) => start === id).length
    for (const [step, calls] of given.steps.entries()) {
      for (const [at, kind] of calls.entries()) {
        const id = idOf(step, at)
        const mayRun = kind === "works" || kind === "fails" || kind === "stopped"
        if (!mayRun) assert.strictEqual(runs(id), 0, `${id} ${kind}`)
        else if (crashed === 0) assert.strictEqual(runs(id), 1, `${id} ${kind}`)
        else assert(runs(id) >= 1 && runs(id) <= 1 + crashed, `${id} ${kind} ${runs(id)}`)
      }
    }
    const results = result.prompt.flatMap((message) =>
      message.role === "tool" ? message.content.filter((part) => part.type === "tool-result") : []
    )
    assert.deepStrictEqual(
      results.map(({ id }) => id),
      given.steps.flatMap((calls, step) => calls.map((_, at) => idOf(step, at)))
    )
    const kindsInOrder = given.steps.flat()
    for (const [at, { content, id, isError }] of results.entries()) {
      const kind = kindsInOrder[at] ?? "unknown"
      assert(typeof content === "string")
      assert.match(content, toldOf(kind, id))
      assert.strictEqual(isError === true, kind !== "works")
    }
    assert.strictEqual(result.responses.length, given.steps.length + 1)
    assert.deepStrictEqual(result.prompt, Prompt.append(requests.at(-1)?.prompt ?? [], result.response))
    assert.strictEqual(requests.length, count, "each answer is asked for once, and once more for each drop")
  })

describe("any tool loop", () => {
  it.live(
    "tells the model one result for each call, and runs no call whose result is stored",
    () =>
      Effect.promise(() =>
        FastCheck.assert(
          FastCheck.asyncProperty(scenario, (given) => Effect.runPromise(check(given))),
          { seed: 17, numRuns: 300 }
        )
      ),
    120_000
  )
})
