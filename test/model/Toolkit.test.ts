import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Either, Schema } from "effect"
import { AnthropicMessages, ModelResponse, Tool, Toolkit } from "effect-redial"
import { calls } from "../support/model/response.js"
import { weather } from "../support/tools.js"

const add = Tool.make("add", { description: "Adds", parameters: Schema.Struct({ a: Schema.Number, b: Schema.Number }) })
const now = Tool.make("now")
const raw = Tool.make("raw", { parameters: { type: "object", properties: { x: { type: "string" } } } })
const toolkit = Toolkit.make(weather, add, now, raw)

describe("Tool", () => {
  it("writes a Struct as an object of JSON Schema, without the draft's address", () => {
    assert.deepStrictEqual(add.parameters, {
      type: "object",
      required: ["a", "b"],
      properties: { a: { type: "number" }, b: { type: "number" } },
      additionalProperties: false
    })
  })

  it("keeps a JSON Schema document as it is, and without parameters takes an empty object", () => {
    assert.deepStrictEqual(raw.parameters, { type: "object", properties: { x: { type: "string" } } })
    assert.deepStrictEqual(now.parameters, { type: "object", properties: {} })
    assert.deepStrictEqual(Tool.make("t", { parameters: Schema.Struct({}) }).parameters, now.parameters)
  })

  it("writes fields as the Struct of them, whatever they are named", () => {
    const fields = { type: Schema.String, properties: Schema.optional(Schema.Number) }
    assert.deepStrictEqual(
      Tool.make("t", { parameters: fields }).parameters,
      Tool.make("t", { parameters: Schema.Struct(fields) }).parameters
    )
  })

  it.effect("decodes the arguments by its fields", () =>
    Effect.gen(function* () {
      const { decode } = Tool.make("t", {
        parameters: { on: Schema.DateFromString, days: Schema.optional(Schema.Int) }
      })
      assert.deepStrictEqual(yield* decode({ on: "2026-01-02" }), { on: new Date("2026-01-02") })
      const error = yield* Effect.flip(decode({ on: 1, days: 0.5 }))
      assert.match(error.message, /"on"[\s\S]*"days"/)
    })
  )

  it.effect("takes nothing with an empty object, as without parameters", () =>
    Effect.gen(function* () {
      const { decode, parameters } = Tool.make("t", { parameters: {} })
      assert.deepStrictEqual(parameters, now.parameters)
      assert.deepStrictEqual(yield* decode({ x: 1 }), {})
    })
  )

  // Programs without types, and types that know too little.
  const unclear: ReadonlyArray<readonly [what: string, parameters: unknown, problem: RegExp]> = [
    ["fields that are no Schemas", { city: "string" }, /neither Schemas nor JSON Schema/],
    ["Schemas among a document's words", { type: "object", city: Schema.String }, /mix Schemas/],
    ["Schemas in a document", { type: "object", properties: { city: Schema.String } }, /mix Schemas/],
    ["a field that is no Schema", { city: Schema.String, days: "number" }, /mix Schemas/],
    ["a word", "city", /are not an object/],
    ["a list", [Schema.String], /are not an object/],
    ["null", null, /are not an object/]
  ]
  for (const [what, parameters, problem] of unclear) {
    it(`is not made with ${what} as parameters`, () => {
      const make = Tool.make as (name: string, options: { readonly parameters: unknown }) => unknown
      assert.throws(() => make("weather", { parameters }), TypeError, problem)
      assert.throws(() => make("weather", { parameters }), TypeError, /the tool "weather"/)
    })
  }

  const documents: ReadonlyArray<Tool.JsonSchema> = [
    { $ref: "#/$defs/a", $defs: {} },
    { anyOf: [] },
    { properties: null },
    { required: ["a"] }
  ]
  for (const document of documents) {
    it(`takes ${JSON.stringify(document)} for a document`, () => {
      assert.strictEqual(Tool.make("t", { parameters: document }).parameters, document)
    })
  }

  it("puts a schema with an identifier at the root itself, and keeps the definitions that are referred to", () => {
    class Place extends Schema.Class<Place>("a/place~")({ city: Schema.String, floor: Schema.Int }) {}
    const { $defs, ...root } = Tool.make("t", { parameters: Place }).parameters
    assert.strictEqual(root.type, "object")
    assert.deepStrictEqual(root.required, ["city", "floor"])
    assert(typeof $defs === "object" && $defs !== null)
    assert.deepStrictEqual(Object.keys($defs), ["Int"])
  })

  it("keeps the definition of a recursive schema", () => {
    interface Tree {
      readonly below: ReadonlyArray<Tree>
    }
    const Tree = Schema.Struct({ below: Schema.Array(Schema.suspend((): Schema.Schema<Tree> => Tree)) }).annotations({
      identifier: "Tree"
    })
    const below = { type: "array", items: { $ref: "#/$defs/Tree" } }
    const tree = { type: "object", required: ["below"], properties: { below }, additionalProperties: false }
    assert.deepStrictEqual(Tool.make("t", { parameters: Tree }).parameters, { ...tree, $defs: { Tree: tree } })
  })
})

describe("Toolkit", () => {
  it("has its tools for the request, in order", () => {
    assert.deepStrictEqual(
      toolkit.tools.map(({ name }) => name),
      ["weather", "add", "now", "raw"]
    )
  })

  it.effect("gives the calls of a vendor's tool as they came, among others", () =>
    Effect.gen(function* () {
      const bash = AnthropicMessages.tool({ type: "bash_20250124", name: "bash" })
      const decoded = yield* Toolkit.make(bash, add).decode(
        calls(["1", "bash", { command: "ls" }], ["2", "add", { a: 1, b: 2 }])
      )
      assert.deepStrictEqual(
        decoded.map(({ arguments: args, name }) => [name, args]),
        [
          ["bash", { command: "ls" }],
          ["add", { a: 1, b: 2 }]
        ]
      )
      const [wrong] = yield* Toolkit.make(bash).decodeEach(calls(["1", "sh", {}]))
      assert(wrong !== undefined && Either.isLeft(wrong))
      assert.include(wrong.left.message, "there are bash")
    })
  )

  it.effect("decodes all calls in order, each by its own Schema", () =>
    Effect.gen(function* () {
      const decoded = yield* toolkit.decode(
        calls(
          ["1", "add", { a: 1, b: 2, extra: true }],
          ["2", "weather", { city: "Oslo", on: "2026-01-02T00:00:00.000Z" }],
          ["3", "now", { anything: 1 }],
          ["4", "raw", { x: 1 }],
          ["5", "add", { a: 3, b: 4 }]
        )
      )
      assert.deepStrictEqual(decoded, [
        { id: "1", name: "add", arguments: { a: 1, b: 2 } },
        { id: "2", name: "weather", arguments: { city: "Oslo", on: new Date("2026-01-02T00:00:00.000Z") } },
        { id: "3", name: "now", arguments: {} },
        { id: "4", name: "raw", arguments: { x: 1 } },
        { id: "5", name: "add", arguments: { a: 3, b: 4 } }
      ])
    })
  )

  it.effect("says of arguments that do not fit which call they are of, and everything that is wrong", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(toolkit.decode(calls(["1", "now", {}], ["2", "add", { a: "one" }])))
      assert(error instanceof Toolkit.InvalidToolArguments)
      assert.deepStrictEqual(
        [error._tag, error.id, error.tool, error.reason],
        ["InvalidToolArguments", "2", "add", "arguments"]
      )
      assert.deepStrictEqual(error.arguments, { a: "one" })
      assert.include(error.problem, `Expected number, actual "one"`)
      assert.include(error.problem, `["b"]`)
      assert.include(error.message, `The arguments of the tool "add" do not fit`)
    })
  )

  it.effect("says of a tool that there is not which ones there are", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(toolkit.decode(calls(["1", "toString", { a: 1 }])))
      assert.deepStrictEqual([error.id, error.tool, error.reason], ["1", "toString", "unknown-tool"])
      assert.strictEqual(error.message, `There is no tool "toString": there are weather, add, now, raw.`)
      const alone = yield* Effect.flip(Toolkit.make().decode(calls(["1", "add", {}])))
      assert.include(alone.message, "there are none")
    })
  )

  it.effect("decodes each call by itself, where one that does not fit is to be answered like the others", () =>
    Effect.gen(function* () {
      const each = yield* toolkit.decodeEach(
        calls(["1", "add", { a: 1 }], ["2", "add", { a: 1, b: 2 }], ["3", "no", {}])
      )
      assert.deepStrictEqual(
        each.map(Either.match({ onLeft: (error) => `${error.id} ${error.reason}`, onRight: (call) => call.name })),
        ["1 arguments", "add", "3 unknown-tool"]
      )
    })
  )

  it.effect("never sees a call that was cut", () =>
    Effect.gen(function* () {
      const cut = ModelResponse.make({
        incompleteToolCalls: [{ id: "1", name: "add", json: `{"a": 1` }],
        finishReason: { reason: "length" }
      })
      assert.deepStrictEqual(yield* toolkit.decode(cut), [])
      assert.deepStrictEqual(yield* toolkit.decodeEach(cut), [])
    })
  )

  it.effect("gives a Schema what it requires", () =>
    Effect.gen(function* () {
      class Cities extends Context.Tag("Cities")<Cities, ReadonlyArray<string>>() {}
      const Known = Schema.String.pipe(
        Schema.filterEffect((city) => Effect.map(Cities, (cities) => cities.includes(city) || `${city} is unknown`))
      )
      const visit = Tool.make("visit", { parameters: Schema.Struct({ city: Known }) })
      const decode = (city: string) =>
        Toolkit.make(visit, add)
          .decode(calls(["1", "visit", { city }]))
          .pipe(Effect.provideService(Cities, ["Oslo"]))
      assert.deepStrictEqual(yield* decode("Oslo"), [{ id: "1", name: "visit", arguments: { city: "Oslo" } }])
      assert.include((yield* Effect.flip(decode("Atlantis"))).problem, "Atlantis is unknown")
    })
  )

  it.effect("cuts a problem that is as long as the arguments, never through a character", () =>
    Effect.gen(function* () {
      for (const before of ["", "x"]) {
        const a = before + "\u{1f600}".repeat(100_000)
        const { problem } = yield* Effect.flip(toolkit.decode(calls(["1", "add", { a, b: 1 }])))
        assert(problem.length < 5_000)
        assert.isString(encodeURIComponent(problem), "throws on half a character")
      }
    })
  )

  it.effect("has an error that can be stored and read back", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(toolkit.decode(calls(["1", "add", { a: "one" }])))
      const stored = yield* Schema.encode(Toolkit.InvalidToolArguments)(error)
      const again = yield* Schema.decode(Toolkit.InvalidToolArguments)(JSON.parse(JSON.stringify(stored)))
      assert.strictEqual(again.message, error.message)
    })
  )
})
