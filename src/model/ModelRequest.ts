/**
 * One request to a model, in terms that every protocol can express.
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
 * Whether and which tool the model must call: its own choice, none, at least one, or the named one.
 *
 * @since 0.1.0
 * @category models
 */
export type ToolChoice = "auto" | "none" | "required" | { readonly tool: string }

/**
 * How much the model may think. A protocol takes an effort, a budget in tokens, or both; anything else is an
 * `InvalidRequest`. Only the vendor can check which values a model accepts.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reasoning {
  readonly effort?: "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max" | undefined
  /** The most tokens for thinking, for Anthropic models up to 4.6: 1024 or more, and below `maxOutputTokens`. */
  readonly budgetTokens?: number | undefined
  /** Asks for a summary of the thinking, if the vendor does not show the thinking itself: Responses. */
  readonly summary?: "auto" | "concise" | "detailed" | undefined
}

/**
 * The answer must be JSON of this schema. See also `Provider.generateObject`.
 *
 * @since 0.1.0
 * @category models
 */
export interface OutputSchema {
  /** Letters, digits, `_` and `-`; some vendors require a name. Default: `answer`. */
  readonly name?: string | undefined
  readonly schema: JsonSchema
}

/**
 * Fields of the wire that this library does not model, grouped by protocol; entries of other protocols than the
 * provider's are ignored. Each protocol's module adds its entry, in the types of the official SDK. A protocol of your
 * own can add one in the same way.
 *
 * They are merged last, field by field, so they win: a `thinking` given here replaces the one that `reasoning` makes. A
 * field that is undefined changes nothing. Three things differ:
 *
 * - `tools` are added after those of the request.
 * - `reasoning` and `text` of Responses and `output_config` of Anthropic Messages hold several settings, and are
 *   merged.
 * - Fields that the library depends on are not in the types and are an `InvalidRequest`: the model, the conversation
 *   (`messages`, `input`), the streaming, the number of choices, log probabilities. So are `system` and `instructions`
 *   beside system text of the request.
 *
 * See [docs/requests.md](../../docs/requests.md#provideroptions).
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
 * What a caller writes. A field that the provider's protocol cannot express is an `InvalidRequest` that names it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The vendor's name of the model. */
  readonly model: string
  /** The question, or the conversation so far. */
  readonly prompt: string | Prompt.Prompt
  /** System text that holds from the start. Default: none. */
  readonly system?: string | ReadonlyArray<Prompt.TextPart> | undefined
  /**
   * The most tokens to write, reasoning included. Default: the vendor's. Anthropic Messages requires a number: 8192,
   * plus the budget of the reasoning if there is one.
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
   * The tools that the model may call, your own and the vendor's: a toolkit, which decodes the calls of the response,
   * or a list. Default: none.
   */
  readonly tools?: Toolkit<Tool | VendorTool> | ReadonlyArray<Tool | VendorTool> | undefined
  /** Default: the vendor's, which is `auto` if there are tools. */
  readonly toolChoice?: ToolChoice | undefined
  /** Whether the model may call several tools at once. Default: the vendor's, which is true. */
  readonly parallelToolCalls?: boolean | undefined
  readonly reasoning?: Reasoning | undefined
  readonly output?: OutputSchema | undefined
  /** An id of the end user, without personal data. Vendors use it to detect abuse. */
  readonly user?: string | undefined
  /** Labels that the vendor keeps with the request: Chat Completions, Responses. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /** The vendor's own word, for example `auto` or `priority`. */
  readonly serviceTier?: string | undefined
  readonly providerOptions?: ProviderOptions | undefined
}

/**
 * A checked request: the prompt is a list of messages, the tools are a list, and every field that a protocol needs is
 * present.
 *
 * @since 0.1.0
 * @category models
 */
export interface ModelRequest extends Omit<Options, "prompt" | "tools"> {
  readonly prompt: Prompt.Prompt
  readonly tools?: ReadonlyArray<Tool | VendorTool> | undefined
}

/**
 * Checks what can be checked without knowing the vendor. `Provider` calls it for each request; it is public for the
 * tests of a protocol, whose `encode` takes a checked request.
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
