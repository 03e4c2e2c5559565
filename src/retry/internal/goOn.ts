/**
 * The request that goes on with an answer that broke: the conversation, what the model had said, and for a continuation
 * the plain truth about it.
 */
import type { ModelRequest } from "../../model/ModelRequest.js"
import type { PartialResponse } from "../../model/PartialResponse.js"
import type * as Prompt from "../../model/Prompt.js"
import { COMPLETE } from "./seam.js"

/** What a model is asked by default, after its own unfinished message. */
export const REQUEST = [
  "The connection broke while you were writing the message above, and this is all of it that arrived.",
  "Go on from exactly where it stops, in the middle of a word if need be.",
  "Do not repeat any of it, do not begin again, and say nothing about this.",
  `If nothing is missing, answer only ${COMPLETE}.`
].join(" ")

/** What a call that was made, and cannot have been run yet, is answered. */
const NOT_RUN = "Not run yet: the connection broke before your message was complete."

/** The model's own message comes last. Vendors refuse one that ends in white space, so that is left to the seam. */
export const prefill = (request: ModelRequest, kept: PartialResponse): ModelRequest => {
  const said = contentOf(kept)
  const last = said.at(-1)
  if (last?.type === "text") said[said.length - 1] = { ...last, text: last.text.trimEnd() }
  return { ...request, prompt: withAnswer(request.prompt, said) }
}

export const continuation = (request: ModelRequest, kept: PartialResponse, ask: string): ModelRequest => {
  const said = contentOf(kept)
  const results = said.flatMap(
    (part): ReadonlyArray<Prompt.ToolResultPart> =>
      part.type === "tool-call" ? [{ type: "tool-result", id: part.id, content: NOT_RUN }] : []
  )
  return {
    ...request,
    prompt: [
      ...withAnswer(request.prompt, said),
      ...(results.length > 0 ? [{ role: "tool" as const, content: results }] : []),
      { role: "user", content: ask }
    ]
  }
}

/** Text and whole calls. Reasoning is not needed to go on, and vendors are particular about taking it back. */
const contentOf = ({ blocks }: PartialResponse): Array<Prompt.TextPart | Prompt.ToolCallPart> => {
  const said: Array<Prompt.TextPart | Prompt.ToolCallPart> = []
  for (const block of blocks) {
    if (block.type === "text" && /\S/.test(block.text)) said.push({ type: "text", text: block.text })
    else if (block.type === "tool-call") {
      // Only whole calls are kept before text: see Recovery.
      const json = block.json.trim()
      said.push({ type: "tool-call", id: block.id, name: block.name, arguments: json === "" ? {} : JSON.parse(json) })
    }
  }
  return said
}

/** Where the conversation already ends in words put into the model's mouth, the answer is the rest of them. */
const withAnswer = (prompt: Prompt.Prompt, said: Array<Prompt.AssistantPart>): Prompt.Prompt => {
  const last = prompt.at(-1)
  if (last?.role !== "assistant") return [...prompt, { role: "assistant", content: said }]
  const [first, ...rest] = said
  const before: ReadonlyArray<Prompt.AssistantPart> =
    typeof last.content === "string" ? [{ type: "text", text: last.content }] : last.content
  const end = before.at(-1)
  const content: ReadonlyArray<Prompt.AssistantPart> =
    end?.type === "text" && first?.type === "text"
      ? [...before.slice(0, -1), { ...end, text: end.text + first.text }, ...rest]
      : [...before, ...said]
  return [...prompt.slice(0, -1), { role: "assistant", content }]
}
