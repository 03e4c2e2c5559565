/**
 * The schemas of structured output as they are sent, for many Effect Schemas: each obeys what its vendor publishes, and
 * takes every value that the Schema itself takes.
 */
import { transformJSONSchema } from "@anthropic-ai/sdk/lib/transform-json-schema"
import { assert, describe, it } from "@effect/vitest"
import { Ajv2020 } from "ajv/dist/2020.js"
import { Arbitrary, Either, FastCheck as fc, Schema } from "effect"
import { fromSchema } from "../../src/model/internal/jsonSchema.js"
import type { JsonSchema } from "../../src/model/Tool.js"
import * as AnthropicMessages from "../../src/protocol/AnthropicMessages.js"
import { outputSchema } from "../../src/protocol/anthropic/outputSchema.js"
import { plainSchema, problemOf } from "../../src/protocol/internal/plainSchema.js"
import { strictForm } from "../../src/protocol/internal/strict.js"
import { encoder } from "../support/protocol/encode.js"
import { anthropicProblems, strictProblems } from "../support/protocol/outputRules.js"

type Any = Schema.Schema.AnyNoContext

const Fruit = { Apple: 0, Pear: "pear" } as const

class Point extends Schema.Class<Point>("Point")({ x: Schema.Int, y: Schema.Int.pipe(Schema.between(0, 9)) }) {}

interface Tree {
  readonly name: string
  readonly children: ReadonlyArray<Tree>
}
const Tree = Schema.Struct({
  name: Schema.String,
  children: Schema.Array(Schema.suspend((): Schema.Schema<Tree> => Tree))
}).annotations({ identifier: "Tree" })

const Finite = Schema.Finite
const leaves: ReadonlyArray<Any> = [
  Schema.String,
  Schema.NonEmptyString,
  Schema.NonEmptyString.pipe(Schema.maxLength(9)).annotations({ description: "short" }),
  Schema.String.pipe(Schema.pattern(/^[a-z]{2,5}$/)),
  Schema.String.pipe(Schema.minLength(1), Schema.minLength(2)),
  Schema.Trim,
  Schema.UUID,
  Finite,
  Finite.pipe(Schema.between(-3, 5)),
  Finite.pipe(Schema.greaterThan(1), Schema.lessThan(8)).annotations({ title: "size", description: "how big" }),
  Schema.Int,
  Schema.NonNegativeInt,
  Schema.NumberFromString,
  Schema.Boolean,
  Schema.Null,
  Schema.Literal("a"),
  Schema.Literal("a", 1, true, null),
  Schema.Enums(Fruit),
  Schema.Date,
  Schema.BigInt,
  Schema.TemplateLiteral("a", Schema.Literal("b", "c")),
  Schema.parseJson(Schema.Struct({ a: Schema.Int })),
  Point,
  Tree,
  Schema.Unknown,
  Schema.Struct({}),
  Schema.Duration
]

let named = 0

const { any } = fc.letrec<{ any: Any }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 6, arbitrary: fc.constantFrom(...leaves.slice(0, -5)) },
    { weight: 1, arbitrary: fc.constantFrom(...leaves) },
    tie("any").map(Schema.NullOr),
    tie("any").map((one) => Schema.Array(one)),
    tie("any").map((one) => Schema.Array(one).pipe(Schema.minItems(2), Schema.maxItems(3))),
    tie("any").map((one) => Schema.NonEmptyArray(one)),
    tie("any").map((one) => one.annotations({ description: "with words of its own" })),
    fc.tuple(tie("any"), tie("any")).map(([a, b]) => Schema.Tuple(a, b)),
    tie("any").map((one) => Schema.Tuple([Schema.String], one)),
    fc.tuple(tie("any"), tie("any")).map(([a, b]) => Schema.Struct({ a, b })),
    tie("any").map((one) => Schema.Struct({ "o/~ '": Schema.optionalWith(one, { exact: true }) })),
    tie("any").map((value) => Schema.Option(value)),
    tie("any").map((value) =>
      Schema.Union(Schema.TaggedStruct("one", { value }), Schema.TaggedStruct("two", { n: Schema.Int }))
    ),
    fc.record({ key: fc.constant(Schema.String), value: tie("any") }).map((of) => Schema.Record(of)),
    tie("any").map((one) => Schema.Record({ key: Schema.Literal("x", "y"), value: one })),
    tie("any").map((one) => {
      named += 1
      return Schema.Struct({ a: one }).annotations({ identifier: `Named ${named}` })
    })
  )
}))

const ajv = new Ajv2020({ strict: false, validateFormats: false })

/** Values of the schema, encoded as the model would write them. */
const samples = (schema: Any): ReadonlyArray<unknown> => {
  const encode = Schema.encodeSync(schema)
  return fc
    .sample(Arbitrary.make(schema), { numRuns: 5, seed: 7 })
    .map((value) => JSON.parse(JSON.stringify(encode(value))))
}

/** How many of the schemas have a form that is sent, each of which obeys the rules and takes what the schema takes. */
const holds = (
  form: (schema: JsonSchema) => JsonSchema | undefined,
  problems: (schema: Record<string, unknown>) => ReadonlyArray<string>,
  written: (value: unknown) => unknown = (value) => value
): number => {
  let sent = 0
  fc.assert(
    fc.property(any, (value) => {
      const schema = Schema.Struct({ value })
      const made = form(fromSchema(schema))
      if (made === undefined) return
      sent += 1
      assert.deepStrictEqual(problems({ ...made }), [], JSON.stringify(made))
      const takes = ajv.compile({ ...made })
      for (const one of samples(schema)) {
        assert(
          takes(written(one)),
          `${JSON.stringify(made)} forbids ${JSON.stringify(one)}: ${ajv.errorsText(takes.errors)}`
        )
      }
    }),
    { numRuns: 500, seed: 11 }
  )
  return sent
}

/** The one field that may be left out is never left out where it may be null; strict objects have at least one field. */
const withNull = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, one) => (JSON.stringify(one) === "{}" ? { "o/~ '": null } : one))

/** The keywords in a description have no order. */
const sameForm = (one: JsonSchema, other: JsonSchema): void => {
  const words = (schema: JsonSchema) =>
    JSON.parse(JSON.stringify(schema), (key, value) =>
      key === "description" && typeof value === "string" ? value.split(/[{,}] ?/).sort() : value
    )
  assert.deepStrictEqual(words(one), words(other))
}

describe("the schema of structured output", () => {
  it("is for Anthropic what it publishes, and forbids nothing that the Schema takes", { timeout: 60_000 }, () => {
    const sent = holds((schema) => Either.getOrUndefined(outputSchema(schema)), anthropicProblems)
    assert(sent > 200, `only ${sent} are sent`)
  })

  it("is for Anthropic what its SDK makes of the plain form", { timeout: 60_000 }, () => {
    let sent = 0
    fc.assert(
      fc.property(any, (value) => {
        const schema = fromSchema(Schema.Struct({ value }))
        const made = Either.getOrUndefined(outputSchema(schema))
        if (made === undefined) return
        sent += 1
        sameForm(made, transformJSONSchema(plainSchema(schema)))
      }),
      { numRuns: 500, seed: 13 }
    )
    assert(sent > 200, `only ${sent} are sent`)
  })

  const ofOneField = (field: JsonSchema) => ({ type: "object", properties: { field }, required: ["field"] })
  it.each<readonly [string, JsonSchema]>([
    ["a format that is known", { type: "string", format: "uri" }],
    ["a format that is not known", { type: "string", format: "phone", description: "a number" }],
    ["a format of numbers", { type: "number", format: "email" }],
    ["literals with a type and a bound", { type: "string", enum: ["a", "b"], minLength: 1 }],
    ["a literal with a format", { type: "string", const: "a", format: "date" }],
    ["lists that may be empty", { type: "array", items: { type: "string" }, minItems: 0 }],
    ["lists of many", { type: "array", items: { type: "string" }, minItems: 2, uniqueItems: true }],
    ["an object without fields", { type: "object", additionalProperties: false }],
    ["words that are unknown", { type: "boolean", title: "t", "x-own": { a: [1] } }]
  ])("is for Anthropic what its SDK makes of %s", (_, field) => {
    const schema = ofOneField(field)
    const made = outputSchema(schema)
    assert(Either.isRight(made))
    sameForm(made.right, transformJSONSchema(plainSchema(schema)))
  })

  it("is for OpenAI what strict mode takes, and forbids nothing that the Schema takes", { timeout: 60_000 }, () => {
    const sent = holds(strictForm, strictProblems, withNull)
    assert(sent > 200, `only ${sent} are strict`)
  })

  it("is in its plain form no narrower than it was", { timeout: 60_000 }, () => {
    const form = (schema: JsonSchema) => {
      const plain = plainSchema(schema)
      return problemOf(plain) === undefined ? plain : undefined
    }
    const sent = holds(form, () => [])
    assert(sent > 200, `only ${sent} have a plain form`)
  })

  it("has what the vendor cannot check in its descriptions", () => {
    const form = Either.getOrThrow(
      outputSchema(
        fromSchema(
          Schema.Struct({
            name: Schema.NonEmptyString.annotations({ description: "a name" }),
            few: Schema.Array(Schema.Int.pipe(Schema.between(1, 3))).pipe(Schema.maxItems(2)),
            pair: Schema.Tuple(Schema.String, Schema.Int)
          })
        )
      )
    )
    const text = JSON.stringify(form)
    for (const words of ["{minLength: 1}", "minimum: 1", "maxItems: 2", "prefixItems: [{"])
      assert.include(text, JSON.stringify(words).slice(1, -1))
    assert.include(text, "a name")
  })

  it("asks for null where a field may be left out or be null, and is not strict where it may only be left out", () => {
    const of = <A, I>(field: Schema.PropertySignature.All | Schema.Schema<A, I>) =>
      strictForm(fromSchema(Schema.Struct({ field } as never)))
    assert.deepStrictEqual(of(Schema.optional(Schema.NullOr(Schema.String)))?.required, ["field"])
    assert.isUndefined(of(Schema.optional(Schema.String)))
  })

  it("is not strict beyond the limits that OpenAI publishes", () => {
    const nested = (depth: number): Any =>
      depth === 1 ? Schema.Struct({ a: Schema.Int }) : Schema.Struct({ a: nested(depth - 1) })
    assert.isDefined(strictForm(fromSchema(nested(10))))
    assert.isUndefined(strictForm(fromSchema(nested(11))))
    const wide = (fields: number) =>
      Schema.Struct(Object.fromEntries(Array.from({ length: fields }, (_, i) => [`f${i}`, Schema.Int])))
    assert.isDefined(strictForm(fromSchema(wide(5000))))
    assert.isUndefined(strictForm(fromSchema(wide(5001))))
  })

  const { adds, refuses } = encoder(AnthropicMessages.protocol.encode)
  const output = (schema: Any) => ({ output: { schema: fromSchema(Schema.Struct({ at: schema })) } })
  refuses([
    [
      "a Record",
      output(Schema.Record({ key: Schema.String, value: Schema.Int })),
      "output",
      /any fields at `properties\.at`/
    ],
    [
      "fields besides the named",
      output(Schema.Struct({ a: Schema.Int }, { key: Schema.String, value: Schema.Int })),
      "output",
      /any fields/
    ],
    ["anything", output(Schema.Unknown), "output", /without a type at `properties\.at`.*structuredOutput: "tool"/],
    ["recursion", output(Tree), "output", /contains itself at `\$defs\.Tree`/],
    ["no object", { output: { schema: { type: "string" } } }, "output", /not an object at its root/],
    [
      "a lost reference",
      { output: { schema: { type: "object", properties: { a: { $ref: "#/$defs/b" } } } } },
      "output",
      /among its `\$defs`/
    ],
    [
      "parts of an object",
      {
        output: {
          schema: {
            type: "object",
            properties: {
              a: {
                allOf: [
                  { type: "object", properties: { b: { type: "string" } } },
                  { type: "object", properties: { c: { type: "string" } } }
                ]
              }
            }
          }
        }
      },
      "output",
      /without a type/
    ]
  ])
  const list = { type: "array", items: { type: "string" } }
  adds([
    [
      "a list of types as a choice, each with its own keywords",
      { output: { schema: { type: "object", properties: { a: { ...list, type: ["array", "null"] } } } } },
      {
        output_config: {
          format: {
            type: "json_schema",
            schema: {
              type: "object",
              properties: { a: { anyOf: [list, { type: "null" }] } },
              additionalProperties: false
            }
          }
        }
      }
    ]
  ])
})
