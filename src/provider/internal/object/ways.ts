/**
 * The ways to request an object, and where each finds it in the answer: by the vendor's own structured output, by a
 * tool that the model must call, or in words.
 */
import type { ModelEvent } from "../../../model/ModelEvent.js"
import type * as ModelRequest from "../../../model/ModelRequest.js"
import type { ModelResponse } from "../../../model/ModelResponse.js"
import * as Prompt from "../../../model/Prompt.js"
import * as Tool from "../../../model/Tool.js"
import { toolsOf } from "../../../model/Toolkit.js"
import type { StructuredOutput } from "../../../vendors/Vendor.js"
import type { ObjectRequest } from "../callOptions.js"
import { readJson } from "./jsonText.js"

export interface Found {
  readonly json: unknown
  /** As the model wrote it. */
  readonly text: string
}

/** Why there is no object. */
export interface Absence {
  readonly reason: "absent" | "json"
  readonly description: string
  readonly text: string
  readonly issue?: string
}

/** How an object of a schema is requested by default. */
export type UsualWay = (output: ModelRequest.OutputSchema) => StructuredOutput

export interface Way {
  readonly ask: (request: ObjectRequest, name: string, document: Tool.JsonSchema) => ModelRequest.Options
  readonly find: (response: ModelResponse, name: string) => Found | Absence
  /** Whether the event begins the block of the object; `undefined` if any block of text may contain it. */
  readonly begins: ((event: ModelEvent, name: string) => boolean) | undefined
}

const inText = ({ text }: ModelResponse): Found | Absence => {
  if (text.trim() === "") return absent("the answer has no text", text)
  const read = readJson(text)
  return "json" in read
    ? { json: read.json, text }
    : { reason: "json", description: "the answer is not JSON", text, issue: read.issue }
}

const absent = (description: string, text: string): Absence => ({ reason: "absent", description, text })

/** A conversation with tool calls in it needs its tools, but the answer must not be another call. */
const noCalls = ({ tools }: ObjectRequest) => ((toolsOf(tools)?.length ?? 0) === 0 ? undefined : "none")

export const ways: { readonly [K in StructuredOutput]: Way } = {
  native: {
    ask: (request, name, schema) => ({ ...request, output: { name, schema }, toolChoice: noCalls(request) }),
    find: inText,
    begins: undefined
  },
  prompt: {
    ask: (request, _, document) => {
      const { system } = request
      const given = typeof system === "string" ? [{ type: "text" as const, text: system }] : (system ?? [])
      return {
        ...request,
        system: [...given, { type: "text", text: inWords(document) }],
        output: undefined,
        toolChoice: noCalls(request)
      }
    },
    find: inText,
    begins: undefined
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
    find: (response, name) => {
      const calls = response.toolCalls.filter((call) => call.name === name)
      const [call] = calls
      const [broken] = response.incompleteToolCalls.filter((call) => call.name === name)
      if (call === undefined && broken === undefined) {
        // Some models write as text what should be the arguments of the call.
        const written = inText(response)
        return "json" in written ? written : absent("the model answered without calling the tool", response.text)
      }
      if (call === undefined) return inText({ ...response, text: broken?.json ?? "" })
      const written = JSON.stringify(calls.length === 1 ? call.arguments : calls.map((each) => each.arguments))
      if (calls.length > 1) return absent(`the model gave ${calls.length} answers where one was expected`, written)
      return { json: call.arguments, text: written }
    },
    begins: (event, name) => event._tag === "ToolCallStart" && event.name === name
  }
}

const inWords = (document: Tool.JsonSchema): string =>
  `Answer with one JSON object and nothing else. It must match this JSON Schema:\n${JSON.stringify(document)}`

/** The conversation in which a model is told what is wrong with its answer, and asked for another one. */
export const corrected = (
  request: ObjectRequest,
  response: ModelResponse,
  problem: { readonly description: string; readonly issue?: string | undefined }
): Prompt.Prompt => {
  const asked = typeof request.prompt === "string" ? Prompt.text(request.prompt) : request.prompt
  const prompt = Prompt.append(asked, response)
  const issue = problem.issue === undefined ? "" : `:\n${problem.issue}\n`
  const words = `This is not what was asked for, ${problem.description}${issue || ". "}Answer again, with all of it.`
  // Vendors require a result for each call, and accept no other message before it.
  return response.toolCalls.length === 0
    ? [...prompt, { role: "user", content: words }]
    : Prompt.toolResults(
        prompt,
        response.toolCalls.map((call) => Prompt.toolResult(call, words, { isError: true }))
      )
}
