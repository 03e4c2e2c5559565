/**
 * The schema of an answer as Anthropic's structured output accepts it: in its plain form, through the SDK's own
 * transformation, which closes objects and moves constraints that the vendor cannot check into descriptions. The
 * transformation also closes what must stay open, and throws if there is no type; both are refused here, with advice.
 *
 * Source: https://platform.claude.com/docs/en/build-with-claude/structured-outputs, "JSON Schema limitations".
 */
import { transformJSONSchema } from "@anthropic-ai/sdk/lib/transform-json-schema"
import * as Either from "effect/Either"
import type { JsonSchema } from "../../model/Tool.js"
import { type Encoded, invalid } from "../internal/encode.js"
import { type Problem, plainSchema, problemOf, recursionIn } from "../internal/plainSchema.js"

export const outputSchema = (schema: JsonSchema): Encoded<JsonSchema> => {
  const plain = plainSchema(schema)
  const problem = problemOf(plain) ?? recursionIn(plain)
  return problem === undefined ? Either.right(transformJSONSchema(plain)) : invalid("output", say(problem))
}

const say = ({ kind, path }: Problem): string => {
  const where = path === "" ? "at its root" : `at \`${path}\``
  return `has a schema that ${what[kind](where)}: ${advice[kind]}, or ask with \`structuredOutput: "tool"\``
}

const what: { readonly [K in Problem["kind"]]: (where: string) => string } = {
  any: (where) => `allows a value without a type ${where}, and Anthropic's structured output requires a type for each`,
  open: (where) =>
    `allows an object of any fields ${where}, and Anthropic's structured output only supports named fields`,
  recursive: (where) => `contains itself ${where}, which Anthropic's structured output does not support`,
  reference: (where) => `refers to a definition that is not among its \`$defs\` ${where}`,
  root: (where) => `is not an object ${where}`
}

const advice: { readonly [K in Problem["kind"]]: string } = {
  any: "give it a type",
  open: "name its fields, or use a list of keys and values",
  recursive: "nest it as deep as you need",
  reference: "add the definition",
  root: "wrap it in one"
}
