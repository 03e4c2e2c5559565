/**
 * The board as lines for a terminal.
 */

import { type Board, causeOf, fidelity, poolOf, type Row, seconds } from "./board.js"
import { type Line, type Size, type Span, tail } from "./output.js"
import type { Page } from "./page.js"
import type { Report } from "./report.js"
import { protocols, type Scenario } from "./scenario.js"

/** Shorter silences are only the pace of the answer. */
const SILENCE = 500

/** From here on the causes of drops fit in. */
const WIDE = 110

const clients: ReadonlyArray<Scenario["client"]> = ["anthropic", "openai"]

/** Two lines per stream where they fit, else one. */
export const frame = (board: Board, now: number, { columns, rows }: Size): ReadonlyArray<Line> => {
  const roomy = rows > board.rows.length * 2 + 6
  const left = board.rows.filter(({ phase }) => phase._tag !== "Done" && phase._tag !== "Failed").length
  return [
    [
      ["bold", " effect-redial"],
      ["dim", `  ${board.rows.length} streams, a server that breaks them`],
      `  ${seconds(now - board.startedAt)}`,
      ["dim", left === 0 ? "" : `  ${left} running`]
    ],
    [],
    ...board.rows.flatMap((row) => (roomy ? roomyRow(row, now, columns) : [tightRow(row, now, columns)])),
    [],
    ...clients.map((client): Line => [["dim", ` ${protocols[client].padEnd(21)}`], ...poolsOf(board, client)])
  ]
}

const roomyRow = (row: Row, now: number, columns: number): ReadonlyArray<Line> => {
  const { client, plan } = row.scenario
  const state = status(row, now, columns)
  const used = 32 + state.reduce((sum, span) => sum + (typeof span === "string" ? span : span[1]).length, 0)
  const aside = `server: ${plan}`
  const room = columns - 2 - used - aside.length
  return [
    [
      ["bold", ` ${row.number}`],
      ["dim", `  ${protocols[client].padEnd(18)}  `],
      ["cyan", poolOf(row.generation).padEnd(9)],
      ...state,
      ...(room >= 2 ? [" ".repeat(room), ["dim", aside] as const] : [])
    ],
    ["    ", written(row, columns - 6)]
  ]
}

const tightRow = (row: Row, now: number, columns: number): Line => {
  const state = status(row, now, columns)
  const used = 14 + state.reduce((sum, span) => sum + (typeof span === "string" ? span : span[1]).length, 0)
  return [
    ["bold", ` ${row.number}  `],
    ["cyan", poolOf(row.generation).padEnd(9)],
    ...state,
    "  ",
    written(row, Math.max(0, columns - used - 4))
  ]
}

const status = ({ attempt, drops, heardAt, phase }: Row, now: number, columns: number): ReadonlyArray<Span> => {
  switch (phase._tag) {
    case "Dialling":
      return [["dim", "○ dialling"]]
    case "Streaming": {
      const silent = now - heardAt
      const again: ReadonlyArray<Span> = attempt > 1 ? [["dim", `, attempt ${attempt}`]] : []
      return silent > SILENCE
        ? [["yellow", `◌ silent for ${seconds(silent)}`], ...again]
        : [["green", "● streaming"], ...again]
    }
    case "Dropped": {
      const wait = Math.max(0, Math.round(phase.retryAt - now))
      return [
        ["red", `✗ ${columns < WIDE ? phase.error : causeOf(phase.error)}`],
        ["yellow", wait > 0 ? `, redialling in ${wait} ms` : ", redialling"]
      ]
    }
    case "Done": {
      const whole = !phase.verdict.lost && !phase.verdict.duplicated
      const redials = drops === 0 ? "" : drops === 1 ? ", after 1 redial" : `, after ${drops} redials`
      return [
        [whole ? "green" : "red", `${whole ? "✓" : "✗"} ${fidelity(phase.verdict)}`],
        ["dim", redials]
      ]
    }
    case "Failed":
      return [["red", `✗ failed for good: ${causeOf(phase.error)}`]]
  }
}

/** What the consumer has on its page, or had there until it became void. */
const written = (row: Row, columns: number): Span =>
  row.void === undefined
    ? tail(textOf(row.page) || (row.phase._tag === "Dialling" ? row.scenario.prompt : ""), columns)
    : ["void", tail(textOf(row.void), columns)]

const textOf = (page: Page): string =>
  page.blocks
    .map(({ kind, name, text }) =>
      kind === "text" ? text : kind === "reasoning" ? `(${text.trim()}) ` : ` → ${name} ${text}`
    )
    .join("")

const poolsOf = (board: Board, client: Scenario["client"]): ReadonlyArray<Span> => {
  const pools = [...board.pools[client]]
  const closed = pools.filter(([, state]) => state === "closed").length
  return [
    ["dim", closed === 0 ? "" : `${closed} closed   `],
    ...pools.flatMap(([id, state]): ReadonlyArray<Span> => {
      if (state === "closed") return []
      const streams = board.rows.filter((row) => row.generation === id && row.phase._tag === "Streaming").length
      const carried = streams === 0 ? "" : `, ${streams} ${streams === 1 ? "stream" : "streams"}`
      return [[state === "in use" ? "cyan" : "yellow", `${poolOf(id)} ${state}${carried}`], "   "]
    })
  ]
}

/** The end of the story. */
export const summary = (report: Report, broken: number): ReadonlyArray<Line> => {
  const { completed, drops, duplicated, lost, pools, redials, socketsOpenAtEnd, streams } = report
  const label = (text: string): Span => ["dim", ` ${text.padEnd(21)}`]
  const whole = completed === streams && lost === 0 && duplicated === 0
  return [
    [label("streams"), `${streams}, of which ${completed} completed`],
    [label("drops"), `${drops} (the server broke ${broken} answers), ${redials} redials`],
    ...clients.map(
      (client): Line => [
        label(`pools ${client}`),
        `${pools[client].opened} opened, ${pools[client].closed} closed, ${pools[client].open} open`
      ]
    ),
    [label("sockets open"), [socketsOpenAtEnd === 0 ? "green" : "red", String(socketsOpenAtEnd)]],
    [
      label("as the server meant"),
      whole ? ["green", "yes"] : ["red", `no: ${lost} lost something, ${duplicated} have something twice`]
    ]
  ]
}
