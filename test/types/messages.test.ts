/**
 * What the compiler says of a newcomer's mistakes. An editor and a terminal show the first line of a message before all
 * others, so it must have the word in it that the user needs. And what an editor shows of what a call gives: the names of
 * types, and not what they are made of.
 *
 * The compiler is run as users run it, once per setting, over one file per mistake.
 */
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, assert, describe, it } from "@effect/vitest"

interface Mistake {
  readonly what: string
  readonly code: string
  /** What the first line of the message has in it. */
  readonly says: RegExp
}

/** A program that makes the compiler say the type of an expression. */
const shown = (expression: string): string => `export const shown: [number] = [${expression}]`

const named = (type: string): RegExp => new RegExp(`Type '${type.replaceAll(/[|{}]/g, "\\$&")}' is not assignable`)

const layer = "Provider.layer(Vendors"
const request = '{ model: "m", prompt: "hi" }'

const mistakes: ReadonlyArray<Mistake> = [
  // What a vendor must be told.
  { what: "no key, layer", code: `${layer}.anthropic, {})`, says: /'apiKey' is missing/ },
  { what: "no key, make", code: "Provider.make(Vendors.anthropic, {})", says: /'apiKey' is missing/ },
  { what: "no key, layerConfig", code: "Provider.layerConfig(Vendors.anthropic, {})", says: /'apiKey' is missing/ },
  { what: "no key, with a base URL", code: `${layer}.openai, { baseUrl: "http://x" })`, says: /'apiKey' is missing/ },
  { what: "no key, with another auth", code: `${layer}.openai, { auth: "bearer" })`, says: /'apiKey' is missing/ },
  { what: "no key, of several vendors", code: `${layer}.get(few), {})`, says: /'apiKey' is missing/ },
  { what: "no resource, layer", code: `${layer}.azure, { apiKey })`, says: /'resource' is missing/ },
  { what: "no resource, make", code: "Provider.make(Vendors.azure, { apiKey })", says: /'resource' is missing/ },
  {
    what: "no resource, layerConfig",
    code: "Provider.layerConfig(Vendors.azure, { apiKey: key })",
    says: /'resource' is missing/
  },
  { what: "no key, with a resource", code: `${layer}.azure, { resource: "r" })`, says: /'apiKey' is missing/ },
  { what: "neither key nor resource", code: `${layer}.azure, {})`, says: /missing.*: apiKey, resource$/ },
  { what: "no gateway", code: `${layer}.cloudflare, { apiKey, account: "a" })`, says: /'gateway' is missing/ },
  { what: "no fields", code: `${layer}.cloudflare, { apiKey })`, says: /missing.*: account, gateway$/ },

  // What it is told wrongly.
  { what: "a plain key", code: `${layer}.anthropic, { apiKey: "k" })`, says: /Redacted/ },
  { what: "a key of the environment", code: `${layer}.anthropic, { apiKey: process.env.KEY })`, says: /Redacted/ },
  { what: "a plain key on one's own machine", code: `${layer}.ollama, { apiKey: "k" })`, says: /Redacted/ },
  {
    what: "a variable's name as a key",
    code: 'Provider.layerConfig(Vendors.anthropic, { apiKey: "K" })',
    says: /Config<Redacted/
  },
  {
    what: "a plain key of the configuration",
    code: 'Provider.layerConfig(Vendors.anthropic, { apiKey: Config.string("K") })',
    says: /Config<Redacted/
  },
  {
    what: "a protocol that the vendor does not serve",
    code: `${layer}.minimax, { apiKey, protocol: "responses" })`,
    says: /'"responses"' .* '"anthropic-messages/
  },
  { what: "an option that there is not", code: `${layer}.anthropic, { apiKey, retries: 3 })`, says: /'retries'/ },
  { what: "a misspelt key", code: `${layer}.anthropic, { apikey: apiKey })`, says: /mean to write 'apiKey'/ },
  { what: "a misspelt URL", code: `${layer}.openai, { apiKey, baseURL: "x" })`, says: /mean to write 'baseUrl'/ },
  {
    what: "a misspelt URL beside fields",
    code: `${layer}.azure, { apiKey, resource: "r", baseURL: "x" })`,
    says: /mean to write 'baseUrl'/
  },
  {
    what: "a misspelt URL of the configuration",
    code: 'Provider.layerConfig(Vendors.openai, { apiKey: key, baseURL: Config.string("U") })',
    says: /mean to write 'baseUrl'/
  },
  {
    what: "a misspelt quirk",
    code: `${layer}.openai, { apiKey, quirks: { maxToken: "max_tokens" } })`,
    says: /mean to write 'maxTokens'/
  },
  {
    what: "a quirk's value that there is not",
    code: `${layer}.openai, { apiKey, quirks: { maxTokens: "maxTokens" } })`,
    says: /"max_tokens"/
  },
  { what: "a time that is none", code: `${layer}.openai, { apiKey, deadlines: { idle: "soon" } })`, says: /Duration/ },
  {
    what: "a deadline that there is not",
    code: `${layer}.openai, { apiKey, deadlines: { first: "1 second" } })`,
    says: /'first'/
  },
  { what: "a vendor's name", code: 'Provider.layer("anthropic", { apiKey })', says: /'Vendor</ },

  // Requests.
  { what: "no model", code: 'Provider.generate({ prompt: "hi" })', says: /'model' is missing/ },
  { what: "no prompt", code: 'Provider.generate({ model: "m" })', says: /'prompt' is missing/ },
  { what: "an object as tools", code: 'Provider.generate({ model: "m", prompt: "hi", tools: {} })', says: /Tool</ },
  {
    what: "one tool as tools",
    code: 'Provider.generate({ model: "m", prompt: "hi", tools: Tool.make("t") })',
    says: /Tool</
  },
  {
    what: "another library's name of a field",
    code: 'Provider.generate({ model: "m", prompt: "hi", max_tokens: 1 })',
    says: /'max_tokens'/
  },
  {
    what: "a role",
    code: 'Provider.generate({ model: "m", prompt: [{ role: "human", content: "" }] })',
    says: /"user"/
  },
  {
    what: "text that would be taken back",
    code: `Provider.streamText(${request}, { delivery: "restart" })`,
    says: /"resume"/
  },
  { what: "a delivery that there is not", code: `Provider.stream(${request}, { delivery: "x" })`, says: /Delivery/ },

  // Tools.
  { what: "fields that are no Schemas", code: 'Tool.make("t", { parameters: { city: "string" } })', says: /Schema/ },
  { what: "parameters that are a word", code: 'Tool.make("t", { parameters: "city" })', says: /ToolParameters/ },
  {
    what: "Schemas and a document",
    code: 'Tool.make("t", { parameters: { type: "object", city: Schema.String } })',
    says: /mix Schemas/
  },
  {
    what: "Schemas in a document",
    code: 'Tool.make("t", { parameters: { type: "object", properties: { city: Schema.String } } })',
    says: /mix Schemas/
  },
  { what: "misspelt parameters", code: 'Tool.make("t", { parameter: {} })', says: /mean to write 'parameters'/ },

  {
    what: "a vendor's tool of no version",
    code: 'AnthropicMessages.tool({ type: "web_search", name: "web_search" })',
    says: /"web_search_20260209"/
  },
  {
    what: "a vendor's tool without its name",
    code: 'AnthropicMessages.tool({ type: "web_search_20260209" })',
    says: /BetaWebSearchTool20260209/
  },
  {
    what: "a misspelt field of a vendor's tool",
    code: 'AnthropicMessages.tool({ type: "web_search_20260209", name: "web_search", maxUses: 1 })',
    says: /mean to write 'max_uses'/
  },
  {
    what: "a misspelt type of a vendor's tool",
    code: 'Responses.tool({ type: "websearch" })',
    says: /mean '"web_search"'/
  },
  {
    what: "a misspelt label of a server",
    code: 'Responses.tool({ type: "mcp", server_lable: "docs" })',
    says: /mean to write 'server_label'/
  },
  {
    what: "a custom tool over Chat Completions",
    code: 'ChatCompletions.tool({ type: "custom" })',
    says: /use `Responses.tool`/
  },

  // Objects.
  { what: "no schema", code: `Provider.streamObject(${request}, {})`, says: /'schema' is missing/ },
  { what: "a schema alone", code: `Provider.generateObject(${request}, Schema.String)`, says: /'schema' is missing/ },
  { what: "no element", code: `Provider.streamElements(${request}, {})`, says: /'element' is missing/ },

  // Calls.
  {
    what: "a header that is no text",
    code: `Provider.generate(${request}, { headers: { "x-trace-id": 7 } })`,
    says: /'number' .* 'string/
  },
  {
    what: "headers in the request",
    code: 'Provider.generate({ model: "m", prompt: "hi", headers: {} })',
    says: /'headers' does not exist in type 'Options'/
  },
  {
    what: "raw events of a whole answer",
    code: `Provider.generate(${request}, { raw: true })`,
    says: /'raw' does not exist in type 'CallOptions'/
  },

  {
    what: "raw events of a stream that is held",
    code: `Provider.stream(${request}, { delivery: "hold", raw: true })`,
    says: /'true' is not assignable to type 'false/
  },
  {
    what: "raw events of an object",
    code: `Provider.streamObject(${request}, { schema: Schema.String }, { raw: true })`,
    says: /'raw' does not exist/
  },

  // What an editor shows of a type.
  {
    what: "a stream",
    code: shown(`Provider.stream(${request})`),
    says: named("Stream<ModelEvent, ProviderError, Provider>")
  },
  {
    what: "a stream that is held",
    code: shown(`Provider.stream(${request}, { delivery: "hold" })`),
    says: named("Stream<HeldEvent, ProviderError, Provider>")
  },
  {
    what: "a stream with raw events",
    code: shown(`Provider.stream(${request}, { raw: true })`),
    says: named("Stream<ModelEvent, ProviderError, Provider>")
  },
  {
    what: "a stream of a provider",
    code: shown(`provider.stream(${request})`),
    says: named("Stream<ModelEvent, ProviderError, never>")
  },
  {
    what: "its chunks",
    code: shown(`Stream.runCollect(Provider.stream(${request}))`),
    says: named("Effect<Chunk<ModelEvent>, ProviderError, Provider>")
  },
  {
    what: "a text",
    code: shown(`Provider.streamText(${request})`),
    says: named("Stream<string, ProviderError, Provider>")
  },
  {
    what: "a response",
    code: shown(`Provider.generate(${request})`),
    says: named("Effect<ModelResponse, ProviderError, Provider>")
  },
  {
    what: "an object",
    code: shown(`Provider.generateObject(${request}, { schema: Schema.Date })`),
    says: named("Effect<ObjectResponse<Date>, InvalidOutput | ProviderError, Provider>")
  },
  {
    what: "an object that is streamed",
    code: shown(`Provider.streamObject(${request}, { schema: Schema.Date })`),
    says: named("Stream<ObjectEvent<Date, string>, InvalidOutput | ProviderError, Provider>")
  },
  {
    what: "a layer",
    code: shown("Provider.layer(Vendors.anthropic, { apiKey })"),
    says: named("Layer<Provider, InvalidOptions, never>")
  },
  {
    what: "a vendor's tool",
    code: shown('AnthropicMessages.tool({ type: "mcp_toolset", mcp_server_name: "docs" })'),
    says: named('VendorTool<"docs">')
  },
  {
    what: "a toolkit of fields",
    code: shown('Toolkit.make(Tool.make("w", { parameters: { city: Schema.String } }))'),
    says: named('Toolkit<Tool<"w", { readonly city: string; }, never>>')
  },

  // Fixtures.
  {
    what: "a misspelt field of an error",
    code: "new ProviderError.RateLimited({ retryAfterMilis: 1 })",
    says: /mean to write 'retryAfterMillis'/
  },
  {
    what: "a field of another error",
    code: 'new ProviderError.RateLimited({ deadline: "idle" })',
    says: /'deadline'/
  },
  {
    what: "a misspelt field of a response",
    code: 'ModelResponse.make({ texts: "a" })',
    says: /mean to write 'text'/
  },
  {
    what: "a reason that there is not",
    code: 'ModelResponse.make({ finishReason: "end_turn" })',
    says: /"tool-calls"/
  },

  // Running.
  { what: "no provider", code: `Effect.runPromise(Provider.generate(${request}))`, says: /\bProvider>/ },
  {
    what: "no provider, of a stream",
    code: `Provider.streamText(${request}).pipe(Stream.runDrain, Effect.runPromise)`,
    says: /\bProvider>/
  }
]

const header = `import { Config, Effect, Redacted, Schema, Stream } from "effect"
import { AnthropicMessages, ChatCompletions, ModelResponse, Provider, ProviderError } from "effect-redial"
import { Responses, Tool, Toolkit, Vendors } from "effect-redial"
declare const apiKey: Redacted.Redacted
declare const key: Config.Config<Redacted.Redacted>
declare const provider: Provider.Service
declare const few: "minimax" | "groq"
`

const root = fileURLToPath(new URL("../../", import.meta.url))

/** The first line of each message, by the number of its mistake; what is said of other files is under their name. */
const compile = async (folder: string, settings: object): Promise<ReadonlyMap<string, ReadonlyArray<string>>> => {
  mkdirSync(folder)
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction")
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }')
  const compilerOptions = {
    module: "NodeNext",
    target: "ES2022",
    lib: ["ES2023"],
    types: ["node"],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    customConditions: ["effect-redial-source"],
    paths: { "effect-redial": [join(root, "src/index.ts")] },
    ...settings
  }
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }))
  for (const [number, { code }] of mistakes.entries()) writeFileSync(join(folder, `${number}.ts`), header + code)

  const found = new Map<string, Array<string>>()
  const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc")
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, "-p", folder, "--pretty", "false"], {
    cwd: folder,
    maxBuffer: 1 << 24
  }).catch((failed: { readonly stdout: string }) => failed)
  for (const line of stdout.split("\n")) {
    const [, name, message] = /^(?:(\d+)\.ts|\S+?)\(\d+,\d+\): (error .*)$/.exec(line) ?? []
    if (message !== undefined) found.set(name ?? "others", [...(found.get(name ?? "others") ?? []), message])
  }
  return found
}

const folder = mkdtempSync(join(tmpdir(), "effect-redial-messages-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each([
  ["strict", {}],
  ["strict with exact optional properties", { exactOptionalPropertyTypes: true }]
])("the first line of the compiler's message, %s", (name, settings) => {
  const compiled = compile(join(folder, name), settings)

  it("is about the mistakes alone", async () => {
    assert.deepStrictEqual((await compiled).get("others"), undefined)
  })

  for (const [number, { code, says, what }] of mistakes.entries()) {
    it(what, async () => {
      const [line, ...more] = (await compiled).get(String(number)) ?? []
      assert.match(line ?? `${code} compiles`, says)
      assert.deepStrictEqual(more, [])
    })
  }
})
