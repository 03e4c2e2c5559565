/**
 * The Anthropic Messages protocol, which Anthropic speaks and several vendors offer beside their own.
 *
 * @since 0.1.0
 */
import type Anthropic from "@anthropic-ai/sdk"
import * as Decode from "./anthropic/decode.js"
import * as Encode from "./anthropic/encode.js"
import { noTimeout } from "./internal/noTimeout.js"
import type { Protocol } from "./Protocol.js"
import type * as Quirks from "./Quirks.js"

export type { State } from "./anthropic/decode.js"
export type { Params } from "./anthropic/encode.js"

/**
 * The client of the official SDK, `@anthropic-ai/sdk`, that sends its requests.
 *
 * @since 0.1.0
 * @category models
 */
export type Sdk = Anthropic

/**
 * In a conversation that is sent back, reasoning without a signature and blocks of other protocols are left out, since
 * the vendor would refuse them. `maxOutputTokens` is 8192 where the request names none.
 *
 * @since 0.1.0
 * @category protocols
 */
export const protocol: Protocol<Sdk, Encode.Params, Decode.State, Quirks.AnthropicMessages> = {
  id: "anthropic-messages",
  quirks: { thinking: true, unsupported: true },
  encode: Encode.encode,
  open: (sdk, params, { headers, signal }) =>
    sdk.messages.create(params, { signal, headers, maxRetries: 0, timeout: noTimeout }).asResponse(),
  initial: Decode.initial,
  step: Decode.step,
  end: Decode.end,
  usage: Decode.usage,
  // The place of the message says it.
  prefill: (params) => params
}
