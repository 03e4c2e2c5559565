/**
 * Whether a recorded answer that goes back in a conversation has all that its vendor wants back: what was read off the wire
 * here, without any decoder, must be in the next request.
 */
import { Either } from "effect"
import { type ModelResponse, Prompt, type Protocol } from "effect-redial"
import * as ModelRequest from "../../../src/model/ModelRequest.js"
import * as AnthropicMessages from "../../../src/protocol/AnthropicMessages.js"
import * as ChatCompletions from "../../../src/protocol/ChatCompletions.js"
import * as Responses from "../../../src/protocol/Responses.js"

type Json = Record<string, unknown>

const object = (u: unknown): Json | undefined =>
  typeof u === "object" && u !== null && !Array.isArray(u) ? (u as Json) : undefined

/** The events of a body. A recording has one line of data for each. */
const eventsOf = (body: string): ReadonlyArray<Json> =>
  body.split(/\r\n|\r|\n/).flatMap((line) => {
    if (!line.startsWith("data:")) return []
    try {
      return [object(JSON.parse(line.slice("data:".length))) ?? {}]
    } catch {
      return []
    }
  })

/** All strings under one of the keys, however deep. */
const stringsOf = (value: unknown, keys: ReadonlySet<string>): ReadonlyArray<string> => {
  if (Array.isArray(value)) return value.flatMap((one) => stringsOf(one, keys))
  return Object.entries(object(value) ?? {}).flatMap(([key, inner]) =>
    typeof inner === "string" ? (keys.has(key) && inner !== "" ? [inner] : []) : stringsOf(inner, keys)
  )
}

const blockKeys = new Set([
  "id",
  "name",
  "data",
  "signature",
  "encrypted_content",
  "encrypted_index",
  "tool_use_id",
  "tool_id"
])

/** Names and ids of all blocks, their signatures, and whatever the vendor encrypted. */
const ofAnthropic = (events: ReadonlyArray<Json>): ReadonlyArray<string> => {
  const signatures = new Map<unknown, string>()
  const wanted: Array<string> = []
  for (const { content_block, delta, index, type } of events) {
    if (type === "content_block_start") wanted.push(...stringsOf(content_block, blockKeys))
    const { citation, signature, type: kind } = object(delta) ?? {}
    if (kind === "signature_delta" && typeof signature === "string") signatures.set(index, signature)
    if (kind === "citations_delta") wanted.push(...stringsOf(citation, new Set([...blockKeys, "cited_text", "url"])))
  }
  return [...wanted, ...[...signatures.values()].filter((signature) => signature !== "")]
}

const itemKeys = new Set(["call_id", "name", "encrypted_content", "query", "phase", "code"])

/**
 * Of each item of the vendor: what names it, what it encrypted, and what its tools did. The final event encrypts anew, so it
 * counts only where no other has the items whole.
 */
const ofResponses = (events: ReadonlyArray<Json>): ReadonlyArray<string> => {
  const done = events.filter(({ type }) => type === "response.output_item.done")
  const final = events.findLast(({ type }) => type === "response.completed" || type === "response.incomplete")
  return stringsOf(done.length > 0 ? done.map(({ item }) => item) : object(final?.response)?.output, itemKeys)
}

const detailKeys = new Set(["signature", "data", "thought_signature"])

/** What is signed or encrypted. Calls are compared by the manifest. */
const ofChat = (events: ReadonlyArray<Json>): ReadonlyArray<string> =>
  events.flatMap(({ choices }) => {
    const deltas = Array.isArray(choices) ? choices.map((choice) => object(choice)?.delta) : []
    return deltas.flatMap((delta) => [
      ...stringsOf(object(delta)?.reasoning_details, detailKeys),
      ...stringsOf(object(delta)?.tool_calls, new Set(["thought_signature"]))
    ])
  })

const wanted: Readonly<Record<Protocol.ProtocolId, (events: ReadonlyArray<Json>) => ReadonlyArray<string>>> = {
  "anthropic-messages": ofAnthropic,
  "chat-completions": ofChat,
  responses: ofResponses
}

/** The next request, as it goes to a vendor that wants everything back. */
const written = (protocol: Protocol.ProtocolId, response: ModelResponse.ModelResponse): string => {
  const results = response.toolCalls.map((call) => Prompt.toolResult(call, "done"))
  const prompt = Prompt.toolResults(Prompt.append(Prompt.text("What was recorded?"), response), results)
  const request = Either.getOrThrow(ModelRequest.make({ model: "m", prompt: [...prompt, ...Prompt.text("And?")] }))
  switch (protocol) {
    case "anthropic-messages":
      return JSON.stringify(Either.getOrThrow(AnthropicMessages.protocol.encode(request)))
    case "chat-completions": {
      const details = ChatCompletions.protocol.encode(request, { replay: "reasoning_details" })
      const extra = ChatCompletions.protocol.encode(request, { replay: "extra_content" })
      return JSON.stringify([Either.getOrThrow(details), Either.getOrThrow(extra)])
    }
    case "responses":
      return JSON.stringify(Either.getOrThrow(Responses.protocol.encode(request)))
  }
}

/** What the vendor wants back and would not get. */
export const lostOf = (
  protocol: Protocol.ProtocolId,
  body: string,
  response: ModelResponse.ModelResponse
): ReadonlyArray<string> => {
  // A call that was cut is not to be sent back.
  const next = written(protocol, response) + JSON.stringify(response.incompleteToolCalls)
  return wanted[protocol](eventsOf(body)).filter((one) => !next.includes(JSON.stringify(one).slice(1, -1)))
}
