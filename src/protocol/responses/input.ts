/** Writes a conversation as the input items that Responses accept. */
import * as Either from "effect/Either"
import type * as Prompt from "../../model/Prompt.js"
import { dataUrl, type Encoded, each, invalid, isOfAnother, onlyUncited, ownPart } from "../internal/encode.js"
import { array, type JsonObject, object, string, stringify } from "../internal/json.js"
import type { Responses } from "../sdk/openai.js"

type Item = Responses.ResponseInputItem

export const encodeInput = (prompt: Prompt.Prompt): Encoded<Array<Item>> =>
  Either.gen(function* () {
    const items: Array<Item> = []
    // The calls that went back as items, by their ids.
    const calls = new Map<string, JsonObject>()
    for (const [at, message] of prompt.entries()) {
      switch (message.role) {
        case "system":
        case "developer":
        case "user":
          items.push({ role: message.role, content: yield* userContent(message.content) })
          break
        case "tool":
          for (const part of message.content) items.push(...(yield* result(part, calls)))
          break
        case "assistant":
          if (!assistant(items, calls, message.content)) {
            yield* invalid("prompt", `has a tool call at position ${at} whose arguments cannot be written as JSON`)
          }
          break
      }
    }
    if (items.length === 0) yield* invalid("prompt", "has nothing that can be sent over Responses")
    return items
  })

const userContent = (
  content: string | ReadonlyArray<Prompt.UserPart>
): Encoded<string | Array<Responses.ResponseInputContent>> => {
  if (typeof content === "string") return Either.right(content)
  const [first, ...others] = content
  return first?.type === "text" && others.length === 0
    ? Either.right(first.text)
    : Either.map(each(content, userPart), (parts) => parts.flat())
}

const userPart = (part: Prompt.UserPart): Encoded<ReadonlyArray<Responses.ResponseInputContent>> => {
  switch (part.type) {
    case "text":
      return Either.right([{ type: "input_text", text: part.text }])
    case "image":
      return Either.right([imagePart(part)])
    case "document":
      return Either.map(onlyUncited(part, "Responses"), () =>
        // The protocol has no field for the context of a document: it is sent as text before the document.
        part.context === undefined
          ? [documentPart(part)]
          : [{ type: "input_text", text: part.context }, documentPart(part)]
      )
  }
}

const imagePart = ({ source }: Prompt.ImagePart): Responses.ResponseInputImage => ({
  type: "input_image",
  image_url: "url" in source ? source.url : dataUrl(source),
  detail: "auto"
})

/** The protocol has files but no text files: a text is sent as text, under its name. */
const documentPart = ({ name, source }: Prompt.DocumentPart): Responses.ResponseInputContent => {
  if ("text" in source) {
    return { type: "input_text", text: name === undefined ? source.text : `# ${name}\n\n${source.text}` }
  }
  if ("url" in source) return { type: "input_file", file_url: source.url }
  const unnamed = source.mediaType === "application/pdf" ? "document.pdf" : "document"
  return { type: "input_file", filename: name ?? unnamed, file_data: dataUrl(source) }
}

/** The answer to a call that is not modelled is an item of its own; one of another protocol answers nothing here. */
const result = (
  part: Prompt.ToolMessage["content"][number],
  calls: ReadonlyMap<string, JsonObject>
): Encoded<ReadonlyArray<Item>> =>
  part.type === "tool-result"
    ? Either.map(toolResult(part, calls.get(part.id)), (item) => [item])
    : Either.map(ownPart(part, "responses", "Responses"), (value) =>
        // The program wrote it for this protocol, and the vendor checks it.
        value === undefined ? [] : [value as unknown as Item]
      )

/** The protocol has no error flag for a tool's result: the content says that it failed. */
const toolResult = ({ content, id }: Prompt.ToolResultPart, call: JsonObject | undefined): Encoded<Item> =>
  Either.map(userContent(content), (output) => {
    const result = { call_id: id, output }
    // The result of a call that a program of the vendor made returns to that program. The vendor wrote it, and it goes
    // back unread.
    const caller = object(call?.caller) as unknown as Responses.ResponseCustomToolCallOutput["caller"]
    return call?.type === "custom_tool_call"
      ? { type: "custom_tool_call_output", ...result, ...(caller && { caller }) }
      : { type: "function_call_output", ...result, ...(caller && { caller }) }
  })

/** False if the arguments of a call cannot be written as JSON. */
const assistant = (
  items: Array<Item>,
  calls: Map<string, JsonObject>,
  content: string | ReadonlyArray<Prompt.AssistantPart>
): boolean => {
  if (typeof content === "string") {
    items.push({ role: "assistant", content })
    return true
  }
  // The message that texts go into, until another item follows it.
  let message: Responses.EasyInputMessage | undefined
  const say = (text: string): void => {
    if (text === "") return
    if (message === undefined) message = { role: "assistant", content: "" }
    if (items.at(-1) !== message) items.push(message)
    message.content += text
  }
  for (const part of content) {
    if (isOfAnother(part, "responses")) continue
    if (part.type === "text") say(part.text)
    else if (part.type === "provider" && part.name === "refusal") say(string(part.value) ?? "")
    else if (part.type === "provider" && part.name === "phase") {
      // The vendor wrote it, and it goes back unread.
      message = { role: "assistant", content: "", phase: part.value as "final_answer" }
    } else if (part.type === "tool-call") {
      const json = stringify(part.arguments)
      if (json === undefined) return false
      message = undefined
      items.push({ type: "function_call", call_id: part.id, name: part.name, arguments: json })
    } else if (part.type === "provider" && isItem(part)) {
      message = undefined
      provider(items, calls, part.value)
    }
  }
  return true
}

/** A part that came as an item: its name is its type, and it has an id. A part of a message has none. */
const isItem = (part: Prompt.ProviderPart): part is Prompt.ProviderPart & { readonly value: JsonObject } => {
  const item = object(part.value)
  return item?.type === part.name && (string(item.id) ?? string(item.call_id)) !== undefined
}

/** What the vendor wrote, the vendor can read, so an item goes back unchanged. */
const provider = (items: Array<Item>, calls: Map<string, JsonObject>, value: JsonObject): void => {
  const item = value as unknown as Item
  if (value.type === "reasoning" && !isReadable(value)) return
  const id = string(value.call_id)
  if ((value.type !== "function_call" && value.type !== "custom_tool_call") || id === undefined) {
    items.push(item)
    return
  }
  // The call itself came just before, without these fields.
  const before = items.findLastIndex((call) => call.type === "function_call" && call.call_id === id)
  calls.set(id, value)
  if (before < 0) items.push(item)
  else items[before] = item
}

/** For reasoning that is not stored the vendor has only an id, and refuses it. */
const isReadable = (item: JsonObject): boolean =>
  string(item.encrypted_content) !== undefined || (array(item.content) ?? []).length > 0
