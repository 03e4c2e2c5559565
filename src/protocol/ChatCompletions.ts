/**
 * The Chat Completions protocol, OpenAI's, which most vendors copy.
 *
 * @since 0.1.0
 */
import type OpenAI from "openai"
import * as Decode from "./chat/decode.js"
import * as Encode from "./chat/encode.js"
import { noTimeout } from "./internal/noTimeout.js"
import type { Protocol } from "./Protocol.js"
import type * as Quirks from "./Quirks.js"

export type { State } from "./chat/decode.js"
export type { Params } from "./chat/encode.js"

/**
 * The client of the official SDK, `openai`, that sends its requests.
 *
 * @since 0.1.0
 * @category models
 */
export type Sdk = OpenAI

/**
 * In a conversation that is sent back, reasoning and blocks of other protocols are left out, and so is the mark of a
 * failed tool: the protocol has no field for them. Reasoning goes back to vendors that have one: see `Quirks.replay`.
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
