/**
 * One request to a model, in terms that every protocol can be written from.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import { checkFields } from "./internal/checkFields.js"
import { checkPrompt } from "./internal/checkPrompt.js"
import type * as Fault from "./internal/fault.js"
import * as Prompt from "./Prompt.js"
import type { JsonSchema, Tool, VendorTool } from "./Tool.js"
import { type Toolkit, toolsOf } from "./Toolkit.js"

/**
 * Whether and which tool the model must call: its own choice, none, at least one, or the one named.
 *
 * @since 0.1.0
 * @category models
 */
export type ToolChoice = "auto" | "none" | "required" | { readonly tool: string }

/**
 * How much the model is to think. A protocol takes an effort, a budget in tokens, or both; what it does not take is an
 * `InvalidRequest`. Which values a model takes, only its vendor can check.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reasoning {
  readonly effort?: "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max" | undefined
  /** The most tokens to think with: Anthropic models up to 4.6, from 1024 on, and below `maxOutputTokens`. */
  readonly budgetTokens?: number | undefined
  /** Asks for a summary of the thinking where the vendor does not show it: Responses. */
  readonly summary?: "auto" | "concise" | "detailed" | undefined
}

/**
 * The answer is to be JSON of this schema. See also `Provider.generateObject`.
 *
 * @since 0.1.0
 * @category models
 */
export interface OutputSchema {
  /** Letters, digits, `_` and `-`; some vendors want a name. Default: `answer`. */
  readonly name?: string | undefined
  readonly schema: JsonSchema
}

/**
 * Fields for the wire that this library does not model, for each protocol its own; those of other protocols than the
 * provider's are ignored. Each protocol's module adds its entry, in the types of the official SDK, and a protocol of your
 * own adds one in the same way.
 *
 * They are merged last and whole, so they win: an `output_config` given here replaces the one that `reasoning` and `output`
 * make. Three things differ:
 *
 * - `tools` come behind those of the request.
 * - `reasoning` and `text` of Responses hold several things, and are mixed.
 * - What the library itself depends on is left out of the types and is an `InvalidRequest`: the model, the conversation
 *   (`messages`, `input`), the streaming, the number of choices, log probabilities. So are `system` and `instructions`
 *   beside system text of the request.
 *
 * @example
 * ```ts
 * import type { ModelRequest } from "effect-redial"
 *
 * declare module "effect-redial/ModelRequest" {
 *   interface ProviderOptions {
 *     readonly "my-protocol"?: { readonly draft_model?: string } | undefined
 *   }
 * }
 *
 * const request: ModelRequest.Options = {
 *   model: "m",
 *   prompt: "Hello",
 *   providerOptions: { "my-protocol": { draft_model: "small" } }
 * }
 * ```
 *
 * @since 0.1.0
 * @category models
 */
// biome-ignore lint/suspicious/noEmptyInterface: protocols add their entries to it.
export interface ProviderOptions {}

/**
 * What a caller writes. What the protocol of the provider cannot express is an `InvalidRequest` that names the field.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The vendor's name of the model. */
  readonly model: string
  /** The question, or the conversation so far. */
  readonly prompt: string | Prompt.Prompt
  /** Standing instructions. Default: none. */
  readonly system?: string | ReadonlyArray<Prompt.TextPart> | undefined
  /**
   * The most tokens to write, reasoning included. Default: the vendor's; over Anthropic Messages, which wants a number,
   * 8192 and the budget of the reasoning, if it has one.
   */
  readonly maxOutputTokens?: number | undefined
  readonly temperature?: number | undefined
  readonly topP?: number | undefined
  /** Anthropic Messages. */
  readonly topK?: number | undefined
  /** Chat Completions. */
  readonly seed?: number | undefined
  /** Chat Completions. */
  readonly frequencyPenalty?: number | undefined
  /** Chat Completions. */
  readonly presencePenalty?: number | undefined
  /** Anthropic Messages, Chat Completions. */
  readonly stopSequences?: ReadonlyArray<string> | undefined
  /**
   * The tools the model may call, your own and the vendor's: a toolkit, which decodes the calls of the response, or a list.
   * Default: none.
   */
  readonly tools?: Toolkit<Tool | VendorTool> | ReadonlyArray<Tool | VendorTool> | undefined
  /** Default: the vendor's, which is `auto` where there are tools. */
  readonly toolChoice?: ToolChoice | undefined
  /** Whether the model may call several tools at once. Default: the vendor's, which is true. */
  readonly parallelToolCalls?: boolean | undefined
  readonly reasoning?: Reasoning | undefined
  readonly output?: OutputSchema | undefined
  /** An id of the end user, without personal data, by which the vendor can find abuse. */
  readonly user?: string | undefined
  /** Labels kept with the request by the vendor: Chat Completions, Responses. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /** The vendor's own word, for example `auto` or `priority`. */
  readonly serviceTier?: string | undefined
  readonly providerOptions?: ProviderOptions | undefined
}

/**
 * A checked request: the prompt is a list of messages, the tools are a list, and nothing a protocol needs is missing.
 *
 * @since 0.1.0
 * @category models
 */
export interface ModelRequest extends Omit<Options, "prompt" | "tools"> {
  readonly prompt: Prompt.Prompt
  readonly tools?: ReadonlyArray<Tool | VendorTool> | undefined
}

/**
 * Checks what can be checked without knowing the vendor. `Provider` does so for each call; it is here for the tests of a
 * protocol, whose `encode` takes a checked request.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Either.Either<ModelRequest, Fault.Fault> => {
  const prompt = typeof options.prompt === "string" ? Prompt.text(options.prompt) : options.prompt
  const { tools: given, ...rest } = options
  const tools = toolsOf(given)
  const request = { ...rest, prompt, ...(tools !== undefined && { tools }) }
  const problem = checkPrompt(prompt) ?? checkFields(request)
  return problem === undefined ? Either.right(request) : Either.left(problem)
}
