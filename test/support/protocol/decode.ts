/**
 * Runs streams through a decoder and checks what must hold of any stream of events.
 */
import assert from "node:assert/strict"
import { isDeepStrictEqual } from "node:util"
import * as GenerationId from "../../../src/model/GenerationId.js"
import type { Fault } from "../../../src/model/internal/fault.js"
import * as ModelEvent from "../../../src/model/ModelEvent.js"
import type { ModelResponse } from "../../../src/model/ModelResponse.js"
import * as AnthropicMessages from "../../../src/protocol/AnthropicMessages.js"
import * as ChatCompletions from "../../../src/protocol/ChatCompletions.js"
import * as Decoder from "../../../src/protocol/internal/decoder.js"
import type { ProtocolId } from "../../../src/protocol/Protocol.js"
import * as Responses from "../../../src/protocol/Responses.js"

export const stamp = { attempt: 1, generation: GenerationId.GenerationId.make("test#1.1"), requestId: "req_1" }

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** What counts where a vendor contradicts itself. */
export type Trust = "shown" | "vendor"

const decoders: Readonly<Record<ProtocolId, (trust?: Trust) => Decoder.Decoder>> = {
  "anthropic-messages": (trust) => Decoder.make(AnthropicMessages.protocol, stamp, { trust }),
  "chat-completions": (trust) => Decoder.make(ChatCompletions.protocol, stamp, { trust }),
  responses: (trust) => Decoder.make(Responses.protocol, stamp, { trust })
}

export const decoderOf = (protocol: ProtocolId, trust?: Trust): Decoder.Decoder => decoders[protocol](trust)

export interface Run {
  readonly events: ReadonlyArray<ModelEvent.ModelEvent>
  readonly response: ModelResponse | undefined
  readonly fault: Fault | undefined
  readonly verdict: Decoder.Verdict
}

export const runChunks = (protocol: ProtocolId, chunks: ReadonlyArray<Uint8Array>, trust?: Trust): Run => {
  const decoder = decoderOf(protocol, trust)
  const events = [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()]
  const last = events.at(-1)
  return {
    events,
    response: last?._tag === "Finish" ? last.response : undefined,
    fault: decoder.fault,
    verdict: decoder.verdict
  }
}

export const run = (protocol: ProtocolId, body: string, trust?: Trust): Run => runChunks(protocol, [bytes(body)], trust)

/** The response of a stream that must be whole. */
export const whole = (protocol: ProtocolId, body: string, trust?: Trust): ModelResponse => {
  const { fault, response } = run(protocol, body, trust)
  if (response === undefined) throw new Error(`not finished: ${fault?._tag} ${fault?.description}`)
  return response
}

/** Cuts bytes after each of the lengths in turn, over and over. */
export const cut = (body: Uint8Array, lengths: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const chunks: Array<Uint8Array> = []
  for (let from = 0, at = 0; from < body.length; at++) {
    const length = lengths[at % lengths.length] ?? body.length
    chunks.push(body.subarray(from, from + length))
    from += length
  }
  return chunks
}

/** The grammar of section "What a stream emits", for one attempt. */
export const checkGrammar = ({ events, fault, verdict }: Run): void => {
  const open = new Map<number, string>()
  const seen = new Set<number>()
  const start = (index: number, kind: string) => {
    assert(!seen.has(index), `block ${index} starts twice`)
    seen.add(index)
    open.set(index, kind)
  }
  for (const [at, event] of events.entries()) {
    if (at === 0) assert.strictEqual(event._tag, "ResponseStart")
    else assert.notStrictEqual(event._tag, "ResponseStart")
    switch (event._tag) {
      case "TextStart":
      case "ReasoningStart":
      case "ToolCallStart":
        start(event.index, event._tag.slice(0, -5))
        break
      case "Citation":
      case "ProviderPart":
        start(event.index, "Provider")
        open.delete(event.index)
        break
      case "TextDelta":
      case "ReasoningDelta":
      case "ToolCallDelta":
        assert.strictEqual(open.get(event.index), event._tag.slice(0, -5))
        assert.notStrictEqual("text" in event ? event.text : event.json, "")
        break
      case "TextEnd":
      case "ReasoningEnd":
      case "ToolCallEnd":
        assert.strictEqual(open.get(event.index), event._tag.slice(0, -3))
        open.delete(event.index)
        break
      case "Finish":
        assert.strictEqual(at, events.length - 1)
        // Only a call that was cut stays open.
        for (const kind of open.values()) assert.strictEqual(kind, "ToolCall")
        for (let index = 0; index < seen.size; index++) assert(seen.has(index), `no block ${index}`)
        checkFold(events, event.response)
        break
      default:
        break
    }
  }
  const finished = events.at(-1)?._tag === "Finish"
  assert.strictEqual(verdict, finished ? "Finished" : "Failed")
  assert.strictEqual(fault === undefined, finished)
}

const parsed = (json: string): unknown => {
  try {
    return json.trim() === "" ? {} : JSON.parse(json)
  } catch {
    return undefined
  }
}

const checkFold = (events: ReadonlyArray<ModelEvent.ModelEvent>, response: ModelResponse): void => {
  const folded = ModelEvent.fold(events)
  assert.strictEqual(folded.text, response.text)
  const content: Array<unknown> = []
  // The response keeps cut calls apart; of equal calls the fold cannot tell which one was cut, so order decides.
  const whole = [...response.toolCalls]
  const cut = [...response.incompleteToolCalls]
  for (const block of folded.blocks) {
    if (block.type === "text" && block.text !== "") content.push({ type: "text", text: block.text })
    if (block.type === "reasoning") {
      const { protocol, signature, text } = block
      content.push({ type: "reasoning", text, signature, protocol })
    }
    if (block.type === "citation") {
      const { open: _, ...part } = block
      content.push(part)
    }
    if (block.type === "provider") {
      const { name, protocol, value } = block
      content.push({ type: "provider", name, value, protocol })
    }
    if (block.type !== "tool-call") continue
    const { id, json, name, open } = block
    const isCut = cut[0]?.id === id && cut[0].name === name && cut[0].json === json
    if (open || (isCut && (whole[0]?.id !== id || !isDeepStrictEqual(whole[0].arguments, parsed(json))))) {
      assert(isCut, `call ${id} is neither whole nor cut`)
      cut.shift()
    } else {
      whole.shift()
      content.push({ type: "tool-call", id, name, arguments: parsed(json) })
    }
  }
  assert.deepStrictEqual([whole, cut], [[], []])
  assert.deepStrictEqual([...response.content], content)
}
