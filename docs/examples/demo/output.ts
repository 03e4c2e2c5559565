/**
 * Where the demo writes to, as a service, so that tests can read over its shoulder.
 */
import { Context, Effect, Layer } from "effect"

export interface Size {
  readonly columns: number
  readonly rows: number
}

export class Output extends Context.Tag("demo/Output")<
  Output,
  {
    /** Whether a person watches and what was written can be drawn over. */
    readonly live: boolean
    readonly color: boolean
    readonly size: Effect.Effect<Size>
    readonly write: (text: string) => Effect.Effect<void>
    /** For what does not belong to the result. */
    readonly note: (text: string) => Effect.Effect<void>
  }
>() {}

/** Standard output and standard error. Whoever stops reading, as `head` does, is no reason to fail. */
export const live: Layer.Layer<Output> = Layer.sync(Output, () => {
  const { env, stderr, stdout } = process
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error
    })
  }
  const terminal = stdout.isTTY === true && env.TERM !== "dumb"
  return {
    live: terminal,
    color: terminal && (env.NO_COLOR ?? "") === "",
    size: Effect.sync(() => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 })),
    write: (text) => Effect.sync(() => void stdout.write(text)),
    note: (text) => Effect.sync(() => void stderr.write(text))
  }
})

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan" | "void"

/** A piece of a line: text, or text in a style. */
export type Span = string | readonly [Style, string]

export type Line = ReadonlyArray<Span>

const codes: Readonly<Record<Style, string>> = {
  bold: "1",
  dim: "2",
  red: "31",
  green: "32",
  yellow: "33",
  cyan: "36",
  void: "2;9"
}

/** One line for the terminal, never wider than it. */
export const paint = (line: Line, columns: number, color: boolean): string => {
  let left = columns
  let out = ""
  for (const span of line) {
    const [style, text] = typeof span === "string" ? [undefined, span] : span
    const kept = [...text].slice(0, left).join("")
    left -= [...kept].length
    out += color && style !== undefined && kept !== "" ? `\x1b[${codes[style]}m${kept}\x1b[0m` : kept
  }
  return out
}

/** The end of a text on one line, with a mark where its beginning is cut off. */
export const tail = (text: string, columns: number): string => {
  const shown = [...text.replace(/\s+/g, " ")]
  return shown.length <= columns ? shown.join("") : `…${shown.slice(shown.length - columns + 1).join("")}`
}

/** Draws frames over each other until the scope closes; the last one stays. */
export const canvas = Effect.gen(function* () {
  const output = yield* Output
  let drawn = 0
  let width = 0
  yield* Effect.acquireRelease(output.write("\x1b[?25l"), () => output.write("\x1b[?25h"))
  return (lines: ReadonlyArray<Line>) =>
    Effect.flatMap(output.size, ({ columns, rows }) => {
      // What is taller than the terminal scrolls away and cannot be drawn over.
      const frame = lines.slice(0, Math.max(1, rows - 1)).map((line) => paint(line, columns - 1, output.color))
      // After a change of width nobody knows how the old lines are wrapped.
      const home = width !== 0 && width !== columns ? "\x1b[2J\x1b[H" : drawn === 0 ? "" : `\x1b[${drawn}A\r`
      drawn = frame.length
      width = columns
      return output.write(`${home}${frame.map((line) => `\x1b[2K${line}\n`).join("")}\x1b[J`)
    })
})
