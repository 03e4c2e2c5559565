/**
 * What the next attempt does about output that was delivered before a stream broke. A pure function of what the
 * consumer has, what the call promised, and what the provider can do: no clock, no socket, no budget.
 *
 * @since 0.1.0
 */
import type { Capabilities } from "../client/ModelClient.js"
import type { HeldEvent, ModelEvent } from "../model/ModelEvent.js"
import type { Block } from "../model/PartialResponse.js"

/**
 * What may happen when a stream breaks after output was delivered. White space and reasoning alone count as nothing.
 *
 * - `restart`: `Superseded` says what is void, and it comes again
 * - `resume`: text is never taken back; it continues where it stopped. Reasoning and tool calls after it may be
 *   superseded. If the text cannot be continued, the stream fails with an error that carries it
 * - `hold`: nothing is delivered until the end is proven, then one delta per block
 * - `fail`: once visible text or a tool call was delivered, the stream fails with an error that carries it
 *
 * See [docs/guarantees.md](../../docs/guarantees.md) for what each promises and costs.
 *
 * @since 0.1.0
 * @category models
 */
export type Delivery = "restart" | "resume" | "hold" | "fail"

/**
 * The events of a stream with a delivery: `hold` voids nothing.
 *
 * @since 0.1.0
 * @category models
 */
export type EventOf<D extends Delivery> = [D] extends ["hold"] ? HeldEvent : ModelEvent

/**
 * What the next attempt does.
 *
 * - `Restart`: the request is made again, and all blocks are void
 * - `Cursor`: the server is asked for the missing events; nothing is void
 * - `Prefill`: the model continues its own message; blocks from `fromIndex` on are void
 * - `Ask`: the model is asked to continue; blocks from `fromIndex` on are void
 * - `GiveUp`: the stream fails with what was delivered
 *
 * @since 0.1.0
 * @category models
 */
export type Decision =
  | { readonly _tag: "Restart" }
  | { readonly _tag: "Cursor" }
  | { readonly _tag: "Prefill"; readonly fromIndex: number }
  | { readonly _tag: "Ask"; readonly fromIndex: number }
  | { readonly _tag: "GiveUp"; readonly why: string }

/**
 * What the decision depends on.
 *
 * @since 0.1.0
 * @category models
 */
export interface Situation {
  readonly delivery: Delivery
  /** The blocks that the consumer has, by their index; an open one was still growing. */
  readonly blocks: ReadonlyArray<Block>
  /** What the provider can still do: a refused route is not offered again. */
  readonly can: Capabilities
}

const restart: Decision = { _tag: "Restart" }

/**
 * Decides what the next attempt does. The schedule and the limits decide whether there is one.
 *
 * @example
 * ```ts
 * import { Recovery } from "effect-redial"
 *
 * const next = Recovery.decide({
 *   delivery: "resume",
 *   blocks: [
 *     { type: "text", text: "Let me look.", open: false },
 *     { type: "tool-call", id: "call_1", name: "search", json: '{"qu', open: true }
 *   ],
 *   can: { cursor: false, prefill: true, ask: true }
 * })
 * // { _tag: "Prefill", fromIndex: 1 }: the text stays, the call is made again
 * ```
 *
 * @since 0.1.0
 * @category decisions
 */
export const decide = ({ blocks, can, delivery }: Situation): Decision => {
  const lastText = blocks.findLastIndex(isVisibleText)
  if (delivery === "fail" && (lastText >= 0 || blocks.some(isToolCall))) {
    return { _tag: "GiveUp", why: "output was delivered, and `fail` sends no second request then" }
  }
  // Nothing is lost and nothing is paid again, so this route is taken whenever the server offers it.
  if (can.cursor) return { _tag: "Cursor" }
  if (lastText < 0 || delivery === "hold" || delivery === "fail") return restart
  // The sources of a text belong to it, and nothing writes them again.
  const after = blocks.findIndex(({ type }, at) => at > lastText && type !== "citation")
  const kept = after < 0 ? blocks : blocks.slice(0, after)
  const fromIndex = kept.length
  // A message of the model cannot continue after a tool call: protocols require the call's result first.
  const prefill = can.prefill && !kept.some(isToolCall)
  if (delivery === "restart") {
    const whole = blocks[lastText]?.open === false && blocks.slice(fromIndex).some(isToolCall)
    return whole && prefill ? { _tag: "Prefill", fromIndex } : restart
  }
  if (prefill) return { _tag: "Prefill", fromIndex }
  if (kept.some((block) => block.type === "tool-call" && !isWhole(block))) {
    return { _tag: "GiveUp", why: "text was delivered after a tool call that is not whole" }
  }
  if (can.ask) return { _tag: "Ask", fromIndex }
  return { _tag: "GiveUp", why: "text was delivered that the provider cannot be asked to continue" }
}

const isVisibleText = (block: Block): boolean => block.type === "text" && /\S/.test(block.text)

const isToolCall = ({ type }: Block): boolean => type === "tool-call"

const isWhole = ({ json, open }: Extract<Block, { type: "tool-call" }>): boolean => {
  if (open) return false
  try {
    if (json.trim() !== "") JSON.parse(json)
    return true
  } catch {
    return false
  }
}
