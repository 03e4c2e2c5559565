/**
 * The tests on every Node that is supported: `npm run test:nodes`, `-- 20 26` or `-- --only oldest,newest` for some, and
 * `-- --suites client,retry` for a part of the tests.
 * Each Node comes from the npm registry into a cache under node_modules; `npm run test:nodes` must itself be run from
 * the top of the repository, as npm does.
 */
import { execFileSync, spawn } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join, resolve } from "node:path"
import { parseArgs } from "node:util"

/** One per supported line, the oldest first; `engines` in package.json names the first. */
const versions = ["20.20.2", "22.23.3", "24.21.0", "26.10.0"]
const words = { oldest: versions.at(0), newest: versions.at(-1) }

const { positionals, values } = parseArgs({
  options: { only: { type: "string" }, suites: { type: "string" } },
  allowPositionals: true
})

const chosen = (name) => {
  const version = words[name] ?? versions.find((version) => version === name || version.split(".")[0] === name)
  if (version === undefined) {
    console.error(`${JSON.stringify(name)} is none of ${[...Object.keys(words), ...versions].join(", ")}`)
    process.exit(2)
  }
  return version
}
const names = [...positionals, ...(values.only?.split(",") ?? [])]
/** The folders of the tests; none stands for all. */
const suites = (values.suites?.split(",") ?? []).map((name) => `test/${name}/`)
const wanted = names.length === 0 ? versions : [...new Set(names.map(chosen))]

/** The path of a Node, which is installed where it is not there yet. */
const installed = (version) => {
  if (process.version === `v${version}`) return process.execPath
  const name = `node-${process.platform}-${process.arch}`
  const directory = resolve("node_modules/.cache/effect-redial", `node-${version}`)
  const path = join(directory, "node_modules", name, "bin", "node")
  if (!existsSync(path)) {
    // A package.json of its own, or npm would look for one further up and find ours.
    mkdirSync(directory, { recursive: true })
    const options = ["--prefix", directory, "--no-save", "--no-package-lock", "--ignore-scripts", "--loglevel=error"]
    execFileSync("npm", ["install", ...options, `${name}@${version}`], { stdio: ["ignore", "ignore", "inherit"] })
  }
  const says = execFileSync(path, ["--version"], { encoding: "utf8" }).trim()
  if (says !== `v${version}`) throw new Error(`${path} says that it is ${says}`)
  return path
}

/** Runs the tests and gives vitest's own report of them. */
const report = (node, directory) =>
  new Promise((done, failed) => {
    const file = join(directory, "report.json")
    const child = spawn(
      node,
      ["node_modules/vitest/vitest.mjs", "run", ...suites, "--reporter=json", `--outputFile=${file}`],
      {
        // Whatever the tests start by its name is this Node too.
        env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` },
        stdio: ["ignore", "ignore", "pipe"]
      }
    )
    let errors = ""
    child.stderr.on("data", (text) => {
      errors = (errors + text).slice(-4_000)
    })
    child.on("error", failed)
    child.on("close", (code) => {
      if (existsSync(file)) done({ ...JSON.parse(readFileSync(file, "utf8")), code, errors })
      else failed(new Error(`vitest ended with ${code} and no report\n${errors}`))
    })
  })

/** What went wrong, test by test; a file that could not be loaded is one of these. */
const failuresOf = ({ testResults }) =>
  testResults.flatMap(({ assertionResults, message, name, status }) => {
    const failed = assertionResults.filter((test) => test.status === "failed")
    if (failed.length === 0) return status === "failed" ? [`${name}\n${message}`] : []
    return failed.map(({ failureMessages, fullName }) => `${name}: ${fullName}\n${failureMessages.join("\n")}`)
  })

const test = async (version) => {
  const directory = mkdtempSync(join(tmpdir(), "effect-redial-nodes-"))
  const before = performance.now()
  try {
    const result = await report(installed(version), directory)
    const { numFailedTests: failed, numPassedTests: passed, numTotalTests: total } = result
    const seconds = Math.round((performance.now() - before) / 1_000)
    console.log(
      `node ${version.padEnd(9)} ${passed} passed, ${failed} failed, ${total - passed - failed} skipped, ${seconds} s`
    )
    for (const failure of failuresOf(result)) console.log(`\n${failure}\n`)
    if (result.code !== 0 && failed === 0) console.log(result.errors)
    return result.code === 0 && result.success && passed > 0
  } catch (error) {
    console.log(`node ${version.padEnd(9)} could not be tested: ${error.message}`)
    return false
  } finally {
    rmSync(directory, { recursive: true })
  }
}

for (const version of wanted) if (!(await test(version))) process.exitCode = 1
