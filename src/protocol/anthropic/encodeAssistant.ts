/** Writes earlier messages of the model as Anthropic Messages accept them. */
import * as Either from "effect/Either"
import type * as Prompt from "../../model/Prompt.js"
import { type Encoded, invalid, isOfAnother, isVisible } from "../internal/encode.js"
import { type JsonObject, object } from "../internal/json.js"
import type { Messages } from "../sdk/anthropic.js"
import { cacheControl, toolId } from "./encodeShared.js"

/** Left out: reasoning without a signature and blank text, which the vendor refuses, and blocks of other protocols. */
export const assistant = (
  content: string | ReadonlyArray<Prompt.AssistantPart>,
  at: number
): Encoded<Array<Messages.ContentBlockParam>> => {
  if (typeof content === "string") return Either.right([{ type: "text", text: content }])
  const blocks: Array<Messages.ContentBlockParam> = []
  // The text that citations belong to; undefined if it was left out.
  let text: Messages.TextBlockParam | undefined
  for (const part of content) {
    if (isOfAnother(part, "anthropic-messages")) continue
    switch (part.type) {
      case "text":
        text = isVisible(part.text) ? { type: "text", text: part.text, ...cacheControl(part.cache) } : undefined
        if (text !== undefined) blocks.push(text)
        break
      case "reasoning":
        if (part.signature) blocks.push({ type: "thinking", thinking: part.text, signature: part.signature })
        break
      case "tool-call": {
        const input = object(part.arguments) ?? customInput(content, part)
        if (input === undefined) {
          return invalid("prompt", `has a tool call at position ${at} whose arguments are not an object`)
        }
        blocks.push({ type: "tool_use", id: toolId(part.id), name: part.name, input, ...cacheControl(part.cache) })
        break
      }
      case "citation":
        cite(text, part)
        break
      case "provider":
        provider(blocks, part)
        break
    }
  }
  return Either.right(blocks)
}

/** A custom tool of Responses takes text, which becomes a field here, so that the call and its result stay a pair. */
const customInput = (
  content: ReadonlyArray<Prompt.AssistantPart>,
  { arguments: input, id }: Prompt.ToolCallPart
): JsonObject | undefined =>
  content.some(
    (part) => part.type === "provider" && part.name === "custom_tool_call" && object(part.value)?.call_id === id
  )
    ? { input }
    : undefined

/** A citation goes back into the text that it belongs to. */
const cite = (text: Messages.TextBlockParam | undefined, { value }: Prompt.CitationPart): void => {
  if (text === undefined || object(value) === undefined) return
  // The vendor wrote it, and reads it.
  text.citations = [...(text.citations ?? []), value as Messages.TextCitationParam]
}

/** A block goes back unchanged. */
const provider = (blocks: Array<Messages.ContentBlockParam>, { name, value }: Prompt.ProviderPart): void => {
  const block = object(value)
  if (block?.type !== name) return
  const call = blocks.findLast((known) => known.type === "tool_use" && known.id === block.id)
  // The call itself came just before, without these fields. A call that was cut is not sent.
  if (name === "tool_use") Object.assign(call ?? {}, { ...block, ...call })
  // The decoder names a part after its block. What the vendor wrote, the vendor can read.
  else blocks.push(block as unknown as Messages.ContentBlockParam)
}
