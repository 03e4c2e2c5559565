/**
 * A newcomer, scripted: in empty folders outside of the checkout, does what the README, the page for beginners and the page
 * on tests say, word by word. Run after the build: `npm run newcomer`.
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
import { inFolder, pack, root, shell, tool } from "./tools.mjs"

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

/** The README's install line and its first program, whose first attempt drops. */
const readme = async (name, run, folder) => {
  const blocks = blocksOf("README.md")
  const install = commandsOf(blocks).find(isInstall)
  const program = blocks.find(({ language }) => language === "ts")
  await run(managers[name](install))
  writeFileSync(join(folder, "program.mts"), program.code)
  const runs = name === "bun" ? "bun program.mts" : `${tsx} program.mts`
  const ran = await withServer((url) => run(runs, { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: url }))
  assert.deepEqual(ran, { stdout: text, stderr: "" })
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

/** The page on tests: its install line, each whole program of it, and all of its tests together. */
const testing = async (name, run, folder) => {
  const blocks = blocksOf("docs/testing.md")
  for (const line of linesFor(name, blocks).filter((line) => /(install|add) /.test(line))) await run(line)
  const whole = blocks.filter(({ code, language }) => language === "ts" && /^import .*"effect-redial/m.test(code))
  assert(whole.length > 0, "docs/testing.md shows no program")
  let tests = 0
  for (const [i, { code, file }] of whole.entries()) {
    const isTest = /from "(@effect\/)?vitest"/.test(code)
    if (isTest) tests++
    writeFileSync(join(folder, file ?? (isTest ? `page-${i}.test.ts` : `page-${i}.mts`)), code)
    if (!isTest) await run(`${tsx} ${file ?? `page-${i}.mts`}`)
  }
  if (tests > 0) await run("npx vitest run")
}

const text = "Because air scatters blue light most."

/** Calls `use` with the address of a vendor on this machine, of whose two answers the first drops before any text. */
const withServer = (use) => {
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
      if (page.startsWith("docs/") && !existsSync(join(root, page))) continue
      const before = performance.now()
      await inFolder((folder) => follow(name, runner(folder, bin, archive), folder))
      console.log(`${name.padEnd(4)} ${page}: as written, ${Math.round((performance.now() - before) / 1_000)} s`)
    }
  }
})
