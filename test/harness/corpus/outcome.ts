/**
 * A response in the terms of the corpus's manifest.
 */
import { isDeepStrictEqual } from "node:util"
import type { ModelResponse, Protocol } from "effect-redial"

export interface ToolCall {
  readonly id: string
  readonly name: string
  readonly arguments: unknown
}

export interface Accepted {
  readonly ok: true
  readonly text: string
  readonly reasoning: string
  readonly toolCalls: ReadonlyArray<ToolCall>
  readonly finish: string | null
  readonly usage: Readonly<Record<string, number | null>> | null
}

export interface Refused {
  readonly ok: false
  readonly error: string
}

export type Outcome = Accepted | Refused

export const fields = ["text", "reasoning", "toolCalls", "finish", "usage"] as const

export type Field = (typeof fields)[number]

export const differing = (ours: Accepted, expected: Accepted): ReadonlyArray<Field> =>
  fields.filter((field) => !isDeepStrictEqual(ours[field], expected[field]))

export const outcome = (protocol: Protocol.ProtocolId, response: ModelResponse.ModelResponse): Accepted => {
  const { finishReason, incompleteToolCalls, reasoning, text, toolCalls, usage } = response
  const anthropic = protocol === "anthropic-messages"
  const cached = (usage.cacheReadTokens ?? 0) + (usage.cacheWriteTokens ?? 0)
  const input = usage.inputTokens
  const known = Object.values(usage).some((value) => value !== undefined)
  return {
    ok: true,
    text,
    reasoning,
    toolCalls: [
      ...toolCalls.map(({ id, name, arguments: value }) => ({ id, name, arguments: value })),
      ...incompleteToolCalls.map(({ id, json, name }) => ({ id, name, arguments: json }))
    ],
    finish: finishReason.raw ?? null,
    usage: known
      ? {
          // Ours counts cached tokens as read, Anthropic's does not.
          inputTokens: input === undefined ? null : anthropic ? input - cached : input,
          outputTokens: usage.outputTokens ?? null,
          cacheReadTokens: usage.cacheReadTokens ?? null,
          // The manifest has these of Anthropic only.
          cacheWriteTokens: anthropic ? (usage.cacheWriteTokens ?? null) : null,
          reasoningTokens: usage.reasoningTokens ?? null
        }
      : null
  }
}
