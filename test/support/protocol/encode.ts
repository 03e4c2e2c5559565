/**
 * Writes requests over a protocol, from no more than what a test is about.
 */
import { assert, it } from "@effect/vitest"
import * as Either from "effect/Either"
import type { Fault } from "../../../src/model/internal/fault.js"
import * as ModelRequest from "../../../src/model/ModelRequest.js"
import type * as Prompt from "../../../src/model/Prompt.js"
import * as Tool from "../../../src/model/Tool.js"

export type Options = Partial<ModelRequest.Options>

export const weather = Tool.make("weather", { description: "The weather" })

/** Bytes that every vendor would take for a file of the type, as far as we look. */
export const base64 = "aGVsbG8="

export const user = (...content: ReadonlyArray<Prompt.UserPart>): Prompt.Prompt => [{ role: "user", content }]

export const encoder = <Params>(encode: (request: ModelRequest.ModelRequest) => Either.Either<Params, Fault>) => {
  const write = (options: Options) =>
    Either.flatMap(ModelRequest.make({ model: "m", prompt: "Hello", ...options }), encode)
  const params = (options: Options): Params => {
    const result = write(options)
    if (Either.isLeft(result)) throw new Error(result.left.description)
    return result.right
  }
  const fault = (options: Options) => {
    const result = write(options)
    assert(Either.isLeft(result) && result.left._tag === "InvalidRequest", "the request was taken")
    return result.left
  }
  return {
    params,
    fault,
    /** Each request adds exactly these params to the least request. */
    adds: (cases: ReadonlyArray<readonly [name: string, options: Options, added: object]>) => {
      for (const [name, options, added] of cases) {
        it(name, () => assert.deepStrictEqual<unknown>(params(options), { ...params({}), ...added }))
      }
    },
    /** Each request is refused, by the name of the field. */
    refuses: (cases: ReadonlyArray<readonly [name: string, options: Options, field: string, words?: RegExp]>) => {
      for (const [name, options, field, words] of cases) {
        it(`refuses ${name}, naming ${field}`, () => {
          const refused = fault(options)
          assert.strictEqual(refused.field, field)
          assert.match(refused.description, words ?? /./)
        })
      }
    }
  }
}

export const withTool = (options: Options): Options => ({ tools: [weather], ...options })

export const closed = {
  type: "object",
  properties: { a: { type: "string" } },
  required: ["a"],
  additionalProperties: false
}
