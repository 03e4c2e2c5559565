/**
 * The schema of an object of `@effect/ai`, as the provider requests it. `@effect/ai` decodes the answer itself, with
 * the requirements of its schema, so here it is only JSON of that form.
 */
import type * as LanguageModel from "@effect/ai/LanguageModel"
import * as AiTool from "@effect/ai/Tool"
import * as Schema from "effect/Schema"
import type { ObjectOptions } from "../../provider/internal/callOptions.js"

export const objectOf = ({
  objectName,
  schema
}: Extract<LanguageModel.ProviderOptions["responseFormat"], { readonly type: "json" }>): ObjectOptions<
  unknown,
  unknown,
  never
> => ({
  // A schema's name may be any text, but vendors accept few characters.
  name: objectName.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, 64) || "answer",
  description: AiTool.getDescriptionFromSchemaAst(schema.ast),
  schema: Schema.Unknown.annotations({ jsonSchema: AiTool.getJsonSchemaFromSchemaAst(schema.ast) })
})
