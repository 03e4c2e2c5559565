/**
 * Every public export says what it is for, since when, and of what category. A type with the name of its schema may leave
 * the words to the schema: editors show both comments together.
 */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { root } from "../support/docs.js"

interface Declared {
  readonly name: string
  readonly doc: string
}

const read = (file: URL): string => readFileSync(file, "utf8")

const sourceOf = (specifier: string, from: URL): URL => new URL(specifier.replace(/\.js$/, ".ts"), from)

/** What a module exports, with the comment above it; the overloads of a function are one. */
const exportsOf = (file: URL): ReadonlyArray<Declared> => {
  const lines = read(file).split("\n")
  const found: Array<Declared> = []
  for (const [i, line] of lines.entries()) {
    const declared = /^export (?:declare |abstract )*(?:const|function|class|interface|type|let|enum) (\w+)/.exec(line)
    if (declared?.[1] !== undefined) {
      const isOverload = line.startsWith("export function") && found.at(-1)?.name === declared[1]
      if (!isOverload) found.push({ name: declared[1], doc: commentAbove(lines, i) })
    }
  }
  for (const [, names = "", specifier = ""] of read(file).matchAll(/^export (?:type )?\{([^}]*)\} from "([^"]+)"/gm)) {
    const there = exportsOf(sourceOf(specifier, file))
    for (const name of names.split(",").map((name) => name.trim().replace(/^type /, ""))) {
      const same = there.filter((other) => other.name === name)
      assert.notStrictEqual(same.length, 0, `${name} of ${specifier} was not found`)
      found.push(...same)
    }
  }
  return found
}

const commentAbove = (lines: ReadonlyArray<string>, at: number): string => {
  if (lines[at - 1]?.startsWith("// biome-ignore ") === true) return commentAbove(lines, at - 1)
  if (lines[at - 1]?.trim().endsWith("*/") !== true) return ""
  const begin = lines.slice(0, at).findLastIndex((line) => line.startsWith("/**"))
  return lines.slice(begin, at).join("\n")
}

const hasWords = (doc: string): boolean => /[a-z]/i.test(doc.replace(/@[\s\S]*/, ""))

const problemsOf = (file: URL): ReadonlyArray<string> => {
  const all = exportsOf(file).filter(({ doc }) => !doc.includes("@internal"))
  return all.flatMap(({ doc, name }) => [
    ...(/@since \d+\.\d+\.\d+\n/.test(doc) ? [] : [`${name} has no @since`]),
    ...(/@category [a-z][a-z ]*\n/.test(doc) ? [] : [`${name} has no @category`]),
    ...(all.some((other) => other.name === name && hasWords(other.doc)) ? [] : [`${name} does not say what it is for`])
  ])
}

describe("the public exports", () => {
  for (const index of ["src/index.ts", "src/testing/index.ts", "src/redis/index.ts"].map(
    (path) => new URL(path, root)
  )) {
    for (const [, name, specifier = ""] of read(index).matchAll(/export \* as (\w+) from "([^"]+)"/g)) {
      const file = sourceOf(specifier, index)
      it(`${name} says what each of its exports is for, since when, and of what category`, () => {
        assert.notStrictEqual(exportsOf(file).length, 0, "nothing was found")
        assert.deepStrictEqual(problemsOf(file), [])
      })
    }
  }

  it("of effect-redial/ai say what they are for, since when, and of what category", () => {
    const file = new URL("src/ai/LanguageModel.ts", root)
    assert.isAbove(exportsOf(file).length, 10)
    assert.deepStrictEqual(problemsOf(file), [])
  })

  it("are each in a module that says why it exists, and since when", () => {
    for (const index of ["src/index.ts", "src/testing/index.ts", "src/redis/index.ts"].map(
      (path) => new URL(path, root)
    )) {
      for (const [, name, specifier = ""] of read(index).matchAll(/export \* as (\w+) from "([^"]+)"/g)) {
        assert.match(
          read(sourceOf(specifier, index)),
          /^\/\*\*\n \* \S[\s\S]*?\n \* @since \d+\.\d+\.\d+\n \*\/\n/,
          name
        )
      }
    }
  })
})
