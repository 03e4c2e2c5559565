/**
 * What must and must not compile of requests: fields of protocols, and vendors' own tools. Nothing here is run.
 */
import { Schema } from "effect"
import {
  AnthropicMessages,
  ChatCompletions,
  type ModelRequest,
  type Prompt,
  Provider,
  Responses,
  Tool,
  Toolkit
} from "effect-redial"
import { same } from "../support/types.js"

// A protocol of somebody else adds its own fields from outside.
declare module "effect-redial/ModelRequest" {
  interface ProviderOptions {
    readonly "types-test"?: { readonly draft_model?: string } | undefined
  }
}

const own: ModelRequest.ProviderOptions = { "types-test": { draft_model: "small" }, responses: { truncation: "auto" } }
// @ts-expect-error it is a text
const wrong: ModelRequest.ProviderOptions = { "types-test": { draft_model: 1 } }
// @ts-expect-error nobody has added such a protocol
const unknown: ModelRequest.ProviderOptions = { "no-such-protocol": {} }

// Fields of betas are known, and those that the library depends on are not.
const options = <A extends ModelRequest.ProviderOptions>(given: A): A => given
options({ "anthropic-messages": { container: "c", context_management: { edits: [] }, mcp_servers: [] } })
// @ts-expect-error the conversation is the request's `prompt`
options({ "anthropic-messages": { messages: [] } } satisfies ModelRequest.ProviderOptions)
// @ts-expect-error betas are named in a header
options({ "anthropic-messages": { betas: [] } } satisfies ModelRequest.ProviderOptions)
// @ts-expect-error the request names the model
options({ "chat-completions": { model: "m" } } satisfies ModelRequest.ProviderOptions)
// @ts-expect-error the conversation is the request's `prompt`
options({ responses: { input: "Hello" } } satisfies ModelRequest.ProviderOptions)

// A vendor's tool is typed by the SDK, and keeps its name.
const bash = AnthropicMessages.tool({ type: "bash_20250124", name: "bash" })
same<typeof bash, Tool.VendorTool<"bash">>(true)
const search = Responses.tool({ type: "web_search", search_context_size: "low" })
same<typeof search, Tool.VendorTool<"web_search">>(true)
const sql = Responses.tool({ type: "custom", name: "sql" })
same<typeof sql, Tool.VendorTool<"sql">>(true)
const exact = ChatCompletions.tool({ type: "function", function: { name: "exact", strict: true } })
same<typeof exact, Tool.VendorTool<"exact">>(true)
ChatCompletions.tool({ type: "web_search", web_search: { enable: true } })
AnthropicMessages.tool({ type: "computer_toolset_20260801" })
// @ts-expect-error that tool has no such field
AnthropicMessages.tool({ type: "bash_20250124", name: "bash", max_uses: 3 })
// @ts-expect-error a computer has a size
AnthropicMessages.tool({ type: "computer_20251124", name: "computer" })
// @ts-expect-error the bash tool is called `bash`
AnthropicMessages.tool({ type: "bash_20250124", name: "sh" })
// @ts-expect-error an MCP server has a label
Responses.tool({ type: "mcp" })
// @ts-expect-error there is no such tool
Responses.tool({ type: "web_browse" })
// @ts-expect-error a stream has no calls of it
ChatCompletions.tool({ type: "custom", custom: { name: "sql" } })
// @ts-expect-error it is a flag
ChatCompletions.tool({ type: "function", function: { name: "exact", strict: "yes" } })

// They stand among other tools, in requests and toolkits.
const add = Tool.make("add", { parameters: Schema.Struct({ a: Schema.Number }), cache: "1h" })
const toolkit = Toolkit.make(add, bash, AnthropicMessages.tool({ type: "mcp_toolset", mcp_server_name: "docs" }))
Provider.generate({ model: "m", prompt: "hi", tools: [add, bash] }, { headers: { "x-trace": "1" } })
Provider.generate({ model: "m", prompt: "hi", tools: toolkit.tools })
type Call = Toolkit.Call<typeof toolkit>
same<Call["name"], "add" | "bash">(true)
declare const call: Call
if (call.name === "add") call.arguments.a satisfies number
// @ts-expect-error nobody has checked what it takes
if (call.name === "bash") call.arguments.command
// @ts-expect-error it is kept for five minutes or an hour
Tool.make("add", { cache: "2h" })

// What answers a vendor's own call stands beside results.
const output = Responses.toolOutput({ type: "apply_patch_call_output", call_id: "c", status: "completed" })
const results: Prompt.ToolMessage = { role: "tool", content: [output, { type: "tool-result", id: "c", content: "" }] }
// @ts-expect-error it failed or was completed
Responses.toolOutput({ type: "apply_patch_call_output", call_id: "c", status: "done" })

// @ts-expect-error a header is a text
Provider.generate({ model: "m", prompt: "hi" }, { headers: { "x-trace": 1 } })

export { own, results, unknown, wrong }
