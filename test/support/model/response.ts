/**
 * Responses with tool calls, without a stream.
 */
import { ModelResponse } from "effect-redial"

export const calls = (...given: ReadonlyArray<readonly [id: string, name: string, args: unknown]>) =>
  ModelResponse.make({ toolCalls: given.map(([id, name, args]) => ({ id, name, arguments: args })) })
