/**
 * An answer as Chat Completions writes it.
 */
import { type Description, finishIn, type Written } from "./answer.js"
import { event } from "./event.js"

const words = { stop: "stop", length: "length", "tool-calls": "tool_calls" }

const deltas = (block: Written, callIndex: number): ReadonlyArray<object> => {
  switch (block.type) {
    case "text":
      return block.deltas.map((content) => ({ content }))
    case "reasoning":
      // OpenAI shows no reasoning here; this is how the vendors that do write it.
      return block.deltas.map((reasoning_content) => ({ reasoning_content }))
    case "tool-call":
      return [
        { index: callIndex, id: block.id, type: "function", function: { name: block.name, arguments: "" } },
        ...block.deltas.map((json) => ({ index: callIndex, function: { arguments: json } }))
      ].map((call) => ({ tool_calls: [call] }))
  }
}

export const answer = ({ blocks, finish, id, model, usage }: Description): ReadonlyArray<string> => {
  const chunk = (choices: ReadonlyArray<object>, used: object | null): string =>
    event({
      id: id ?? "chatcmpl-FaultServer",
      object: "chat.completion.chunk",
      created: 1_767_225_600,
      model: model ?? "gpt-4o-2024-08-06",
      service_tier: "default",
      system_fingerprint: "fp_0fau1t5e2e",
      choices,
      usage: used
    })
  const choice = (delta: object, finish_reason: string | null): string =>
    chunk([{ index: 0, delta, logprobs: null, finish_reason }], null)
  const calls = blocks.filter(({ type }) => type === "tool-call")
  const onlyCalls = calls.length > 0 && calls.length === blocks.length
  return [
    choice({ role: "assistant", content: onlyCalls ? null : "", refusal: null }, null),
    ...blocks.flatMap((block) => deltas(block, calls.indexOf(block))).map((delta) => choice(delta, null)),
    choice({}, finishIn(words, finish)),
    chunk([], {
      prompt_tokens: usage.inputTokens,
      completion_tokens: usage.outputTokens,
      total_tokens: usage.inputTokens + usage.outputTokens,
      prompt_tokens_details: { cached_tokens: usage.cacheReadTokens ?? 0, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: usage.reasoningTokens ?? 0,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0
      }
    }),
    event("[DONE]")
  ]
}
