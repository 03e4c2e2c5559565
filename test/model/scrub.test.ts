/**
 * The scrubber against a reference that is too slow to use: whatever the key and the text, no key comes out.
 */
import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { publicLength } from "../../src/model/internal/publicKeys.js"
import { scrubber } from "../../src/model/internal/scrub.js"

/** The shortest beginning of a key that counts. */
const leastOf = (form: string): number => Math.min(form.length, Math.max(8, publicLength(form) + 4))

const matchAt = (form: string, text: string, from: number): number => {
  let length = 0
  while (length < form.length && from + length < text.length && text[from + length] === form[length]) length++
  return length
}

/** Marks every character of every beginning, then writes one mark for each run of them. */
const reference = (key: string, text: string): string => {
  const hidden = new Array<boolean>(text.length).fill(false)
  for (const form of [key, encodeURIComponent(key)]) {
    for (let from = 0; from < text.length; from++) {
      const length = matchAt(form, text, from)
      if (length >= leastOf(form)) hidden.fill(true, from, from + length)
    }
  }
  const mark = key.includes("[") || key.includes("]") || key.startsWith("redacted") ? "•••" : "[redacted]"
  let out = ""
  for (let at = 0; at < text.length; at++) {
    if (!hidden[at]) out += text[at]
    else if (!hidden[at - 1]) out += mark
  }
  return out
}

/** Two letters only, so that beginnings repeat and overlap; or any characters that a key may have. */
const letters = FastCheck.constantFrom("a", "b")
const printable = FastCheck.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code))
const pieces = FastCheck.constantFrom("sk-proj-", "sk-ant-api03-", "redacted", "[redacted]", "a", "ab", "]", "/", "%2F")
const keyOf = (unit: FastCheck.Arbitrary<string>) =>
  FastCheck.array(unit, { minLength: 1, maxLength: 30 })
    .map((units) => units.join(""))
    .filter((key) => key.length >= 8)
const key = FastCheck.oneof(keyOf(letters), keyOf(printable), keyOf(pieces))

/** Beginnings of the key, whole keys, and what is between them. */
const keyAndText = key.chain((key) => {
  const forms = [key, encodeURIComponent(key)]
  const beginning = FastCheck.tuple(
    FastCheck.constantFrom(...forms),
    FastCheck.nat(encodeURIComponent(key).length)
  ).map(([form, length]) => form.slice(0, length))
  const piece = FastCheck.oneof(beginning, letters, pieces, FastCheck.string({ maxLength: 5 }))
  return FastCheck.tuple(
    FastCheck.constant(key),
    FastCheck.array(piece, { maxLength: 20 }).map((all) => all.join(""))
  )
})

const assertHidden = (key: string, text: string): void => {
  for (const form of [key, encodeURIComponent(key)]) {
    for (let from = 0; from < text.length; from++) assert.isBelow(matchAt(form, text, from), leastOf(form), text)
  }
}

describe("a scrubber", () => {
  const check = (property: (key: string, text: string) => void, numRuns = 5_000) =>
    FastCheck.assert(
      FastCheck.property(keyAndText, ([key, text]) => property(key, text)),
      { numRuns }
    )

  it("gives what the reference gives", () =>
    check((key, text) => assert.strictEqual(scrubber(key)(text), reference(key, text))))

  it("leaves neither the key nor a beginning of it", () => check((key, text) => assertHidden(key, scrubber(key)(text))))

  it("changes nothing the second time", () =>
    check((key, text) => {
      const clean = scrubber(key)(text)
      assert.strictEqual(scrubber(key)(clean), clean)
    }))

  it("does the same within objects, arrays and errors, for names too", () =>
    check((key, text) => {
      const scrub = scrubber(key)
      const expected = reference(key, text)
      const cause = Object.assign(new Error("below", { cause: text }), { code: text })
      const value = { [`n${text}`]: [{ text }, 1, null, true], error: new Error("above", { cause }) }
      const clean = scrub(value)
      assert.deepStrictEqual(Object.entries(clean)[0]?.[1], [{ text: expected }, 1, null, true])
      assert.strictEqual(Object.keys(clean)[0], reference(key, `n${text}`))
      const below = clean.error.cause
      assert(below instanceof Error && "code" in below)
      assert.deepStrictEqual([below.cause, below.code], [expected, expected])
      assert.strictEqual(scrub(clean), clean)
    }, 500))

  it("gives the same value back where no key is in it", () => {
    const scrub = scrubber("sk-proj-0123456789")
    const error = Object.assign(new Error("m", { cause: new Error("c") }), { code: "E", port: 443, address: null })
    for (const value of [
      "text",
      "sk-proj-",
      "sk-proj-YOURS",
      7,
      undefined,
      null,
      error,
      new Uint8Array(20_000),
      [1, { a: { b: ["x"] } }],
      JSON.parse('{"__proto__":{"a":1}}')
    ]) {
      assert.strictEqual(scrub(value), value)
    }
  })

  it("finds the key wherever an error keeps it", () => {
    const key = "Zq8Xw2Vn5Rt7Yp3L"
    const several = new AggregateError([new Error(key)], "m")
    const renamed = new Error("m")
    renamed.name = key
    const stacked = new Error(key)
    assert.include(stacked.stack, key)
    stacked.message = "m"
    for (const error of [several, renamed, stacked, Object.assign(new Error("m"), { headers: { a: key } })]) {
      const clean = scrubber(key)(error)
      assert.notStrictEqual(clean, error)
      for (const name of Object.getOwnPropertyNames(clean)) assert.notInclude(String(Reflect.get(clean, name)), key)
      assert.strictEqual(clean.message, "m")
    }
  })

  it("keeps a name that is __proto__", () => {
    const clean = scrubber("Zq8Xw2Vn5Rt7Yp3L")(JSON.parse('{"__proto__":"Zq8Xw2Vn5Rt7Yp3L"}'))
    assert.deepStrictEqual(Object.entries(clean), [["__proto__", "[redacted]"]])
  })
})

describe("what everybody knows", () => {
  for (const [key, text] of [
    ["sk-proj-0123456789abcdef", "keys begin with sk-proj- and sk-proj-012"],
    ["sk-ant-api03-AbCdEfGhIjKl", "use sk-ant-api03-YOURS or sk-ant-api03-AbC"],
    ["lm-studio", "lm-studio could not load the model"],
    ["token-abc123", "token-abc123"],
    ["ollama", "ollama"]
  ] as const) {
    it(`is not hidden: ${text}`, () => assert.strictEqual(scrubber(key)(text), text))
  }

  for (const [key, text, expected] of [
    ["sk-proj-0123456789abcdef", "sk-proj-0123", "[redacted]"],
    ["sk-ant-api03-AbCdEfGhIjKl", "is sk-ant-api03-AbCdE?", "is [redacted]E?".replace("E", "")],
    ["sk-0123456789abcdef", "sk-01234", "[redacted]"],
    // The second beginning starts within the first one.
    ["abababab-secret", "abababababab-secret", "[redacted]"],
    // A mark that could become a part of the key.
    ["x[redacted]yyyy", "xx[redacted]yyyyyyyy", "x•••yyyy"]
  ] as const) {
    it(`is no more than that: ${text}`, () => assert.strictEqual(scrubber(key)(text), expected))
  }
})

describe("however much there is, a scrubber", () => {
  const key = "Zq8Xw2Vn5Rt7Yp3Lk6Jh4Gf1"
  const scrub = scrubber(key)
  const size = (value: unknown): number => JSON.stringify(value).length

  it("shows the beginning of a text, and no piece of a key where it is cut", () => {
    for (let cut = 1; cut < key.length; cut++) {
      const clean = scrub(`${"x".repeat(64 * 1024 - cut)}${key}${"y".repeat(400_000)}`)
      assert.isAtMost(clean.length, 64 * 1024)
      assertHidden(key, clean.slice(-100))
      assert.strictEqual(scrub(clean), clean)
    }
  })

  it("cuts no character in half", () => {
    const clean = scrub(`x${"🌍".repeat(100_000)}`)
    assert.isAtLeast(clean.length, 64 * 1024 - 1)
    assert.notMatch(clean, /[\ud800-\udbff]$/)
  })

  const cyclic: Array<unknown> = []
  cyclic.push(cyclic, cyclic)
  for (const [what, value] of Object.entries({
    "an array": Array.from({ length: 1_000_000 }, () => key),
    "an object": Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`name${i}`, key])),
    "long texts": Array.from({ length: 100 }, () => key.repeat(3_000)),
    "many arrays": Array.from({ length: 1_000 }, () => Array.from({ length: 1_000 }, () => [key])),
    "what has itself in it": cyclic
  })) {
    it(`looks at a part of ${what} only`, () => {
      const clean = scrub(value)
      assert.isBelow(size(clean), 2_000_000)
      assert.notInclude(JSON.stringify(clean), key)
      assert.include(JSON.stringify(clean), "[too ")
      assert.strictEqual(scrub(clean), clean)
    })
  }

  it("goes no deeper than a function can", () => {
    let value: unknown = key
    for (let i = 0; i < 10_000; i++) value = [value]
    assert.include(JSON.stringify(scrub(value)), "[too deep]")
  })
})
