/**
 * Fails where an event begins to cost more than it did: `npm run bench:guard`. Counted are things that are the same on
 * every machine and at every load, so it cannot be flaky:
 *
 * - the bytes that the decoder allocates per event, on fixed input, in the interpreter (no compiler runs) and between garbage
 *   collections
 * - the operations of Effect that an answer costs on its way through the whole provider, and one more piece of the network,
 *   counted by its scheduler
 *
 * The limits stand just above what was counted when they were set: 10% for the bytes, which are V8's and differ between
 * versions of Node. A change that lowers the counts lowers the limits; one that needs more raises them, and says why.
 */

import { Effect, Layer, ManagedRuntime, Scheduler, Stream } from "effect"
import { Provider } from "effect-redial"
import { ScriptedProvider, Wire } from "effect-redial/testing"
import { protocol as anthropic } from "../../../dist/protocol/AnthropicMessages.js"
import { protocol as chat } from "../../../dist/protocol/ChatCompletions.js"
import * as Decoder from "../../../dist/protocol/internal/decoder.js"
import { protocol as responses } from "../../../dist/protocol/Responses.js"

const DELTAS = 2000

/** So many that the pages in which V8 counts do not show, and so few that they fit into the new space. */
const ANSWERS = 10
const text = Array.from({ length: DELTAS }, (_, i) => ["the ", "quick ", "brown ", "fox "][i % 4])

/** Bytes per event: the new space is large enough that nothing is collected on the way. The median, for good measure. */
const allocated = (protocol) => {
  const body = Buffer.from(Wire.answer(protocol.id, { text }).join(""))
  const once = () => {
    const decoder = Decoder.make(protocol, { attempt: 1, generation: 1, requestId: "req" })
    for (let at = 0; at < body.length; at += 16_384) decoder.push(body.subarray(at, at + 16_384))
    if (decoder.verdict !== "Finished") throw new Error(`${protocol.id}: the answer did not finish`)
  }
  for (let i = 0; i < 3; i++) once()
  const tries = Array.from({ length: 5 }, () => {
    globalThis.gc()
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < ANSWERS; i++) once()
    return (process.memoryUsage().heapUsed - before) / DELTAS / ANSWERS
  })
  return tries.sort((a, b) => a - b)[2]
}

/** Operations of Effect for one run of a program, after one that is not counted: the first request builds a client. */
const counted = async (layer, run) => {
  let count = 0
  const scheduler = new Scheduler.MixedScheduler(2048)
  const counting = Scheduler.make(
    (task, priority) => scheduler.scheduleTask(task, priority),
    () => {
      count++
      return false
    }
  )
  const runtime = ManagedRuntime.make(layer)
  const once = Effect.withScheduler(run, counting)
  await runtime.runPromise(once)
  count = 0
  await runtime.runPromise(once)
  await runtime.dispose()
  return count
}

/** The same for one answer whose events come one by one. */
const operations = (deltas, run) => {
  const answer = ScriptedProvider.answer({ text: text.slice(0, deltas) })
  return counted(ScriptedProvider.layer([answer, answer]), run)
}

const request = { model: "any", prompt: "Hello" }
const generate = Provider.generate(request)
const inChunks = Stream.runForEachChunk(Provider.stream(request), () => Effect.void)
const oneByOne = Stream.runForEach(Provider.stream(request), () => Effect.void)
const perPiece = async (run) => ((await operations(1100, run)) - (await operations(100, run))) / 1000

const checks = [
  ["anthropic-messages: bytes per event", allocated(anthropic), 715],
  ["chat-completions: bytes per event", allocated(chat), 1480],
  ["responses: bytes per event", allocated(responses), 1100],
  ["operations per piece, in chunks", await perPiece(inChunks), 24],
  ["operations per piece, one by one", await perPiece(oneByOne), 31],
  ["operations per answer, in chunks", await operations(1, inChunks), 800],
  ["operations per answer, by generate", await operations(1, generate), 230]
]

let failed = false
for (const [name, count, limit] of checks) {
  const bad = !(count > 0 && count <= limit)
  failed ||= bad
  console.log(`${bad ? "FAIL" : "ok"}  ${name}: ${count.toFixed(1)} of at most ${limit}`)
}
const own = await counted(
  Layer.empty,
  Stream.runForEachChunk(Stream.make("text"), () => Effect.void)
)
console.log(`for comparison, operations of a Stream of one element, by Effect alone: ${own}`)
process.exitCode = failed ? 1 : 0
