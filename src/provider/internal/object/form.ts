/** The form of a requested object: a JSON Schema document, and a decoder for the JSON of the answer. */
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
  /** Vendors require an object at the root: anything else is the field `value` of one. */
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

/** Decodes, and says what does not fit. A recursive schema recurses once per level of the value. */
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

/** The form of a schema. If the schema cannot be written as JSON Schema, the caller must change it. */
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
