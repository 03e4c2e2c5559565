/**
 * Storing checkpoints while events pass: what is stored, when, and what becomes of the stream.
 */
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Clock, Effect, Fiber, Ref, Schema, Stream, TestClock } from "effect"
import { Checkpoint, ModelEvent } from "effect-redial"
import { ScriptedProvider } from "effect-redial/testing"
import { request } from "../support/request.js"

const whole = { text: ["Because ", "of ", "Rayleigh ", "scattering."] }

const start: ModelEvent.ModelEvent = { _tag: "TextStart", index: 0 }
const word = (text: string): ModelEvent.ModelEvent => ({ _tag: "TextDelta", index: 0, text })
const events = [start, word("a"), word("b"), word("c")]

/** Each event a piece of its own, one in a second. */
const paced = (all: ReadonlyArray<ModelEvent.ModelEvent>) =>
  Stream.fromIterable(all).pipe(
    Stream.rechunk(1),
    Stream.mapEffect((event) => Effect.as(Effect.sleep("1 second"), event))
  )

type Entry = readonly [at: number, what: "stored" | "shown", text: string]

/** A log of what was stored and shown, in order, with the seconds of the test clock. */
const makeLog = Effect.gen(function* () {
  const entries = yield* Ref.make<ReadonlyArray<Entry>>([])
  const write = (what: Entry[1], text: string) =>
    Effect.flatMap(Clock.currentTimeMillis, (at) =>
      Ref.update(entries, (old): ReadonlyArray<Entry> => [...old, [at / 1000, what, text]])
    )
  return {
    entries: Ref.get(entries),
    store: ({ text }: Checkpoint.Checkpoint) => write("stored", text),
    show: (event: ModelEvent.ModelEvent) => write("shown", event._tag === "TextDelta" ? event.text : event._tag)
  }
})

/** Runs a stream to its end, while the clock moves on. */
const run = <A, E>(program: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(program)
    yield* TestClock.adjust("1 hour")
    return yield* Fiber.join(fiber)
  })

const storedTexts = (entries: ReadonlyArray<Entry>) =>
  entries.filter(([, what]) => what === "stored").map(([at, , text]) => [at, text])

describe("Checkpoint.save", () => {
  it.scoped("stores what the consumer has with a piece before it has that piece", () =>
    Effect.gen(function* () {
      const log = yield* makeLog
      yield* run(paced(events).pipe(Checkpoint.save(log.store), Stream.runForEach(log.show)))
      assert.deepStrictEqual(yield* log.entries, [
        [1, "stored", ""],
        [1, "shown", "TextStart"],
        [2, "stored", "a"],
        [2, "shown", "a"],
        [3, "stored", "ab"],
        [3, "shown", "b"],
        [4, "stored", "abc"],
        [4, "shown", "c"]
      ])
    })
  )

  it.scoped("stores a piece of several events once, with all of them", () =>
    Effect.gen(function* () {
      const log = yield* makeLog
      const seen = yield* Stream.runCollect(Checkpoint.save(Stream.fromChunk(Chunk.fromIterable(events)), log.store))
      assert.deepStrictEqual(Chunk.toReadonlyArray(seen), events)
      assert.deepStrictEqual(storedTexts(yield* log.entries), [[0, "abc"]])
    })
  )

  it.scoped("makes the stream wait for what stores", () =>
    Effect.gen(function* () {
      const log = yield* makeLog
      const slow = (checkpoint: Checkpoint.Checkpoint) =>
        Effect.zipLeft(Effect.sleep("10 seconds"), log.store(checkpoint))
      yield* run(Stream.runForEach(Checkpoint.save(paced([start, word("a")]), slow), log.show))
      assert.deepStrictEqual(
        (yield* log.entries).filter(([, what]) => what === "shown").map(([at]) => at),
        [11, 22]
      )
    })
  )

  it.scoped("stores no sooner than `every` after the last time, and at the end of the answer at once", () =>
    Effect.gen(function* () {
      const { provider } = yield* ScriptedProvider.make([ScriptedProvider.answer(whole)])
      const log = yield* makeLog
      const slow = provider.stream(request).pipe(
        Stream.rechunk(1),
        Stream.mapEffect((event) => Effect.as(Effect.sleep("1 second"), event))
      )
      const seen = yield* run(
        Stream.runCollect(slow.pipe(Checkpoint.save(log.store, { every: "3 seconds" }), Stream.tap(log.show)))
      )
      const stored = storedTexts(yield* log.entries)
      // A start, then a block of four pieces with its start and its end, then the finish.
      assert.strictEqual(seen.length, 8)
      assert.deepStrictEqual((yield* log.entries).at(-1), [8, "shown", "Finish"])
      assert.deepStrictEqual(stored, [
        [1, ""],
        [4, "Because of "],
        [7, whole.text.join("")],
        [8, whole.text.join("")]
      ])
    })
  )

  it.scoped("counts `every` from the last time that it stored, not by a clock of its own", () =>
    Effect.gen(function* () {
      const log = yield* makeLog
      const late = Stream.concat(paced([start]), Stream.drain(Stream.fromEffect(Effect.sleep("10 seconds")))).pipe(
        Stream.concat(paced([word("a"), word("b"), word("c")]))
      )
      yield* run(Stream.runDrain(Checkpoint.save(late, log.store, { every: "2 seconds" })))
      assert.deepStrictEqual(storedTexts(yield* log.entries), [
        [1, ""],
        [12, "a"],
        [14, "abc"]
      ])
    })
  )

  it.scoped("stores at the end of a stream, also one that has no finish, what `every` had put off", () =>
    Effect.gen(function* () {
      const log = yield* makeLog
      yield* run(Stream.runForEach(Checkpoint.save(paced(events), log.store, { every: "1 day" }), log.show))
      const stored = storedTexts(yield* log.entries)
      assert.deepStrictEqual(stored, [
        [1, ""],
        [4, "abc"]
      ])
    })
  )

  it.scoped("stores what had been put off where the stream fails", () =>
    Effect.gen(function* () {
      const log = yield* makeLog
      const broken = Stream.concat(paced(events), Stream.fail("broken" as const))
      const error = yield* run(Effect.flip(Stream.runDrain(Checkpoint.save(broken, log.store, { every: "1 day" }))))
      assert.strictEqual(error, "broken")
      assert.deepStrictEqual(storedTexts(yield* log.entries).at(-1), [4, "abc"])
    })
  )

  it.scoped("keeps the error of a stream whose last checkpoint cannot be stored", () =>
    Effect.gen(function* () {
      const broken = Stream.concat(paced(events), Stream.fail("broken" as const))
      const full = ({ text }: Checkpoint.Checkpoint) => (text === "abc" ? Effect.fail("full" as const) : Effect.void)
      const error = yield* run(Effect.flip(Stream.runDrain(Checkpoint.save(broken, full, { every: "1 day" }))))
      assert.strictEqual(error, "broken")
    })
  )

  it.scoped("fails the stream where what stores fails, and shows nothing that was not stored", () =>
    Effect.gen(function* () {
      const log = yield* makeLog
      const full = (checkpoint: Checkpoint.Checkpoint) =>
        checkpoint.text === "ab" ? Effect.fail("the disk is full" as const) : log.store(checkpoint)
      const error = yield* run(Effect.flip(Stream.runForEach(Checkpoint.save(paced(events), full), log.show)))
      assert.strictEqual(error, "the disk is full")
      assert.deepStrictEqual((yield* log.entries).at(-1), [2, "shown", "a"])
    })
  )

  it.scoped("begins anew with each run of the stream", () =>
    Effect.gen(function* () {
      const log = yield* makeLog
      const saved = Checkpoint.save(Stream.fromIterable(events), log.store, { every: "1 hour" })
      for (const _ of [1, 2]) yield* Stream.runDrain(saved)
      assert.deepStrictEqual(storedTexts(yield* log.entries), [
        [0, "abc"],
        [0, "abc"]
      ])
    })
  )

  it.scoped("takes its stream first or last, with options and without", () =>
    Effect.gen(function* () {
      const log = yield* makeLog
      const stream = Stream.fromIterable(events)
      yield* Stream.runDrain(Checkpoint.save(stream, log.store))
      yield* Stream.runDrain(Checkpoint.save(stream, log.store, { every: "1 second" }))
      yield* Stream.runDrain(Checkpoint.save(log.store)(stream))
      yield* Stream.runDrain(stream.pipe(Checkpoint.save(log.store, { every: "1 second" })))
      assert.strictEqual((yield* log.entries).length, 4)
    })
  )

  it.scoped("goes on from a checkpoint, and what it stores gives the rest", () =>
    Effect.gen(function* () {
      const text = whole.text.join("")
      const stored = yield* Ref.make<ReadonlyArray<string>>([])
      const json = Schema.parseJson(Checkpoint.Checkpoint)
      const store = (checkpoint: Checkpoint.Checkpoint) =>
        Effect.flatMap(Schema.encode(json)(checkpoint), (one) => Ref.update(stored, (all) => [...all, one]))
      const last = Effect.flatMap(Ref.get(stored), (all) => Schema.decode(json)(all.at(-1) ?? ""))

      const first = yield* ScriptedProvider.make([ScriptedProvider.drop(whole, { afterEvents: 5 })])
      const error = yield* first.provider
        .stream(request, { delivery: "fail" })
        .pipe(Checkpoint.save(store), Stream.runDrain, Effect.flip)
      const from = yield* last
      assert(error._tag === "StreamDropped")
      assert.strictEqual(from.text, error.checkpoint?.text)
      assert.isTrue(from.text !== "" && text.startsWith(from.text))

      const second = yield* ScriptedProvider.make([ScriptedProvider.resumed(text.slice(from.text.length))])
      const rest = yield* second.provider
        .stream(request, { from })
        .pipe(Checkpoint.save(store, { from }), Stream.runCollect)
      const ended = yield* last
      assert.strictEqual(ended.text, text)
      assert.strictEqual((yield* Ref.get(stored)).at(-1), yield* Schema.encode(json)(ModelEvent.fold(rest, from)))
    })
  )
})
