/**
 * No regular expression of the library can be made slow: each is found in the source, and tried on texts that are made
 * from its own words to have it search for long.
 */
import { readdirSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"

const root = new URL("../src/", import.meta.url)

/** What may stand before a division. Before a regular expression stands anything else. */
const operand = /[\w$)\]"'`]$/

/** The regular expressions of a file, in a walk over its strings and comments. */
const patternsIn = (source: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  let before = ""
  let at = 0
  /** What each open brace belongs to. */
  const braces: Array<"code" | "template"> = []
  const take = (piece: RegExp): string => {
    const sticky = new RegExp(piece.source, "sy")
    sticky.lastIndex = at
    const text = sticky.exec(source)?.[0] ?? ""
    at += text.length
    return text
  }
  while (at < source.length) {
    if (take(/\s+|\/\/[^\n]*|\/\*.*?\*\//) !== "") continue
    const text = take(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[\w$]+/)
    if (text !== "") before = text === "return" ? "" : text
    else if (source[at] === "/" && !operand.test(before)) {
      const literal = take(/\/(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/)
      assert.notStrictEqual(literal, "", `not understood: ${source.slice(at, at + 80)}`)
      found.push(literal)
      before = ")"
    } else {
      const mark = source[at++]!
      const closed = mark === "}" ? braces.pop() : undefined
      if (mark === "{") braces.push("code")
      if (mark === "`" || closed === "template") {
        // The text of a template, up to its end or to the code in it.
        const rest = take(/(?:[^`\\$]|\\.|\$(?!\{))*(?:`|\$\{)/)
        if (rest.endsWith("{")) braces.push("template")
        before = rest.endsWith("{") ? "" : "`"
      } else before = mark
    }
  }
  return found
}

const compile = (literal: string): RegExp => {
  const end = literal.lastIndexOf("/")
  return new RegExp(literal.slice(1, end), literal.slice(end + 1))
}

const LENGTH = 96 * 1024

/** Texts that match its parts over and over, and never the whole. */
function* hard(pattern: RegExp): Generator<string> {
  const { source } = pattern
  const plain = source.replace(/\\[a-zA-Z](?:\{[^}]*\})?/g, "|").replace(/\\(.)/g, "$1")
  const words = new Set(plain.split(/[|()[\]{}?*+.^$]+/).filter((word) => word.length > 0))
  const units = new Set([...plain.replace(/\w/g, ""), "a", "0", " ", "\n", "A", "漢"])
  const repeated = (unit: string): string => unit.repeat(Math.ceil(LENGTH / unit.length))
  for (const unit of units) {
    yield repeated(unit)
    yield `${repeated(unit)}\0`
  }
  for (const word of words) {
    yield repeated(word)
    for (const unit of [" ", "a", "0", "-"]) {
      yield word + repeated(unit)
      yield `${repeated(word + unit)}\0`
    }
  }
}

/** One that takes quadratic time takes seconds for these texts; one that takes linear time, a millisecond. */
const MOST_MILLIS = 75

const millisOf = (pattern: RegExp, text: string): number => {
  let best = Number.POSITIVE_INFINITY
  // Only what is slow every time is slow: something else may have had the processor, for less than a second.
  for (let tries = 0; tries < 4 && best > MOST_MILLIS && !(best > 1_000 && tries > 0); tries++) {
    const start = performance.now()
    if (pattern.global) text.replace(pattern, "")
    else pattern.exec(text)
    best = Math.min(best, performance.now() - start)
  }
  return best
}

const slowOn = (pattern: RegExp): string | undefined => {
  for (const text of hard(pattern)) if (millisOf(pattern, text) > MOST_MILLIS) return text.slice(0, 60)
  return undefined
}

const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"))

describe("the regular expressions of", () => {
  let count = 0
  for (const file of files) {
    const source = readFileSync(new URL(file, root), "utf8")
    const patterns = patternsIn(source)
    count += patterns.length
    if (patterns.length === 0) continue
    it(`${file} take linear time: ${patterns.length}`, () => {
      for (const literal of patterns) assert.strictEqual(slowOn(compile(literal)), undefined, literal)
    })
  }

  it("the library are all found: none is made from a string", () => {
    assert.isAbove(count, 60)
    for (const file of files) assert.notInclude(readFileSync(new URL(file, root), "utf8"), "RegExp(", file)
  })
})

describe("this test", () => {
  for (const pattern of [/input token count.*exceeds/, /a.*b.*c/, /\s+$/]) {
    it(`finds ${pattern} slow`, () => assert.isDefined(slowOn(pattern)))
  }

  it("finds what is a regular expression, and what is not", () => {
    const template = "return /w/.test(`/#{a / /{/}/y/`, /}/)".replace("#", "$")
    const source = `const a = b / c / d // no /x/\nf(/[/"]\\//g, "/y/") /* /z/ */\n${template}`
    assert.deepStrictEqual(patternsIn(source), ['/[/"]\\//g', "/w/", "/{/", "/}/"])
  })
})
