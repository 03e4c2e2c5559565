/**
 * An answer described apart from any protocol, and brought into one form for the protocols to write.
 */
import type { Usage } from "../../../model/Usage.js"
import { pieces } from "./event.js"

/**
 * A tool call that the model is to make.
 *
 * @since 0.1.0
 * @category models
 */
export interface ToolCall {
  readonly id: string
  readonly name: string
  /** Sent as JSON. Default: no arguments. */
  readonly arguments?: unknown
  /** The JSON text of the arguments, in the pieces to be sent and as they are, in place of `arguments`. */
  readonly pieces?: ReadonlyArray<string> | undefined
}

/**
 * One block of an answer. A text is sent in pieces of 8 characters; an array is sent piece by piece.
 *
 * @since 0.1.0
 * @category models
 */
export type Block =
  | { readonly type: "text"; readonly text: string | ReadonlyArray<string> }
  | {
      readonly type: "reasoning"
      readonly text: string | ReadonlyArray<string>
      /** Sent where the protocol has signatures. Default: a made-up one. */
      readonly signature?: string | undefined
    }
  | ({ readonly type: "tool-call" } & ToolCall)

/**
 * What may be said of any answer.
 *
 * @since 0.1.0
 * @category models
 */
export interface Common {
  /**
   * `stop`, `length` and `tool-calls` are put into the vendor's words; any other word is sent as it is. Default:
   * `tool-calls` if there are any, else `stop`.
   */
  readonly finish?: "stop" | "length" | "tool-calls" | (string & {}) | undefined
  /** Default: 10 tokens read, and one written per piece. */
  readonly usage?: Usage | undefined
  readonly id?: string | undefined
  readonly model?: string | undefined
}

/**
 * What the model is to say: either the usual parts, sent as reasoning, text, tool calls, or blocks in an order of your
 * own.
 *
 * @since 0.1.0
 * @category models
 */
export type Answer = Common &
  (
    | {
        readonly reasoning?: string | ReadonlyArray<string> | undefined
        readonly text?: string | ReadonlyArray<string> | undefined
        readonly toolCalls?: ReadonlyArray<ToolCall> | undefined
        readonly blocks?: undefined
      }
    | { readonly blocks: ReadonlyArray<Block> }
  )

/** A block with its deltas. */
export type Written =
  | { readonly type: "text"; readonly deltas: ReadonlyArray<string> }
  | { readonly type: "reasoning"; readonly deltas: ReadonlyArray<string>; readonly signature: string }
  | {
      readonly type: "tool-call"
      readonly id: string
      readonly name: string
      readonly deltas: ReadonlyArray<string>
      /** Whether the arguments are known to be an empty object. */
      readonly empty: boolean
    }

export interface Description {
  readonly blocks: ReadonlyArray<Written>
  readonly finish: string
  readonly usage: Usage & { readonly inputTokens: number; readonly outputTokens: number }
  readonly id: string | undefined
  readonly model: string | undefined
}

const SIGNATURE = "RWZmZWN0UmVkaWFsU2lnbmF0dXJl"

const write = (block: Block): Written => {
  switch (block.type) {
    case "text":
      return { type: "text", deltas: pieces(block.text) }
    case "reasoning":
      return { type: "reasoning", deltas: pieces(block.text), signature: block.signature ?? SIGNATURE }
    case "tool-call": {
      const json = JSON.stringify(block.arguments ?? {})
      return {
        type: "tool-call",
        id: block.id,
        name: block.name,
        deltas: block.pieces ?? pieces(json),
        empty: block.pieces === undefined && json === "{}"
      }
    }
  }
}

const blocksOf = (answer: Answer): ReadonlyArray<Block> => {
  if (answer.blocks !== undefined) return answer.blocks
  const blocks: Array<Block> = []
  if (answer.reasoning !== undefined) blocks.push({ type: "reasoning", text: answer.reasoning })
  if (answer.text !== undefined) blocks.push({ type: "text", text: answer.text })
  for (const call of answer.toolCalls ?? []) blocks.push({ type: "tool-call", ...call })
  return blocks
}

export const describe = (answer: Answer): Description => {
  const blocks = blocksOf(answer).map(write)
  const written = blocks.reduce((sum, { deltas }) => sum + deltas.length, 0)
  return {
    blocks,
    finish: answer.finish ?? (blocks.some(({ type }) => type === "tool-call") ? "tool-calls" : "stop"),
    usage: {
      ...answer.usage,
      inputTokens: answer.usage?.inputTokens ?? 10,
      outputTokens: answer.usage?.outputTokens ?? written
    },
    id: answer.id,
    model: answer.model
  }
}

/** A word of the common vocabulary in a vendor's own, or the word as it is. */
export const finishIn = (words: Readonly<Record<string, string>>, finish: string): string =>
  Object.hasOwn(words, finish) ? (words[finish] ?? finish) : finish
