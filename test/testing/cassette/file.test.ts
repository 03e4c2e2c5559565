/**
 * When a cassette records and when it replays, what its file looks like, and what is said of a file that cannot be used.
 */
import { FileSystem } from "@effect/platform"
import { SystemError } from "@effect/platform/Error"
import { assert, describe, it } from "@effect/vitest"
import { Cause, ConfigProvider, Deferred, Effect, Exit, Fiber, Layer, Redacted, Stream } from "effect"
import { Provider, Vendors } from "effect-redial"
import { Cassette, FaultServer, Reply, Wire } from "effect-redial/testing"
import {
  answerOf,
  chunksFrom,
  disk,
  file,
  nowhere,
  poolOf,
  providerOf,
  put,
  recorded,
  replayed,
  request,
  text,
  textOf
} from "../../support/testing/cassette.js"

const utf8 = new TextEncoder()

const generate = (pool: Provider.Options["pool"], url: string, prompt = request.prompt) =>
  Effect.flatMap(providerOf("anthropic-messages", url, { pool }), (provider) =>
    provider.generate({ ...request, prompt })
  )

const ci = (value: string | undefined) =>
  Effect.withConfigProvider(ConfigProvider.fromMap(new Map(value === undefined ? [] : [["CI", value]])))

const modeOf = (path: string, options?: Cassette.Options) =>
  Effect.scoped(Effect.map(Cassette.make(path, options), ({ mode }) => mode))

/** A file with one small answer. */
const small = (path: string) =>
  recorded(path, (pool) => chunksFrom(pool), { pool: poolOf([utf8.encode("data: 1\n\n"), Uint8Array.of(0xf0, 0x9f)]) })

describe("a cassette", () => {
  it.scoped("records where there is no file, replays where there is one, and never records in CI", () =>
    Effect.gen(function* () {
      const path = yield* file
      for (const value of ["true", "1", "woodpecker"]) {
        const error = yield* Effect.flip(modeOf(path).pipe(ci(value)))
        assert(error._tag === "CassetteError" && error.reason === "Missing", String(error))
        assert.include(error.message, `${path} is not there`)
      }
      for (const value of [undefined, "", "0", "false"])
        assert.strictEqual(yield* modeOf(path).pipe(ci(value)), "record")
      assert.strictEqual(yield* modeOf(path, { ci: false }).pipe(ci("true")), "record")
      assert.strictEqual((yield* Effect.flip(modeOf(path, { ci: true }).pipe(ci(undefined))))._tag, "CassetteError")
      assert.strictEqual((yield* Effect.flip(modeOf(path, { mode: "replay" })))._tag, "CassetteError")
      yield* small(path)
      for (const value of [undefined, "true"]) assert.strictEqual(yield* modeOf(path).pipe(ci(value)), "replay")
      assert.strictEqual(yield* modeOf(path, { mode: "record" }), "record")
    }).pipe(disk)
  )

  it.scoped(
    "serves as a layer, whose file is written once the provider is gone, and opens no connection from then on",
    () =>
      Effect.gen(function* () {
        const path = yield* file
        const server = yield* FaultServer.make([answerOf("anthropic-messages")])
        const live = Provider.layer(Vendors.anthropic, {
          apiKey: Redacted.make("some-key-of-ours"),
          baseUrl: server.url,
          pool: Cassette.pool
        }).pipe(Layer.provide(Cassette.layer(path, { ci: false })))
        for (const _ of ["recorded", "replayed"]) {
          const answer = yield* Effect.provide(Provider.generate(request), live)
          assert.strictEqual(answer.text, text)
        }
        assert.strictEqual((yield* server.stats).connectionsOpened, 1)
        const folder = yield* Effect.flatMap(FileSystem.FileSystem, (fs) =>
          fs.readDirectory(path.slice(0, path.lastIndexOf("/")))
        )
        assert.deepStrictEqual(folder, ["cassette.json"])
      }).pipe(disk)
  )

  it.scoped("writes nothing without a request, and nothing that was interrupted", () =>
    Effect.gen(function* () {
      const path = yield* file
      const fs = yield* FileSystem.FileSystem
      yield* recorded(path, () => Effect.void)
      assert.isFalse(yield* fs.exists(path))
      const server = yield* FaultServer.make([Reply.cut(answerOf("anthropic-messages"), { afterEvents: 5 }, "stall")])
      const fiber = yield* Effect.fork(recorded(path, (pool) => generate(pool, server.url)))
      yield* server.awaitStats(({ requests }) => requests === 1)
      yield* Fiber.interrupt(fiber)
      assert.isFalse(yield* fs.exists(path))
    }).pipe(disk)
  )

  it.scoped("keeps concurrent requests in the order in which they were sent", () =>
    Effect.gen(function* () {
      const path = yield* file
      const gate = yield* FaultServer.gate()
      const begun = yield* Deferred.make<void>()
      const server = yield* FaultServer.make(({ index, json }) => {
        const reply = Reply.stream(Wire.answer("anthropic-messages", { text: `${JSON.stringify(json).length}` }))
        return index === 1 ? Reply.hold(reply, { afterEvents: 3 }, gate) : reply
      })
      yield* recorded(path, (pool) =>
        Effect.gen(function* () {
          const provider = yield* providerOf("anthropic-messages", server.url, { pool })
          const first = yield* provider.stream({ ...request, prompt: "first" }).pipe(
            Stream.tap(() => Deferred.succeed(begun, undefined)),
            Stream.runDrain,
            Effect.fork
          )
          yield* Deferred.await(begun)
          yield* provider.generate({ ...request, prompt: "second" })
          yield* gate.open
          yield* Fiber.join(first)
        })
      )
      const content = yield* textOf(path)
      assert.isBelow(content.indexOf(`"first"`), content.indexOf(`"second"`))
      assert.isAbove(content.indexOf(`"first"`), 0)
    }).pipe(disk)
  )
})

describe("the file", () => {
  it.scoped("can be read by a person: a line for each chunk, as text where it is text", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* small(path)
      assert.strictEqual(
        (yield* textOf(path)).replace(/"at":( ?)\d+/g, '"at":$10'),
        `{
  "format": "effect-redial/cassette",
  "version": 1,
  "exchanges": [
    {
      "request": {
        "method": "POST",
        "path": "/v1/messages",
        "headers": {},
        "body": {}
      },
      "response": {
        "at": 0,
        "status": 200,
        "headers": {
          "content-type": "text/event-stream"
        }
      },
      "body": [
        {"at":0,"text":"data: 1\\n\\n"},
        {"at":0,"base64":"8J8="}
      ],
      "ending": {
        "kind": "end",
        "at": 0
      }
    }
  ]
}
`
      )
    }).pipe(disk)
  )

  it.scoped("that is cut off anywhere is a typed error that says what to do", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* small(path)
      const whole = utf8.encode((yield* textOf(path)).trimEnd())
      const fs = yield* FileSystem.FileSystem
      for (let length = 0; length < whole.length; length += 7) {
        yield* fs.writeFile(path, whole.subarray(0, length))
        const error = yield* Effect.flip(modeOf(path))
        assert(error._tag === "CassetteError" && error.reason === "Corrupt", `${length}: ${error}`)
        assert.include(error.message, "delete it and record again")
      }
      yield* fs.writeFile(path, whole)
      assert.strictEqual(yield* modeOf(path), "replay")
    }).pipe(disk)
  )

  const damages: ReadonlyArray<
    readonly [what: string, from: string | RegExp, to: string, reason: string, said: string]
  > = [
    ["of a later release", `"version": 1`, `"version": 2`, "Version", "has version 2 of the format"],
    ["of another program", "effect-redial/cassette", "other", "Corrupt", "is not a cassette"],
    ["with a chunk that is none", `"text":`, `"test":`, "Corrupt", "exchanges.0.body.0"],
    ["with base64 that is none", "8J8=", "8J8", "Corrupt", "exchanges.0.body.1"],
    ["with an unknown ending", `"kind": "end"`, `"kind": "bang"`, "Corrupt", "exchanges.0.ending"],
    ["without a request", `"request"`, `"requests"`, "Corrupt", "exchanges.0.request"],
    ["with a time before the request", /"at":\d+,"text"/, `"at":-1,"text"`, "Corrupt", "exchanges.0.body.0"]
  ]
  for (const [what, from, to, reason, said] of damages) {
    it.scoped(`${what} is a typed error that says where`, () =>
      Effect.gen(function* () {
        const path = yield* file
        yield* small(path)
        yield* put(path, (yield* textOf(path)).replace(from, to))
        const error = yield* Effect.flip(modeOf(path))
        assert(error._tag === "CassetteError", String(error))
        assert.deepStrictEqual([error.reason, error.path], [reason, path])
        assert.include(error.message, said)
      }).pipe(disk)
    )
  }

  it.scoped("may be edited: an answer that is cut by hand drops there", () =>
    Effect.gen(function* () {
      const path = yield* file
      const server = yield* FaultServer.make([answerOf("anthropic-messages")])
      yield* recorded(path, (pool) => generate(pool, server.url))
      const lines = (yield* textOf(path)).split("\n")
      const stop = lines.findIndex((line) => line.includes("content_block_stop"))
      const edited = [
        ...lines.slice(0, stop - 1),
        lines[stop - 1]?.replace(/,$/, ""),
        ...lines.slice(lines.indexOf("      ],"))
      ]
      yield* put(
        path,
        edited
          .join("\n")
          .replace(
            `"kind": "end"`,
            `"kind": "drop", "error": [{ "name": "Error", "code": "ECONNRESET", "message": "cut" }]`
          )
      )
      const error = yield* Effect.flip(replayed(path, (pool) => generate(pool, nowhere)))
      assert.deepStrictEqual(
        error._tag === "InvalidRequest" ? error.attempts.map((attempt) => attempt.error?.tag) : error,
        ["StreamDropped", "InvalidRequest"]
      )
    }).pipe(disk)
  )

  it.scoped("is bounded, when it is written and when it is read", () =>
    Effect.gen(function* () {
      const path = yield* file
      const chunks = Array.from({ length: 100 }, () => new Uint8Array(1000))
      const exit = yield* Effect.exit(
        recorded(path, (pool) => chunksFrom(pool), { pool: poolOf(chunks), maxBytes: 50_000 })
      )
      assert(Exit.isFailure(exit))
      assert.include(Cause.pretty(exit.cause), "was not written, since answers brought more than 50000 bytes")
      yield* recorded(path, (pool) => chunksFrom(pool), { pool: poolOf(chunks) })
      const error = yield* Effect.flip(modeOf(path, { maxBytes: 50_000 }))
      assert(error._tag === "CassetteError" && error.reason === "TooLarge", String(error))
    }).pipe(disk)
  )

  it.scoped("stays as it was where a new one cannot be written whole", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* small(path)
      const before = yield* textOf(path)
      const fs = yield* FileSystem.FileSystem
      const full = new SystemError({
        module: "FileSystem",
        method: "write",
        reason: "WriteZero",
        pathOrDescriptor: path
      })
      const breaking = FileSystem.make({
        ...fs,
        writeFile: (to, data) => Effect.zipRight(fs.writeFile(to, data.subarray(0, 100)), full)
      })
      const again = recorded(path, (pool) => chunksFrom(pool, `"another"`), { pool: poolOf([]) })
      const exit = yield* Effect.exit(Effect.provideService(again, FileSystem.FileSystem, breaking))
      assert(Exit.isFailure(exit))
      assert.strictEqual(yield* textOf(path), before)
      assert.deepStrictEqual(yield* fs.readDirectory(path.slice(0, path.lastIndexOf("/"))), ["cassette.json"])
    }).pipe(disk)
  )

  it.scoped("that cannot be written is a defect of the scope, and one that cannot be read a typed error", () =>
    Effect.gen(function* () {
      const path = yield* file
      yield* put(path, "{}")
      const below = `${path}/cassette.json`
      const exit = yield* Effect.exit(recorded(below, (pool) => chunksFrom(pool), { pool: poolOf([]) }))
      assert(Exit.isFailure(exit))
      assert.include(Cause.pretty(exit.cause), "cannot be written")
      const error = yield* Effect.flip(modeOf(path.slice(0, path.lastIndexOf("/")), { mode: "replay" }))
      assert(error._tag === "CassetteError" && error.reason === "Unreadable", String(error))
    }).pipe(disk)
  )

  for (const [option, options] of [
    ["speed", { speed: 0 }],
    ["speed", { speed: Number.NaN }],
    ["maxBytes", { maxBytes: -1 }],
    ["match.ignore", { match: { ignore: ["messages"] } }]
  ] as const) {
    it.effect(`has options that are checked: ${option}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(modeOf("no-file.json", options))
        assert(error._tag === "InvalidOptions" && error.option === option, String(error))
      }).pipe(disk)
    )
  }
})
