/**
 * Answers whose events contradict each other, or whose content has another form than the protocol's. Each is seen in every
 * delivery: what was shown is an error, and where nothing was shown, the vendor's last word counts if it has one.
 */
import { Reply, Wire } from "effect-redial/testing"
import type { Fault, Material, Tag } from "./catalogue.js"

type Json = Record<string, unknown>

/** Changes the JSON of each event; what gives `undefined` is left out. */
const changed =
  (change: (body: Json) => unknown, events = (m: Material) => m.events) =>
  (m: Material) =>
    Reply.stream(
      events(m).flatMap((event) => {
        const [head = "", data = "{}"] = event.trimEnd().split(/(?<=^|\n)data: /)
        const body = change(JSON.parse(data))
        return (Array.isArray(body) ? body : [body]).flatMap((one: unknown) =>
          one === undefined ? [] : [`${head}data: ${JSON.stringify(one)}\n\n`]
        )
      })
    )

const inserted = (event: string, at: (m: Material) => number) => (m: Material) =>
  Reply.stream([...m.events.slice(0, at(m)), event, ...m.events.slice(at(m))])

const over =
  (protocol: "responses" | "anthropic-messages") =>
  (name: string, reply: Fault["reply"], expect: "ok" | Tag, held?: "ok"): Fault => ({
    name,
    reply,
    expect,
    ...(held !== undefined && { held }),
    protocols: [protocol],
    deliveries: true
  })

const responses = over("responses")
const anthropic = over("anthropic-messages")

const DELTA = "response.output_text.delta"
const TEXT = "response.output_text.done"
const PART = "response.content_part.done"
const ITEM = "response.output_item.done"
const END = "response.completed"

const last = (m: Material): number => m.events.length - 1

const isPiece = (body: Json, piece: string): boolean => body.type === DELTA && body.delta === piece

/** The whole text is said nowhere but in the events that are named. */
const saidIn =
  (...types: ReadonlyArray<string>) =>
  (body: Json): Json | undefined => {
    const type = String(body.type)
    if (type === END && !types.includes(END)) return { ...body, response: { ...(body.response as Json), output: [] } }
    return [TEXT, PART, ITEM].includes(type) && !types.includes(type) ? undefined : body
  }

const unnumbered = (body: Json | undefined): Json | undefined => body && { ...body, sequence_number: undefined }

/** An answer whose piece `t1 ` is lost, with a whole text in one kind of event alone. */
const lostBut = (type: string) => changed((body) => (isPiece(body, "t1 ") ? undefined : unnumbered(saidIn(type)(body))))

/** An answer that calls a tool after its text. */
const calling = (m: Material): ReadonlyArray<string> =>
  m.write({
    text: ["t0 ", "t1 ", "t2 ", "t3 ", "t4 €"],
    toolCalls: [{ id: "call_1", name: "weather", arguments: { city: "Florence" } }]
  })

const otherArguments = { arguments: '{"city":"Rome"}' }

/** The parts of the message under other indices than the whole message has them. */
const shifted = (indexOf: (body: Json) => Json) =>
  changed((body) => (body.content_index === undefined ? body : { ...body, content_index: undefined, ...indexOf(body) }))

const named = (type: string, fields: object): string => Wire.event({ type, ...fields }, type)

export const contradictions: ReadonlyArray<Fault> = [
  // The same text, in another place.
  responses(
    "index_shifted",
    shifted(({ type }) => ({ content_index: type === DELTA ? 1 : 0 })),
    "ok"
  ),
  responses(
    "index_other_at_end",
    shifted(() => ({ content_index: 1 })),
    "ok"
  ),
  responses(
    "index_missing_at_end",
    shifted(({ type }) => (type === DELTA ? { content_index: 1 } : {})),
    "ok"
  ),
  responses(
    "index_missing",
    shifted(() => ({})),
    "ok"
  ),
  responses(
    "item_renamed",
    changed((body) => (body.type === DELTA ? { ...body, item_id: "msg_other" } : body)),
    "ok"
  ),
  responses(
    "item_replaced",
    changed((body) =>
      body.type === ITEM ? { ...body, output_index: 7, item: { ...(body.item as Json), id: "msg_other" } } : body
    ),
    "ok"
  ),
  responses(
    "parts_merged",
    changed((body) => {
      const { delta, type } = body
      if (type === DELTA && ["t2 ", "t3 ", "t4 €"].includes(String(delta))) return { ...body, content_index: 1 }
      return type === TEXT || type === PART ? undefined : body
    }),
    "ok"
  ),

  // Another text than that of the deltas.
  responses(
    "delta_lost",
    changed((body) => (isPiece(body, "t1 ") ? undefined : body)),
    "MalformedStream",
    "ok"
  ),
  responses(
    "delta_doubled",
    changed((body) => (isPiece(body, "t1 ") ? [body, body] : body)),
    "MalformedStream",
    "ok"
  ),
  responses(
    "delta_moved",
    changed((body) =>
      isPiece(body, "t1 ") ? { ...body, delta: "t2 " } : isPiece(body, "t2 ") ? { ...body, delta: "t1 " } : body
    ),
    "MalformedStream",
    "ok"
  ),
  responses(
    "delta_late",
    changed((body) => (body.type === TEXT ? [body, { ...body, type: DELTA, delta: "t4 €" }] : body)),
    "MalformedStream",
    "ok"
  ),
  responses("text_done_differs", lostBut(TEXT), "MalformedStream", "ok"),
  responses("part_done_differs", lostBut(PART), "MalformedStream", "ok"),
  responses("item_done_differs", lostBut(ITEM), "MalformedStream", "ok"),
  responses("completed_differs", lostBut(END), "MalformedStream", "ok"),

  // Other calls.
  responses(
    "arguments_done_differ",
    changed(
      (body) => (body.type === "response.function_call_arguments.done" ? { ...body, ...otherArguments } : body),
      calling
    ),
    "MalformedStream",
    "ok"
  ),
  responses(
    "item_arguments_differ",
    changed((body) => {
      const item = body.item as Json | undefined
      return body.type === ITEM && item?.type === "function_call"
        ? { ...body, item: { ...item, ...otherArguments } }
        : body
    }, calling),
    "MalformedStream",
    "ok"
  ),
  responses(
    "completed_lacks_call",
    changed((body) => {
      const response = body.response as Json | undefined
      const output = response?.output
      return body.type === END && Array.isArray(output)
        ? { ...body, response: { ...response, output: output.slice(0, 1) } }
        : body
    }, calling),
    "MalformedStream",
    "ok"
  ),

  // Numbers, with no whole text that could show that nothing is wrong.
  responses(
    "sequence_gap",
    changed((body) => (isPiece(body, "t1 ") ? undefined : saidIn()(body))),
    "MalformedStream"
  ),
  responses(
    "sequence_repeated",
    changed((body) => (isPiece(body, "t1 ") ? [body, body] : saidIn()(body))),
    "MalformedStream"
  ),
  responses(
    "sequence_constant",
    changed((body) => {
      const said = saidIn()(body)
      return said && { ...said, sequence_number: 0 }
    }),
    "ok"
  ),

  // Two answers, or an answer with an error.
  responses("created_again", (m) => inserted(m.events[0] ?? "", ({ midText }) => midText)(m), "MalformedStream"),
  responses(
    "completed_with_error",
    changed((body) => {
      const error = { code: "server_is_overloaded", message: "busy" }
      return body.type === END ? { ...body, response: { ...(body.response as Json), error } } : body
    }),
    "Overloaded"
  ),
  anthropic("message_start_again", (m) => inserted(m.events[0] ?? "", ({ midText }) => midText)(m), "MalformedStream"),
  anthropic(
    "text_after_stop_reason",
    (m) => Reply.stream([...m.events.slice(0, last(m)), ...m.events.slice(1)]),
    "MalformedStream"
  ),
  anthropic(
    "two_stop_reasons",
    inserted(named("message_delta", { delta: { stop_reason: "max_tokens" } }), last),
    "MalformedStream"
  ),

  // Content in another form.
  responses(
    "delta_as_list",
    changed((body) => (isPiece(body, "t1 ") ? { ...body, delta: ["t1 "] } : body)),
    "MalformedStream"
  ),
  responses(
    "delta_as_text",
    changed(({ delta, ...body }) => (body.type === DELTA ? { ...body, text: delta } : body)),
    "MalformedStream"
  ),
  responses(
    "only_unknown_events",
    changed((body) =>
      body.type === DELTA
        ? { ...body, type: "response.text.delta" }
        : /added|done/.test(String(body.type))
          ? undefined
          : saidIn()(body)
    ),
    "MalformedStream"
  ),
  responses(
    "item_text_as_string",
    changed((body) => {
      if (body.type === ITEM)
        return unnumbered({ ...body, item: { ...(body.item as Json), content: "t0 t1 t2 t3 t4 €" } })
      const isText = /^response\.(output_text|content_part)/.test(String(body.type))
      return isText ? undefined : unnumbered(saidIn(ITEM)(body))
    }),
    "ok"
  ),
  anthropic(
    "text_delta_as_list",
    changed((body) =>
      body.type === "content_block_delta" ? { ...body, delta: { type: "text_delta", text: ["t0"] } } : body
    ),
    "MalformedStream"
  ),
  anthropic(
    "only_unknown_deltas",
    changed((body) => (/content_block/.test(String(body.type)) ? { type: "completion", completion: "t0" } : body)),
    "MalformedStream"
  )
]
