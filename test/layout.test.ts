/**
 * Where a file of the tests belongs: a folder that is named as a room of the source holds suites, `harness` what an npm
 * script runs, and `support` what several files use. What is in `support` is defined there once.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"

const here = fileURLToPath(new URL("./", import.meta.url))

const files = readdirSync(here, { recursive: true, encoding: "utf8" })
  .map((path) => path.split(sep).join("/"))
  .filter((path) => path.endsWith(".ts"))

const isSuite = (path: string): boolean => path.endsWith(".test.ts") || path.endsWith(".types.ts")

/** The declarations at the top of a file, each by its text without white space. */
const declarations = (path: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  let current = ""
  for (const line of readFileSync(join(here, path), "utf8").split("\n")) {
    if (/^(export )?(const|class|function) /.test(line)) {
      found.push(current)
      current = line.replace(/^export /, "")
    } else if (current !== "" && /^([\s)}\]]|$)/.test(line)) current += line
    else {
      found.push(current)
      current = ""
    }
  }
  return [...found, current].map((text) => text.replace(/\s+/g, ""))
}

/** Shorter ones are values that happen to be the same, or a name for a call. */
const LONG = 90

describe("the files of the tests", () => {
  it("are suites, unless they are in support or in harness", () => {
    assert.deepStrictEqual(
      files.filter((path) => !/^(support|harness)\//.test(path) && !isSuite(path)),
      []
    )
  })

  it("have no suite in support or in harness", () => {
    assert.deepStrictEqual(
      files.filter((path) => /^(support|harness)\//.test(path) && isSuite(path)),
      []
    )
  })

  it("define nothing twice", () => {
    const where = new Map<string, Array<string>>()
    for (const path of files) {
      for (const text of declarations(path)) {
        if (text.length > LONG) where.set(text, [...(where.get(text) ?? []), path])
      }
    }
    assert.isAbove(where.size, 300)
    assert.deepStrictEqual(
      [...where].filter(([, paths]) => paths.length > 1),
      []
    )
  })
})
