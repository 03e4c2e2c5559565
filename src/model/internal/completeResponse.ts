/**
 * Completes a response from the fields that a test or a store sets. Redundant fields (`text` and `content`, `toolCalls`
 * and the finish reason) are derived, so that a response cannot contradict itself.
 */
import type { FinishReason, Reason } from "../FinishReason.js"
import type { Attempt, IncompleteToolCall, ModelResponse, Seam, TypeId } from "../ModelResponse.js"
import type { Delivered } from "../PartialResponse.js"
import type { Usage } from "../Usage.js"
import type { AssistantPart, ToolCallPart } from "./parts.js"

/** What only a vendor can report. Default of each: absent. */
type Said = Partial<
  Pick<ModelResponse, "stopSequence" | "stopDetails" | "rawUsage" | "serviceTier" | "container" | "contextManagement">
>

interface Facts extends Said {
  /** The vendor's id of the response. Default: absent. */
  readonly id?: string | undefined
  /** The model that answered. Default: absent. */
  readonly model?: string | undefined
  /** Default: absent. */
  readonly requestId?: string | undefined
  /** Default: none. */
  readonly incompleteToolCalls?: ReadonlyArray<IncompleteToolCall> | undefined
  /** A reason alone is enough. Default: `length` with incomplete tool calls, else `tool-calls` with calls, else `stop`. */
  readonly finishReason?: Reason | FinishReason | undefined
  /** Default: unknown. */
  readonly usage?: Usage | undefined
  /** Default: one, at the beginning of the epoch, with the response's usage and request id. */
  readonly attempts?: ReadonlyArray<Attempt> | undefined
  /** Default: none. */
  readonly seams?: ReadonlyArray<Seam> | undefined
}

interface InOrder extends Facts {
  /** The whole content, in order. `text`, `reasoning` and `toolCalls` follow from it. */
  readonly content: ReadonlyArray<AssistantPart>
  readonly text?: undefined
  readonly reasoning?: undefined
  readonly toolCalls?: undefined
}

interface InShort extends Facts {
  readonly content?: undefined
  /** Default: none. */
  readonly text?: string | undefined
  /** Comes before the text. Default: none. */
  readonly reasoning?: string | undefined
  /** Come after the text. Default: none. */
  readonly toolCalls?: ReadonlyArray<Omit<ToolCallPart, "type">> | undefined
}

/**
 * The argument of `ModelResponse.make`: the content in order, or its text, reasoning and tool calls.
 *
 * @since 0.1.0
 * @category models
 */
export type Options = InOrder | InShort

export const completeResponse = (given: Options): Omit<ModelResponse, TypeId> => {
  const { attempts, id, incompleteToolCalls = [], model, requestId, seams = [], usage = {}, ...rest } = given
  const {
    content: _content,
    finishReason: _finish,
    reasoning: _reasoning,
    text: _text,
    toolCalls: _calls,
    ...said
  } = rest
  const content = given.content ?? contentOf(given)
  const toolCalls = content.filter((part) => part.type === "tool-call")
  const usual = incompleteToolCalls.length > 0 ? "length" : toolCalls.length > 0 ? "tool-calls" : "stop"
  const { finishReason = usual } = given
  const delivered = incompleteToolCalls.length > 0 ? "tool-call" : furthest(content)
  const attempt = { attempt: 1, requestId, startedAt: 0, endedAt: 0, usage, delivered }
  return {
    ...said,
    id,
    model,
    requestId,
    text: joined(content, "text"),
    reasoning: joined(content, "reasoning"),
    content,
    toolCalls,
    incompleteToolCalls,
    finishReason: typeof finishReason === "string" ? { reason: finishReason } : finishReason,
    usage,
    attempts: attempts ?? [attempt],
    seams
  }
}

const contentOf = ({ reasoning = "", text = "", toolCalls = [] }: InShort): ReadonlyArray<AssistantPart> => [
  ...(reasoning === "" ? [] : [{ type: "reasoning" as const, text: reasoning }]),
  ...(text === "" ? [] : [{ type: "text" as const, text }]),
  ...toolCalls.map((call) => ({ ...call, type: "tool-call" as const }))
]

const joined = (content: ReadonlyArray<AssistantPart>, type: "text" | "reasoning"): string =>
  content.flatMap((part) => (part.type === type ? [part.text] : [])).join("")

const furthest = (content: ReadonlyArray<AssistantPart>): Delivered => {
  if (content.some(({ type }) => type === "tool-call")) return "tool-call"
  if (content.some((part) => part.type === "text" && part.text.trim() !== "")) return "text"
  return joined(content, "reasoning") === "" ? "nothing" : "reasoning"
}
