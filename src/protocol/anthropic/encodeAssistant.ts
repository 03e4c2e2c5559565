/**
 * Writes what a model said before, as Anthropic Messages take it back.
 */
import type * as Messages from "@anthropic-ai/sdk/resources/messages/messages"
import * as Either from "effect/Either"
import type { ChatCompletionContentPart } from "openai/resources/chat/completions/completions"
import type { ResponseInputItem, ResponseOutputItem } from "openai/resources/responses/responses"
import type * as Prompt from "../../model/Prompt.js"
import { type Encoded, invalid, isVisible } from "../internal/encode.js"
import { type JsonObject, object } from "../internal/json.js"
import { cacheControl, toolId } from "./encodeShared.js"

/**
 * Left out: reasoning without a signature, which the vendor refuses; text that has nothing to read in it, which it
 * refuses too; and blocks of other protocols.
 */
export const assistant = (
  content: string | ReadonlyArray<Prompt.AssistantPart>,
  at: number
): Encoded<Array<Messages.ContentBlockParam>> => {
  if (typeof content === "string") return Either.right([{ type: "text", text: content }])
  const blocks: Array<Messages.ContentBlockParam> = []
  for (const part of content) {
    switch (part.type) {
      case "text":
        if (isVisible(part.text)) blocks.push({ type: "text", text: part.text, ...cacheControl(part.cache) })
        break
      case "reasoning":
        if (part.signature) blocks.push({ type: "thinking", thinking: part.text, signature: part.signature })
        break
      case "tool-call": {
        const input = object(part.arguments) ?? customInput(content, part)
        if (input === undefined) {
          return invalid("prompt", `has a tool call at position ${at} whose arguments are no object`)
        }
        blocks.push({ type: "tool_use", id: toolId(part.id), name: part.name, input, ...cacheControl(part.cache) })
        break
      }
      case "provider":
        provider(blocks, part)
        break
    }
  }
  return Either.right(blocks)
}

/** A custom tool of Responses takes text, which crosses as a field, so that the call and its result stay a pair. */
const customInput = (
  content: ReadonlyArray<Prompt.AssistantPart>,
  { arguments: input, id }: Prompt.ToolCallPart
): JsonObject | undefined =>
  content.some(
    (part) => part.type === "provider" && part.name === "custom_tool_call" && object(part.value)?.call_id === id
  )
    ? { input }
    : undefined

/** A block goes back as it came; a citation goes back into the text that it belongs to. */
const provider = (blocks: Array<Messages.ContentBlockParam>, { name, value }: Prompt.ProviderPart): void => {
  const block = object(value)
  const last = blocks.at(-1)
  if (block === undefined) return
  if (name === "citation") {
    if (last?.type !== "text") return
    // The decoder names a part so only where the vendor itself sent a citation.
    last.citations = [...(last.citations ?? []), block as unknown as Messages.TextCitationParam]
  } else if (block.type === name && !isForeign(name, block)) {
    // The decoder names a part after its block, and what the vendor wrote the vendor reads.
    blocks.push(block as unknown as Messages.ContentBlockParam)
  }
}

/** Both protocols have compactions; only Anthropic's may be read. */
const isForeign = (name: string, block: JsonObject): boolean =>
  name === "compaction" ? !Object.hasOwn(block, "content") : Object.hasOwn(foreign, name)

type OpenAiType = NonNullable<(ResponseInputItem | ResponseOutputItem | ChatCompletionContentPart)["type"]>

/**
 * What OpenAI's protocols call their own: parts do not say which protocol they are of, and those of one that is not
 * known must go back to it. The compiler says when a name is missing.
 */
const foreign: Readonly<Record<Exclude<OpenAiType, "compaction"> | "reference" | "refusal", true>> = {
  additional_tools: true,
  apply_patch_call: true,
  apply_patch_call_output: true,
  code_interpreter_call: true,
  compaction_trigger: true,
  computer_call: true,
  computer_call_output: true,
  configuration_update: true,
  custom_tool_call: true,
  custom_tool_call_output: true,
  file: true,
  file_search_call: true,
  function_call: true,
  function_call_output: true,
  image_generation_call: true,
  image_url: true,
  input_audio: true,
  item_reference: true,
  local_shell_call: true,
  local_shell_call_output: true,
  mcp_approval_request: true,
  mcp_approval_response: true,
  mcp_call: true,
  mcp_list_tools: true,
  message: true,
  program: true,
  program_output: true,
  reasoning: true,
  reference: true,
  refusal: true,
  shell_call: true,
  shell_call_output: true,
  text: true,
  tool_search_call: true,
  tool_search_output: true,
  web_search_call: true
}
