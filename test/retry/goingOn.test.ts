/**
 * Going on with an answer that broke: what becomes of its blocks, its seams, its budget and its connections. In memory.
 */
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Fiber, FiberId, Schedule, Stream } from "effect"
import { ModelEvent } from "effect-redial"
import { Wire } from "effect-redial/testing"
import * as Memory from "./memory.js"

const request = { model: "m", prompt: "Why is the sky blue?" }
const background = { ...request, providerOptions: { responses: { background: true } } }

const text = "The sky is blue because short waves are scattered more than long ones."

const pieces = (whole: string): ReadonlyArray<string> => whole.match(/[\s\S]{1,10}/g) ?? []

const cut = (events: ReadonlyArray<string>, afterEvents: number): Memory.Reply => ({
  events: events.slice(0, afterEvents),
  ending: "reset"
})

const all = <E>(stream: Stream.Stream<ModelEvent.ModelEvent, E>) =>
  Effect.map(Stream.runCollect(stream), Chunk.toReadonlyArray)

const starts = (events: ReadonlyArray<ModelEvent.ModelEvent>) =>
  events.flatMap((event) => (event._tag === "ResponseStart" ? [event.continues] : []))

const responseOf = (events: ReadonlyArray<ModelEvent.ModelEvent>) => {
  const finish = events.at(-1)
  assert(finish?._tag === "Finish")
  return finish.response
}

describe("a continuation that the server keeps", () => {
  const first = Wire.answer("responses", { id: "resp_1", text: pieces(text) })
  /** What was delivered of the first answer: three pieces. */
  const delivered = text.slice(0, 30)

  /** The first answer breaks and is forgotten; its continuation breaks after so many events and is kept. */
  const keeping = (continuation: ReadonlyArray<string>, after: number) => (asked: Memory.Asked, nth: number) => {
    if (nth === 1) return cut(first, 7)
    if (asked.path.includes("resp_1")) {
      return { status: 404, body: Wire.errorBody("responses"), events: [] }
    }
    if (asked.method === "GET") return { events: Wire.rest(asked, continuation) }
    return cut(continuation, after)
  }

  // Held back or not, with its start told or not: wherever it breaks, the cursor goes on with the same seam.
  for (const repeated of [0, 20, 30]) {
    it.scopedLive(`is taken up with its seam, where it repeats ${repeated} characters`, () =>
      Effect.gen(function* () {
        const rest = Wire.answer("responses", { id: "resp_2", text: pieces(text.slice(30 - repeated)) })
        for (let after = 1; after < rest.length; after++) {
          const { asked, provider } = yield* Memory.make("responses", keeping(rest, after))
          const events = yield* all(provider.stream(background, { delivery: "resume" }))
          const response = responseOf(events)
          assert.deepStrictEqual([after, response.text], [after, text])
          assert.strictEqual(ModelEvent.fold(events).text, text)
          assert.deepStrictEqual(starts(events), [undefined, "continuation", "cursor"])
          assert.deepStrictEqual(
            asked.map(({ method }) => method),
            ["POST", "GET", "POST", "GET"]
          )
          assert.deepStrictEqual(response.seams, [
            { attempt: 3, continues: "continuation", offset: delivered.length, cut: repeated }
          ])
        }
      })
    )
  }

  it.scopedLive("is given up where the rest of it shows that it is another answer", () =>
    Effect.gen(function* () {
      const other = Wire.answer("responses", { id: "resp_2", text: ["The sky is ", "in fact ", "black at night."] })
      const { asked, generations, provider } = yield* Memory.make("responses", keeping(other, 4))
      const error = yield* Effect.flip(Stream.runDrain(provider.stream(background, { delivery: "resume" })))
      assert.strictEqual(error._tag, "StreamDropped")
      assert.strictEqual(error.partial?.text, delivered)
      assert.deepStrictEqual(
        asked.map(({ method }) => method),
        ["POST", "GET", "POST", "GET"]
      )
      // The drops of both answers renewed their connections; what the vendor said did not.
      assert.strictEqual(generations(), 3)
    })
  )

  it.scopedLive("is not asked for more once it is known to be another answer", () =>
    Effect.gen(function* () {
      const other = Wire.answer("responses", { id: "resp_2", text: ["The sky is ", "in fact ", "black at night."] })
      const { asked, provider } = yield* Memory.make("responses", keeping(other, other.length))
      yield* Effect.flip(Stream.runDrain(provider.stream(background, { delivery: "resume" })))
      assert.deepStrictEqual(
        asked.map(({ method }) => method),
        ["POST", "GET", "POST"]
      )
    })
  )
})

describe("an interruption", () => {
  for (const nth of [1, 2]) {
    it.scopedLive(`while attempt ${nth} is being freed frees all of it, and nothing new is opened`, () =>
      Effect.gen(function* () {
        const answer = Wire.answer("anthropic-messages", { text: pieces(text) })
        const rest = Wire.answer("anthropic-messages", { text: pieces(text.slice(20)) })
        let interrupt = (): void => {}
        const { asked, open, provider } = yield* Memory.make("anthropic-messages", (_, at) => ({
          ...cut(at === 1 ? answer : rest, 5),
          // Comes when the fiber waits for the first thing that it has to free.
          atEnd: at === nth ? () => queueMicrotask(() => interrupt()) : undefined
        }))
        const fiber = yield* Effect.fork(Stream.runDrain(provider.streamText(request, { retry: Schedule.forever })))
        interrupt = () => fiber.unsafeInterruptAsFork(FiberId.none)
        yield* Fiber.await(fiber)
        assert.strictEqual(open(), 0)
        assert.strictEqual(asked.length, nth)
      })
    )
  }
})
