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
