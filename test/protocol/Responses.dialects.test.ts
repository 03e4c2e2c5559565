/**
 * Responses streams in the dialects of servers: however items and parts are numbered, named, merged or left out, each text
 * is there once, and what is broken is an error.
 */
import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { checkGrammar, run, type Trust } from "../support/protocol/decode.js"
import {
  added,
  argumentsDelta,
  callItem,
  completed,
  created,
  done,
  event,
  textItem
} from "../support/protocol/responsesSamples.js"

/** Pieces are told apart by their numbers, so that nothing doubled, lost or moved goes unnoticed. */
interface Answer {
  /** Messages by their parts, parts by their pieces. */
  readonly messages: ReadonlyArray<ReadonlyArray<ReadonlyArray<string>>>
  readonly call: ReadonlyArray<string> | undefined
}

/** How a server writes an answer. */
interface Dialect {
  /** Added to the index of each part in its deltas. */
  readonly shift: number
  readonly partAdded: boolean
  readonly partIndexInDone: "same" | "absent" | "unshifted"
  readonly statements: ReadonlyArray<"text" | "part" | "item" | "response">
  readonly ids: "same" | "rotating" | "absent"
  readonly merged: boolean
  readonly renumbered: boolean
}

const pieces = (texts: ReadonlyArray<string>) => texts.join("")

const itemOf = (at: number, parts: ReadonlyArray<ReadonlyArray<string>>, merged: boolean) => ({
  ...textItem(at, ""),
  content: (merged ? [pieces(parts.flat())] : parts.map(pieces)).map((text) => ({ type: "output_text", text }))
})

/** The events of an answer; those that are deltas can be broken. */
const write = ({ call: json, messages }: Answer, dialect: Dialect): ReadonlyArray<string> => {
  const { merged, partAdded, partIndexInDone, shift, statements } = dialect
  const says = (statement: Dialect["statements"][number]) => statements.includes(statement)
  const out: Array<string> = [created]
  for (const [at, parts] of messages.entries()) {
    const place = (index: number) => ({ item_id: `msg_${at}`, output_index: at, content_index: index })
    out.push(added(at, { ...textItem(at, ""), content: [] }))
    for (const [index, texts] of parts.entries()) {
      const inDone = {
        ...place(partIndexInDone === "unshifted" ? index : index + shift),
        ...(partIndexInDone === "absent" && { content_index: undefined })
      }
      const part = { type: "output_text", text: pieces(texts) }
      if (partAdded)
        out.push(event("response.content_part.added", { ...place(index + shift), part: { ...part, text: "" } }))
      for (const delta of texts) out.push(event("response.output_text.delta", { ...place(index + shift), delta }))
      if (says("text")) out.push(event("response.output_text.done", { ...inDone, text: pieces(texts) }))
      if (says("part")) out.push(event("response.content_part.done", { ...inDone, part }))
    }
    if (says("item")) out.push(done(dialect.renumbered ? at + 70 : at, itemOf(at, parts, merged)))
  }
  const at = messages.length
  if (json !== undefined) {
    out.push(added(at, callItem(at, "one", "")), ...json.map((piece) => argumentsDelta(at, piece)))
    const where = { item_id: `fc_${at}`, output_index: at, arguments: pieces(json) }
    if (says("text")) out.push(event("response.function_call_arguments.done", where))
    if (says("item")) out.push(done(at, callItem(at, "one", pieces(json))))
  }
  const output = [
    ...messages.map((parts, index) => itemOf(index, parts, merged)),
    ...(json === undefined ? [] : [callItem(at, "one", pieces(json))])
  ]
  out.push(completed(says("response") ? output : []))
  let id = 0
  return out.map((text) =>
    dialect.ids === "same"
      ? text
      : text.replaceAll(/"(id|item_id)":"(?:msg|fc)_\d+",?/g, (_, key) => {
          id++
          return dialect.ids === "absent" ? "" : `"${key}":"other-${id}",`
        })
  )
}

const count = (least: number, most: number) => FastCheck.integer({ min: least, max: most })

const answers: FastCheck.Arbitrary<Answer> = FastCheck.tuple(
  FastCheck.array(FastCheck.array(count(1, 4), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 }),
  FastCheck.option(count(1, 4), { nil: undefined })
).map(([messages, calls]) => {
  let n = 0
  const texts = (length: number) => Array.from({ length }, () => `t${n++} `)
  const json = JSON.stringify({ value: pieces(texts(calls ?? 0)) })
  const size = Math.ceil(json.length / (calls ?? 1))
  return {
    messages: messages.map((parts) => parts.map(texts)),
    call:
      calls === undefined ? undefined : Array.from({ length: calls }, (_, at) => json.slice(at * size, (at + 1) * size))
  }
})

const dialects: FastCheck.Arbitrary<Dialect> = FastCheck.record({
  shift: count(0, 2),
  partAdded: FastCheck.boolean(),
  partIndexInDone: FastCheck.constantFrom("same", "absent", "unshifted"),
  statements: FastCheck.subarray(["text", "part", "item", "response"] as const),
  ids: FastCheck.constantFrom("same", "rotating", "absent"),
  merged: FastCheck.boolean(),
  renumbered: FastCheck.boolean()
})

const textOf = ({ messages }: Answer) => pieces(messages.flat(2))

const isDelta = (text: string) => /\.delta"/.test(text)

const trusts: ReadonlyArray<Trust> = ["shown", "vendor"]

describe("Responses, in any dialect", () => {
  it("have each text once, and calls with the arguments that came", () => {
    FastCheck.assert(
      FastCheck.property(answers, dialects, (answer, dialect) => {
        for (const trust of trusts) {
          const result = run("responses", write(answer, dialect).join(""), trust)
          checkGrammar(result)
          // Without an end of its own, a call may have been cut.
          const { incompleteToolCalls, text, toolCalls } = result.response ?? assert.fail(result.fault?.description)
          assert.strictEqual(text, textOf(answer))
          assert.strictEqual(toolCalls.length + incompleteToolCalls.length, answer.call === undefined ? 0 : 1)
          if (toolCalls.length > 0)
            assert.deepStrictEqual(toolCalls[0]?.arguments, JSON.parse(pieces(answer.call ?? [])))
        }
      }),
      { numRuns: 1000 }
    )
  })

  it("are true or an error when a delta is lost, doubled or moved, and the vendor has the last word if nothing was shown", () => {
    const breaks = FastCheck.constantFrom("lost", "doubled", "swapped")
    FastCheck.assert(
      FastCheck.property(answers, dialects, breaks, FastCheck.nat(), (answer, dialect, how, at) => {
        // Without whole items, or with items that nothing identifies, nothing shows that a delta is missing.
        const ids = dialect.renumbered ? "same" : dialect.ids
        const events = [...write(answer, { ...dialect, ids, statements: ["item", ...dialect.statements] })]
        const deltas = events.flatMap((text, index) => (isDelta(text) ? [index] : []))
        const [one, next] = [deltas[at % deltas.length]!, deltas[(at + 1) % deltas.length]!]
        if (how === "lost") events.splice(one, 1)
        else if (how === "doubled") events.splice(one, 0, events[one]!)
        else [events[one], events[next]] = [events[next]!, events[one]!]
        const said = textOf(answer)
        const shown = run("responses", events.join(""), "shown")
        if (shown.response === undefined) assert.strictEqual(shown.fault?._tag, "MalformedStream")
        else {
          assert.strictEqual(shown.response.text, said)
          for (const made of shown.response.toolCalls) {
            assert.deepStrictEqual(made.arguments, JSON.parse(pieces(answer.call ?? [])))
          }
        }
        const held = run("responses", events.join(""), "vendor")
        if (held.response === undefined) assert.isUndefined(held.fault?.contradicts, held.fault?.description)
        else {
          assert.strictEqual(held.response.text, said)
          assert.deepStrictEqual(
            held.response.toolCalls.map((made) => made.arguments),
            answer.call === undefined ? [] : [JSON.parse(pieces(answer.call))]
          )
        }
      }),
      { numRuns: 1000 }
    )
  })
})
