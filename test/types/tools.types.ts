/**
 * What must not compile around tools and objects. The type check of the project runs over this file: each line below an
 * expected error fails the check once it compiles. Nothing here is run.
 */
import { Context, Effect, Option, Schema, type Stream } from "effect"
import {
  type InvalidOutput,
  type ModelResponse,
  type PartialResponse,
  Prompt,
  Provider,
  type ProviderError,
  Tool,
  Toolkit,
  Usage
} from "effect-redial"
import { weather } from "../support/tools.js"
import { same } from "../support/types.js"

declare const response: ModelResponse.ModelResponse
declare const partial: PartialResponse.PartialResponse

const add = Tool.make("add", { parameters: Schema.Struct({ a: Schema.Number, b: Schema.Number }) })
const now = Tool.make("now")
const raw = Tool.make("raw", { parameters: { type: "object" } })
const toolkit = Toolkit.make(weather, add, now, raw)

// A tool keeps its name and the type of its Schema.
same<typeof add, Tool.Tool<"add", { readonly a: number; readonly b: number }, never>>(true)
same<typeof now, Tool.Tool<"now", {}, never>>(true)
same<typeof raw, Tool.Tool<"raw", unknown, never>>(true)

// Fields are a struct, optional ones and those with common names among them; without fields it takes nothing.
const fields = Tool.make("f", { parameters: { type: Schema.String, on: Schema.optional(Schema.DateFromString) } })
same<typeof fields, Tool.Tool<"f", { readonly type: string; readonly on?: Date | undefined }, never>>(true)
const nothing = Tool.make("n", { parameters: {} })
same<typeof nothing, Tool.Tool<"n", {}, never>>(true)
declare const document: Tool.JsonSchema
const read = Tool.make("d", { parameters: document })
same<typeof read, Tool.Tool<"d", unknown, never>>(true)
const wrapped = <A, I, R>(schema: Schema.Schema<A, I, R>): Tool.Tool<"w", A, R> =>
  Tool.make("w", { parameters: schema })
// @ts-expect-error neither Schemas nor a document
Tool.make("t", { parameters: { city: "string" } })
// @ts-expect-error Schemas and a document
Tool.make("t", { parameters: { type: "object", city: Schema.String } })
// @ts-expect-error Schemas in a document
Tool.make("t", { parameters: { type: "object", properties: { city: Schema.String } } })

// @ts-expect-error a tool has a name
Tool.make({ parameters: Schema.Struct({}) })
// @ts-expect-error parameters are a Schema or a JSON Schema document
Tool.make("t", { parameters: "object" })

// Any tool does for a request, whatever its Schema requires.
Provider.generate({ model: "m", prompt: "hi", tools: toolkit.tools })
Provider.generate({ model: "m", prompt: "hi", tools: [weather, raw] })

// And so does a toolkit.
Provider.generate({ model: "m", prompt: "hi", tools: toolkit })
// @ts-expect-error tools are a toolkit or a list
Provider.generate({ model: "m", prompt: "hi", tools: weather })

// A call is narrowed by its name.
type Call = Toolkit.Call<typeof toolkit>
declare const call: Call
same<Call["name"], "weather" | "add" | "now" | "raw">(true)
// @ts-expect-error not every call has a city
call.arguments.city
if (call.name === "weather") {
  call.arguments.city satisfies string
  call.arguments.on satisfies Date
  // @ts-expect-error the weather has no sum
  call.arguments.a
}
if (call.name === "add") (call.arguments.a + call.arguments.b) satisfies number
// @ts-expect-error it may be anything: a JSON Schema document has no type
if (call.name === "raw") call.arguments.x
// @ts-expect-error there is no such tool
if (call.name === "subtract") call.id

const runs = (call: Call): string => {
  switch (call.name) {
    case "weather":
      return call.arguments.city
    case "add":
    case "now":
    case "raw":
      return "done"
  }
}
// @ts-expect-error one tool is forgotten
const forgets = (call: Call): string => {
  switch (call.name) {
    case "weather":
    case "add":
    case "now":
      return "done"
  }
}

// Decoding takes a response whose end was proven, and nothing else.
toolkit.decode(response) satisfies Effect.Effect<ReadonlyArray<Call>, Toolkit.InvalidToolArguments>
// @ts-expect-error nobody has proven its end
toolkit.decode(partial)
// @ts-expect-error nobody has proven its end
toolkit.decodeEach(partial)
// @ts-expect-error the calls of a response are not the response
toolkit.decode(response.toolCalls)
declare const stored: Schema.Schema.Encoded<typeof ModelResponse.ModelResponse>
// @ts-expect-error what a store holds is to be decoded first
toolkit.decode(stored)
// @ts-expect-error nobody has proven its end
Prompt.append(Prompt.text("hi"), partial)

// What a Schema requires, decoding requires.
class Cities extends Context.Tag("Cities")<Cities, ReadonlyArray<string>>() {}
class Sums extends Context.Tag("Sums")<Sums, number>() {}
declare const City: Schema.Schema<string, string, Cities>
declare const Sum: Schema.Schema<number, number, Sums>
const visit = Tool.make("visit", { parameters: { city: City } })
same<typeof visit, Tool.Tool<"visit", { readonly city: string }, Cities>>(true)
const needy = Toolkit.make(
  Tool.make("visit", { parameters: Schema.Struct({ city: City }) }),
  Tool.make("sum", { parameters: Schema.Struct({ sum: Sum }) }),
  add
)
same<Effect.Effect.Context<ReturnType<typeof needy.decode>>, Cities | Sums>(true)
same<Effect.Effect.Context<ReturnType<typeof needy.decodeEach>>, Cities | Sums>(true)
// @ts-expect-error Cities and Sums are missing
Effect.runPromise(needy.decode(response))
// @ts-expect-error Sums is missing
Effect.runPromise(Effect.provideService(needy.decode(response), Cities, []))

// Results are of calls.
Prompt.toolResult(call, runs(call)) satisfies Prompt.ToolResultPart
// @ts-expect-error whose result is it?
Prompt.toolResult("18 degrees")
// @ts-expect-error a result is text or parts
Prompt.toolResult(call, { degrees: 18 })
// @ts-expect-error there is no such option
Prompt.toolResult(call, "failed", { error: true })

// An object has the type of its Schema, and requires what that requires.
const request = { model: "m", prompt: "hi" }
same<
  ReturnType<typeof Provider.generateObject<string, string, Cities>>,
  Effect.Effect<
    Provider.ObjectResponse<string>,
    ProviderError.ProviderError | InvalidOutput.InvalidOutput,
    Provider.Provider | Cities
  >
>(true)
declare const provider: Provider.Service
provider.generateObject(request, { schema: Schema.Struct({ at: Schema.DateFromString }) }) satisfies Effect.Effect<
  { readonly value: { readonly at: Date }; readonly response: ModelResponse.ModelResponse },
  ProviderError.ProviderError | InvalidOutput.InvalidOutput
>
// @ts-expect-error Cities is missing
Effect.runPromise(provider.generateObject(request, { schema: City }))
// @ts-expect-error a JSON Schema document has no type to give: put it into `output` of a request
provider.generateObject(request, { schema: { type: "object" } })
// @ts-expect-error which tool is called is decided by the way of asking
provider.generateObject({ ...request, toolChoice: "auto" }, { schema: Schema.String })
// @ts-expect-error a whole object cannot be taken back
provider.generateObject(request, { schema: Schema.String }, { delivery: "fail" })

// A cost may be unknown.
const cost = Usage.cost(response.usage, { input: 1, output: 2 })
// @ts-expect-error it is an Option
cost.toFixed(2)
Option.map(cost, (known) => known.toFixed(2))
// @ts-expect-error the price of the output is missing
Usage.cost(response.usage, { input: 1 })

// What is shown of an object is of the encoded side, and any of it may be missing; the end is decoded.
const Event = Schema.Struct({
  at: Schema.Date,
  kind: Schema.Literal("a", "b"),
  size: Schema.Literal(1, 2),
  pair: Schema.Tuple(Schema.String, Schema.Number),
  list: Schema.Array(Schema.Struct({ n: Schema.NumberFromString })),
  maybe: Schema.NullOr(Schema.Boolean),
  any: Schema.Unknown
})
declare const objectEvent: Provider.ObjectEvent<typeof Event.Type, typeof Event.Encoded>
if (objectEvent._tag === "ObjectPartial") {
  type Shown = typeof objectEvent.value
  same<Pick<Shown, "at">, { readonly at?: string }>(true)
  same<Pick<Shown, "kind">, { readonly kind?: string }>(true)
  same<Pick<Shown, "size">, { readonly size?: 1 | 2 }>(true)
  same<Pick<Shown, "pair">, { readonly pair?: readonly [string?, number?] }>(true)
  same<Pick<Shown, "list">, { readonly list?: ReadonlyArray<{ readonly n?: string }> }>(true)
  same<Pick<Shown, "maybe">, { readonly maybe?: boolean | null }>(true)
  same<Pick<Shown, "any">, { readonly any?: unknown }>(true)
  // @ts-expect-error it is not decoded yet
  objectEvent.value.at?.getTime()
  // @ts-expect-error it may be missing
  objectEvent.value.list.length
}
if (objectEvent._tag === "ObjectDone") same<typeof objectEvent.value, typeof Event.Type>(true)
// @ts-expect-error what was void has no value
if (objectEvent._tag === "ObjectRestarted") objectEvent.value

same<
  ReturnType<typeof elementsOf>,
  Stream.Stream<Date, ProviderError.ProviderError | InvalidOutput.InvalidOutput, Provider.Provider>
>(true)
const elementsOf = () => Provider.streamElements({ model: "m", prompt: "hi" }, { element: Schema.Date })
// @ts-expect-error elements are never taken back
Provider.streamElements({ model: "m", prompt: "hi" }, { element: Schema.Date }, { delivery: "restart" })
// @ts-expect-error there is no such way
Provider.generateObject({ model: "m", prompt: "hi" }, { schema: Event, structuredOutput: "xml" })

export { elementsOf, forgets, wrapped }
