/**
 * The Responses protocol, OpenAI's newer one, which several vendors copy.
 *
 * @since 0.1.0
 */
import type { ProviderPart } from "../model/Prompt.js"
import type { VendorTool } from "../model/Tool.js"
import { noTimeout } from "./internal/noTimeout.js"
import type { Inferred, ToolName } from "./internal/ownTool.js"
import type { Protocol } from "./Protocol.js"
import type * as Quirks from "./Quirks.js"
import * as Decode from "./responses/decode.js"
import * as Encode from "./responses/encode.js"
import type { OpenAI, Responses as ResponsesSdk } from "./sdk/openai.js"

export type { Inferred, ToolName } from "./internal/ownTool.js"
export type { State } from "./responses/decode.js"
export type { Params, ProviderOptions } from "./responses/encode.js"

declare module "../model/ModelRequest.js" {
  interface ProviderOptions {
    readonly responses?: Encode.ProviderOptions | undefined
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
 * The caller carries the conversation: the vendor is asked to store nothing, and to return its reasoning encrypted if
 * the model can. `providerOptions.responses` changes this: with `background: true` the vendor writes the answer even if
 * nobody listens, and keeps it (`store`), so that a broken stream continues where it broke.
 *
 * In a conversation that is sent back, each block goes back as the item that it was, in its place. Reasoning goes back
 * if it came over this protocol, encrypted or in plain words. Other reasoning, blocks of other protocols, annotations,
 * and the error flag of a failed tool, for which the protocol has no field, are left out. See
 * [docs/protocols.md](../../docs/protocols.md#responses).
 *
 * @since 0.1.0
 * @category protocols
 */
export const protocol: Protocol<Sdk, Encode.Params, Decode.State, Quirks.Responses> = {
  id: "responses",
  quirks: { user: true, unsupported: true },
  encode: Encode.encode,
  open: (sdk, params, { headers, signal }) =>
    sdk.responses.create(params, { signal, headers, maxRetries: 0, timeout: noTimeout }).asResponse(),
  initial: Decode.initial,
  step: Decode.step,
  end: Decode.end,
  final: Decode.final,
  usage: Decode.usage,
  cursor: {
    at: (params, { id, model, sequence }) =>
      params.background === true && id !== undefined && sequence !== undefined
        ? { id, after: sequence, model }
        : undefined,
    open: (sdk, { after, id }, { headers, signal }) =>
      sdk.responses
        .retrieve(
          id,
          { stream: true, ...(after !== undefined && { starting_after: after }) },
          { signal, headers, maxRetries: 0, timeout: noTimeout }
        )
        .asResponse(),
    resume: Decode.resume
  }
}

/**
 * A tool as OpenAI defines it, typed by the SDK: web and file search, a code interpreter, computer use, an MCP server,
 * a shell, patches, custom tools. Its name is its `name`; for an MCP server, its `server_label`; otherwise its `type`.
 *
 * Calls of tools that the vendor runs come as `ProviderPart`s. Calls of custom tools are ordinary tool calls whose
 * arguments are a text. Other calls that the program runs come as `ProviderPart`s, too, and are answered by
 * `toolOutput`. See [docs/requests.md](../../docs/requests.md#the-vendors-own-tools).
 *
 * @example
 * ```ts
 * import { Provider, Responses } from "effect-redial"
 *
 * const answer = Provider.generate({
 *   model: "gpt-5",
 *   prompt: "What is new in Effect?",
 *   tools: [
 *     Responses.tool({ type: "web_search" }),
 *     Responses.tool({ type: "mcp", server_label: "docs", server_url: "https://docs.example.com/mcp" })
 *   ]
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const tool = <
  Type extends ResponsesSdk.Tool["type"] = never,
  Name extends string = never,
  Server extends string = never
>(
  definition: ResponsesSdk.Tool & {
    readonly type: Type
    readonly name?: Inferred<Name>
    readonly server_label?: Inferred<Server>
  }
): VendorTool<ToolName<Name, Server, Type>> => ({
  protocol: "responses",
  // The type declares these fields.
  name: nameOf(definition) as ToolName<Name, Server, Type>,
  definition
})

const nameOf = (definition: ResponsesSdk.Tool): string => {
  if ("name" in definition) return definition.name
  return definition.type === "mcp" ? definition.server_label : definition.type
}

/**
 * An answer to a call that came as a `ProviderPart`.
 *
 * @since 0.1.0
 * @category models
 */
export type ToolOutput =
  | ResponsesSdk.ResponseInputItem.ComputerCallOutput
  | ResponsesSdk.ResponseInputItem.LocalShellCallOutput
  | ResponsesSdk.ResponseInputItem.ShellCallOutput
  | ResponsesSdk.ResponseInputItem.ApplyPatchCallOutput
  | ResponsesSdk.ResponseInputItem.McpApprovalResponse
  | ResponsesSdk.ResponseToolSearchOutputItemParam

/**
 * Answers a call that came as a `ProviderPart`: `computer_call`, `local_shell_call`, `shell_call`, `apply_patch_call`,
 * `mcp_approval_request`, `tool_search_call`. A response that waits for one has the finish reason `tool-calls`.
 *
 * @example
 * ```ts
 * import { type ModelResponse, Prompt, Responses } from "effect-redial"
 * import { Option, Schema } from "effect"
 *
 * const request = Schema.decodeUnknownOption(Schema.Struct({ id: Schema.String }))
 *
 * // Approves whatever an MCP server is asked.
 * const approve = (prompt: Prompt.Prompt, response: ModelResponse.ModelResponse): Prompt.Prompt =>
 *   Prompt.toolResults(
 *     Prompt.append(prompt, response),
 *     response.content.flatMap((part) =>
 *       part.type === "provider" && part.name === "mcp_approval_request"
 *         ? Option.toArray(request(part.value)).map(({ id }) =>
 *             Responses.toolOutput({ type: "mcp_approval_response", approval_request_id: id, approve: true })
 *           )
 *         : []
 *     )
 *   )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const toolOutput = (value: ToolOutput): ProviderPart => ({
  type: "provider",
  name: value.type,
  value,
  protocol: "responses"
})
