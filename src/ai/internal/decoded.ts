/**
 * Parts of a stream as the Schema of `@effect/ai` decodes them, without that Schema: its first use takes milliseconds,
 * more than a short answer. Only parts that a toolkit types go through it.
 */
import * as Response from "@effect/ai/Response"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"

type Typed = Response.ToolCallPartEncoded | Response.ToolResultPartEncoded

export type Plain = Exclude<Response.StreamPartEncoded, Typed | Response.FilePartEncoded>

/** Whether no Schema has to decode the part. */
export const isPlain = (part: Response.StreamPartEncoded): part is Plain =>
  part.type !== "tool-call" && part.type !== "tool-result" && part.type !== "file"

export const decoded = (part: Plain): Response.AnyPart => {
  const metadata = part.metadata ?? {}
  switch (part.type) {
    case "response-metadata":
      return Response.makePart(part.type, {
        id: Option.fromNullable(part.id),
        modelId: Option.fromNullable(part.modelId),
        timestamp: Option.map(Option.fromNullable(part.timestamp), (iso) => DateTime.unsafeMake(iso)),
        metadata
      })
    case "finish":
      return Response.makePart(part.type, {
        reason: part.reason,
        // Checked by its type already.
        usage: new Response.Usage(part.usage, { disableValidation: true }),
        metadata
      })
    case "source":
      return part.sourceType === "url"
        ? Response.urlSourcePart({ id: part.id, url: new URL(part.url), title: part.title, metadata })
        : Response.documentSourcePart({ id: part.id, mediaType: part.mediaType, title: part.title, metadata })
    case "tool-params-start": {
      const { id, name, providerExecuted = false, providerName } = part
      return Response.makePart(part.type, {
        id,
        name,
        providerExecuted,
        metadata,
        ...(providerName !== undefined && { providerName })
      })
    }
    default:
      return { ...part, [Response.PartTypeId]: Response.PartTypeId, metadata }
  }
}
