/**
 * A newcomer, scripted: in empty folders outside of the checkout, does what the README, the page for beginners and the page
 * on tests say, word by word. Run after the build: `npm run newcomer`, or with the names of
 * managers and of a page: `npm run newcomer -- npm,bun docs/testing.md`.
 *
 * What is published is packed first and stands in for the name of the package; nothing else of a page is changed for npm.
 * The newcomer fails on a command that fails, on output that differs from the page's, and on any warning.
 */
import assert from "node:assert/strict"
import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { blocksOf, commandsOf } from "./pages.mjs"
import { inFolder, pack, root, shell, tool, unlogged } from "./tools.mjs"

/** Warnings that are not ours: a build script of `msgpackr`, which `@effect/platform` brings, and npm's own notices. */
const ofOthers = [/^npm warn install-scripts/, /^npm notice/]

/** Fails on each line of a tool's output that sounds like a warning. */
const quiet = (line, { stderr, stdout }) => {
  const lines = `${stdout}\n${stderr}`.split("\n").filter((text) => /\bwarn|deprecat|^error|\bERR[_!]/i.test(text))
  const ours = lines.filter((text) => !ofOthers.some((known) => known.test(text)))
  assert.deepEqual(ours, [], `${line} warns`)
}

/** How each package manager says what a page says for npm. A page may have its own lines for one, which come first. */
const managers = {
  npm: (line) => line,
  pnpm: (line) => line.replace(/^npm install/, "pnpm add --allow-build=msgpackr-extract"),
  bun: (line) =>
    line
      .replace(/^npm init --yes$/, "bun init --yes --minimal")
      .replace(/^npm install/, "bun add")
      .replace(/^npx tsx/, "bun")
}

const is = (line, name) => line.startsWith(`${name} `)
const isInstall = (line) => /^npm install .*\beffect-redial\b/.test(line)

/** The commands of a page for a manager: those that the page has for it, and else npm's, translated. */
const linesFor = (name, blocks) => {
  const lines = commandsOf(blocks)
  const own = lines.filter((line) => is(line, name))
  if (name !== "npm" && own.length > 0) return [...own, ...lines.filter((line) => is(line, "npx"))]
  return lines.filter((line) => is(line, "npm") || is(line, "npx")).map(managers[name])
}

/** `run` for a folder and a manager: the archive stands in for the name of the package. */
const runner = (cwd, path, archive) => async (line, env) => {
  const ran = await shell(line.replace(/ effect-redial(?= |$)/, ` ${archive}`), {
    cwd,
    env,
    path: path === undefined ? [] : [path]
  })
  quiet(line, ran)
  return ran
}

const tsx = `node --import=${new URL("node_modules/tsx/dist/esm/index.mjs", `file://${root}`).href}`

const install = async (name, run) => {
  await run(managers[name](commandsOf(blocksOf("README.md")).find(isInstall)))
}

/** The README's install line and its first program, whose first attempt drops. */
const readme = async (name, run, folder) => {
  const program = blocksOf("README.md").find(({ language }) => language === "ts")
  await install(name, run)
  writeFileSync(join(folder, "program.mts"), program.code)
  const runs = name === "bun" ? "bun program.mts" : `${tsx} program.mts`
  const ran = await withServer((url) => run(runs, { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: url }))
  assert.deepEqual(unlogged(ran), { stdout: air, stderr: "" })
}

/** The page for beginners: its commands in order, and what it says that they print. */
const gettingStarted = async (name, run, folder) => {
  const blocks = blocksOf("docs/getting-started.md")
  for (const { code, file } of blocks) if (file !== undefined) writeFileSync(join(folder, file), code)
  const [expected] = blocks.filter(({ language }) => language === "")
  let ran
  for (const line of linesFor(name, blocks)) ran = await run(line)
  assert.deepEqual(ran, { stdout: expected.code, stderr: "" })
}

/** The page on tests: the README's install line and its own, each whole program of it, and all of its tests together. */
const testing = async (name, run, folder) => {
  const blocks = blocksOf("docs/testing.md")
  await install(name, run)
  for (const line of linesFor(name, blocks).filter((line) => /(install|add) /.test(line))) await run(line)
  const whole = blocks.filter(({ code, language }) => language === "ts" && /^import .*"effect-redial/m.test(code))
  assert(whole.length > 0, "docs/testing.md shows no program")
  for (const [i, { code, file }] of whole.entries()) {
    const isTest = /from "(@effect\/)?vitest"/.test(code)
    writeFileSync(join(folder, file ?? (isTest ? `page-${i}.test.ts` : `page-${i}.mts`)), code)
    if (!isTest) await run(`${tsx} ${file ?? `page-${i}.mts`}`)
  }
  // As the page says: once with a key, which records, and then with neither a key nor a network.
  await withServer(
    (url) => run("npx vitest run", { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: url, CI: "" }),
    "Rayleigh."
  )
  await run("npx vitest run")
}

const air = "Because air scatters blue light most."

/** Calls `use` with the address of a vendor on this machine, of whose two answers the first drops before any text. */
const withServer = (use, text = air) => {
  const whole = Reply.stream(Wire.answer("anthropic-messages", { text }))
  return FaultServer.make([Reply.cut(whole, { afterEvents: 2 }, "rst"), whole]).pipe(
    Effect.flatMap(({ url }) => Effect.promise(() => use(url))),
    Effect.scoped,
    Effect.runPromise
  )
}

const tasks = { "the README": readme, "docs/getting-started.md": gettingStarted, "docs/testing.md": testing }

await inFolder(async (store) => {
  const archive = pack(store)
  for (const name of process.argv[2]?.split(",") ?? Object.keys(managers)) {
    const bin = name === "npm" ? undefined : tool(name)
    if (name !== "npm" && bin === undefined) {
      console.log(`${name}: skipped, since it could not be installed from the npm registry`)
      continue
    }
    for (const [page, follow] of Object.entries(tasks)) {
      if (process.argv[3] !== undefined && page !== process.argv[3]) continue
      if (page.startsWith("docs/") && !existsSync(join(root, page))) continue
      const before = performance.now()
      await inFolder((folder) => follow(name, runner(folder, bin, archive), folder))
      console.log(`${name.padEnd(4)} ${page}: as written, ${Math.round((performance.now() - before) / 1_000)} s`)
    }
  }
})
