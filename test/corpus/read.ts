/**
 * Feeds one recorded body through a protocol's decoder and says what came out in the manifest's terms.
 */
import * as GenerationId from "../../src/model/GenerationId.js"
import type { ModelEvent } from "../../src/model/ModelEvent.js"
import * as AnthropicMessages from "../../src/protocol/AnthropicMessages.js"
import * as ChatCompletions from "../../src/protocol/ChatCompletions.js"
import * as Decoder from "../../src/protocol/internal/decoder.js"

export interface Outcome {
  readonly ok: boolean
  readonly error?: string | undefined
  readonly text?: string
  readonly reasoning?: string
  readonly toolCalls?: ReadonlyArray<{ readonly id: string; readonly name: string; readonly arguments: unknown }>
  readonly finish?: string | null
  readonly usage?: Readonly<Record<string, number | null>> | null
}

const protocols = {
  "anthropic-messages": AnthropicMessages.protocol,
  "chat-completions": ChatCompletions.protocol
}

export type Protocol = keyof typeof protocols

export const isProtocol = (name: string): name is Protocol => Object.hasOwn(protocols, name)

const stamp = { attempt: 1, generation: GenerationId.make("corpus#1", 1), requestId: undefined }

const decoderOf = (protocol: Protocol): Decoder.Decoder =>
  protocol === "anthropic-messages"
    ? Decoder.make(AnthropicMessages.protocol, stamp)
    : Decoder.make(ChatCompletions.protocol, stamp)

/** The events of a body, cut after each of the given lengths in turn, over and over. */
export const decode = (protocol: Protocol, body: Uint8Array, lengths: ReadonlyArray<number>) => {
  const decoder = decoderOf(protocol)
  const events: Array<ModelEvent> = []
  for (let from = 0, at = 0; from < body.length; at++) {
    const length = Math.max(1, lengths[at % lengths.length] ?? body.length)
    events.push(...decoder.push(body.subarray(from, from + length)))
    from += length
  }
  events.push(...decoder.end())
  return { events, decoder }
}

export const outcome = (protocol: Protocol, { decoder, events }: ReturnType<typeof decode>): Outcome => {
  const last = events.at(-1)
  if (last?._tag !== "Finish") {
    return { ok: false, error: `${decoder.fault?._tag}: ${decoder.fault?.description}` }
  }
  const { finishReason, incompleteToolCalls, reasoning, text, toolCalls, usage } = last.response
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
          inputTokens: input === undefined ? null : protocol === "anthropic-messages" ? input - cached : input,
          outputTokens: usage.outputTokens ?? null,
          cacheReadTokens: usage.cacheReadTokens ?? null,
          cacheWriteTokens: usage.cacheWriteTokens ?? null,
          reasoningTokens: usage.reasoningTokens ?? null
        }
      : null
  }
}
