/**
 * A trace as a picture: a bar for each span on one scale of time, with its events as marks and what it says below its name.
 */

import { picture } from "../../support/svg.js"
import { attributesOf, type OtlpSpan } from "../../support/telemetry/receiver.js"

const WIDTH = 960
const LEFT = 300
const RIGHT = 24
const ROW = 58
const TOP = 64

/** What is shown of a span, by the beginning of its name: a picture of all of it would show nothing. */
const said: ReadonlyArray<readonly [name: string, attributes: ReadonlyArray<string>]> = [
  ["chat", ["gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "effect_redial.attempts"]],
  ["attempt", ["error.type", "effect_redial.route", "effect_redial.delivered"]]
]

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")

const color = (span: OtlpSpan): string =>
  span.status.code === 2 ? "#dc2626" : span.name.startsWith("chat") ? "#2563eb" : "#6b7280"

/** Each span after its parent, as a trace is read. */
const inOrder = (spans: ReadonlyArray<OtlpSpan>, parent?: string, depth = 0): ReadonlyArray<[OtlpSpan, number]> =>
  spans
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .toSorted((a, b) => (BigInt(a.startTimeUnixNano) < BigInt(b.startTimeUnixNano) ? -1 : 1))
    .flatMap((span) => [[span, depth] as [OtlpSpan, number], ...inOrder(spans, span.spanId, depth + 1)])

export const draw = (spans: ReadonlyArray<OtlpSpan>): string => {
  const rows = inOrder(spans)
  const [[root]] = rows as [[OtlpSpan, number]]
  const begin = BigInt(root.startTimeUnixNano)
  const millis = (nanos: string): number => Number(BigInt(nanos) - begin) / 1e6
  const total = Math.max(...spans.map((span) => millis(span.endTimeUnixNano)))
  const x = (at: number): number => LEFT + (at / total) * (WIDTH - LEFT - RIGHT)
  const out: Array<string> = []
  const step = [10, 20, 50, 100, 200, 500].find((step) => total / step <= 8) ?? 1000
  const height = TOP + rows.length * ROW
  for (let at = 0; at <= total; at += step) {
    out.push(
      `<line x1="${x(at).toFixed(1)}" x2="${x(at).toFixed(1)}" y1="44" y2="${height}" stroke="#e5e7eb"/>`,
      `<text x="${x(at).toFixed(1)}" y="38" text-anchor="middle" fill="#6b7280">${at} ms</text>`
    )
  }
  for (const [row, [span, depth]] of rows.entries()) {
    const y = TOP + row * ROW
    const [from, to] = [millis(span.startTimeUnixNano), millis(span.endTimeUnixNano)]
    const attributes = attributesOf(span)
    const names = said.find(([name]) => span.name.startsWith(name))?.[1] ?? []
    const facts = names.flatMap((name) => (attributes[name] === undefined ? [] : [`${name}=${attributes[name]}`]))
    out.push(
      `<text x="${8 + depth * 16}" y="${y + 12}" font-weight="bold">${escape(span.name)}</text>`,
      ...facts.map(
        (fact, line) =>
          `<text x="${8 + depth * 16}" y="${y + 25 + line * 12}" font-size="10" fill="#374151">${escape(fact)}</text>`
      ),
      `<rect x="${x(from).toFixed(1)}" y="${y}" width="${Math.max(2, x(to) - x(from)).toFixed(1)}" height="16" rx="3" fill="${color(span)}"/>`
    )
    for (const [at, event] of span.events.filter(({ name }) => name !== "exception").entries()) {
      const mark = x(millis(event.timeUnixNano))
      const side = mark > WIDTH * 0.8 ? "end" : "start"
      const below = y + 28 + (at % 3) * 11
      out.push(
        `<path d="M ${mark.toFixed(1)} ${y + 2} l 6 6 l -6 6 l -6 -6 z" fill="#ffffff" stroke="#111827"/>`,
        `<line x1="${mark.toFixed(1)}" x2="${mark.toFixed(1)}" y1="${y + 14}" y2="${below - 2}" stroke="#9ca3af"/>`,
        `<text x="${mark.toFixed(1)}" y="${below}" dx="${side === "end" ? -3 : 3}" text-anchor="${side}" font-size="10">${escape(event.name)}</text>`
      )
    }
  }
  const title = "A request whose stream dropped in mid-sentence, and went on over a fresh connection"
  return picture({ width: WIDTH, height, title }, out)
}
