/**
 * Writes a request as Responses params.
 */
import * as Either from "effect/Either"
import type * as Responses from "openai/resources/responses/responses"
import type { ModelRequest, OutputSchema, ToolChoice } from "../../model/ModelRequest.js"
import type { Tool } from "../../model/Tool.js"
import {
  choosesNothing,
  type Encoded,
  invalid,
  onlySupported,
  onlyWithout,
  ownOptions,
  systemParts
} from "../internal/encode.js"
import { isStrict } from "../internal/strict.js"
import type { Responses as Quirks } from "../Quirks.js"
import { encodeInput } from "./input.js"

/**
 * A request in the SDK's own terms: what `responses.create` takes.
 *
 * @since 0.1.0
 * @category models
 */
export type Params = Responses.ResponseCreateParamsStreaming

/** What the protocol has no field for. */
const unsayable = ["topK", "seed", "frequencyPenalty", "presencePenalty"] as const

/** What the decoder depends on. */
const refusedOptions = ["stream", "top_logprobs"]

const encrypted: Responses.ResponseIncludable = "reasoning.encrypted_content"
const logprobs: Responses.ResponseIncludable = "message.output_text.logprobs"

export const encode = (request: ModelRequest, quirks: Quirks = {}): Encoded<Params> =>
  Either.gen(function* () {
    yield* onlyWithout(request, "Responses", unsayable)
    if (request.stopSequences?.length) yield* onlyWithout(request, "Responses", ["stopSequences"])
    yield* onlySupported(request, quirks)
    if (choosesNothing(request)) yield* invalid("toolChoice", "wants a tool, and there are none")
    const options = yield* ownOptions(request, "responses", refusedOptions)
    if (options?.include?.includes(logprobs))
      yield* invalid("providerOptions", `includes \`${logprobs}\`: leave it out`)
    const input = yield* encodeInput(request.prompt)
    const reasoning = yield* encodeReasoning(request)
    const instructions = systemParts(request).map(({ text }) => text)
    const tools = (request.tools ?? []).map(encodeTool)
    const { maxOutputTokens, metadata, model, output, parallelToolCalls } = request
    const { serviceTier, temperature, toolChoice, topP, user } = request
    return {
      model,
      input,
      // What is written in the background has to be stored, or nobody could fetch it.
      store: options?.background === true,
      ...(handsOutReasoning(request) && { include: [encrypted] }),
      ...(instructions.length > 0 && { instructions: instructions.join("\n\n") }),
      ...(maxOutputTokens !== undefined && { max_output_tokens: maxOutputTokens }),
      ...(temperature !== undefined && { temperature }),
      ...(topP !== undefined && { top_p: topP }),
      ...(tools.length > 0 && { tools }),
      ...(tools.length > 0 && toolChoice !== undefined && { tool_choice: encodeToolChoice(toolChoice) }),
      ...(tools.length > 0 && parallelToolCalls !== undefined && { parallel_tool_calls: parallelToolCalls }),
      ...(user !== undefined && { [quirks.user ?? "safety_identifier"]: user }),
      ...(metadata !== undefined && { metadata: { ...metadata } }),
      // The vendors of this protocol have tiers of their own, which only they can check.
      ...(serviceTier !== undefined && { service_tier: serviceTier as NonNullable<Params["service_tier"]> }),
      ...options,
      // Each of them holds several things; what is said of one does not undo another.
      ...(reasoning !== undefined && { reasoning: { ...reasoning, ...options?.reasoning } }),
      ...(output !== undefined && { text: { format: encodeOutput(output), ...options?.text } }),
      stream: true
    }
  })

/** The last models that do not reason, to which OpenAI answers that they have nothing to encrypt. */
const unreasoning = /(^|\/)(gpt-3|gpt-4|chatgpt-)|-chat(-|$)/

const handsOutReasoning = ({ model, reasoning }: ModelRequest): boolean =>
  reasoning !== undefined || !unreasoning.test(model)

const encodeReasoning = ({ reasoning }: ModelRequest): Encoded<Params["reasoning"]> => {
  if (reasoning === undefined) return Either.right(undefined)
  const { budgetTokens, effort, summary } = reasoning
  if (budgetTokens !== undefined) {
    return invalid("reasoning.budgetTokens", "cannot be said over Responses: give an `effort` instead")
  }
  return Either.right({ ...(effort !== undefined && { effort }), ...(summary !== undefined && { summary }) })
}

const encodeToolChoice = (choice: ToolChoice): NonNullable<Params["tool_choice"]> =>
  typeof choice === "string" ? choice : { type: "function", name: choice.tool }

/** Not strict: any JSON Schema may describe a tool, and its arguments are decoded here. */
const encodeTool = ({ description, name, parameters }: Tool): Responses.FunctionTool => ({
  type: "function",
  name,
  ...(description !== undefined && { description }),
  parameters: { ...parameters },
  strict: false
})

/** Strict where it can be: the vendor refuses other schemas in strict mode. */
const encodeOutput = ({ name, schema }: OutputSchema): Responses.ResponseFormatTextJSONSchemaConfig => ({
  type: "json_schema",
  name: name ?? "answer",
  schema: { ...schema },
  strict: isStrict(schema)
})
