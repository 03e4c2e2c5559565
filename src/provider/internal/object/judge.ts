/** Decides whether an answer is the requested object. */
import * as Effect from "effect/Effect"
import { InvalidOutput, type Rejected } from "../../../model/InvalidOutput.js"
import type { ModelResponse } from "../../../model/ModelResponse.js"
import type { Found, Way } from "./ways.js"

/** The provider and the way of the request. */
export interface Asked {
  readonly provider: string
  readonly way: Way
  readonly name: string
  /** The earlier answers that were not the object. */
  readonly repairs: ReadonlyArray<Rejected>
}

type Problem = Pick<InvalidOutput, "reason" | "description" | "text"> & { readonly issue?: string | undefined }

export const invalid = ({ provider, repairs }: Asked, response: ModelResponse, problem: Problem): InvalidOutput =>
  new InvalidOutput({ provider, response, ...problem, ...(repairs.length > 0 && { repairs }) })

/** The JSON in an answer that ended normally. */
export const found = (asked: Asked, response: ModelResponse): Effect.Effect<Found, InvalidOutput> => {
  const { name, way } = asked
  const found = way.find(response, name)
  const stopped = stopOf(response)
  if (stopped !== undefined) {
    return Effect.fail(invalid(asked, response, { ...stopped, text: found.text || refusalOf(response) }))
  }
  return "reason" in found ? Effect.fail(invalid(asked, response, found)) : Effect.succeed(found)
}

export const judge = <A, R>(
  asked: Asked,
  response: ModelResponse,
  decode: (json: unknown) => Effect.Effect<A, string, R>
): Effect.Effect<A, InvalidOutput, R> =>
  Effect.flatMap(found(asked, response), ({ json, text }) =>
    Effect.mapError(decode(json), (issue) => invalid(asked, response, { ...misfit, text, issue }))
  )

export const misfit = { reason: "schema", description: "the answer does not fit the schema" } as const

/** An answer with another finish reason is not a whole object, even if its text looks like one. */
const stopOf = ({ finishReason }: ModelResponse): Omit<Problem, "text"> | undefined => {
  switch (finishReason.reason) {
    case "refusal":
      return { reason: "refusal", description: "the model refused to answer" }
    case "content-filter":
      return { reason: "refusal", description: "the vendor's content filter stopped the answer" }
    case "length":
      return { reason: "cut", description: "the answer was cut at the limit of its length" }
    case "pause":
      return { reason: "cut", description: "the vendor paused the answer before it was whole" }
    default:
      return undefined
  }
}

/** OpenAI's protocols separate a refusal from the text. */
const refusalOf = ({ content }: ModelResponse): string => {
  for (const part of content) {
    if (part.type === "provider" && part.name === "refusal" && typeof part.value === "string") return part.value
  }
  return ""
}
