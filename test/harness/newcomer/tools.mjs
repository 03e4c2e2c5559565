/**
 * What the newcomer and the runtimes are run with: the package as it would be published, the tools of others, and programs
 * in folders that know nothing of this checkout.
 */
import { execFile, execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

export const root = fileURLToPath(new URL("../../../", import.meta.url))

/** Tools from the npm registry, each in a version that was tried. */
const versions = { pnpm: "12.4.2", bun: "1.4.4", deno: "2.9.6", typedoc: "0.28.20" }

/** As in a terminal of the user's: what `npm run` and this process were told is left out. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^npm_|^(INIT_CWD|NODE_OPTIONS|NODE_ENV)$/i.test(name))
)

/** Packs the package into a folder, and gives the path of the archive. */
export const pack = (directory) => {
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", directory]
  const [{ filename }] = JSON.parse(execFileSync("npm", args, { cwd: root, encoding: "utf8" }))
  return join(directory, filename)
}

/** Calls `use` with an empty folder outside of the checkout, which is removed afterwards. */
export const inFolder = async (use) => {
  const folder = mkdtempSync(join(tmpdir(), "effect-redial-newcomer-"))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The folder of a tool's command, installed where it is not there yet; undefined where it cannot be had. */
export const tool = (name) => {
  const directory = join(root, "node_modules/.cache/effect-redial", `${name}-${versions[name]}`)
  const bin = join(directory, "node_modules/.bin")
  if (!existsSync(join(bin, name))) {
    mkdirSync(directory, { recursive: true })
    const options = ["--prefix", directory, "--no-save", "--no-package-lock", "--loglevel=error"]
    const { status } = spawnSync("npm", ["install", ...options, `${name}@${versions[name]}`], { env: environment })
    if (status !== 0) return undefined
  }
  return spawnSync(join(bin, name), ["--version"], { env: environment }).status === 0 ? bin : undefined
}

/**
 * Runs a command line of a page in a folder. `path` holds folders whose commands are found first. Gives what it printed, or
 * fails with an error that shows all of it.
 */
export const shell = async (line, { cwd, env = {}, path = [], timeout = 120_000 }) => {
  const PATH = [...path, dirname(process.execPath), environment.PATH].join(delimiter)
  const options = { cwd, env: { ...environment, ...env, PATH, NO_COLOR: "1" }, timeout }
  try {
    return await promisify(execFile)("sh", ["-c", line], options)
  } catch ({ code, signal, stderr, stdout }) {
    throw new Error(`${line}\nended with ${signal ?? code}\n${stdout}${stderr}`)
  }
}

/** The output of a program without the line that says that a stream redials, which Effect writes to standard output. */
export const unlogged = ({ stderr, stdout }) => ({
  stderr,
  stdout: stdout.replaceAll(/timestamp=\S+ level=INFO fiber=\S+ message="Redialling .*\n/g, "")
})
