/**
 * The words by which vendors say why an answer ended, over all protocols: gateways pass on the words of their upstream.
 * A word that stands for a cut answer is an error here, never a success with a strange reason.
 */
import type { FinishReason, Reason } from "../../model/FinishReason.js"
import type { Fault } from "../../model/internal/fault.js"
import { byWord, type ReportedTag, sentences } from "./errorWords.js"

/** The finish reason of an answer that no failure cut. */
const endings: Readonly<Partial<Record<Reason, string>>> = {
  // OpenAI; Together (`eos`); Hugging Face TGI (`eos_token`, `stop_sequence`); Anthropic and xAI (`end_turn`); Cohere
  // (`COMPLETE`); LM Studio's SDK (`eosFound`, `stopStringFound`).
  stop: "stop end eos eos_token end_turn stop_sequence complete eosfound stopstringfound",
  // OpenAI; Anthropic; Mistral (`model_length`); Z.ai and Anthropic (`model_context_window_exceeded`); Cohere
  // (`ERROR_LIMIT`: the context was full); OpenAI Responses (`max_output_tokens`, `max_messages`); LM Studio's SDK.
  length: `length max_tokens max_output_tokens max_messages model_length model_context_window_exceeded
    context_length_exceeded error_limit maxpredictedtokensreached contextlengthreached`,
  // OpenAI; Anthropic; Cohere (`TOOL_CALL`); Vercel's AI SDK (`tool-calls`); LM Studio's SDK (`toolCalls`).
  "tool-calls": "tool_calls function_call tool_use tool_call tool-calls toolcalls",
  // OpenAI; Vercel's AI SDK (`content-filter`); Z.ai (`sensitive`: intercepted by the safety review); Gemini's
  // FinishReason (`SAFETY` to `LANGUAGE`); Bedrock Converse (`content_filtered`, `guardrail_intervened`); Cohere.
  "content-filter": `content_filter content-filter sensitive safety recitation blocklist prohibited_content spii
    image_safety image_prohibited_content image_recitation language content_filtered guardrail_intervened error_toxic`,
  refusal: "refusal",
  pause: "pause_turn"
}

/** Words for an answer that is not what the model meant to write. A retry resolves all of these. */
const failures: Readonly<Partial<Record<ReportedTag, string>>> = {
  // DeepSeek, api-docs.deepseek.com, create-chat-completion: interrupted, because the inference system lacks resources.
  Overloaded: "insufficient_system_resource insufficient_system_resources",
  // - OpenRouter, Mistral, vLLM, Cohere and Vercel's AI SDK: `error`
  // - vLLM and SGLang: `abort`; DeepSeek's clients see `aborted`
  // - OpenAI's status of a response, and gateways: `cancelled`; Cohere: `USER_CANCEL`, `TIMEOUT`
  // - Z.ai, docs.bigmodel.cn: `network_error`, an exception of the model's inference
  // - LM Studio's SDK: `failed`, `modelUnloaded`, `userStopped`
  // - Gemini's FinishReason: from `MALFORMED_FUNCTION_CALL` on. Its Chat Completions write `function_call_filter:
  //   MALFORMED_FUNCTION_CALL` and `content_filter: RECITATION`.
  // - Bedrock Converse: `malformed_model_output`, `malformed_tool_use`
  ServerError: `error failed abort aborted cancelled canceled user_cancel user_cancelled user_canceled userstopped
    modelunloaded timeout network_error function_call_filter malformed_function_call unexpected_tool_call
    too_many_tool_calls missing_thought_signature malformed_response malformed_model_output malformed_tool_use`
}

const table = <T extends string>(lists: Readonly<Partial<Record<T, string>>>): ReadonlyMap<string, T> =>
  new Map(
    // Object.entries loses the type of its keys.
    (Object.entries(lists) as Array<[T, string]>).flatMap(([outcome, words]) =>
      words.split(/\s+/).map((word) => [word, outcome] as const)
    )
  )

const reasons = table(endings)
const cuts = table(failures)

/** Every word that stands for a failure; a test checks that none of them passes as `other`. */
export const failureWords: ReadonlyArray<string> = [
  ...cuts.keys(),
  ...[...byWord.keys()].filter((w) => !reasons.has(w))
]

/** No vendor's word is longer; the beginning of a longer one says what it is. */
const LONGEST = 100

const find = (raw: string): Reason | ReportedTag | undefined => {
  const whole = raw.slice(0, LONGEST).toLowerCase()
  const parts = whole.includes(":") ? [whole, ...whole.split(":").reverse()] : [whole]
  for (const part of parts) {
    // Vendors and gateways also put the code of an error here.
    const word = part.trim()
    const found = reasons.get(word) ?? cuts.get(word) ?? byWord.get(word)
    if (found !== undefined) return found
  }
  return undefined
}

const isReason = (found: Reason | ReportedTag): found is Reason => Object.hasOwn(endings, found)

/** A vendor's word, or nothing if it wrote none. DashScope writes the string `null` until the model stops. */
export const finishWord = (raw: unknown): string | undefined =>
  typeof raw === "string" && raw !== "" && raw !== "null" ? raw : undefined

/**
 * The error that a vendor's word for the end stands for, if a failure cut the answer: `error`, `abort`,
 * `insufficient_system_resource` and so on, of all known vendors. Such a word proves no end.
 *
 * @since 0.1.0
 * @category faults
 */
export const interruption = (raw: string | undefined): Fault | undefined => {
  const found = raw === undefined ? undefined : find(raw)
  if (raw === undefined || found === undefined || isReason(found)) return undefined
  const code = raw.slice(0, LONGEST)
  return { _tag: found, description: `${sentences[found]}: it ended the answer with "${code}"`, code }
}

/**
 * The finish reason for a vendor's word, in the vocabulary of all protocols. The words in `own` take precedence; an
 * unknown word is `other`, and is kept as `raw`.
 *
 * @example
 * ```ts
 * import { Protocol } from "effect-redial"
 *
 * Protocol.finishReason("max_tokens") // { reason: "length", raw: "max_tokens" }
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const finishReason = (raw: string | undefined, own: Readonly<Record<string, Reason>> = {}): FinishReason => {
  if (raw === undefined) return { reason: "stop", raw: undefined }
  const found = Object.hasOwn(own, raw) ? own[raw] : find(raw)
  return { reason: found !== undefined && isReason(found) ? found : "other", raw }
}
