import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as ModelRequest from "../../src/model/ModelRequest.js"
import type * as Prompt from "../../src/model/Prompt.js"
import * as Tool from "../../src/model/Tool.js"
import * as Toolkit from "../../src/model/Toolkit.js"

type Options = Partial<ModelRequest.Options>

const make = (options: Options) => ModelRequest.make({ model: "m", prompt: "Hello", ...options })

const takes = (cases: ReadonlyArray<readonly [name: string, options: Options]>) => {
  for (const [name, options] of cases) {
    it(`takes ${name}`, () => {
      const result = make(options)
      assert.isTrue(Either.isRight(result), Either.isLeft(result) ? result.left.description : "")
    })
  }
}

const refuses = (cases: ReadonlyArray<readonly [name: string, options: Options, field: string, words: RegExp]>) => {
  for (const [name, options, field, words] of cases) {
    it(`refuses ${name}`, () => {
      const result = make(options)
      assert(Either.isLeft(result) && result.left._tag === "InvalidRequest", "the request was taken")
      assert.strictEqual(result.left.field, field)
      assert.match(result.left.description, words)
      // It stands in the middle of a sentence.
      assert.match(result.left.description, /^the request's `[a-zA-Z.]+` .*[^.]$/)
    })
  }
}

const numbers: ReadonlyArray<
  readonly [field: keyof ModelRequest.Options, good: ReadonlyArray<number>, bad: ReadonlyArray<number>]
> = [
  ["maxOutputTokens", [1, 128_000], [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]],
  ["temperature", [0, 0.7, 2, 5], [-0.1, Number.NaN, Number.POSITIVE_INFINITY]],
  ["topP", [0, 0.5, 1], [-0.1, 1.1, Number.NaN]],
  ["topK", [0, 40], [-1, 1.5, Number.NaN]],
  ["seed", [0, -7, 2 ** 40], [0.5, Number.NaN, 2 ** 60]],
  ["frequencyPenalty", [-2, 0, 2], [-2.1, 2.1, Number.NaN]],
  ["presencePenalty", [-2, 0, 2], [-2.1, 2.1, Number.NEGATIVE_INFINITY]]
]

const image = (source: Prompt.Source): Options => ({ prompt: [{ role: "user", content: [{ type: "image", source }] }] })

const document = (source: Prompt.DocumentPart["source"]): Options => ({
  prompt: [{ role: "user", content: [{ type: "document", source }] }]
})

const png = (base64: string) => image({ base64, mediaType: "image/png" })

describe("ModelRequest.make", () => {
  it("makes one user message of a text", () => {
    assert.deepStrictEqual(Either.getOrThrow(make({})), { model: "m", prompt: [{ role: "user", content: "Hello" }] })
  })

  it("makes a list of a toolkit", () => {
    const tools = [Tool.make("a"), Tool.make("b")] as const
    assert.deepStrictEqual(
      Either.getOrThrow(make({ tools: Toolkit.make(...tools), toolChoice: { tool: "b" } })),
      Either.getOrThrow(make({ tools, toolChoice: { tool: "b" } }))
    )
  })

  describe("numbers", () => {
    for (const [field, good, bad] of numbers) {
      takes(good.map((value) => [`${field} ${value}`, { [field]: value }]))
      refuses(
        bad.map((value) => [`${field} ${value}`, { [field]: value }, field, new RegExp(`is ${value}: it must be`)])
      )
    }
  })

  describe("other fields", () => {
    const long = "x".repeat(65)
    takes([
      ["a tool with the longest name", { tools: [Tool.make("a-B_9".padEnd(128, "x"))] }],
      ["the tool that is chosen", { tools: [Tool.make("t")], toolChoice: { tool: "t" } }],
      ["effort none", { reasoning: { effort: "none" } }],
      ["a budget", { reasoning: { budgetTokens: 1 } }],
      ["an output's name", { output: { name: "a-B_9", schema: {} } }],
      ["metadata", { metadata: { ["k".repeat(64)]: "v".repeat(512) } }]
    ])
    refuses([
      ["a model without a name", { model: " " }, "model", /name a model/],
      ["an empty stop sequence", { stopSequences: ["END", ""] }, "stopSequences", /leave it out/],
      ["a tool's name with a dot", { tools: [Tool.make("a.b")] }, "tools", /"a\.b"/],
      ["a tool without a name", { tools: [Tool.make("")] }, "tools", /1 to 128/],
      ["a tool's name of 129", { tools: [Tool.make("x".repeat(129))] }, "tools", /1 to 128/],
      ["a toolkit with two tools of one name", { tools: Toolkit.make(Tool.make("t"), Tool.make("t")) }, "tools", /"t"/],
      ["an object as tools", { tools: {} as never }, "tools", /neither a toolkit nor a list/],
      ["null as tools", { tools: null as never }, "tools", /neither a toolkit nor a list/],
      ["two tools of one name", { tools: [Tool.make("t"), Tool.make("t")] }, "tools", /two tools named "t"/],
      ["a choice among other tools", { tools: [Tool.make("t")], toolChoice: { tool: "u" } }, "toolChoice", /"u"/],
      ["a budget of nothing", { reasoning: { budgetTokens: 0 } }, "reasoning.budgetTokens", /whole number/],
      ["half a token", { reasoning: { budgetTokens: 0.5 } }, "reasoning.budgetTokens", /whole number/],
      ["a budget not to think with", { reasoning: { effort: "none", budgetTokens: 2000 } }, "reasoning", /leave out/],
      ["an output's name with a space", { output: { name: "a b", schema: {} } }, "output.name", /"a b"/],
      ["an output's name of 65", { output: { name: long, schema: {} } }, "output.name", /1 to 64/],
      ["a user without an id", { user: "" }, "user", /leave it out/],
      ["a tier without a word", { serviceTier: " " }, "serviceTier", /leave it out/],
      ["a label with a long name", { metadata: { [long]: "v" } }, "metadata", /1 to 64/],
      ["a label with a long value", { metadata: { k: "v".repeat(513) } }, "metadata", /512/],
      ["a label that is no text", { metadata: { k: 1 as unknown as string } }, "metadata", /not a text/],
      [
        "17 labels",
        { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`k${at}`, ""])) },
        "metadata",
        /keep 16/
      ]
    ])
  })

  describe("messages", () => {
    const blank = [
      { type: "text", text: " " },
      { type: "text", text: "\n" }
    ] as const
    takes([
      [
        "blank text beside other text",
        { prompt: [{ role: "user", content: [...blank, { type: "text", text: "a" }] }] }
      ],
      [
        "what a model answered, also nothing",
        {
          prompt: [
            { role: "user", content: "a" },
            { role: "assistant", content: [] }
          ]
        }
      ],
      [
        "a tool that answered nothing",
        { prompt: [{ role: "tool", content: [{ type: "tool-result", id: "1", content: "" }] }] }
      ]
    ])
    refuses([
      ["no message", { prompt: [] }, "prompt", /at least one message/],
      [
        "a role of another library",
        // As a stored conversation has it, whose type says nothing.
        { prompt: [{ role: "function", content: "18 degrees" } as unknown as Prompt.Message] },
        "prompt",
        /the role "function" at position 0: there are system, developer, user, assistant, tool$/
      ],
      ["a blank text", { prompt: " \n" }, "prompt", /empty user message at position 0/],
      ["no part", { prompt: [{ role: "user", content: [] }] }, "prompt", /empty user message/],
      [
        "only blank parts",
        {
          prompt: [
            { role: "user", content: "a" },
            { role: "user", content: blank }
          ]
        },
        "prompt",
        /empty user message at position 1/
      ],
      ["a blank developer message", { prompt: [{ role: "developer", content: blank }] }, "prompt", /empty developer/],
      ["a blank assistant's text", { prompt: [{ role: "assistant", content: "" }] }, "prompt", /empty assistant/],
      ["no tool result", { prompt: [{ role: "tool", content: [] }] }, "prompt", /empty tool message/],
      [
        "a result of no call",
        { prompt: [{ role: "tool", content: [{ type: "tool-result", id: "", content: "a" }] }] },
        "prompt",
        /tool-result without an id/
      ],
      [
        "a call without an id",
        { prompt: [{ role: "assistant", content: [{ type: "tool-call", id: "", name: "t", arguments: {} }] }] },
        "prompt",
        /tool-call without an id/
      ]
    ])
  })

  describe("files", () => {
    takes([
      ["an address", image({ url: "https://a/b.png" })],
      ["an address in a store", document({ url: "gs://bucket/b.pdf" })],
      ["base64 without padding", png("AAAA")],
      ["base64 with one =", png("AA+/AAA=")],
      ["base64 with two =", png("AA==")],
      ["a large file", png("A".repeat(4_000_000))],
      ["text", document({ text: "Lorem" })],
      ["a PDF", document({ base64: "AAAA", mediaType: "application/pdf" })]
    ])
    refuses([
      ["half an address", image({ url: "a/b.png" }), "prompt", /an image whose `url` is not an address.*position 0/],
      ["a data URL as an address", image({ url: "data:image/png;base64,AAAA" }), "prompt", /base64, mediaType/],
      ["a data URL as base64", png("data:image/png;base64,AAAA"), "prompt", /up to the comma/],
      ["nothing as base64", png(""), "prompt", /not base64/],
      ["broken lines", png("AAAA\nAAA"), "prompt", /without line breaks/],
      ["the other alphabet", png("AA-_"), "prompt", /not base64/],
      ["base64 that was cut", png("AAAAA"), "prompt", /not base64/],
      ["padding in the middle", png("AA==AAAA"), "prompt", /not base64/],
      ["three =", png("A==="), "prompt", /not base64/],
      ["an image of another type", image({ base64: "AAAA", mediaType: "text/html" }), "prompt", /image\/png/],
      ["a type that is none", document({ base64: "AAAA", mediaType: "pdf" }), "prompt", /not a media type/],
      ["a document without text", document({ text: " " }), "prompt", /without text/],
      [
        "an image in a tool's result",
        {
          prompt: [
            {
              role: "tool",
              content: [{ type: "tool-result", id: "1", content: [{ type: "image", source: { url: "x" } }] }]
            }
          ]
        },
        "prompt",
        /tool message/
      ]
    ])
  })
})
