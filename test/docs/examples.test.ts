/**
 * The published examples, run as a reader would run them, with a drop injected: what they print must be right. And the
 * README or another page shows them as they are.
 */
import { readdirSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { root, run } from "../support/docs.js"

const text = "Because air scatters blue light most."

const answers = (protocol: "anthropic-messages" | "chat-completions") => Reply.stream(Wire.answer(protocol, { text }))
const drop = (afterEvents: number) => Reply.cut(answers("anthropic-messages"), { afterEvents }, "rst")

/** Breaks after `Because air scat`, and then goes on as it is asked to. */
const goingOn: FaultServer.Script = ({ json }) => {
  const ask = Wire.asked(json)
  if (ask === undefined) return drop(5)
  return Reply.stream(Wire.answer("anthropic-messages", { text: Wire.resumed(ask, "ters blue light most.") }))
}

describe("the published examples", () => {
  it.scopedLive("quick-start prints the answer, also when the stream drops before any text", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([drop(2), answers("anthropic-messages")])
      const { code, out } = yield* run("quick-start", { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: server.url })
      assert.deepStrictEqual([code, out], [0, text])
      assert.strictEqual((yield* server.requests).length, 2)
    })
  )

  it.scopedLive("quick-start never takes text back: after a drop in mid-text it goes on where it stopped", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make(goingOn)
      const { code, out } = yield* run("quick-start", { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: server.url })
      assert.deepStrictEqual([code, out], [0, text])
      assert.strictEqual((yield* server.requests).length, 2)
    })
  )

  it.scopedLive("quick-start joins no answer that begins again, and ends with the drop's error", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([drop(5), answers("anthropic-messages")])
      const { code, err, out } = yield* run("quick-start", { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: server.url })
      assert.deepStrictEqual([code, out], [1, "Because air scat"])
      assert.include(err, "in the middle of the answer")
      assert.strictEqual((yield* server.requests).length, 3)
    })
  )

  it.scopedLive("quick-start ends with an error that says so where the answer cannot be gone on with", () =>
    Effect.gen(function* () {
      const refused = Reply.status(400, { body: Wire.errorBody("anthropic-messages") })
      const server = yield* FaultServer.make([drop(5), refused])
      const { code, err, out } = yield* run("quick-start", { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: server.url })
      assert.strictEqual(code, 1)
      assert(out.length > 0 && out.length < text.length && text.startsWith(out), out)
      assert.include(err, "in the middle of the answer")
    })
  )

  it.scopedLive("resume shows each word once, and says how it went on", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make(goingOn)
      const { code, err, out } = yield* run("resume", { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: server.url })
      assert.deepStrictEqual([code, out], [0, text])
      assert.include(err, "goes on by ask")
      assert.include(err, "put together from 2 attempts")
    })
  )

  it.scopedLive("quick-start without a key says which variable is missing", () =>
    Effect.gen(function* () {
      const { code, err } = yield* run("quick-start")
      assert.strictEqual(code, 1)
      assert.include(err, "ANTHROPIC_API_KEY")
    })
  )

  it.scopedLive("events prints the whole answer once, although it came twice in part", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([drop(5), drop(7), answers("anthropic-messages")])
      const { code, err, out } = yield* run("events", { MINIMAX_API_KEY: "k", MINIMAX_BASE_URL: server.url })
      assert.deepStrictEqual([code, out], [0, `${text}\n`])
      assert.strictEqual(err.match(/redialling/g)?.length, 2)
      assert.include(err, "attempts: 3")
    })
  )

  it.scopedLive("citations shows the source behind its text, and the first usage before it", () =>
    Effect.gen(function* () {
      const event = (data: { readonly type: string }) => Wire.event(data, data.type)
      const citation = { type: "web_search_result_location", title: "Docs", url: "https://docs.example.com" }
      const events = Wire.answer("anthropic-messages", {
        text: "Node 20.",
        usage: { inputTokens: 12, outputTokens: 3 }
      })
      const stop = events.findIndex((text) => text.includes("content_block_stop"))
      const delta = { type: "content_block_delta", index: 0, delta: { type: "citations_delta", citation } }
      const server = yield* FaultServer.make([
        drop(2),
        Reply.stream([...events.slice(0, stop), event(delta), ...events.slice(stop)])
      ])
      const { code, err, out } = yield* run("citations", { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: server.url })
      assert.deepStrictEqual([code, out], [0, "Node 20. [Docs: https://docs.example.com]"])
      assert.include(err, "tokens read so far: 12\n")
      assert.include(err, "tokens read: 12\n")
      const [request] = yield* server.requests
      assert.strictEqual(request?.headers["x-trace-id"], "example")
    })
  )

  it.scopedLive("two-providers sends each model to its own, and a drop on one renews no other", () =>
    Effect.gen(function* () {
      const claude = yield* FaultServer.make([drop(5), answers("anthropic-messages")])
      const gpt = yield* FaultServer.make([answers("chat-completions")])
      const { code, out } = yield* run("two-providers", {
        ANTHROPIC_API_KEY: "k",
        ANTHROPIC_BASE_URL: claude.url,
        OPENAI_API_KEY: "k",
        OPENAI_BASE_URL: `${gpt.url}/v1`
      })
      assert.deepStrictEqual([code, out], [0, `claude-sonnet-5-5: ${text}\ngpt-5: ${text}\n`])
      assert.strictEqual((yield* claude.stats).connectionsOpened, 2)
      assert.strictEqual((yield* gpt.stats).connectionsOpened, 1)
    })
  )

  it.live("getting-started prints what its page says", () =>
    Effect.gen(function* () {
      const { code, err, out } = yield* run("getting-started")
      assert.deepStrictEqual([code, err], [0, ""])
      assert.include(readFileSync(new URL("docs/getting-started.md", root), "utf8"), `\`\`\`\n${out}\`\`\`\n`)
    })
  )

  it.scopedLive("circuit-breaker sends nothing while its circuit is open, and is back with the first probe", () =>
    Effect.gen(function* () {
      const overloaded = Reply.status(529, { body: Wire.errorBody("anthropic-messages") })
      const server = yield* FaultServer.make([overloaded, overloaded, overloaded, answers("anthropic-messages")])
      const { code, err, out } = yield* run("circuit-breaker", {
        ANTHROPIC_API_KEY: "k",
        ANTHROPIC_BASE_URL: server.url
      })
      assert.deepStrictEqual([code, out], [0, `Overloaded after 3 attempts\nnothing was sent\n${text}\n`])
      assert.deepStrictEqual(err.match(/(?<=anthropic: )\w+/g), ["Closed", "Open", "HalfOpen", "Closed"])
      assert.strictEqual((yield* server.requests).length, 4)
    })
  )

  it.scopedLive("retry-budget sends a few more requests than calls to a vendor that is overloaded", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([Reply.status(529, { body: Wire.errorBody("anthropic-messages") })])
      const { code, out } = yield* run("retry-budget", { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: server.url })
      const { length } = yield* server.requests
      assert.strictEqual(code, 0)
      assert.include(out, `50 calls, ${length} requests\n`)
      assert.include(out, "calls were not retried to spare the vendor")
      assert(length >= 55 && length <= 57, `${length} requests`)
    })
  )

  it.scopedLive("hedge prints the answer of the second request, and says what became of the first", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([Reply.stallBeforeHead, answers("anthropic-messages")])
      const { code, err, out } = yield* run("hedge", { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: server.url })
      assert.deepStrictEqual([code, out], [0, `${text}\n`])
      assert.include(err, "another request was answered first")
      assert.strictEqual((yield* server.requests).length, 2)
    })
  )

  it.scopedLive("fallback goes on at the second vendor where the first one broke, and is not taken back", () =>
    Effect.gen(function* () {
      const claude = yield* FaultServer.make(({ json }) =>
        Wire.asked(json) === undefined ? drop(5) : Reply.status(529, { body: Wire.errorBody("anthropic-messages") })
      )
      const gpt = yield* FaultServer.make(({ json }) => {
        const ask = Wire.asked(json)
        const said = ask === undefined ? text : Wire.resumed(ask, "ters blue light most.")
        return Reply.stream(Wire.answer("chat-completions", { text: said, usage: { inputTokens: 9, outputTokens: 7 } }))
      })
      const { code, err, out } = yield* run("fallback", {
        ANTHROPIC_API_KEY: "k",
        ANTHROPIC_BASE_URL: claude.url,
        OPENAI_API_KEY: "k",
        OPENAI_BASE_URL: `${gpt.url}/v1`
      })
      assert.deepStrictEqual([code, out], [0, text])
      assert.include(err, "anthropic failed, so openai is asked")
      assert.include(err, "anthropic claude-sonnet-5-5: at least ")
      assert.include(err, "openai gpt-5: 7 tokens written")
    })
  )

  const chunk = (content: string) => ({ model: "qwen3", message: { role: "assistant", content }, done: false })
  const lines = [...(text.match(/.{1,8}/g) ?? []).map(chunk), { ...chunk(""), done: true, done_reason: "stop" }]

  it.scopedLive("ollama goes on where it stopped, over a protocol that it adds itself", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make(({ json }) => {
        const ask = Wire.asked(json)
        if (ask === undefined) return Reply.cut(Reply.jsonLines(lines), { afterEvents: 3 }, "rst")
        return Reply.jsonLines([chunk(Wire.resumed(ask, text.slice(24))), ...lines.slice(-1)])
      })
      const { code, out } = yield* run("ollama", { OLLAMA_BASE_URL: server.url })
      assert.deepStrictEqual([code, out], [0, `${text}\n`])
      assert.strictEqual((yield* server.requests).length, 2)
    })
  )

  it.live("ollama-test prints what its page says", () =>
    Effect.gen(function* () {
      const { code, out } = yield* run("ollama-test")
      assert.strictEqual(code, 0)
      assert.include(readFileSync(new URL("docs/adding-a-protocol.md", root), "utf8"), `\`\`\`\n${out}\`\`\`\n`)
      assert.include(out, "StreamTruncated")
    })
  )

  it("stand in the README or a page of docs as they are", () => {
    const docs = new URL("docs/", root)
    const pages = readdirSync(docs).filter((file) => file.endsWith(".md"))
    const texts = [new URL("README.md", root), ...pages.map((page) => new URL(page, docs))].map((url) =>
      readFileSync(url, "utf8")
    )
    const files = readdirSync(new URL("examples/", docs), { recursive: true, encoding: "utf8" })
    for (const file of files) {
      if (!file.endsWith(".ts") || file.startsWith("demo")) continue
      const shown = `\`\`\`ts\n${readFileSync(new URL(`examples/${file}`, docs), "utf8")}\`\`\``
      assert(
        texts.some((text) => text.includes(shown)),
        `${file} stands on no page as it is`
      )
    }
  })
})
