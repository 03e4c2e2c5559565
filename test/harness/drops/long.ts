/**
 * What a long answer costs that drops twenty times: CPU and what is kept, for one and for another ten times as long. Both are to
 * be linear, so ten times as much. An answer that begins anew each time is read ten and a half times, so it is shorter.
 */
import { serialize } from "node:v8"
import { Console, Effect, Schedule, Stream } from "effect"
import { ScriptedProvider } from "effect-redial/testing"

const DROPS = 20

type Mode = "resume" | "restart"

/** Words that are all different, as those of a model nearly are: nothing is repeated by accident. */
const wordsOf = (deltas: number): ReadonlyArray<string> =>
  Array.from({ length: deltas }, (_, at) => `w${at.toString(36)} `)

/** What the server sends: in `resume` each attempt only what is missing, in `restart` always from the beginning. */
const scriptOf = (
  words: ReadonlyArray<string>,
  mode: Mode
): [ScriptedProvider.Turn, ...Array<ScriptedProvider.Turn>] => {
  const size = words.length / (DROPS + 1)
  const turn = (nth: number): ScriptedProvider.Turn => {
    const text = words.slice(mode === "restart" ? 0 : Math.round(nth * size), Math.round((nth + 1) * size))
    return nth === DROPS
      ? ScriptedProvider.answer({ text })
      : ScriptedProvider.drop({ text }, { afterEvents: 3 + text.length })
  }
  return [turn(0), ...Array.from({ length: DROPS }, (_, at) => turn(at + 1))]
}

const measure = (deltas: number, delivery: Mode) =>
  Effect.scoped(
    Effect.gen(function* () {
      const words = wordsOf(deltas)
      const { provider } = yield* ScriptedProvider.make(scriptOf(words, delivery), {
        retry: Schedule.recurs(DROPS),
        limits: { maxAttempts: DROPS + 1 }
      })
      const before = process.cpuUsage()
      const last = yield* provider.stream({ model: "m", prompt: "go" }, { delivery }).pipe(Stream.runLast)
      const cpu = process.cpuUsage(before)
      const event = last._tag === "Some" ? last.value : undefined
      const right =
        event?._tag === "Finish" &&
        event.response.text === words.join("") &&
        event.response.attempts.length === DROPS + 1
      return {
        deltas,
        right,
        cpuMillis: Math.round((cpu.user + cpu.system) / 1000),
        // All that is left of the stream: the answer, and what each attempt had written.
        keptKB: event?._tag === "Finish" ? Math.round(serialize({ ...event.response }).length / 1e3) : 0
      }
    })
  )

export const long = Effect.gen(function* () {
  for (const delivery of ["resume", "restart"] as const) {
    const deltas = delivery === "resume" ? 20_000 : 2_000
    yield* measure(deltas, delivery)
    const short = yield* measure(deltas, delivery)
    const tenfold = yield* measure(10 * deltas, delivery)
    const cpuFactor = Math.round((10 * tenfold.cpuMillis) / short.cpuMillis) / 10
    yield* Console.log(JSON.stringify({ delivery, drops: DROPS, short, tenfold, cpuFactor }))
    if (!short.right || !tenfold.right) process.exitCode = 1
  }
})
