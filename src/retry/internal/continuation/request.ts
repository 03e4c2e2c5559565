/**
 * The request that continues a broken answer: the conversation, the model's output so far and, for `ask`, the words
 * that ask.
 */
import type { ModelRequest } from "../../../model/ModelRequest.js"
import type { PartialResponse } from "../../../model/PartialResponse.js"
import type * as Prompt from "../../../model/Prompt.js"

/** The result of a call that cannot have run yet. */
const NOT_RUN = "Not run yet: the connection broke before your message was complete."

/** The model's own message comes last. */
export const prefilled = (request: ModelRequest, kept: PartialResponse): ModelRequest => ({
  ...request,
  prompt: withAnswer(request.prompt, contentOf(kept))
})

/** The text of the last message. */
export const lastText = ({ prompt }: ModelRequest): string => {
  const content = prompt.at(-1)?.content ?? ""
  if (typeof content === "string") return content
  return content.map((part) => (part.type === "text" ? part.text : "")).join("")
}

/** The model's own message, followed by words in the user's name. */
export const asked = (request: ModelRequest, kept: PartialResponse, words: string): ModelRequest => {
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
      { role: "user", content: words }
    ]
  }
}

/**
 * Text and whole calls. Reasoning is not needed to continue, and vendors are strict about taking it back. Texts with
 * only reasoning between them are one text for the model. So is white space that stands alone, which vendors do not
 * accept as a part.
 */
const contentOf = ({ blocks }: PartialResponse): Array<Prompt.TextPart | Prompt.ToolCallPart> => {
  const said: Array<Prompt.TextPart | Prompt.ToolCallPart> = []
  let space = ""
  for (const block of blocks) {
    if (block.type === "text") {
      const last = said.at(-1)
      const text = space + block.text
      if (last?.type === "text") said[said.length - 1] = { ...last, text: last.text + text }
      else if (/\S/.test(text)) said.push({ type: "text", text })
      space = last?.type === "text" || /\S/.test(text) ? "" : text
    } else if (block.type === "tool-call") {
      // Only whole calls are kept before text: see Recovery.
      const json = block.json.trim()
      said.push({ type: "tool-call", id: block.id, name: block.name, arguments: json === "" ? {} : JSON.parse(json) })
      space = ""
    }
  }
  return said
}

/** If the conversation already ends in words put into the model's mouth, the answer continues them. */
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
