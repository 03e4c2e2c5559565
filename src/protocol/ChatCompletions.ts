/**
 * The Chat Completions protocol of OpenAI, which most vendors copy.
 *
 * @since 0.1.0
 */
import type { VendorTool } from "../model/Tool.js"
import * as Decode from "./chat/decode.js"
import * as Encode from "./chat/encode.js"
import { noTimeout } from "./internal/noTimeout.js"
import type { Protocol } from "./Protocol.js"
import type * as Quirks from "./Quirks.js"
import type { Chat, OpenAI } from "./sdk/openai.js"

export type { State } from "./chat/decode.js"
export type { Params, ProviderOptions } from "./chat/encode.js"

declare module "../model/ModelRequest.js" {
  interface ProviderOptions {
    readonly "chat-completions"?: Encode.ProviderOptions | undefined
  }
}

/**
 * The client of the official SDK, `openai`, which sends the requests.
 *
 * @since 0.1.0
 * @category models
 */
export type Sdk = OpenAI

/**
 * In a conversation that is sent back, reasoning and blocks of other protocols are left out, and so is the error flag
 * of a failed tool: the protocol has no field for them. Vendors with a field for reasoning get it back: see
 * `Quirks.replay`. See [docs/protocols.md](../../docs/protocols.md#the-request) for what it can express.
 *
 * @since 0.1.0
 * @category protocols
 */
export const protocol: Protocol<Sdk, Encode.Params, Decode.State, Quirks.ChatCompletions> = {
  id: "chat-completions",
  quirks: {
    maxTokens: true,
    developer: true,
    streamOptions: true,
    user: true,
    seed: true,
    required: true,
    reasoning: true,
    replay: true,
    finishReason: true,
    unsupported: true
  },
  encode: Encode.encode,
  open: (sdk, params, { headers, signal }) =>
    sdk.chat.completions.create(params, { signal, headers, maxRetries: 0, timeout: noTimeout }).asResponse(),
  initial: Decode.initial,
  step: Decode.step,
  end: Decode.end,
  usage: Decode.usage,
  prefill: (params, flag) => {
    const last = params.messages.at(-1)
    if (flag === "none" || last === undefined) return params
    return { ...params, messages: [...params.messages.slice(0, -1), { ...last, [flag]: true }] }
  }
}

/**
 * A tool as its vendor defines it. A `function` is typed by the SDK, with fields that `Tool.make` lacks (`strict`). The
 * many vendors of this protocol have types of their own, which only they can check: Groq's `browser_search`, Moonshot's
 * `builtin_function`, Z.ai's `web_search`. Its name is that of its function, otherwise its `type`.
 *
 * OpenAI's `custom` tools are not supported: the protocol does not say how their calls are streamed. Use
 * `Responses.tool`.
 *
 * @example
 * ```ts
 * import { ChatCompletions, Provider } from "effect-redial"
 *
 * const answer = Provider.generate({
 *   model: "openai/gpt-oss-120b",
 *   prompt: "What is new in Effect?",
 *   tools: [ChatCompletions.tool({ type: "browser_search" })]
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const tool = <const D extends Definition>(definition: D & Checked<D>): VendorTool<ToolName<D>> => ({
  protocol: "chat-completions",
  name: nameOf(definition) as ToolName<D>,
  definition
})

/**
 * A tool as a vendor of Chat Completions defines it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Definition {
  readonly type: string
  readonly function?: { readonly name: string } | undefined
}

type Checked<D extends Definition> = D["type"] extends "custom"
  ? "a custom tool is not supported over Chat Completions: use `Responses.tool`"
  : D["type"] extends "function"
    ? Chat.ChatCompletionFunctionTool
    : unknown

/**
 * The name of a tool as Chat Completions defines it.
 *
 * @since 0.1.0
 * @category models
 */
export type ToolName<D extends Definition> = D extends { readonly function: { readonly name: infer N extends string } }
  ? N
  : D["type"]

const nameOf = (definition: Definition): string => definition.function?.name ?? definition.type
