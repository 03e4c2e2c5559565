/**
 * Prompts and answers in the form that the OpenTelemetry conventions have for spans: messages of parts. Source: the JSON
 * schemas `gen-ai-input-messages` and `gen-ai-output-messages` of open-telemetry/semantic-conventions-genai.
 */
import type { FinishReason } from "../../model/FinishReason.js"
import type * as ModelRequest from "../../model/ModelRequest.js"
import type * as ModelResponse from "../../model/ModelResponse.js"
import type { PartialResponse } from "../../model/PartialResponse.js"
import type * as Prompt from "../../model/Prompt.js"
import { isVendorTool } from "../../model/Tool.js"

/**
 * A part of a message. The type says which other fields there are: `content` of `text` and `reasoning`; `id`, `name` and
 * `arguments` of `tool_call`; `id` and `response` of `tool_call_response`; `modality` and `uri` of `uri`; `modality` and
 * `size`, in characters, of `file`. Any other type is a vendor's own, and has its `name` only.
 *
 * @since 0.1.0
 * @category content
 */
export interface ContentPart {
  readonly type: string
  readonly [field: string]: unknown
}

/**
 * A message of a prompt or an answer. That of an answer has a `finish_reason`, which is `error` where the request failed.
 *
 * @since 0.1.0
 * @category content
 */
export interface ContentMessage {
  readonly role: string
  readonly parts: ReadonlyArray<ContentPart>
  readonly finish_reason?: string | undefined
}

/**
 * What a request says, or its answer. The fields that there are depend on which of the two it is.
 *
 * @since 0.1.0
 * @category content
 */
export interface Content {
  readonly systemInstructions?: ReadonlyArray<ContentPart> | undefined
  readonly inputMessages?: ReadonlyArray<ContentMessage> | undefined
  readonly toolDefinitions?: ReadonlyArray<ContentPart> | undefined
  readonly outputMessages?: ReadonlyArray<ContentMessage> | undefined
}

export const ofRequest = ({ prompt, system, tools }: ModelRequest.ModelRequest): Content => ({
  inputMessages: prompt.map(({ content, role }) => ({
    role,
    parts: typeof content === "string" ? text(content) : content.flatMap(partOf)
  })),
  ...(system !== undefined && {
    systemInstructions: typeof system === "string" ? text(system) : system.flatMap(partOf)
  }),
  ...(tools !== undefined && {
    toolDefinitions: tools.map((tool) =>
      isVendorTool(tool)
        ? { type: "extension", name: tool.name }
        : { type: "function", name: tool.name, description: tool.description, parameters: tool.parameters }
    )
  })
})

export const ofResponse = ({ content, finishReason }: ModelResponse.ModelResponse): Content => ({
  outputMessages: [
    { role: "assistant", parts: content.flatMap(partOf), finish_reason: finishWords[finishReason.reason] }
  ]
})

/** What came of an answer that failed. */
export const ofPartial = (partial: PartialResponse | undefined): Content => ({
  outputMessages: [{ role: "assistant", parts: (partial?.blocks ?? []).flatMap(blockOf), finish_reason: "error" }]
})

const text = (content: string): ReadonlyArray<ContentPart> => [{ type: "text", content }]

type AnyPart = Prompt.UserPart | Prompt.AssistantPart | Prompt.ToolResultPart

const partOf = (part: AnyPart): ReadonlyArray<ContentPart> => {
  switch (part.type) {
    case "text":
      return text(part.text)
    case "reasoning":
      return [{ type: "reasoning", content: part.text }]
    case "tool-call":
      return [{ type: "tool_call", id: part.id, name: part.name, arguments: part.arguments }]
    case "tool-result":
      return [
        {
          type: "tool_call_response",
          id: part.id,
          response: typeof part.content === "string" ? part.content : part.content.flatMap(partOf)
        }
      ]
    case "image":
    case "document":
      return [file(part.type, part.source)]
    case "citation":
      return []
    case "provider":
      return [{ type: "provider", name: part.name }]
  }
}

const file = (modality: string, source: Prompt.DocumentPart["source"]): ContentPart => {
  if ("url" in source) return { type: "uri", modality, uri: source.url }
  return { type: "file", modality, size: "text" in source ? source.text.length : source.base64.length }
}

const blockOf = (block: PartialResponse["blocks"][number]): ReadonlyArray<ContentPart> => {
  switch (block.type) {
    case "text":
      return text(block.text)
    case "reasoning":
      return [{ type: "reasoning", content: block.text }]
    case "tool-call":
      return [{ type: "tool_call", id: block.id, name: block.name, arguments: block.json }]
    default:
      return []
  }
}

/** The convention's own words, where it has one. */
const finishWords: Readonly<Record<FinishReason["reason"], string>> = {
  stop: "stop",
  length: "length",
  "tool-calls": "tool_call",
  "content-filter": "content_filter",
  refusal: "refusal",
  pause: "pause",
  other: "other"
}
