/**
 * A file of a user's message: an image, a text, or a document.
 */
import type * as AiPrompt from "@effect/ai/Prompt"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import type * as Prompt from "../../model/Prompt.js"
import { object, string } from "../../protocol/internal/json.js"
import { textOption } from "./metadata.js"

/** Fails with a message that says what is wrong. */
export const fileOf = (part: AiPrompt.FilePart): Either.Either<Prompt.ImagePart | Prompt.DocumentPart, string> => {
  if (part.mediaType.startsWith("image/")) {
    const mediaType = part.mediaType === "image/*" ? "image/jpeg" : part.mediaType
    return Either.map(sourceOf(part.data, mediaType), (source) => ({ type: "image", source }))
  }
  return Either.map(documentSource(part), (source) => ({ type: "document", source, ...describedBy(part) }))
}

const documentSource = ({
  data,
  mediaType
}: AiPrompt.FilePart): Either.Either<Prompt.DocumentPart["source"], string> => {
  if (mediaType !== "text/plain" || data instanceof URL) return sourceOf(data, mediaType)
  return Either.right({ text: typeof data === "string" ? data : new TextDecoder().decode(data) })
}

/** A string is base64, or an address, which is never valid base64. */
const sourceOf = (data: AiPrompt.FilePart["data"], mediaType: string): Either.Either<Prompt.Source, string> => {
  if (data instanceof Uint8Array) return Either.right({ base64: Encoding.encodeBase64(data), mediaType })
  const text = data.toString()
  if (!text.startsWith("data:")) {
    return Either.right(text.includes("://") ? { url: text } : { base64: text, mediaType })
  }
  const comma = text.indexOf(",")
  const head = text.slice("data:".length, comma)
  if (comma < 0 || !head.endsWith(";base64")) return Either.left("a file's data URL is not base64")
  const [named] = head.split(";")
  return Either.right({ base64: text.slice(comma + 1), mediaType: named || mediaType })
}

type Described = Pick<Prompt.DocumentPart, "name" | "context" | "citations">

const describedBy = ({ fileName, options }: AiPrompt.FilePart): Described => {
  const name = textOption(options, "anthropic", "documentTitle") ?? fileName
  const context = textOption(options, "effectRedial", "context") ?? textOption(options, "anthropic", "documentContext")
  const native = object(object(options.anthropic)?.citations)?.enabled
  const citations = options.effectRedial?.citations ?? native
  return {
    ...(string(name) !== undefined && { name }),
    ...(context !== undefined && { context }),
    ...(citations === true && { citations })
  }
}
