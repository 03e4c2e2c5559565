/**
 * One request to a model, in terms that every protocol can be written from.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Fault from "./internal/fault.js"
import * as Prompt from "./Prompt.js"
import type { Tool } from "./Tool.js"

/**
 * Whether and which tool the model must call: its own choice, none, at least one, or the one named.
 *
 * @since 0.1.0
 * @category models
 */
export type ToolChoice = "auto" | "none" | "required" | { readonly tool: string }

/**
 * What a caller writes.
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
  readonly system?: string | undefined
  /** The most tokens to write, reasoning included. Default: the vendor's, or 8192 where the vendor wants a number. */
  readonly maxOutputTokens?: number | undefined
  readonly temperature?: number | undefined
  readonly topP?: number | undefined
  readonly stopSequences?: ReadonlyArray<string> | undefined
  /** The tools the model may call. Default: none. */
  readonly tools?: ReadonlyArray<Tool> | undefined
  /** Default: the vendor's, which is `auto` where there are tools. */
  readonly toolChoice?: ToolChoice | undefined
  /**
   * Fields for the wire that this library does not model, by protocol. Merged last, so they win. The keys that the
   * library itself depends on (`stream`, `n`) are refused.
   */
  readonly providerOptions?: { readonly [protocol: string]: Readonly<Record<string, unknown>> | undefined } | undefined
}

/**
 * A checked request: the prompt is a list of messages, and nothing a protocol needs is missing.
 *
 * @since 0.1.0
 * @category models
 */
export interface ModelRequest extends Omit<Options, "prompt"> {
  readonly prompt: Prompt.Prompt
}

const invalid = (field: string, problem: string) =>
  Either.left(Fault.invalidRequest(field, `The request's \`${field}\` ${problem}.`))

/**
 * Checks what can be checked without knowing the vendor.
 *
 * @internal
 */
export const make = (options: Options): Either.Either<ModelRequest, Fault.Fault> => {
  if (options.model.trim() === "") return invalid("model", "is empty: name a model of the provider")
  const prompt = typeof options.prompt === "string" ? Prompt.text(options.prompt) : options.prompt
  if (prompt.length === 0) return invalid("prompt", "is empty: give it at least one message")
  for (const [at, message] of prompt.entries()) {
    const blank = typeof message.content === "string" ? message.content.trim() === "" : message.content.length === 0
    if (blank) return invalid("prompt", `has an empty ${message.role} message at position ${at}: vendors refuse those`)
  }
  const limit = options.maxOutputTokens
  if (limit !== undefined && !(Number.isInteger(limit) && limit > 0)) {
    return invalid("maxOutputTokens", `is ${limit}: it must be a whole number above zero`)
  }
  const names = new Set<string>()
  for (const tool of options.tools ?? []) {
    if (names.has(tool.name)) return invalid("tools", `has two tools named "${tool.name}"`)
    names.add(tool.name)
  }
  if (typeof options.toolChoice === "object" && !names.has(options.toolChoice.tool)) {
    return invalid("toolChoice", `names "${options.toolChoice.tool}", which is not among the tools`)
  }
  return Either.right({ ...options, prompt })
}
