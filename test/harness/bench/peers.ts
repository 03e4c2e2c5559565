/**
 * The libraries that are compared with and that this package does not depend on: installed in a folder of their own, at
 * fixed versions, by the first run of the bench.
 */
import { execFile } from "node:child_process"
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { clients } from "./processes.js"

export const versions = {
  "@ai-sdk/anthropic": "3.0.139",
  "@effect/ai": "0.37.0",
  "@effect/ai-anthropic": "0.27.0",
  "@effect/experimental": "0.61.0",
  "@effect/platform": "0.97.2",
  "@effect/rpc": "0.76.0",
  // The last line that runs on Node 20.
  ai: "6.0.326",
  effect: "3.22.4",
  zod: "4.1.8"
}

const folder = fileURLToPath(new URL("../../../node_modules/.cache/effect-redial-bench", import.meta.url))

/** Installs what is missing, and gives the folder with a copy of the client programs, which find the peers there. */
export const install = async (): Promise<string> => {
  const manifest = JSON.stringify({ private: true, type: "module", dependencies: versions }, null, 2)
  const installed = join(folder, "installed.json")
  if ((await readFile(installed, "utf8").catch(() => "")) !== manifest) {
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, "package.json"), manifest)
    await promisify(execFile)("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts"], { cwd: folder })
    await writeFile(installed, manifest)
  }
  for (const file of await readdir(clients)) {
    if (file.endsWith(".mjs")) await copyFile(join(clients, file), join(folder, file))
  }
  return folder
}
