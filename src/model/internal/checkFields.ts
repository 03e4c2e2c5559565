/** Checks the fields of a request, except its prompt, as far as possible without knowing the vendor. */
import type { ModelRequest } from "../ModelRequest.js"
import { isVendorTool } from "../Tool.js"
import { type Fault, invalidRequest } from "./fault.js"

type Problem = string | undefined

/** The fault of the first field that no vendor accepts. */
export const checkFields = (request: ModelRequest): Fault | undefined => {
  for (const [field, check] of checks) {
    const problem = check(request)
    if (problem !== undefined) return invalidRequest(field, `the request's \`${field}\` ${problem}`)
  }
  return undefined
}

const within = (value: number | undefined, least: number, most: number, range: string): Problem =>
  value === undefined || (value >= least && value <= most && Number.isFinite(value))
    ? undefined
    : `is ${value}: it must be a number ${range}`

const whole = (value: number | undefined, least: number, range: string): Problem =>
  value === undefined || (Number.isSafeInteger(value) && value >= least)
    ? undefined
    : `is ${value}: it must be a whole number${range}`

const blank = (value: string | undefined, advice: string): Problem =>
  value?.trim() === "" ? `is empty: ${advice}` : undefined

/** The longest name that some vendor accepts; a protocol whose vendors accept less checks that itself. */
const toolName = /^[a-zA-Z0-9_-]{1,128}$/

const outputName = /^[a-zA-Z0-9_-]{1,64}$/

const checkTools = ({ tools }: ModelRequest): Problem => {
  if (tools === undefined) return undefined
  // The types ensure it, but a program without types may pass anything.
  if (!Array.isArray(tools)) return "is neither a toolkit nor a list of tools: make one with `Toolkit.make`"
  const names = new Set<string>()
  for (const tool of tools) {
    const { name } = tool
    if (isVendorTool(tool) ? name === "" : !toolName.test(name)) {
      return `has a tool named "${name}": a name is 1 to 128 of the letters a to z, digits, \`_\` and \`-\``
    }
    if (names.has(name)) return `has two tools named "${name}": rename one`
    names.add(name)
  }
  return undefined
}

const checkToolChoice = ({ toolChoice, tools }: ModelRequest): Problem =>
  typeof toolChoice !== "object" || tools?.some(({ name }) => name === toolChoice.tool)
    ? undefined
    : `names "${toolChoice.tool}", which is not among the tools: add the tool or choose another`

const checkReasoning = ({ reasoning }: ModelRequest): Problem =>
  reasoning?.effort === "none" && reasoning.budgetTokens !== undefined
    ? "has a budget but turns thinking off: leave out `budgetTokens`, or the effort `none`"
    : undefined

const checkOutput = ({ output }: ModelRequest): Problem =>
  output?.name === undefined || outputName.test(output.name)
    ? undefined
    : `is "${output.name}": a name is 1 to 64 of the letters a to z, digits, \`_\` and \`-\``

const checkMetadata = ({ metadata }: ModelRequest): Problem => {
  const labels = Object.entries(metadata ?? {})
  if (labels.length > 16) return `has ${labels.length} labels: vendors keep 16`
  for (const [key, value] of labels) {
    if (key === "" || key.length > 64) return `has the label "${key}": its name must have 1 to 64 characters`
    if (typeof value !== "string" || value.length > 512) {
      return `has a label "${key}" that is not a text of at most 512 characters: shorten it`
    }
  }
  return undefined
}

const checks: ReadonlyArray<readonly [field: string, check: (options: ModelRequest) => Problem]> = [
  ["model", ({ model }) => blank(model, "name a model of the provider")],
  ["maxOutputTokens", ({ maxOutputTokens }) => whole(maxOutputTokens, 1, " above zero")],
  ["temperature", ({ temperature }) => within(temperature, 0, Number.POSITIVE_INFINITY, "from 0 on")],
  ["topP", ({ topP }) => within(topP, 0, 1, "from 0 to 1")],
  ["topK", ({ topK }) => whole(topK, 0, " from 0 on")],
  ["seed", ({ seed }) => whole(seed, Number.MIN_SAFE_INTEGER, "")],
  ["frequencyPenalty", ({ frequencyPenalty }) => within(frequencyPenalty, -2, 2, "from -2 to 2")],
  ["presencePenalty", ({ presencePenalty }) => within(presencePenalty, -2, 2, "from -2 to 2")],
  [
    "stopSequences",
    ({ stopSequences }) => (stopSequences?.includes("") ? "has one without any text: leave it out" : undefined)
  ],
  ["tools", checkTools],
  ["toolChoice", checkToolChoice],
  ["reasoning.budgetTokens", ({ reasoning }) => whole(reasoning?.budgetTokens, 1, " above zero")],
  ["reasoning", checkReasoning],
  ["output.name", checkOutput],
  ["user", ({ user }) => blank(user, "give an id of the end user, or leave it out")],
  ["metadata", checkMetadata],
  ["serviceTier", ({ serviceTier }) => blank(serviceTier, "give the vendor's word for a tier, or leave it out")]
]
