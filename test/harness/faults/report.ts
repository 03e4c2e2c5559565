/**
 * Cells as a table and as figures.
 */
import { Console, Effect } from "effect"
import type { Cell } from "./run.js"

export interface Figures {
  readonly faults: number
  readonly protocols: number
  readonly cells: number
  readonly silent: number
  readonly hangs: number
  readonly wrongTag: number
  readonly defects: number
  readonly leakedSockets: number
}

const count = (cells: ReadonlyArray<Cell>, is: (cell: Cell) => boolean): number => cells.filter(is).length

export const figuresOf = (cells: ReadonlyArray<Cell>): Figures => ({
  faults: new Set(cells.map(({ fault }) => fault)).size,
  protocols: new Set(cells.map(({ protocol }) => protocol)).size,
  cells: cells.length,
  silent: count(cells, ({ outcome }) => outcome === "silent end" || outcome === "wrong text"),
  hangs: count(cells, ({ outcome }) => outcome === "hang"),
  wrongTag: count(cells, ({ expected, outcome }) => outcome !== expected),
  defects: count(cells, ({ outcome }) => outcome === "defect"),
  leakedSockets: cells.reduce((sum, { socketsLeft }) => sum + socketsLeft, 0)
})

export const isGood = ({ defects, hangs, leakedSockets, silent, wrongTag }: Figures): boolean =>
  silent + hangs + wrongTag + defects + leakedSockets === 0

const row = ({ attempts, delivery, expected, fault, millis, outcome, protocol, retry, socketsLeft }: Cell): string =>
  [
    outcome === expected ? " " : "!",
    fault.padEnd(34),
    protocol.padEnd(19),
    delivery.padEnd(8),
    (retry ? "retry" : "").padEnd(6),
    outcome.padEnd(22),
    `${millis} ms`.padStart(8),
    String(attempts).padStart(4),
    String(socketsLeft).padStart(4)
  ].join(" ")

const head = [
  " ",
  "fault".padEnd(34),
  "protocol".padEnd(19),
  "delivery",
  "retry ",
  "outcome".padEnd(22),
  "    time",
  " att",
  "sock"
]

export const table = (cells: ReadonlyArray<Cell>): Effect.Effect<void> =>
  Effect.gen(function* () {
    yield* Console.log(head.join(" "))
    for (const cell of cells) yield* Console.log(row(cell))
  })

/** What went wrong, for people; it goes where it does not disturb figures. */
export const complaints = (cells: ReadonlyArray<Cell>): Effect.Effect<void> =>
  Effect.forEach(
    cells.filter(({ expected, outcome, socketsLeft }) => outcome !== expected || socketsLeft > 0),
    ({ delivery, detail, expected, fault, outcome, protocol, retry, socketsLeft }) =>
      Console.error(
        `${fault}, ${protocol}, ${delivery}${retry ? ", retry" : ""}: expected ${expected}, was ${outcome}, ` +
          `${socketsLeft} sockets left: ${detail.slice(0, 500)}`
      ),
    { discard: true }
  )
