/**
 * A whole answer as the parts of a response.
 */
import type * as Response from "@effect/ai/Response"
import type { ModelResponse } from "../../model/ModelResponse.js"
import type { AssistantPart } from "../../model/Prompt.js"
import { finishOf, redacted, responseMetadata, type Source, signed, sourceOf } from "./parts.js"
import type { ToolNames } from "./tools.js"

export interface Parts<Part> {
  readonly parts: Array<Part>
  /** The parts that need an id. */
  readonly sources: ReadonlyArray<Source>
}

export const partsOf = (
  response: ModelResponse,
  content: ReadonlyArray<AssistantPart>,
  names: ToolNames
): Parts<Response.PartEncoded> => {
  const parts: Array<Response.PartEncoded> = [metadataOf(response)]
  const sources: Array<Source> = []
  // Only closed calls may be run.
  const closed = new Set(response.toolCalls.map(({ id }) => id))
  for (const part of content) {
    switch (part.type) {
      case "text":
        parts.push({ type: "text", text: part.text })
        break
      case "reasoning":
        parts.push({ type: "reasoning", text: part.text, ...signed(part) })
        break
      case "tool-call":
        if (closed.has(part.id)) {
          parts.push({ type: "tool-call", id: part.id, ...names.ofCall(part.name), params: part.arguments })
        }
        break
      case "citation": {
        const source = sourceOf(part)
        sources.push(source)
        parts.push(source)
        break
      }
      case "provider": {
        const hidden = redacted(part)
        if (hidden !== undefined) parts.push({ type: "reasoning", text: "", ...hidden })
        parts.push(...names.ofServer(part))
      }
    }
  }
  parts.push(finishOf(response, content))
  return { parts, sources }
}

const metadataOf = (response: ModelResponse): Response.ResponseMetadataPartEncoded => {
  const last = response.attempts.at(-1)
  return responseMetadata(response.id, response.model, last?.startedAt, {
    attempt: last?.attempt ?? 1,
    generation: last?.generation,
    requestId: response.requestId,
    route: last?.route
  })
}
