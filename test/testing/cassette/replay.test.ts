/**
 * Which recording answers a request, when it does, and what is said where none does.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Option, Stream, TestClock } from "effect"
import { ConnectionPool, type ModelRequest, type Provider } from "effect-redial"
import { type Cassette, FaultServer, Reply, Wire } from "effect-redial/testing"
import {
  answerOf,
  disk,
  eventsOf,
  file,
  nowhere,
  providerOf,
  put,
  recorded,
  replayed,
  request,
  textOf
} from "../../support/testing/cassette.js"

const echo: FaultServer.Script = ({ index, json }) => {
  const prompt = JSON.stringify(json)
  return Reply.stream(Wire.answer("anthropic-messages", { text: `${index}: ${prompt.length}` }))
}

const ask = (provider: Provider.Service, prompt: string, more: Partial<ModelRequest.Options> = {}) =>
  Effect.map(provider.generate({ ...request, prompt, ...more }), ({ text }) => text)

/** A file with an answer for each of these prompts, in order. */
const recordedFor = (path: string, prompts: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const server = yield* FaultServer.make(echo)
    return yield* recorded(path, (pool) =>
      Effect.flatMap(providerOf("anthropic-messages", server.url, { pool }), (provider) =>
        Effect.forEach(prompts, (prompt) => ask(provider, prompt))
      )
    )
  })

const replayedWith = <A, E, R>(
  path: string,
  use: (provider: Provider.Service, cassette: Cassette.Service) => Effect.Effect<A, E, R>,
  options?: Omit<Cassette.Options, "mode">
) =>
  replayed(
    path,
    (pool, cassette) =>
      Effect.flatMap(providerOf("anthropic-messages", nowhere, { pool }), (provider) => use(provider, cassette)),
    options
  )

describe("a request", () => {
  it.scoped("is answered by its own recording, in any order, and at once with others", () =>
    Effect.gen(function* () {
      const path = yield* file
      const prompts = ["a", "bb", "ccc", "dddd"]
      const answers = yield* recordedFor(path, prompts)
      const again = yield* replayedWith(path, (provider, cassette) =>
        Effect.tap(
          Effect.forEach(prompts.toReversed(), (prompt) => ask(provider, prompt), { concurrency: "unbounded" }),
          () => Effect.map(cassette.unused, (unused) => assert.deepStrictEqual(unused, []))
        )
      )
      assert.deepStrictEqual(again.toReversed(), answers)
    }).pipe(disk)
  )

  it.scoped("that is repeated is answered in the order of its recordings, and no more often", () =>
    Effect.gen(function* () {
      const path = yield* file
      const answers = yield* recordedFor(path, ["a", "other", "a"])
      yield* replayedWith(path, (provider, cassette) =>
        Effect.gen(function* () {
          assert.deepStrictEqual([yield* ask(provider, "a"), yield* ask(provider, "a")], [answers[0], answers[2]])
          const error = yield* Effect.flip(ask(provider, "a"))
          assert.strictEqual(error._tag, "InvalidRequest")
          assert.include(error.message, "this request was recorded 2 times, and the program sends it once more")
          assert.deepStrictEqual(yield* cassette.unused, ["POST /v1/messages (test-model)"])
        })
      )
    }).pipe(disk)
  )

  it.scoped("that no recording answers is refused once, with what differs from the nearest one", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* recordedFor(path, ["something else entirely", "Why is the sky blue at noon, in summer?"])
      const error = yield* replayedWith(path, (provider) =>
        Effect.flip(ask(provider, "Why is the sky blue at night, in summer?", { maxOutputTokens: 5 }))
      )
      assert.strictEqual(error._tag, "InvalidRequest")
      assert.strictEqual(error.attempts.length, 1)
      assert.include(
        error.description,
        [
          `answers request 1, POST /v1/messages (test-model): the nearest recording is number 2, POST /v1/messages (test-model), and differs:`,
          `  body.max_tokens: recorded 8192, sent 5`,
          `  body.messages.0.content: recorded "Why is the sky blue at noon, in summer?", sent "Why is the sky blue at night, in summer?"`,
          "Put what may differ into `match.ignore`, or record again, by deleting the file"
        ].join("\n")
      )
    }).pipe(disk)
  )

  it.scoped("may differ where the cassette is told to look away", () =>
    Effect.gen(function* () {
      const path = yield* file
      const [answer] = yield* recordedFor(path, ["a"])
      const sent = (ignore: ReadonlyArray<string>) =>
        Effect.option(
          replayedWith(path, (provider) => ask(provider, "z", { maxOutputTokens: 5 }), { match: { ignore } })
        )
      for (const ignore of [
        ["body"],
        ["body.max_tokens", "body.messages"],
        ["body.*"],
        ["body.*", "path", "method", "headers"]
      ]) {
        assert.deepStrictEqual(
          (yield* sent(ignore)).pipe((o) => (o._tag === "Some" ? o.value : undefined)),
          answer
        )
      }
      for (const ignore of [[], ["body.max_tokens"], ["body.messages.*.content"], ["headers", "path"]]) {
        assert.strictEqual((yield* sent(ignore))._tag, "None")
      }
    }).pipe(disk)
  )

  it.scoped("must come in its turn, where the cassette is told so", () =>
    Effect.gen(function* () {
      const path = yield* file
      const answers = yield* recordedFor(path, ["a", "b"])
      const match = { order: "recorded" } as const
      const inOrder = yield* replayedWith(path, (provider) => Effect.forEach(["a", "b"], (p) => ask(provider, p)), {
        match
      })
      assert.deepStrictEqual(inOrder, answers)
      const error = yield* replayedWith(path, (provider) => Effect.flip(ask(provider, "b")), { match })
      assert.include(error.message, `the next recording is number 1`)
      assert.include(error.message, `body.messages.0.content: recorded "a", sent "b"`)
      const over = yield* replayedWith(
        path,
        (provider) => Effect.flip(Effect.forEach(["a", "b", "b"], (p) => ask(provider, p))),
        { match }
      )
      assert.include(over.message, "all 2 recordings have been used")
    }).pipe(disk)
  )

  it.scoped("with a long text is refused in a few lines", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* recordedFor(path, [`${"x".repeat(100_000)}a${"y".repeat(100_000)}`])
      const error = yield* replayedWith(path, (provider) =>
        Effect.flip(ask(provider, `${"x".repeat(100_000)}b${"y".repeat(100_000)}`))
      )
      assert.include(error.description, `recorded …"${"x".repeat(15)}a`)
      assert.include(error.description, "record again, by deleting the file")
    }).pipe(disk)
  )
})

/** The chunks of the answer that `slow` records, each read in its own way. */
const readAll = (
  layer: Cassette.Service["pool"],
  by: (read: ConnectionPool.ByteSource["read"]) => Effect.Effect<ReadonlyArray<Uint8Array>, unknown>
) =>
  Effect.gen(function* () {
    const pool = yield* Effect.provide(ConnectionPool.ConnectionPool, yield* Layer.build(layer))
    const response = yield* Effect.promise(() => pool.fetch(`${nowhere}/v1/messages`, { method: "POST" }))
    const source = pool.source(response)
    const all: Array<string> = []
    for (;;) {
      const chunks = yield* by(source.read)
      if (chunks.length === 0) return all
      all.push(...chunks.map((chunk) => Buffer.from(chunk).toString()))
    }
  })

describe("time", () => {
  /** Text events at 100, 200 and 300 milliseconds, and the end at 400. */
  const slow = (path: string) =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([Reply.stream(eventsOf("anthropic-messages"))])
      yield* recorded(path, (pool) =>
        Effect.flatMap(providerOf("anthropic-messages", server.url, { pool }), (provider) => provider.generate(request))
      )
      const lines = (yield* textOf(path)).split("\n")
      let at = 0
      const next = () => {
        at += 100
        return at
      }
      const timed = lines.map((line) =>
        line.includes('{"at":') ? line.replace(/"at":\d+/, () => `"at":${next()}`) : line
      )
      yield* put(path, timed.join("\n").replace(/"response": \{\n(\s+)"at": \d+/, '"response": {\n$1"at": 50'))
      return at
    })

  for (const [speed, factor] of [
    [1, 1],
    [10, 10],
    [0.5, 0.5]
  ] as const) {
    it.scoped(`passes ${speed} times as fast as it was recorded, by the test's clock`, () =>
      Effect.gen(function* () {
        const path = yield* file
        const end = yield* slow(path)
        yield* replayedWith(
          path,
          (provider) =>
            Effect.gen(function* () {
              let seen = 0
              const begun = yield* Deferred.make<void>()
              const fiber = yield* provider.stream(request).pipe(
                Stream.tap(() =>
                  Effect.zipRight(
                    Effect.sync(() => seen++),
                    Deferred.succeed(begun, undefined)
                  )
                ),
                Stream.runDrain,
                Effect.fork
              )
              yield* TestClock.adjust(99 / factor)
              assert.strictEqual(seen, 0)
              yield* TestClock.adjust(1 / factor)
              yield* Deferred.await(begun)
              assert.isAbove(seen, 0)
              yield* TestClock.adjust((end - 101) / factor)
              assert.isNull(fiber.unsafePoll())
              yield* TestClock.adjust(1 / factor)
              yield* Fiber.join(fiber)
            }),
          { speed }
        )
      }).pipe(disk)
    )
  }

  it.scoped("that is waited for in small pieces loses no chunk", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* slow(path)
      const match = { ignore: ["headers", "body"] }
      const whole = yield* replayed(path, (pool) => readAll(pool, (read) => read), { match })
      const impatient = yield* replayed(
        path,
        (pool) =>
          Effect.gen(function* () {
            const patience = Effect.timeoutOption("30 millis")
            const fiber = yield* Effect.fork(
              readAll(pool, (read) => Effect.flatten(Effect.repeat(patience(read), { until: Option.isSome })))
            )
            yield* Effect.repeat(TestClock.adjust("10 millis"), { until: () => fiber.unsafePoll() !== null })
            return yield* Fiber.join(fiber)
          }),
        { speed: 1, match }
      )
      assert.deepStrictEqual(impatient, whole)
      assert.isAbove(whole.length, 5)
    }).pipe(disk)
  )

  it.scoped("does not pass where nothing is said of a speed", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* slow(path)
      yield* replayedWith(path, (provider) => provider.generate(request))
    }).pipe(disk)
  )
})

describe("an answer that a program did not read to its end", () => {
  it.scoped("is refused to a program that reads on", () =>
    Effect.gen(function* () {
      const path = yield* file
      const gate = yield* FaultServer.gate()
      const server = yield* FaultServer.make([Reply.hold(answerOf("anthropic-messages"), { afterEvents: 5 }, gate)])
      const use = (url: string, most: number) => (pool: Provider.Options["pool"]) =>
        Effect.flatMap(providerOf("anthropic-messages", url, { pool }), (provider) =>
          Stream.runCount(Stream.take(provider.stream(request), most))
        )
      yield* recorded(path, use(server.url, 2))
      assert.include(yield* textOf(path), `"kind": "left"`)
      assert.strictEqual(yield* replayed(path, use(nowhere, 2)), 2)
      const error = yield* Effect.flip(replayed(path, use(nowhere, 100)))
      assert(error._tag === "InvalidRequest", error.message)
      assert.include(error.message, "reads on where the one that was recorded")
    }).pipe(disk)
  )

  it.scoped("since nothing more came is silent again, and stalls by the test's clock", () =>
    Effect.gen(function* () {
      const path = yield* file
      const gate = yield* FaultServer.gate()
      const server = yield* FaultServer.make([
        Reply.cut(answerOf("anthropic-messages"), { afterEvents: 5, wait: gate }, "stall"),
        answerOf("anthropic-messages")
      ])
      const use = (url: string, reached: Effect.Effect<void>) => (pool: Provider.Options["pool"]) =>
        Effect.gen(function* () {
          const provider = yield* providerOf("anthropic-messages", url, { pool, deadlines: { idle: "1 minute" } })
          const begun = yield* Deferred.make<void>()
          const fiber = yield* provider.stream(request).pipe(
            Stream.tap(({ _tag }) => (_tag === "TextDelta" ? Deferred.succeed(begun, undefined) : Effect.void)),
            Stream.runLast,
            Effect.fork
          )
          yield* Effect.zipRight(reached, Deferred.await(begun))
          yield* TestClock.adjust("1 minute")
          const last = yield* Effect.flatten(Fiber.join(fiber))
          assert(last._tag === "Finish")
          return last.response.attempts.map(({ error }) => error?.tag)
        })
      const tags = yield* recorded(path, use(server.url, gate.reached))
      assert.deepStrictEqual(tags, ["StreamStalled", undefined])
      assert.include(yield* textOf(path), `"kind": "silence"`)
      assert.deepStrictEqual(yield* replayed(path, use(nowhere, Effect.void)), tags)
    }).pipe(disk)
  )
})
