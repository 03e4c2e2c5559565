/**
 * The demo's program in this process, with an output that remembers.
 */
import { Effect, Layer } from "effect"
import { Output } from "../../docs/examples/demo/output.js"
import { program } from "../../docs/examples/demo/program.js"

export interface Ran {
  readonly code: number
  readonly out: string
  readonly notes: string
}

export interface Screen {
  readonly live?: boolean
  readonly color?: boolean
  readonly columns?: number
  readonly rows?: number
}

export const watched = <E>(demo: Effect.Effect<number, E, Output>, screen: Screen = {}): Effect.Effect<Ran, E> =>
  Effect.suspend(() => {
    const out: Array<string> = []
    const notes: Array<string> = []
    const output = Layer.succeed(Output, {
      live: screen.live ?? false,
      color: screen.color ?? false,
      size: Effect.succeed({ columns: screen.columns ?? 80, rows: screen.rows ?? 24 }),
      write: (text) => Effect.sync(() => void out.push(text)),
      note: (text) => Effect.sync(() => void notes.push(text))
    })
    return Effect.map(Effect.provide(demo, output), (code) => ({ code, out: out.join(""), notes: notes.join("") }))
  })

export const run = (argv: ReadonlyArray<string>, screen?: Screen): Effect.Effect<Ran> => watched(program(argv), screen)
