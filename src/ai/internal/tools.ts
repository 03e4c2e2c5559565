/**
 * The tools of a toolkit for a request, and their names: a tool that a vendor defines has one name in the toolkit and
 * another on the wire.
 */
import type * as LanguageModel from "@effect/ai/LanguageModel"
import type * as Response from "@effect/ai/Response"
import * as AiTool from "@effect/ai/Tool"
import * as Either from "effect/Either"
import type { ToolChoice } from "../../model/ModelRequest.js"
import type { ProviderPart } from "../../model/Prompt.js"
import * as Tool from "../../model/Tool.js"
import { type JsonObject, object, string } from "../../protocol/internal/json.js"

export interface Tools {
  readonly tools: ReadonlyArray<Tool.Tool | Tool.VendorTool>
  readonly toolChoice: ToolChoice | undefined
  /** The betas that the vendor's own tools need, for the header `anthropic-beta`. */
  readonly betas: ReadonlyArray<string>
  readonly names: ToolNames
}

/** Fails with a message that says what is wrong. */
export const toolsOf = (options: LanguageModel.ProviderOptions): Either.Either<Tools, string> => {
  const tools: Array<Tool.Tool | Tool.VendorTool> = []
  const betas = new Set<string>()
  const names = new Map<string, AiTool.AnyProviderDefined>()
  for (const tool of options.tools) {
    if (!isProviderDefined(tool)) {
      const parameters: Tool.JsonSchema = { ...AiTool.getJsonSchemaFromSchemaAst(tool.parametersSchema.ast) }
      tools.push(
        Tool.make(tool.name, {
          description: tool.description ?? AiTool.getDescriptionFromSchemaAst(tool.parametersSchema.ast),
          parameters
        })
      )
      continue
    }
    const vendorTool = vendorToolOf(tool)
    if (vendorTool === undefined) {
      return Either.left(`the tool "${tool.name}" has the id "${tool.id}", of which no vendor is known here`)
    }
    tools.push(vendorTool)
    names.set(tool.providerName, tool)
    const beta = betaOf(tool.id)
    if (beta !== undefined) betas.add(beta)
  }
  return Either.right({
    tools,
    toolChoice: tools.length === 0 ? undefined : toolChoiceOf(options),
    betas: [...betas],
    names: new ToolNames(names)
  })
}

const isProviderDefined = (tool: AiTool.Any): tool is AiTool.AnyProviderDefined => AiTool.isProviderDefined(tool)

/** `oneOf` needs nothing here: `@effect/ai` leaves the other tools out. */
const toolChoiceOf = ({ toolChoice, tools }: LanguageModel.ProviderOptions): ToolChoice => {
  if (typeof toolChoice === "string") return toolChoice
  if ("oneOf" in toolChoice) return toolChoice.mode ?? "auto"
  const tool = tools.find(({ name }) => name === toolChoice.tool)
  return { tool: tool !== undefined && isProviderDefined(tool) ? tool.providerName : toolChoice.tool }
}

const vendorToolOf = ({ args, id, providerName }: AiTool.AnyProviderDefined): Tool.VendorTool | undefined => {
  const [vendor, ...rest] = id.split(".")
  const type = rest.join(".")
  // The wire has no field for how a handler fails.
  const { failureMode: _, ...fields } = object(args) ?? {}
  switch (vendor) {
    case "anthropic":
      return {
        protocol: "anthropic-messages",
        name: providerName,
        definition: { ...fields, type: type.replace("computer_use_", "computer_"), name: providerName }
      }
    case "openai":
      return { protocol: "responses", name: type, definition: { ...fields, type } }
    default:
      return undefined
  }
}

/** Source: https://platform.claude.com/docs/en/agents-and-tools/tool-use, the page of each tool. */
const betaOf = (id: string): string | undefined => {
  switch (id) {
    case "anthropic.bash_20241022":
    case "anthropic.computer_use_20241022":
    case "anthropic.text_editor_20241022":
      return "computer-use-2024-10-22"
    case "anthropic.bash_20250124":
    case "anthropic.computer_use_20250124":
    case "anthropic.text_editor_20250124":
    case "anthropic.text_editor_20250429":
      return "computer-use-2025-01-24"
    case "anthropic.code_execution_20250522":
      return "code-execution-2025-05-22"
    case "anthropic.code_execution_20250825":
      return "code-execution-2025-08-25"
    default:
      return undefined
  }
}

type Shown = Response.ToolCallPartEncoded | Response.ToolResultPartEncoded

/** From the names on the wire to those of the toolkit. */
export class ToolNames {
  constructor(private readonly tools: ReadonlyMap<string, AiTool.AnyProviderDefined>) {}

  /** The names of a tool that the program runs. */
  ofCall(wire: string): { readonly name: string; readonly providerName?: string } {
    const tool = this.tools.get(wire)
    return tool === undefined ? { name: wire } : { name: tool.name, providerName: wire }
  }

  /**
   * Calls that the vendor ran, if the toolkit has the tool. A toolkit cannot decode other calls, so they are not shown
   * as parts.
   */
  ofServer({ name, value }: ProviderPart): ReadonlyArray<Shown> {
    const block = object(value)
    if (block === undefined || this.tools.size === 0) return []
    if (name === "server_tool_use") {
      const wire = string(block.name) ?? ""
      const tool = this.server(wire)
      return tool === undefined ? [] : [call(string(block.id), tool, wire, block.input ?? {})]
    }
    if (name.endsWith("_tool_result")) {
      const wire = name.slice(0, -"_tool_result".length)
      const tool = this.server(wire)
      const isFailure = string(object(block.content)?.type)?.endsWith("_error") ?? false
      return tool === undefined ? [] : [result(string(block.tool_use_id), tool, wire, block.content, isFailure)]
    }
    return this.ofItem(name, block)
  }

  /** Responses have a call and its result in one item. */
  private ofItem(type: string, item: JsonObject): ReadonlyArray<Shown> {
    const wire = type.slice(0, -"_call".length)
    const tool = this.tools.get(wire) ?? (type === "web_search_call" ? this.tools.get("web_search_preview") : undefined)
    if (tool === undefined) return []
    const { action, code, container_id, id: _id, outputs, type: _type, ...rest } = item
    const id = string(item.id)
    switch (type) {
      case "web_search_call":
        return [call(id, tool, wire, { action }), result(id, tool, wire, { status: item.status }, false)]
      case "file_search_call":
        return [call(id, tool, wire, {}), result(id, tool, wire, rest, false)]
      case "code_interpreter_call":
        return [call(id, tool, wire, { code, container_id }), result(id, tool, wire, outputs, false)]
      default:
        return []
    }
  }

  /** Anthropic names a call of code execution after its action: `bash_code_execution`. */
  private server(wire: string): AiTool.AnyProviderDefined | undefined {
    return this.tools.get(wire) ?? (wire.endsWith("_code_execution") ? this.tools.get("code_execution") : undefined)
  }
}

/** A tool of the native packages may declare no parameters, and would then refuse the model's arguments. */
const call = (
  id = "",
  tool: AiTool.AnyProviderDefined,
  providerName: string,
  input: unknown
): Response.ToolCallPartEncoded => ({
  type: "tool-call",
  id,
  name: tool.name,
  params: tool.parametersSchema === AiTool.EmptyParams ? {} : input,
  providerName,
  providerExecuted: true,
  metadata: { effectRedial: { input } }
})

const result = (
  id = "",
  tool: AiTool.AnyProviderDefined,
  providerName: string,
  value: unknown,
  isFailure: boolean
): Response.ToolResultPartEncoded => ({
  type: "tool-result",
  id,
  name: tool.name,
  result: value,
  isFailure,
  providerName,
  providerExecuted: true
})
