/**
 * Draws docs/redial.svg from a real trace: the request of docs/getting-started.md, with a vendor that takes its time. Each
 * bar is a span, with the times that it had; the words are the pieces of text, where they arrived. `npm run picture`.
 */
import { writeFileSync } from "node:fs"
import { Effect, Redacted, Stream } from "effect"
import { Provider, Vendors } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { observing, type Span } from "../../support/observing.js"
import { picture } from "../../support/svg.js"

const answer = (text: string) => Reply.stream(Wire.answer("anthropic-messages", { text }), { every: "60 millis" })

const program = Effect.gen(function* () {
  const server = yield* FaultServer.make(({ json }) => {
    const ask = Wire.asked(json)
    return ask === undefined
      ? Reply.cut(answer("Because air scatters blue light most."), { afterEvents: 5 }, "rst")
      : answer(Wire.resumed(ask, "ters blue light most."))
  })
  const provider = yield* Provider.make(Vendors.anthropic, { apiKey: Redacted.make("none"), baseUrl: server.url })
  const request = { model: "claude-sonnet-5-5", prompt: "Why is the sky blue?" }
  const pieces: Array<{ readonly text: string; readonly at: bigint }> = []
  yield* provider.stream(request, { delivery: "resume" }).pipe(
    Stream.runForEach((event) =>
      Effect.map(Effect.clock, (clock) => {
        if (event._tag === "TextDelta") pieces.push({ text: event.text, at: clock.unsafeCurrentTimeNanos() })
      })
    )
  )
  return pieces
})

const WIDTH = 860
const LEFT = 190
const RIGHT = 130
const ROW = 30
const BAR = 18

const words: Readonly<Record<string, string>> = {
  "attempt 1": "the connection breaks",
  "attempt 2": "goes on, and the seam is proven",
  "effect-redial.acquire": "a new pool"
}

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")

const draw = (spans: ReadonlyArray<Span>, pieces: Effect.Effect.Success<typeof program>): string => {
  const [first] = spans
  const start = first?.startedAt ?? 0n
  const millis = (at: bigint | undefined): number => Number((at ?? start) - start) / 1e6
  const length = Math.max(...spans.map(({ endedAt }) => millis(endedAt)))
  const x = (at: bigint | undefined): number => LEFT + (millis(at) / length) * (WIDTH - LEFT - RIGHT)
  const out: Array<string> = []
  spans.forEach((span, i) => {
    const y = 40 + i * ROW
    const from = x(span.startedAt)
    const width = Math.max(2, x(span.endedAt) - from)
    const broke = span.exit?._tag === "Failure" || span.attributes.has("error.type")
    const time = `${Math.round(millis(span.endedAt) - millis(span.startedAt))} ms`
    const said = words[span.name]
    const text = said === undefined || (span.name === "effect-redial.acquire" && i < 3) ? time : `${time}: ${said}`
    // Before or behind its bar where that is too short for it.
    const room = text.length * 6.5
    const inside = width > room
    const at = inside ? from + 6 : from + width + room > WIDTH ? from - room : from + width + 6
    out.push(
      `<text x="${LEFT - 10}" y="${y + 13}" text-anchor="end">${escape(span.name)}</text>`,
      `<rect x="${from.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2" fill="${broke ? "#dc2626" : "#2563eb"}"/>`,
      `<text x="${at.toFixed(1)}" y="${y + 13}" fill="${inside ? "#ffffff" : "#111827"}">${escape(text)}</text>`
    )
  })
  const y = 40 + spans.length * ROW
  out.push(`<text x="${LEFT - 10}" y="${y + 13}" text-anchor="end" font-weight="bold">text delivered</text>`)
  // Pieces that come close together are written one after the other.
  let free = 0
  for (const { at, text } of pieces) {
    const from = Math.max(x(at), free)
    free = from + text.length * 7
    out.push(
      `<line x1="${x(at).toFixed(1)}" x2="${x(at).toFixed(1)}" y1="34" y2="${y + 2}" stroke="#9ca3af" stroke-dasharray="2 3"/>`,
      `<text x="${from.toFixed(1)}" y="${y + 13}" font-family="monospace" xml:space="preserve">${escape(text)}</text>`
    )
  }
  const height = y + ROW
  const title = "One request whose connection breaks in the middle of a word, by the spans of its trace"
  return picture({ width: WIDTH, height, title }, out)
}

// Once without a trace: it loads the SDK, which takes longer than all the rest.
await Effect.runPromise(Effect.scoped(program))
const observed = observing()
const pieces = await Effect.runPromise(observed.run(Effect.scoped(program)))
const svg = draw(observed.spans, pieces)
writeFileSync(new URL("../../../docs/redial.svg", import.meta.url), svg)
