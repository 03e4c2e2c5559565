/**
 * The demo as its reader runs it, in this process.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { fast } from "../../docs/examples/demo/scenario.js"
import { scripted } from "../../docs/examples/demo/scripted.js"
import { run, watched } from "../support/demo.js"

describe("the demo", () => {
  it.live("breaks eight streams, loses nothing and leaves nothing open", () =>
    Effect.gen(function* () {
      const { code, notes, out } = yield* run(["--json"])
      assert.strictEqual(notes, "")
      const { drops, pools, redials, ...rest } = JSON.parse(out)
      assert.deepStrictEqual(rest, { streams: 8, completed: 8, lost: 0, duplicated: 0, socketsOpenAtEnd: 0 })
      // A machine under load may take a pause for silence; it can add drops and never hide one.
      assert.isAtLeast(drops, 8)
      assert.strictEqual(redials, drops)
      for (const { closed, open, opened } of [pools.anthropic, pools.openai]) {
        assert.isAtLeast(opened, 2)
        assert.deepStrictEqual([closed, open], [opened, 0])
      }
      assert.strictEqual(code, 0)
    })
  )

  it.live("tells each change in plain lines where nothing can be drawn", () =>
    Effect.gen(function* () {
      const { code, out } = yield* run([])
      assert.strictEqual(code, 0)
      assert.notInclude(out, "\x1b")
      for (const sight of [
        /2 {2}anthropic-messages {2}pool 1 +dropped in mid-text \(StreamDropped: .*\); redialling in \d+ ms/,
        /3 {2}anthropic-messages {2}pool \d +dropped in mid-tool-call/,
        /4 {2}anthropic-messages {2}pool \d +dropped in mid-text \(StreamStalled: /,
        /7 {2}chat-completions {4}pool \d +dropped in mid-tool-call \(StreamTruncated: /,
        /8 {2}chat-completions {4}pool \d +streaming, attempt \d, dropped before a word and redialled/,
        /draining: takes no new streams, \d to finish/,
        /as the server meant {2}yes/
      ]) {
        assert.match(out, sight)
      }
    })
  )

  it.live(
    "draws over itself on a terminal, within its width, and gives the cursor back",
    () =>
      Effect.gen(function* () {
        const { code, out } = yield* watched(scripted(false, fast), { live: true, color: true, columns: 72, rows: 30 })
        assert.strictEqual(code, 0)
        assert.include(out, "\x1b[32m✓ as the server meant it\x1b[0m")
        assert.isBelow(out.indexOf("\x1b[?25l"), out.indexOf("\x1b[?25h"))
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
        for (const line of out.replace(/\x1b\[[?\d;]*[A-Za-z]/g, "").split(/[\r\n]/)) {
          assert.isAtMost([...line].length, 72, line)
        }
      }),
    60_000
  )
})

describe("what the demo is asked for", () => {
  const wrong: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
    [["--bogus"], /Unknown option '--bogus'\n\nUsage/],
    [["--recorded"], /argument missing\n\nUsage/],
    [["--seed", "1"], /--seed needs --recorded\n\nUsage/],
    [["--recorded", "x", "--seed", "-1"], /--seed/],
    [["--recorded", "x", "--seed", "1.5"], /a whole number, and was given "1.5"\n\nUsage/],
    [["a prompt"], /needs --provider/],
    [["--model", "m"], /--model needs --provider/],
    [["--provider", "nobody", "--model", "m", "hi"], /anthropic\|openai.*"nobody"\n\nUsage/],
    [["--provider", "openai", "hi"], /needs --model/],
    [["--provider", "openai", "--model", "m"], /needs a prompt/],
    [["--provider", "openai", "--model", "m", "--seed", "1", "hi"], /do not go together/],
    [["--recorded", "/no/such/directory"], /^Cannot read \/no\/such\/directory\/manifest.json: .*\n$/]
  ]
  for (const [argv, message] of wrong) {
    it.live(`is refused where it makes no sense: ${argv.join(" ")}`, () =>
      Effect.gen(function* () {
        const { code, notes, out } = yield* run(argv)
        assert.strictEqual(code, 2)
        assert.strictEqual(out, "")
        assert.match(notes, message)
      })
    )
  }

  it.live("is explained", () =>
    Effect.gen(function* () {
      const { code, out } = yield* run(["--help"])
      assert.strictEqual(code, 0)
      assert.match(out, /^Usage: npm run demo/)
    })
  )
})

describe("the demo with --provider", () => {
  const withKey = Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["ANTHROPIC_API_KEY", "sk-test"]])))
  const ask = (url: string, ...more: ReadonlyArray<string>) => [
    ...["--provider", "anthropic", "--model", "m", "--base-url", url],
    ...more,
    "Why?"
  ]
  const text = "Because it is so."
  const whole = Reply.stream(Wire.answer("anthropic-messages", { text }))
  const drops = [Reply.cut(whole, { afterEvents: 4 }, "rst"), whole] as const

  it.live("says which variable is not set", () =>
    Effect.gen(function* () {
      const { code, notes, out } = yield* run(["--provider", "openai", "--model", "m", "hi"])
      assert.deepStrictEqual([code, out], [2, ""])
      assert.strictEqual(notes, "Set OPENAI_API_KEY to your key of openai: it is not set.\n")
    }).pipe(Effect.withConfigProvider(ConfigProvider.fromMap(new Map())))
  )

  it.live("says which variable holds no key", () =>
    Effect.gen(function* () {
      const { code, notes } = yield* run(["--provider", "openai", "--model", "m", "hi"])
      assert.strictEqual(code, 2)
      assert.match(notes, /^OPENAI_API_KEY does not hold a key\..*\n$/)
    }).pipe(Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["OPENAI_API_KEY", ""]]))))
  )

  it.scopedLive("writes an answer into a pipe once, however often it dropped", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make(drops)
      const { code, notes, out } = yield* run(ask(server.url))
      assert.deepStrictEqual([code, out], [0, `${text}\n`])
      assert.match(notes, /StreamDropped.*redialling in \d+ ms\n.*2 attempts/)
    }).pipe(withKey)
  )

  it.scopedLive("says on a terminal what became void", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make(drops)
      const { code, out } = yield* run(ask(server.url), { live: true })
      assert.strictEqual(code, 0)
      assert.match(out, /^Because \n✗ StreamDropped: .*void, redialling in \d+ ms\nBecause it is so.\n$/)
    }).pipe(withKey)
  )

  it.scopedLive("gives one JSON object if asked", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make(drops)
      const { code, out } = yield* run(ask(server.url, "--json"))
      const { drops: dropped, redials, text: told } = JSON.parse(out)
      assert.deepStrictEqual([code, told, dropped, redials], [0, text, 1, 1])
    }).pipe(withKey)
  )

  it.scopedLive("says an error of the vendor in a line", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([
        Reply.status(401, { body: Wire.errorBody("anthropic-messages", { message: "invalid x-api-key" }) })
      ])
      const { code, notes } = yield* run(ask(server.url))
      assert.strictEqual(code, 1)
      assert.match(notes, /^anthropic over anthropic-messages: .*Check the API key.*\n$/)
    }).pipe(withKey)
  )
})

describe("the demo with --recorded", () => {
  const call = { id: "call_1", name: "weather", arguments: { city: "Malmö" } }
  const bodies = {
    "anthropic-messages/words.sse": Wire.answer("anthropic-messages", { reasoning: "Hm.", text: "Grüße, Welt" }).join(
      ""
    ),
    "chat-completions/call.sse": Wire.answer("chat-completions", { text: "Look:", toolCalls: [call] }).join("")
  }
  const protocolOf = (file: string) => file.slice(0, file.indexOf("/"))

  /** A corpus of these files, gone at the end of the scope. */
  const corpus = (files: Readonly<Record<string, string>>, broken: ReadonlyArray<string> = []) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const directory = mkdtempSync(join(tmpdir(), "effect-redial-demo-"))
        const entries = Object.keys(files).map((file, i) => {
          writeFileSync(join(directory, `${i}.sse`), files[file] ?? "")
          return { file: `${i}.sse`, protocol: protocolOf(file), expect: { ok: !broken.includes(file) } }
        })
        const others = [
          { file: "error.json", protocol: "anthropic-messages", status: 529 },
          { file: "other.sse", protocol: "another", expect: { ok: true } }
        ]
        writeFileSync(join(directory, "manifest.json"), JSON.stringify([...entries, ...others]))
        return directory
      }),
      (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
    )

  it.scopedLive("has equal answers, wherever they broke", () =>
    Effect.gen(function* () {
      const directory = yield* corpus(bodies)
      let redials = 0
      for (const seed of [1, 2, 3, 4, 5]) {
        const { code, out } = yield* run(["--recorded", directory, "--seed", String(seed), "--json"])
        const result = JSON.parse(out)
        assert.deepInclude(result, { streams: 2, equal: 2, different: 0, broken: 0, seed })
        assert.strictEqual(code, 0)
        redials += result.redials
      }
      assert.isAtLeast(redials, 5)
    })
  )

  it.scopedLive("breaks where the seed says, and tells the seed", () =>
    Effect.gen(function* () {
      const directory = yield* corpus(bodies)
      const first = yield* run(["--recorded", directory])
      const seed = /^seed (\d+)$/m.exec(first.out)?.[1]
      assert(seed !== undefined)
      const again = yield* run(["--recorded", directory, "--seed", seed])
      assert.strictEqual(again.out, first.out)
    })
  )

  it.scopedLive("lists what is broken in itself and does not count it", () =>
    Effect.gen(function* () {
      const cut = "anthropic-messages/cut.sse"
      const directory = yield* corpus({ ...bodies, [cut]: bodies["anthropic-messages/words.sse"].slice(0, 900) }, [cut])
      const { code, out } = yield* run(["--recorded", directory, "--seed", "1"])
      assert.strictEqual(code, 0)
      assert.match(out, /broken in itself: 2.sse\n {2}StreamTruncated: /)
      assert.match(out, /^2 recorded streams.*2 equal, 0 different/m)
      assert.match(out, /^1 more are broken/m)
    })
  )

  it.scopedLive("holds it against the library where a stream fails that the vendor's own SDK could read", () =>
    Effect.gen(function* () {
      const directory = yield* corpus({ "chat-completions/cut.sse": bodies["chat-completions/call.sse"].slice(0, 900) })
      const { code, out } = yield* run(["--recorded", directory, "--seed", "1"])
      assert.strictEqual(code, 1)
      assert.match(out, /DIFFERENT: 0.sse\n {2}the vendor's SDK reads it/)
    })
  )

  it.scopedLive("says where a manifest is none", () =>
    Effect.gen(function* () {
      const directory = yield* corpus({})
      const empty = yield* run(["--recorded", directory])
      assert.strictEqual(empty.code, 2)
      assert.match(empty.notes, /lists no stream/)
      writeFileSync(join(directory, "manifest.json"), "{}")
      const odd = yield* run(["--recorded", directory])
      assert.strictEqual(odd.code, 2)
      assert.match(odd.notes, /manifest.json is no manifest: /)
    })
  )
})
