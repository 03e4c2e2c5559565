/** The call that continues delivered text, and the seam that its answer must prove: by prefill, or by asking. */
import type { Headers } from "@effect/platform/Headers"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type { ModelClient, PreparedCall } from "../../../client/ModelClient.js"
import type { ModelRequest } from "../../../model/ModelRequest.js"
import type { PartialResponse } from "../../../model/PartialResponse.js"
import { afterGap } from "./afterGap.js"
import { anchorOf } from "./anchor.js"
import type { Ask } from "./ask.js"
import { visibleEnd } from "./gap.js"
import * as Request from "./request.js"
import { AskedSeam, PrefilledSeam, type Seam } from "./seam.js"

export interface Proposal {
  readonly call: PreparedCall
  readonly seam: Seam
  /** The words that the model must repeat, if it is asked. */
  readonly anchor?: string
}

export interface Options {
  readonly client: Pick<ModelClient, "prepare" | "echoesPrefill">
  readonly request: ModelRequest
  /** Sent with each attempt, beside those of the client. */
  readonly headers: Headers | undefined
  /** Makes the words that ask a model to continue; false to never ask. */
  readonly continuation: ((ask: Ask) => string) | false
}

/** Undefined if the request cannot be expressed. `kept` ends in a block of text, and its citations. */
export const prefill = ({ client, headers, request }: Options, kept: PartialResponse): Proposal | undefined => {
  const { gap, sent } = withoutGap(kept)
  const prefilled = Request.prefilled(request, sent)
  const call = client.prepare(prefilled, "prefill", headers)
  if (Either.isLeft(call)) return undefined
  const { echoesPrefill } = client
  const beginning = echoesPrefill ? Request.lastText(prefilled) : sent.text
  return { call: call.right, seam: afterGap(new PrefilledSeam(beginning, echoesPrefill), gap) }
}

/** Undefined if the text has no anchor, or if the words or the request cannot be made. */
export const ask = (
  { client, continuation, headers, request }: Options,
  kept: PartialResponse
): Effect.Effect<Proposal | undefined> =>
  Effect.gen(function* () {
    const { gap, last, sent } = withoutGap(kept)
    const anchor = anchorOf(sent.text, last)
    if (anchor === undefined || continuation === false) return undefined
    const marker = yield* freshMarker(JSON.stringify(request.prompt) + sent.text)
    const words = yield* Effect.option(Effect.try(() => continuation({ marker, anchor })))
    if (Option.isNone(words)) return undefined
    const call = client.prepare(Request.asked(request, sent, words.value), undefined, headers)
    if (Either.isLeft(call)) return undefined
    return { call: call.right, anchor, seam: afterGap(new AskedSeam({ marker, anchor }), gap) }
  })

/** What was delivered without trailing white space, which vendors refuse in a message and models lose. */
const withoutGap = (kept: PartialResponse): { sent: PartialResponse; last: string; gap: string } => {
  const at = kept.blocks.findLastIndex(({ type }) => type === "text")
  const block = kept.blocks[at]
  const whole = block?.type === "text" ? block.text : ""
  const last = whole.slice(0, visibleEnd(whole))
  const gap = whole.slice(last.length)
  const blocks = block?.type === "text" ? kept.blocks.with(at, { ...block, text: last }) : kept.blocks
  return { sent: { ...kept, blocks, text: kept.text.slice(0, kept.text.length - gap.length) }, last, gap }
}

/** A word that occurs nowhere in the conversation. */
const freshMarker = (conversation: string): Effect.Effect<string> =>
  Effect.repeat(
    Effect.map(Random.nextIntBetween(0, 0x1000000), (n) => `<resume-${n.toString(16).padStart(6, "0")}>`),
    { while: (marker) => conversation.includes(marker) }
  )
