/**
 * CPU time per event of every row: one process per measurement, all rows once before any is measured again, so that what
 * else the machine does falls on all of them alike.
 */
import { join } from "node:path"
import { clients, run, type Server } from "./processes.js"
import { DELTAS, FLOOR, type Row } from "./rows.js"

export interface Result extends Pick<Row, "name" | "protocol" | "consume" | "eventsPerChunk"> {
  /** Microseconds of CPU time, user and system, of all threads. */
  readonly cpuPerEvent: number
  /** To the floor of the same protocol and cut: the median of the rounds' own ratios. */
  readonly ratio: number
}

export const measure = async (
  rows: ReadonlyArray<Row>,
  rounds: number,
  server: Server,
  peers: string,
  tell: (text: string) => void
): Promise<ReadonlyArray<Result>> => {
  const samples = new Map<Row, Array<number>>(rows.map((row) => [row, []]))
  for (let round = 1; round <= rounds; round++) {
    for (const row of rows) {
      tell(`round ${round} of ${rounds}: ${row.name}, ${row.protocol}, ${row.eventsPerChunk} per chunk`)
      samples.get(row)!.push(await once(row, server, peers))
    }
  }
  const floorOf = (row: Row): ReadonlyArray<number> => {
    for (const [floor, values] of samples) {
      const same = floor.protocol === row.protocol && floor.eventsPerChunk === row.eventsPerChunk
      if (floor.name === FLOOR && same) return values
    }
    throw new Error(`no floor for ${row.name}, ${row.protocol}`)
  }
  return rows.map((row) => {
    const values = samples.get(row)!
    const floor = floorOf(row)
    return {
      name: row.name,
      protocol: row.protocol,
      consume: row.consume,
      eventsPerChunk: row.eventsPerChunk,
      cpuPerEvent: round(median(values), 2),
      ratio: round(median(values.map((value, i) => value / floor[i]!)), 2)
    }
  })
}

const once = async (row: Row, server: Server, peers: string): Promise<number> => {
  const result = await run(join(row.peer ? peers : clients, `${row.client}.mjs`), {
    url: `${server.url}/${row.protocol}/${row.eventsPerChunk}/${DELTAS}`,
    protocol: row.protocol,
    consume: row.consume,
    delivery: row.delivery,
    deltas: DELTAS,
    warmUp: row.warmUp,
    runs: row.runs
  })
  return (result as { readonly cpuPerEvent: number }).cpuPerEvent // our own client's words
}

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export const round = (value: number, digits: number): number => Number(value.toFixed(digits))
