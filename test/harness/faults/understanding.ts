/**
 * Streams that are well-formed and end, and do not say what they seem to say: nothing of them may pass as a success with
 * wrong or missing content. Each is seen in every delivery.
 */
import type { Protocol } from "effect-redial"
import { Reply, Wire } from "effect-redial/testing"
import type { Fault, Material, Tag } from "./catalogue.js"

const chat: ReadonlyArray<Protocol.ProtocolId> = ["chat-completions"]

const id = "chatcmpl-FaultServer"
const model = "gpt-4o-2024-08-06"

const choice = (fields: object, rest: object = {}): string =>
  Wire.event({ id, object: "chat.completion.chunk", model, choices: [{ index: 0, ...fields }], ...rest })

const delta = (fields: object, rest: object = {}): string => choice({ delta: fields, finish_reason: null }, rest)

const finish = (finish_reason: string, rest: object = {}): string => choice({ delta: {}, finish_reason }, rest)

const done = Wire.event("[DONE]")

const pieces = ["t0 ", "t1 ", "t2 ", "t3 ", "t4 €"]

/** The whole text with another way to write each piece, or with what stands for all of it. */
const written = (how: (piece: string, at: number) => string) => () =>
  Reply.stream([...pieces.map(how), finish("stop"), done])

/** What is in the stream after the third piece of text, and the rest of the answer. */
const inText = (event: string) => (m: Material) =>
  Reply.stream([...m.events.slice(0, m.midText), event, ...m.events.slice(m.midText)])

/** The text to its third piece, and another end. */
const cutBy =
  (...end: ReadonlyArray<string>) =>
  (m: Material) =>
    Reply.stream([...m.events.slice(0, m.midText), ...end])

const over = (name: string, reply: Fault["reply"], expect: "ok" | Tag, protocols = chat): Fault => ({
  name,
  reply,
  expect,
  protocols,
  deliveries: true
})

const finishing = (word: string, expect: "ok" | Tag): Fault => ({
  name: `finish_${word.replaceAll(/\W+/g, "_")}`,
  reply: (m) => m.stream(m.write({ text: pieces.slice(0, 3), finish: word })),
  expect,
  deliveries: true
})

const object = (name: string, body: object, expect: Tag): Fault =>
  over(`object_${name}`, inText(Wire.event(body)), expect)

const usage = { prompt_tokens: 10, completion_tokens: 5 }
const usageOnly = Wire.event({ id, object: "chat.completion.chunk", model, choices: [], usage })

const call = (fields: object): string =>
  delta({ tool_calls: [{ index: 0, id: "call_1", type: "function", ...fields }] })

export const understanding: ReadonlyArray<Fault> = [
  // Two answers in one.
  over(
    "spliced_without_role",
    cutBy(delta({ content: "x" }, { id: "other" }), finish("stop", { id: "other" }), done),
    "MalformedStream"
  ),
  over("spliced_end", cutBy(finish("stop", { id: "other" }), done), "MalformedStream"),
  over(
    "spliced_after_finish",
    cutBy(finish("stop"), delta({ content: "x" }, { id: "other" }), finish("stop", { id: "other" }), done),
    "MalformedStream"
  ),

  // The vendor says that it was interrupted.
  finishing("insufficient_system_resource", "Overloaded"),
  finishing("abort", "ServerError"),
  finishing("cancelled", "ServerError"),
  finishing("network_error", "ServerError"),
  finishing("error", "ServerError"),
  finishing("function_call_filter: MALFORMED_FUNCTION_CALL", "ServerError"),
  over("finish_null", cutBy(finish("null"), done), "StreamTruncated"),

  // The proof of the end.
  over("done_without_finish", cutBy(done), "StreamTruncated"),
  over("done_after_usage_without_finish", cutBy(usageOnly, done), "StreamTruncated"),
  over("usage_in_mid_text", cutBy(usageOnly), "StreamTruncated"),
  over("text_after_usage", cutBy(usageOnly, delta({ content: "x" }), done), "StreamTruncated"),
  over("text_after_finish", cutBy(finish("stop"), delta({ content: "x" }), done), "StreamTruncated"),
  over("usage_in_mid_text_of_a_whole_answer", inText(usageOnly), "ok"),

  // What is not a chunk.
  object("detail", { detail: "upstream request timeout" }, "ServerError"),
  object("code_and_message", { code: "overloaded", message: "try again" }, "Overloaded"),
  object("success_false", { success: false, errors: [{ code: 7009, message: "Upstream failed" }] }, "ServerError"),
  object("errors", { errors: ["Rate limit reached"] }, "RateLimited"),
  object("aws_type", { __type: "com.amazon.coral#ThrottlingException", message: "slow down" }, "RateLimited"),
  object("error_message", { error_message: "model crashed" }, "ServerError"),
  object("lambda", { errorMessage: "Task timed out", errorType: "Sandbox.Timedout" }, "ServerError"),
  object("status_error", { status: "error", message: "worker died" }, "ServerError"),
  object("ok_false", { ok: false, description: "worker died" }, "ServerError"),
  object("unknown", { model: "m", message: { role: "assistant", content: "x" }, done: false }, "MalformedStream"),
  over("error_field", inText('error: {"message":"worker died"}\n\n'), "ServerError", [
    "anthropic-messages",
    ...chat,
    "responses"
  ]),

  // Content in other forms.
  over(
    "whole_message",
    () =>
      Reply.stream([choice({ message: { role: "assistant", content: pieces.join("") }, finish_reason: "stop" }), done]),
    "ok"
  ),
  over(
    "text_in_place_of_delta",
    written((text) => choice({ text, finish_reason: null })),
    "ok"
  ),
  over(
    "message_in_place_of_delta",
    written((content, at) => choice(at === 0 ? { message: { content } } : { delta: { content } })),
    "MalformedStream"
  ),
  over(
    "content_object",
    written((text) => delta({ content: { type: "text", text } })),
    "ok"
  ),
  over(
    "content_parts",
    written((text, at) => delta({ content: [at % 2 === 0 ? text : { type: "text", text }] })),
    "ok"
  ),
  over("content_number", inText(delta({ content: 7 })), "MalformedStream"),
  over("second_choice", inText(choice({ index: 1, delta: { content: "x" } })), "MalformedStream"),
  over(
    "choices_from_one",
    () =>
      Reply.stream([
        ...pieces.map((content) => choice({ index: 1, delta: { content } })),
        choice({ index: 1, finish_reason: "stop" }),
        done
      ]),
    "ok"
  ),
  over(
    "content_elsewhere",
    () => Reply.stream([delta({ output: pieces.join("") }), finish("stop"), done]),
    "MalformedStream"
  ),
  over("audio", inText(delta({ audio: { data: "AAAA" } })), "MalformedStream"),

  // Tool calls.
  over("call_missing", cutBy(finish("tool_calls"), done), "MalformedStream"),
  over(
    "call_with_arguments_as_array",
    cutBy(call({ function: { name: "f", arguments: [1] } }), finish("tool_calls"), done),
    "MalformedStream"
  ),
  over(
    "call_with_other_arguments",
    cutBy(call({ function: { name: "f", parameters: { a: 1 } } }), finish("tool_calls"), done),
    "MalformedStream"
  ),
  over("call_cut_in_a_number", cutBy(call({ function: { name: "f", arguments: "12" } }), done), "StreamTruncated"),
  over(
    "call_by_two_names",
    cutBy(
      call({ function: { name: "f", arguments: "{" } }),
      call({ function: { name: "g", arguments: "}" } }),
      finish("tool_calls"),
      done
    ),
    "MalformedStream"
  )
]
