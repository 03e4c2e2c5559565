/**
 * What is compared: every row is one client program, over one protocol, one way of consuming and one cut of the network
 * chunks.
 */
import type { ProtocolId } from "effect-redial/Protocol"

export interface Row {
  readonly name: string
  readonly protocol: ProtocolId
  /** Whether the program is handed batches of events or each one. */
  readonly consume: "chunk" | "each"
  readonly eventsPerChunk: 1 | 64
  /** The program in `clients`. */
  readonly client: string
  /** What the program says of drops; absent: nothing. */
  readonly delivery?: "resume"
  /** True for a program that needs what only the bench installs. */
  readonly peer: boolean
  readonly warmUp: number
  readonly runs: number
}

type Kind = Pick<Row, "name" | "client" | "consume"> &
  Partial<Pick<Row, "peer" | "warmUp" | "runs" | "delivery">> & { readonly protocols: ReadonlyArray<ProtocolId> }

const all: ReadonlyArray<ProtocolId> = ["anthropic-messages", "chat-completions", "responses"]

export const FLOOR = "undici + JSON.parse"
export const EFFECT = "the same as an Effect Stream"
export const LIBRARY = "effect-redial"
export const RESUME = "effect-redial, resumed"
export const BRIDGE = "effect-redial/ai"

const kinds: ReadonlyArray<Kind> = [
  { name: FLOOR, client: "floor", consume: "each", protocols: all },
  { name: EFFECT, client: "effectStream", consume: "chunk", protocols: all },
  { name: EFFECT, client: "effectStream", consume: "each", protocols: all },
  { name: LIBRARY, client: "redial", consume: "chunk", protocols: all },
  { name: LIBRARY, client: "redial", consume: "each", protocols: all },
  // What the bridge stands on: it never takes text back.
  { name: RESUME, client: "redial", consume: "chunk", delivery: "resume", protocols: ["anthropic-messages"] },
  { name: RESUME, client: "redial", consume: "each", delivery: "resume", protocols: ["anthropic-messages"] },
  { name: BRIDGE, client: "redialAi", consume: "chunk", protocols: ["anthropic-messages"] },
  { name: BRIDGE, client: "redialAi", consume: "each", protocols: ["anthropic-messages"] },
  { name: "@anthropic-ai/sdk", client: "anthropicSdk", consume: "each", protocols: ["anthropic-messages"] },
  { name: "openai", client: "openaiSdk", consume: "each", protocols: ["chat-completions", "responses"] },
  // So slow that fewer answers tell as much.
  { name: "ai", client: "vercelAi", consume: "each", protocols: ["anthropic-messages"], peer: true, runs: 6 },
  {
    name: "@effect/ai-anthropic",
    client: "effectAi",
    consume: "each",
    protocols: ["anthropic-messages"],
    peer: true,
    warmUp: 2,
    runs: 3
  }
]

/** What is compared with one floor is measured one after the other, so that a machine that slows down slows all of it. */
export const rows: ReadonlyArray<Row> = all.flatMap((protocol) =>
  ([1, 64] as const).flatMap((eventsPerChunk) =>
    kinds
      .filter(({ protocols }) => protocols.includes(protocol))
      .map(
        ({ protocols: _, ...kind }): Row => ({ peer: false, warmUp: 5, runs: 20, ...kind, protocol, eventsPerChunk })
      )
  )
)

export const DELTAS = 2000
