/**
 * What an import costs: a program that sends nothing loads no SDK and no HTTP stack.
 */
import { execFile } from "node:child_process"
import { fileURLToPath, pathToFileURL } from "node:url"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"

const root = fileURLToPath(new URL("../../", import.meta.url))
const index = pathToFileURL(`${root}src/index.ts`).href

/** Runs a program in a process of its own, and gives the URLs of all modules that it loaded. */
const loaded = async (program: string): Promise<ReadonlyArray<string>> => {
  const hooks = `
    import { writeSync } from "node:fs"
    export const load = (url, context, next) => {
      writeSync(1, "loaded " + url + "\\n")
      return next(url, context)
    }`
  const script = `
    import { register, createRequire } from "node:module"
    register("data:text/javascript," + encodeURIComponent(${JSON.stringify(hooks)}))
    const require = createRequire(${JSON.stringify(index)})
    const { Redacted, Effect, Layer } = await import("effect")
    const library = await import(${JSON.stringify(index)})
    ${program}
    for (const path of Object.keys(require.cache)) console.log("loaded " + path)
    console.log("loaded everything")`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--conditions=effect-redial-source", "--import=tsx", "--input-type=module", "--eval", script],
    { cwd: root, env: { ...process.env, NODE_OPTIONS: "", NODE_NO_WARNINGS: "1" }, maxBuffer: 64 * 1024 * 1024 }
  )
  const urls = stdout.split("\n").flatMap((line) => (line.startsWith("loaded ") ? [line.slice(7)] : []))
  assert.include(urls, "everything")
  assert(
    urls.some((url) => url.includes("/src/client/ModelClient.ts")),
    "the hook saw nothing"
  )
  return urls
}

const heavy = /\/node_modules\/(@anthropic-ai\/sdk|openai|undici)\//

const build = `
  const apiKey = Redacted.make("k")
  const layer = Layer.merge(library.AnthropicClient.layer({ apiKey }), library.OpenAiClient.layer({ apiKey }))
  await Effect.runPromise(Effect.scoped(Layer.build(layer)))`

describe("importing the library", () => {
  it("loads neither SDK, nor undici", { timeout: 60_000 }, async () => {
    const urls = await loaded("")
    assert.deepStrictEqual(
      urls.filter((url) => heavy.test(url)),
      []
    )
  })

  it("and building its clients does neither", { timeout: 60_000 }, async () => {
    const urls = await loaded(build)
    assert.deepStrictEqual(
      urls.filter((url) => heavy.test(url)),
      []
    )
  })

  it("while a first request to one loads that one's SDK alone", { timeout: 60_000 }, async () => {
    const urls = await loaded(`
      const { Schedule, Stream } = await import("effect")
      await Effect.runPromise(Effect.scoped(Effect.gen(function* () {
        const provider = yield* library.Provider.make(library.Vendors.minimax, {
          apiKey: Redacted.make("k"), baseUrl: "http://127.0.0.1:1", retry: Schedule.stop
        })
        yield* Effect.exit(Stream.runDrain(provider.stream({ model: "m", prompt: "p" })))
      })))`)
    assert(urls.some((url) => url.includes("/@anthropic-ai/sdk/client.")))
    assert(urls.some((url) => url.includes("/undici/")))
    assert.deepStrictEqual(
      urls.filter((url) => url.includes("/openai/")),
      []
    )
  })
})
