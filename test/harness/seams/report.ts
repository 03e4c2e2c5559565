/**
 * Adds up the verdicts by style, and remembers the cuts that cannot be proven.
 */
import type { Verdict } from "./judge.js"

export interface Row {
  readonly style: string
  runs: number
  exact: number
  failed: number
  twin: number
  wrong: number
  /** Obedient answers that were not understood although they had to be. */
  missed: number
}

/** What one text says about its cuts. */
export interface Cuts {
  readonly name: string
  readonly cuts: number
  /** Nobody is asked to go on here. */
  readonly noAnchor: ReadonlyArray<number>
  /** The text repeats its anchor at once after these. */
  readonly unprovable: ReadonlyArray<number>
}

/** What some texts came to. */
export interface Part {
  readonly texts: ReadonlyArray<Cuts>
  readonly rows: ReadonlyArray<Row>
  /** What is wrong, in words. */
  readonly problems: ReadonlyArray<string>
}

export interface Figures {
  readonly seed: number
  readonly texts: number
  readonly cuts: number
  readonly runs: number
  readonly wrong: number
  readonly twins: number
  readonly missed: number
  readonly noAnchor: number
  readonly unprovable: number
  readonly styles: ReadonlyArray<Row>
}

const counted = ["runs", "exact", "failed", "twin", "wrong", "missed"] as const

const emptyRow = (style: string): Row => ({ style, runs: 0, exact: 0, failed: 0, twin: 0, wrong: 0, missed: 0 })

/** Collects a part. */
export class Tally {
  readonly texts: Array<Cuts> = []
  readonly problems: Array<string> = []
  readonly #rows = new Map<string, Row>()

  add(style: string, { is, missed = false, why }: Verdict, what: () => string): void {
    if (is === "void") return
    const row = this.#rows.get(style) ?? emptyRow(style)
    this.#rows.set(style, row)
    row.runs++
    row[is]++
    if (missed) row.missed++
    if (is === "wrong" || missed) this.problems.push(`${what()}: ${why ?? "an obedient answer was not understood"}`)
  }

  part(): Part {
    return { texts: this.texts, rows: [...this.#rows.values()], problems: this.problems }
  }
}

/** All parts together, their styles in this order. */
export const figuresOf = (seed: number, parts: ReadonlyArray<Part>, order: ReadonlyArray<string>): Figures => {
  const styles = order.map((style) => {
    const sum = emptyRow(style)
    for (const row of parts.flatMap(({ rows }) => rows.filter((row) => row.style === style))) {
      for (const column of counted) sum[column] += row[column]
    }
    return sum
  })
  const texts = parts.flatMap(({ texts }) => texts)
  const sum = <A>(all: ReadonlyArray<A>, of: (one: A) => number): number =>
    all.reduce((total, one) => total + of(one), 0)
  return {
    seed,
    texts: texts.length,
    cuts: sum(texts, ({ cuts }) => cuts),
    runs: sum(styles, ({ runs }) => runs),
    wrong: sum(styles, ({ wrong }) => wrong),
    twins: sum(styles, ({ twin }) => twin),
    missed: sum(styles, ({ missed }) => missed),
    noAnchor: sum(texts, ({ noAnchor }) => noAnchor.length),
    unprovable: sum(texts, ({ unprovable }) => unprovable.length),
    styles: styles.filter(({ runs }) => runs > 0)
  }
}

/** Numbers as ranges, to be read. */
const ranges = (numbers: ReadonlyArray<number>): string => {
  const out: Array<[from: number, to: number]> = []
  for (const number of numbers) {
    const last = out.at(-1)
    if (last !== undefined && number === last[1] + 1) last[1] = number
    else out.push([number, number])
  }
  return out.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(", ")
}

export const table = (rows: ReadonlyArray<Row>): string => {
  const width = Math.max(...rows.map(({ style }) => style.length))
  const line = (name: string, cells: ReadonlyArray<string | number>): string =>
    [name.padEnd(width), ...cells.map((cell) => String(cell).padStart(7))].join(" ")
  return [
    line("style", counted),
    ...rows.map((row) =>
      line(
        row.style,
        counted.map((column) => row[column])
      )
    )
  ].join("\n")
}

export const cutsIn = ({ cuts, name, noAnchor, unprovable }: Cuts): string => {
  const without = noAnchor.length === 0 ? "" : `; ${noAnchor.length} without an anchor: ${ranges(noAnchor)}`
  const repeated = unprovable.length === 0 ? "" : `; repeats its anchor at once after ${ranges(unprovable)}`
  return `${name}: ${cuts} cuts${without}${repeated}`
}
