/**
 * What it costs to load each library and to ship it: the time of its import in a fresh process, and its size in a bundle,
 * minified and compressed.
 */
import { execFile } from "node:child_process"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { gzipSync } from "node:zlib"
import { build } from "esbuild"
import { median, round } from "./cpu.js"

export interface Size {
  readonly name: string
  /** Milliseconds of CPU time, above those of an empty program. */
  readonly importMillis: number
  /** What is loaded at once, and all with what is loaded when it is needed. */
  readonly gzipKiB: number
  readonly allGzipKiB: number
}

const here = dirname(fileURLToPath(import.meta.url))

const libraries = (
  peers: string
): ReadonlyArray<{ readonly name: string; readonly from: string; readonly code: string }> => [
  {
    name: "effect-redial",
    from: here,
    code: 'import { Provider, Vendors } from "effect-redial"; keep(Provider.layer, Vendors.anthropic)'
  },
  {
    name: "effect alone",
    from: here,
    code: 'import { Config, Effect, Layer, Schema, Stream } from "effect"; keep(Config.redacted, Effect.gen, Layer.scoped, Schema.Struct, Stream.fromPull)'
  },
  { name: "@anthropic-ai/sdk", from: here, code: 'import Anthropic from "@anthropic-ai/sdk"; keep(Anthropic)' },
  { name: "openai", from: here, code: 'import OpenAI from "openai"; keep(OpenAI)' },
  {
    name: "@effect/ai-anthropic",
    from: peers,
    code: 'import * as AnthropicClient from "@effect/ai-anthropic/AnthropicClient"; import * as Model from "@effect/ai-anthropic/AnthropicLanguageModel"; import * as LanguageModel from "@effect/ai/LanguageModel"; import * as Fetch from "@effect/platform/FetchHttpClient"; keep(AnthropicClient.layer, Model.layer, LanguageModel.streamText, Fetch.layer)'
  },
  {
    name: "ai",
    from: peers,
    code: 'import { streamText } from "ai"; import { createAnthropic } from "@ai-sdk/anthropic"; keep(streamText, createAnthropic)'
  }
]

export const measureSizes = async (peers: string, tell: (text: string) => void): Promise<ReadonlyArray<Size>> => {
  const out: Array<Size> = []
  const empty = await importMillis(here, "keep()")
  for (const { code, from, name } of libraries(peers)) {
    tell(`size: ${name}`)
    out.push({ name, importMillis: round((await importMillis(from, code)) - empty, 0), ...(await bundle(from, code)) })
  }
  return out
}

const importMillis = async (cwd: string, code: string): Promise<number> => {
  const program = `${code}; function keep() { const { user, system } = process.cpuUsage(); process.stdout.write(String((user + system) / 1000)); process.exit() }`
  const times: Array<number> = []
  for (let i = 0; i < 7; i++) {
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], { cwd })
    times.push(Number(stdout))
  }
  return median(times)
}

const bundle = async (resolveDir: string, code: string): Promise<Pick<Size, "gzipKiB" | "allGzipKiB">> => {
  const { metafile, outputFiles } = await build({
    stdin: { contents: `${code}; function keep(...all) { globalThis.kept = all }`, resolveDir },
    outdir: "out",
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    platform: "node",
    write: false,
    metafile: true,
    logLevel: "silent"
  })
  const files = new Map(outputFiles.map(({ contents, path }) => [path, gzipSync(contents).length / 1024]))
  const sizeOf = (file: string): number => [...files].find(([path]) => path.endsWith(file))?.[1] ?? 0
  const entry = Object.keys(metafile.outputs).find((file) => metafile.outputs[file]!.entryPoint !== undefined)!
  const now = new Set<string>()
  const reach = (file: string): void => {
    if (now.has(file) || metafile.outputs[file] === undefined) return
    now.add(file)
    for (const { kind, path } of metafile.outputs[file].imports) if (kind === "import-statement") reach(path)
  }
  reach(entry)
  const sum = (all: Iterable<string>): number => [...all].reduce((total, file) => total + sizeOf(join("/", file)), 0)
  return { gzipKiB: round(sum(now), 0), allGzipKiB: round(sum(Object.keys(metafile.outputs)), 0) }
}
