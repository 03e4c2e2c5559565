/**
 * Checks a conversation, as far as possible without knowing the vendor. What a vendor would refuse after minutes of
 * upload is refused here at once, with its position in the conversation.
 */
import type * as Prompt from "../Prompt.js"
import { type Fault, invalidRequest } from "./fault.js"

type Problem = string | undefined

export const checkPrompt = (prompt: Prompt.Prompt): Fault | undefined => {
  if (prompt.length === 0) return invalid("is empty: give it at least one message")
  for (const [at, message] of prompt.entries()) {
    if (!roles.has(message.role)) {
      const known = [...roles].join(", ")
      return invalid(`has the role "${message.role}" at position ${at}: there are ${known}`)
    }
    if (isEmpty(message)) {
      return invalid(`has an empty ${message.role} message at position ${at}: vendors refuse those, leave it out`)
    }
    if (typeof message.content === "string") continue
    for (const part of message.content) {
      const problem = checkPart(part)
      if (problem !== undefined) return invalid(`has ${problem} (in the ${message.role} message at position ${at})`)
    }
  }
  return undefined
}

/** Stored conversations of other libraries may have other roles, which would be dropped silently. */
const roles: ReadonlySet<string> = new Set<Prompt.Message["role"]>(["system", "developer", "user", "assistant", "tool"])

const invalid = (problem: string): Fault => invalidRequest("prompt", `the request's \`prompt\` ${problem}`)

/** An answer of the model may be empty: protocols leave out empty content. */
const isEmpty = (message: Prompt.Message): boolean => {
  if (typeof message.content === "string") return isBlank(message.content)
  if (message.role === "assistant") return false
  const parts: ReadonlyArray<Prompt.UserPart | Prompt.ToolMessage["content"][number]> = message.content
  return parts.every((part) => part.type === "text" && isBlank(part.text))
}

const isBlank = (text: string): boolean => text.trim() === ""

const checkPart = (part: Prompt.UserPart | Prompt.AssistantPart | Prompt.ToolResultPart): Problem => {
  switch (part.type) {
    case "image":
      return checkImage(part)
    case "document":
      if (!("text" in part.source)) return checkSource(part.source, "a document")
      return isBlank(part.source.text) ? "a document without text: leave it out" : undefined
    case "tool-call":
    case "tool-result":
      if (part.id === "") return `a ${part.type} without an id: give the id that call and result share`
      return part.type === "tool-result" ? checkResult(part) : undefined
    default:
      return undefined
  }
}

const checkResult = ({ content }: Prompt.ToolResultPart): Problem => {
  if (typeof content === "string") return undefined
  for (const part of content) {
    const problem = checkPart(part)
    if (problem !== undefined) return problem
  }
  return undefined
}

const checkImage = ({ source }: Prompt.ImagePart): Problem =>
  "mediaType" in source && !source.mediaType.startsWith("image/")
    ? `an image of type "${source.mediaType}": say what it is, for example \`image/png\``
    : checkSource(source, "an image")

const checkSource = (source: Prompt.Source, what: string): Problem => {
  if ("url" in source) {
    if (source.url.startsWith("data:")) return `${what} as a data URL: give it as \`{ base64, mediaType }\``
    return URL.canParse(source.url)
      ? undefined
      : `${what} whose \`url\` is not an address: give a whole one, with its https://`
  }
  if (!mediaType.test(source.mediaType)) return `${what} of type "${source.mediaType}", which is not a media type`
  if (source.base64.startsWith("data:"))
    return `${what} whose \`base64\` is a data URL: leave out everything up to the comma`
  return isBase64(source.base64)
    ? undefined
    : `${what} whose \`base64\` is not base64: use A-Z, a-z, 0-9, + and /, padded with =, without line breaks`
}

const mediaType = /^[a-z]+\/[a-z0-9.+-]+$/i

/** Looks for the first wrong character: one pass and no memory, however large the file. */
const isBase64 = (text: string): boolean => {
  if (text === "" || text.length % 4 !== 0) return false
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0
  const foreign = text.search(/[^A-Za-z0-9+/]/)
  return foreign < 0 || foreign === text.length - padding
}
