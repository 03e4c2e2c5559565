/**
 * The Responses protocol, OpenAI's newer one, which several vendors copy.
 *
 * @since 0.1.0
 */
import type OpenAI from "openai"
import { noTimeout } from "./internal/noTimeout.js"
import type { Protocol } from "./Protocol.js"
import type * as Quirks from "./Quirks.js"
import * as Decode from "./responses/decode.js"
import * as Encode from "./responses/encode.js"

export type { State } from "./responses/decode.js"
export type { Params } from "./responses/encode.js"

/**
 * The client of the official SDK, `openai`, that sends its requests.
 *
 * @since 0.1.0
 * @category models
 */
export type Sdk = OpenAI

/**
 * Conversations are carried by the caller: the vendor is asked to store nothing, and to hand out its reasoning encrypted
 * where the model can. `providerOptions.responses` can say otherwise: with `background: true` the vendor writes the answer
 * also while nobody listens, and keeps it (`store`), so that a broken stream is taken up again where it broke.
 *
 * In a conversation that is sent back, each block goes back as the item that it came as, in its place. Reasoning goes
 * back if it came over this protocol, encrypted or in plain words, and is left out else; so are blocks of other
 * protocols, annotations, and the mark of a failed tool, for which the protocol has no field.
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
