/**
 * Responses as a store gives them back: the only way to have one without a stream.
 */
import { Schema } from "effect"
import { ModelResponse } from "effect-redial"

type Stored = Schema.Schema.Encoded<typeof ModelResponse.ModelResponse>

export const response = (stored: Partial<Stored>): ModelResponse.ModelResponse =>
  Schema.decodeSync(ModelResponse.ModelResponse)({
    text: "",
    reasoning: "",
    content: [],
    toolCalls: [],
    incompleteToolCalls: [],
    finishReason: { reason: "stop" },
    usage: {},
    attempts: [],
    ...stored
  })

export const calls = (...given: ReadonlyArray<readonly [id: string, name: string, args: unknown]>) => {
  const toolCalls = given.map(([id, name, args]) => ({ type: "tool-call" as const, id, name, arguments: args }))
  return response({ toolCalls, content: toolCalls, finishReason: { reason: "tool-calls" } })
}
