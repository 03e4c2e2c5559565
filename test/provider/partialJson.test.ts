/**
 * What is shown of JSON while it is written: however the text is cut, what is shown stays, and the end is the same.
 */
import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { JsonText, readJson } from "../../src/provider/internal/object/jsonText.js"
import { PartialJson } from "../../src/provider/internal/object/partialJson.js"

/** All views that a text gives in these pieces. */
const views = async (pieces: ReadonlyArray<string>): Promise<ReadonlyArray<unknown>> => {
  const json = new PartialJson()
  const shown: Array<unknown> = []
  for (const piece of pieces) {
    await json.push(piece)
    const view = json.view()
    if (view !== undefined) shown.push(view.value)
  }
  return shown
}

/** Whether a later value may still come of an earlier one: only the innermost end may grow. */
const grows = (before: unknown, after: unknown, isLast = true): boolean => {
  if (typeof before === "string")
    return typeof after === "string" && (isLast ? after.startsWith(before) : after === before)
  if (Array.isArray(before)) {
    if (!Array.isArray(after) || after.length < before.length) return false
    return before.every((one, at) => grows(one, after[at], isLast && at === before.length - 1))
  }
  if (typeof before !== "object" || before === null) return Object.is(before, after)
  if (typeof after !== "object" || after === null || Array.isArray(after)) return false
  const keys = Object.keys(before)
  // Keys that look like numbers come first, whenever they were written.
  return keys.every(
    (key) => Object.hasOwn(after, key) && grows(Reflect.get(before, key), Reflect.get(after, key), isLast)
  )
}

const hasHalf = (value: unknown): boolean =>
  typeof value === "string"
    ? /[\ud800-\udbff]$/.test(value)
    : typeof value === "object" && value !== null && Object.values(value).some(hasHalf)

const holds = async (pieces: ReadonlyArray<string>) => {
  const text = pieces.join("")
  const whole: unknown = JSON.parse(text)
  const shown = await views(pieces)
  for (const [at, view] of shown.entries()) {
    const later = at + 1 < shown.length ? shown[at + 1] : whole
    assert(grows(view, later), `${JSON.stringify(view)} became ${JSON.stringify(later)}`)
    assert(grows(view, whole), `${JSON.stringify(view)} is contradicted by ${text}`)
    assert(!hasHalf(view), `${JSON.stringify(view)} ends in half a character`)
  }
  return shown
}

const texts = [
  `{"a": 123, "b": -1.5e3, "c": true, "d": null, "e": false}`,
  `{"s": "tab\\t quote\\" slash\\\\ \\u00e9 \\ud83d\\ude00 😀 end", "é": ["x", "yy", ""]}`,
  `  {"list": [[], [1, [2, [3]]], {}, {"k": [{"z": 0}]}], "n": 0}  \n`,
  `{"__proto__": {"a": 1}, "constructor": {"prototype": 2}, "10": "ten", "9": "nine"}`,
  `{"a\\ud83d\\ude00b": "\\\\ud83d", "t": "\\u005c"}`
]

describe("JSON while it is written", () => {
  for (const text of texts) {
    it(`shows what is certain of ${text.trim().slice(0, 30)} at every cut`, async () => {
      const whole: unknown = JSON.parse(text)
      for (let at = 0; at <= text.length; at++) {
        const shown = await holds([text.slice(0, at), text.slice(at)])
        assert.deepStrictEqual(shown.at(-1), whole)
      }
      assert.deepStrictEqual((await holds(text.split(""))).at(-1), whole)
      assert.deepStrictEqual((await holds([...text])).at(-1), whole)
    })
  }

  it("holds for any JSON in any pieces", { timeout: 60_000 }, async () => {
    const cut = fc.tuple(
      fc.oneof(fc.object({ withNullPrototype: false }), fc.dictionary(fc.string(), fc.jsonValue())),
      fc.array(fc.nat({ max: 12 }))
    )
    await fc.assert(
      fc.asyncProperty(cut, async ([value, sizes]) => {
        const text = JSON.stringify(value) ?? "{}"
        const pieces: Array<string> = []
        let from = 0
        for (const size of sizes) {
          pieces.push(text.slice(from, from + size))
          from += size
        }
        await holds([...pieces, text.slice(from)])
      }),
      { numRuns: 300 }
    )
  })

  it("shows no part of a number, a literal, an escape or a key", async () => {
    assert.deepStrictEqual(await views([`{"a":12`, `3`, `,"b":tru`, `e,"c":"x\\`, `n","lon`, `g":1}`]), [
      {},
      { a: 123 },
      { a: 123, b: true, c: "x" },
      { a: 123, b: true, c: "x\n" },
      { a: 123, b: true, c: "x\n", long: 1 }
    ])
  })

  it("shares what is whole, and never changes what it showed", async () => {
    const json = new PartialJson()
    await json.push(`{"a":[{"x":1}],"b":{"c":"d`)
    const first = json.view()?.value as { readonly a: unknown; readonly b: { readonly c: string } }
    const copy = structuredClone(first)
    await json.push(`e","f":2},"g":3}`)
    const second = json.view()?.value as typeof first
    assert.deepStrictEqual(first, copy)
    assert.strictEqual(first.a, second.a)
    assert.deepStrictEqual<unknown>(second, { a: [{ x: 1 }], b: { c: "de", f: 2 }, g: 3 })
  })

  it("ends with the last view where the text is no JSON", async () => {
    assert.deepStrictEqual(await views([`{"a":1,`, `nonsense`, `,"b":2}`]), [{ a: 1 }])
    assert.deepStrictEqual(await views([`{"a":1}`, ` trailing`]), [{ a: 1 }])
  })

  const hostile: Readonly<Record<string, ReadonlyArray<string>>> = {
    "a number without an end": [`{"a":`, ...Array<string>(200_000).fill("1")],
    "a list of 200,000 numbers, one by one": [`{"a":[`, ...Array<string>(200_000).fill("1,")],
    "an object of 50,000 fields": [`{`, ...Array.from({ length: 50_000 }, (_, i) => `"f${i}":"x",`)],
    "a string of 400,000 characters": [`{"a":"`, ...Array<string>(400_000).fill("x")],
    "a depth of 100,000, one by one": [`{"a":`, ...Array<string>(100_000).fill("[")],
    "a depth of 1,000,000 at once": [`{"a":${"[".repeat(1_000_000)}`],
    "white space": [`{"a":`, ...Array<string>(200_000).fill(" ")],
    "a literal without an end": [`{"a":`, ...Array<string>(100_000).fill("t")],
    "half characters": [`{"a":"`, ...Array<string>(100_000).fill("\ud83d")],
    "a key without an end": [`{"`, ...Array<string>(200_000).fill("k")]
  }
  for (const [name, pieces] of Object.entries(hostile)) {
    it(`takes ${name} in time`, { timeout: 5_000 }, async () => {
      await views(pieces)
    })
  }
})

describe("the JSON in a text", () => {
  const block = '```json\n{"a": "```",\n  "b": [1]}\n```'
  const found: ReadonlyArray<readonly [text: string, json: unknown]> = [
    [`{"a":1}`, { a: 1 }],
    [` \n{"a":1}\n`, { a: 1 }],
    [`\ufeff{"a":1}`, { a: 1 }],
    [block, { a: "```", b: [1] }],
    [`Here it is:\n\n${block}\n\nAnything else?`, { a: "```", b: [1] }],
    ['```\n{"a":1}\n```', { a: 1 }],
    ['A `word`, then\n  ```JSON  \n  {"a":1}\n  ```', { a: 1 }],
    [`[1]`, [1]]
  ]
  for (const [text, json] of found) {
    it(`is found in ${JSON.stringify(text.slice(0, 40))}, and shown at every cut`, async () => {
      assert.deepStrictEqual(readJson(text), { json })
      for (let at = 0; at <= text.length && text !== "[1]"; at++) {
        for (const pieces of [[text.slice(0, at), text.slice(at)], text.split("")]) {
          const inside = new JsonText()
          const written = pieces.map((piece) => inside.next(piece))
          assert.deepStrictEqual((await holds(written)).at(-1), json)
        }
      }
    })
  }
  const notFound = [
    `${block}\n${block}`,
    '{"a":1} and ```json\n{"a":2}\n```',
    '{"a":1}\n```json\n{"a":2}\n```',
    '```ts\n{"a":1}\n```',
    '```json\n{"a":1}',
    'Words {"a":1}',
    '{"a":1}{"a":2}',
    ""
  ]
  for (const text of notFound) {
    it(`is not guessed in ${JSON.stringify(text)}`, () => assert.property(readJson(text), "issue"))
  }

  it("takes time in proportion to the text", { timeout: 5_000 }, () => {
    for (const piece of [" ", "`", "\n", "\n```", "a", "``` "]) {
      const inside = new JsonText()
      for (let i = 0; i < 300_000; i++) inside.next(piece)
      readJson(piece.repeat(300_000))
    }
  })
})
