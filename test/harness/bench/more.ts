/**
 * What else is asked of a client: how soon, how many at once, how much memory, how large. One process per measurement,
 * the ways interleaved, medians.
 */
import { join } from "node:path"
import { median, round } from "./cpu.js"
import { clients, run, type Server } from "./processes.js"

export interface More {
  readonly name: string
  readonly unit: string
  /** Undici and `JSON.parse`, where that can be compared. */
  readonly floor: number | undefined
  /** The same as an Effect `Stream`. */
  readonly effect: number | undefined
  /** The official Anthropic SDK. */
  readonly sdk: number | undefined
  readonly library: number
}

interface Question {
  readonly program: string
  /** This library's last. */
  readonly ways: ReadonlyArray<Way>
  readonly asks: ReadonlyArray<{ readonly name: string; readonly unit: string; readonly field: string }>
  readonly flags?: ReadonlyArray<string>
}

/** These take long, and their medians are steady. */
const MOST_ROUNDS = 3

type Way = "floor" | "effect" | "sdk" | "redial" | "generate"

const all: ReadonlyArray<Way> = ["floor", "effect", "sdk", "redial"]

const questions: ReadonlyArray<Question> = [
  {
    program: "steady",
    ways: all,
    asks: [{ name: "CPU per event of 2,000-delta answers after 100 of them", unit: "µs", field: "cpuPerEvent" }]
  },
  {
    program: "firstEvent",
    ways: all,
    asks: [{ name: "time to the first delta, warm pool", unit: "ms", field: "millis" }]
  },
  {
    program: "reconnect",
    ways: ["floor", "redial"],
    asks: [{ name: "from a reset to the first delta of the next attempt", unit: "ms", field: "millis" }]
  },
  {
    program: "idle",
    ways: all,
    flags: ["--expose-gc"],
    asks: [
      { name: "heap per open idle stream", unit: "KiB", field: "heapKiB" },
      { name: "resident memory per open idle stream", unit: "KiB", field: "rssKiB" }
    ]
  },
  {
    program: "concurrent",
    ways: all,
    asks: [
      { name: "2,000 streams at once: events per second", unit: "", field: "eventsPerSecond" },
      { name: "2,000 streams at once: CPU per event, each in a packet of its own", unit: "µs", field: "cpuPerEvent" },
      { name: "2,000 streams at once: delay from sending to handing over, p50", unit: "ms", field: "p50" },
      { name: "2,000 streams at once: the same, p99", unit: "ms", field: "p99" },
      { name: "2,000 streams at once: resident memory per stream", unit: "KiB", field: "rssKiB" }
    ]
  },
  {
    // The state of a stream that waits lives just as long as it takes the collector to copy it twice.
    program: "concurrent",
    ways: all,
    flags: ["--max-semi-space-size=2"],
    asks: [
      { name: "2,000 streams at once: the same, p99, with `node --max-semi-space-size=2`", unit: "ms", field: "p99" }
    ]
  },
  {
    program: "long",
    ways: all,
    asks: [
      { name: "CPU per event of one answer of 200,000 deltas", unit: "µs", field: "long" },
      { name: "the same, to one of 20,000 deltas", unit: "times", field: "factor" }
    ]
  },
  {
    program: "short",
    ways: all,
    asks: [
      { name: "short answers, 8 callers, warm pool", unit: "per second", field: "perSecond" },
      { name: "CPU per short answer", unit: "ms", field: "cpuMillis" },
      { name: "new connections for 800 short answers", unit: "", field: "newConnections" }
    ]
  },
  {
    program: "short",
    ways: ["floor", "sdk", "generate"],
    asks: [
      { name: "short answers, 8 callers, by `generate`", unit: "per second", field: "perSecond" },
      { name: "CPU per short answer, by `generate`", unit: "ms", field: "cpuMillis" }
    ]
  }
]

export const measureMore = async (
  rounds: number,
  server: Server,
  tell: (text: string) => void,
  wanted: (program: string) => boolean
): Promise<ReadonlyArray<More>> => {
  const out: Array<More> = []
  for (const question of questions.filter(({ program }) => wanted(program))) {
    const file = join(clients, "more", `${question.program}.mjs`)
    const results = new Map<Way, Array<Record<string, number>>>(question.ways.map((way) => [way, []]))
    for (let i = 0; i < Math.min(rounds, MOST_ROUNDS); i++) {
      for (const way of question.ways) {
        tell(`${question.program}: ${way}`)
        const result = await run(file, { way, url: server.url }, question.flags)
        results.get(way)!.push(result as Record<string, number>) // our own programs' words
      }
    }
    const of = (way: Way, field: string): number | undefined => {
      const found = results.get(way)
      return found && round(median(found.map((result) => result[field]!)), 2)
    }
    for (const { field, name, unit } of question.asks) {
      const library = of(question.ways.at(-1)!, field)!
      out.push({ name, unit, floor: of("floor", field), effect: of("effect", field), sdk: of("sdk", field), library })
    }
  }
  return out
}
