/**
 * An object of a Schema out of an answer: asked for by the vendor's own structured output or by a tool that the model
 * must call, and checked.
 */
import * as Effect from "effect/Effect"
import type * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { InvalidOutput } from "../../model/InvalidOutput.js"
import * as Fault from "../../model/internal/fault.js"
import { fromSchema } from "../../model/internal/jsonSchema.js"
import type { ModelResponse } from "../../model/ModelResponse.js"
import * as Tool from "../../model/Tool.js"
import { toolsOf } from "../../model/Toolkit.js"
import type { StructuredOutput } from "../../vendors/Vendor.js"
import type { Service } from "../Provider.js"
import type { ObjectOptions, ObjectRequest } from "./callOptions.js"
import { unsent } from "./unsent.js"

export const generateObject =
  (provider: string, way: StructuredOutput, generate: Service["generate"]): Service["generateObject"] =>
  (request, { description, name = "answer", schema }, options) =>
    Effect.gen(function* () {
      const { decode, document } = yield* Effect.try({
        try: () => formOf(schema),
        catch: (cause) =>
          unsent(Fault.invalidRequest("schema", sayUnwritable(cause)), { provider, model: request.model })
      })
      const asked = { ...document, ...(description !== undefined && { description }) }
      const response = yield* generate(ways[way].ask(request, name, asked), options)
      const invalid = (problem: Problem) => new InvalidOutput({ provider, response, ...problem })

      const found = ways[way].find(response, name)
      const stopped = stopOf(response)
      if (stopped !== undefined) return yield* invalid({ ...stopped, text: found.text || refusalOf(response) })
      if ("reason" in found) return yield* invalid(found)
      const value = yield* Effect.mapError(decode(found.json), ({ message }) =>
        invalid({
          reason: "schema",
          description: "the answer does not fit the schema",
          text: found.text,
          issue: message
        })
      )
      return { value, response }
    })

type Problem = Pick<InvalidOutput, "reason" | "description" | "text"> & { readonly issue?: string | undefined }

const sayUnwritable = (cause: unknown): string =>
  `the object's \`schema\` cannot be written as JSON Schema: ${cause instanceof Error ? cause.message : cause}`

interface Form<A, R> {
  readonly document: Tool.JsonSchema
  readonly decode: (json: unknown) => Effect.Effect<A, ParseResult.ParseError, R>
}

/** Vendors want an object at the root: what is none is put into one, and taken out of it again. */
const formOf = <A, I, R>(schema: ObjectOptions<A, I, R>["schema"]): Form<A, R> => {
  const document = fromSchema(schema)
  if (document.type === "object") return { document, decode: Schema.decodeUnknown(schema, { errors: "all" }) }
  const wrapped = Schema.Struct({ value: schema })
  const decode = Schema.decodeUnknown(wrapped, { errors: "all" })
  return { document: fromSchema(wrapped), decode: (json) => Effect.map(decode(json), ({ value }) => value) }
}

interface Found {
  readonly json: unknown
  readonly text: string
}

interface Way {
  readonly ask: (request: ObjectRequest, name: string, document: Tool.JsonSchema) => Parameters<Service["generate"]>[0]
  readonly find: (response: ModelResponse, name: string) => Found | Problem
}

const ways: { readonly [K in StructuredOutput]: Way } = {
  native: {
    ask: (request, name, schema) => ({
      ...request,
      output: { name, schema },
      // A conversation with tool calls in it needs its tools, and the answer is to be no further call.
      toolChoice: (toolsOf(request.tools)?.length ?? 0) === 0 ? undefined : "none"
    }),
    find: ({ text }) => (text.trim() === "" ? absent("the answer has no text", text) : parse(text))
  },
  tool: {
    ask: (request, name, parameters) => {
      const description = typeof parameters.description === "string" ? parameters.description : "Takes the answer."
      return {
        ...request,
        tools: [...(toolsOf(request.tools) ?? []), Tool.make(name, { description, parameters })],
        toolChoice: { tool: name },
        output: undefined
      }
    },
    find: ({ incompleteToolCalls, text, toolCalls }, name) => {
      const calls = toolCalls.filter((call) => call.name === name)
      const [call] = calls
      const [broken] = incompleteToolCalls.filter((call) => call.name === name)
      if (call === undefined) {
        return broken === undefined ? absent("the model answered without calling the tool", text) : parse(broken.json)
      }
      const written = JSON.stringify(calls.length === 1 ? call.arguments : calls.map((each) => each.arguments))
      if (calls.length > 1) return absent(`the model gave ${calls.length} answers where one was asked for`, written)
      return { json: call.arguments, text: written }
    }
  }
}

const absent = (description: string, text: string): Problem => ({ reason: "absent", description, text })

const parse = (text: string): Found | Problem => {
  try {
    return { json: JSON.parse(text), text }
  } catch (cause) {
    return { reason: "json", description: "the answer is not JSON", text, issue: String(cause) }
  }
}

/** An answer that ended for a reason of its own is no whole object, even where what there is of it looks like one. */
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

/** OpenAI's protocols tell a refusal apart from the text. */
const refusalOf = ({ content }: ModelResponse): string => {
  for (const part of content) {
    if (part.type === "provider" && part.name === "refusal" && typeof part.value === "string") return part.value
  }
  return ""
}
