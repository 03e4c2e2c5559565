/**
 * The Anthropic Messages protocol, which Anthropic speaks and several vendors offer in addition to their own.
 *
 * @since 0.1.0
 */
import type { VendorTool } from "../model/Tool.js"
import * as Decode from "./anthropic/decode.js"
import { deprecationOf } from "./anthropic/deprecations.js"
import * as Encode from "./anthropic/encode.js"
import { send } from "./anthropic/send.js"
import type { Inferred, ToolName } from "./internal/ownTool.js"
import type { Protocol } from "./Protocol.js"
import type * as Quirks from "./Quirks.js"
import type { Anthropic, Beta } from "./sdk/anthropic.js"

export type { State } from "./anthropic/decode.js"
export type { Params, ProviderOptions } from "./anthropic/encode.js"
export type { Inferred, ToolName } from "./internal/ownTool.js"

declare module "../model/ModelRequest.js" {
  interface ProviderOptions {
    readonly "anthropic-messages"?: Encode.ProviderOptions | undefined
  }
}

/**
 * The client of the official SDK, `@anthropic-ai/sdk`, which sends the requests.
 *
 * @since 0.1.0
 * @category models
 */
export type Sdk = Anthropic

/**
 * In a conversation that is sent back, reasoning without a signature and blocks of other protocols are left out,
 * because the vendor would refuse them. `maxOutputTokens` defaults to 8192. See
 * [docs/protocols.md](../../docs/protocols.md#the-request) for what it can express.
 *
 * @since 0.1.0
 * @category protocols
 */
export const protocol: Protocol<Sdk, Encode.Params, Decode.State, Quirks.AnthropicMessages> = {
  id: "anthropic-messages",
  quirks: { thinking: true, systemMessages: true, unsupported: true },
  encode: Encode.encode,
  open: send,
  deprecation: deprecationOf,
  initial: Decode.initial,
  step: Decode.step,
  end: Decode.end,
  usage: Decode.usage,
  // The position of the message says it.
  prefill: (params) => params
}

/**
 * A tool as Anthropic defines it, typed by the SDK, betas included: web search, code execution, computer use, an MCP
 * toolset. Its name is its `name`; for a toolset, the name of its server; otherwise its `type`. `cache_control` marks
 * it for caching.
 *
 * Calls of tools that the vendor runs come as `ProviderPart`s. Calls of tools that the program runs (`bash`, the text
 * editor, `computer`) are ordinary tool calls, answered by `Prompt.toolResult`. Name a beta in the header
 * `anthropic-beta`. See [docs/requests.md](../../docs/requests.md#the-vendors-own-tools).
 *
 * @example
 * ```ts
 * import { AnthropicMessages, Provider } from "effect-redial"
 *
 * const answer = Provider.generate({
 *   model: "claude-sonnet-5-5",
 *   prompt: "What is new in Effect?",
 *   tools: [AnthropicMessages.tool({ type: "web_search_20260209", name: "web_search", max_uses: 3 })]
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const tool = <
  Type extends NonNullable<Beta.BetaToolUnion["type"]> = never,
  Name extends string = never,
  Server extends string = never
>(
  definition: Beta.BetaToolUnion & {
    readonly type?: Type | null
    readonly name?: Inferred<Name>
    readonly mcp_server_name?: Inferred<Server>
  }
): VendorTool<ToolName<Name, Server, Type>> => ({
  protocol: "anthropic-messages",
  // The type declares these fields.
  name: nameOf(definition) as ToolName<Name, Server, Type>,
  definition
})

const nameOf = (definition: Beta.BetaToolUnion): string => {
  if ("name" in definition) return definition.name
  return "mcp_server_name" in definition ? definition.mcp_server_name : definition.type
}
