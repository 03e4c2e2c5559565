/**
 * The form in which an object is asked for: a JSON Schema document, and what makes a value of the JSON that comes.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Fault from "../../../model/internal/fault.js"
import { fromSchema } from "../../../model/internal/jsonSchema.js"
import type { ProviderError } from "../../../model/ProviderError.js"
import type { JsonSchema } from "../../../model/Tool.js"
import { unsent } from "../unsent.js"

export interface Form<A, R> {
  readonly document: JsonSchema
  /** Vendors want an object at the root: what is none is the field `value` of one. */
  readonly isWrapped: boolean
  /** Fails with what does not fit. */
  readonly decode: (json: unknown) => Effect.Effect<A, string, R>
}

const make = <A, I, R>(schema: Schema.Schema<A, I, R>): Form<A, R> => {
  const document = fromSchema(schema)
  if (document.type === "object") return { document, isWrapped: false, decode: decoder(schema) }
  const wrapped = Schema.Struct({ value: schema })
  const decode = decoder(wrapped)
  return {
    document: fromSchema(wrapped),
    isWrapped: true,
    decode: (json) => Effect.map(decode(json), ({ value }) => value)
  }
}

/** Decodes, and says what does not fit. A schema that is a part of itself calls itself for each level of what came. */
export const decoder = <A, I, R>(schema: Schema.Schema<A, I, R>): ((json: unknown) => Effect.Effect<A, string, R>) => {
  const decode = Schema.decodeUnknown(schema, { errors: "all" })
  return (json) =>
    Effect.suspend(() => decode(json)).pipe(
      Effect.mapError(({ message }) => message),
      Effect.catchSomeDefect((defect) =>
        defect instanceof RangeError
          ? Option.some(Effect.fail("It is nested too deeply to be decoded."))
          : Option.none()
      )
    )
}

/** The form of a schema; a schema that cannot be written as JSON Schema is the caller's to mend. */
export const formOf = <A, I, R>(
  schema: Schema.Schema<A, I, R>,
  request: { readonly provider: string; readonly model: string }
): Effect.Effect<Form<A, R>, ProviderError> =>
  Effect.try({
    try: () => make(schema),
    catch: (cause) => {
      const why = cause instanceof Error ? cause.message : cause
      const problem = `the object's \`schema\` cannot be written as JSON Schema: ${why}`
      return unsent(Fault.invalidRequest("schema", problem), request)
    }
  })
