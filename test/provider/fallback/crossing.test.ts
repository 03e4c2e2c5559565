/**
 * What crosses from one provider to the next, between all protocols: conversations with tools and reasoning, answers that
 * broke behind a tool call, and what cannot cross.
 */
import { assert, describe } from "@effect/vitest"
import { Chunk, Effect, Stream } from "effect"
import {
  AnthropicMessages,
  Fallback,
  ModelEvent,
  type ModelRequest,
  type ModelResponse,
  Prompt,
  type Protocol,
  Responses,
  Tool
} from "effect-redial"
import { Reply, Wire } from "effect-redial/testing"
import {
  cut,
  down,
  model,
  pairs,
  pieces,
  quietly,
  request,
  served,
  text,
  usage
} from "../../support/provider/fallback.js"

const weather = Tool.make("weather", { description: "The weather in a city" })

/** What is sent to a provider, as text. */
const sent = (json: unknown): string => JSON.stringify(json)

describe("a conversation", () => {
  for (const [from, to] of pairs) {
    quietly(`with reasoning and tools over ${from} goes on over ${to}`, () =>
      Effect.gen(function* () {
        const first = yield* served(
          ({ index }) =>
            index === 1
              ? Reply.stream(
                  Wire.answer(from, {
                    blocks: [
                      { type: "reasoning", text: "They want the weather." },
                      { type: "text", text: "I will look." },
                      { type: "tool-call", id: "call_1", name: "weather", arguments: { city: "Oslo" } }
                    ],
                    usage
                  })
                )
              : down(from),
          from
        )
        const second = yield* served(model(to), to)
        const service = yield* Fallback.make([{ provider: first.provider }, { provider: second.provider }])
        const asked: ModelRequest.Options = { ...request, tools: [weather] }
        const response = yield* service.generate(asked)
        const [call] = response.toolCalls
        assert(call !== undefined)
        const prompt = Prompt.toolResults(Prompt.append(Prompt.text(request.prompt), response), [
          Prompt.toolResult(call, "18 degrees")
        ])
        const answer = yield* service.generate({ ...asked, prompt })
        assert.strictEqual(answer.text, text)
        const [received] = yield* second.server.requests
        const body = sent(received?.json)
        for (const part of ["I will look.", "call_1", "Oslo", "18 degrees"]) assert.include(body, part)
        // Thinking is bound to its vendor by a signature, or by an id.
        assert.notInclude(body, "They want the weather.")
      })
    )
  }
})

describe("an answer that broke", () => {
  const answer: Wire.Answer = {
    blocks: [
      { type: "reasoning", text: "They want the weather." },
      { type: "text", text: pieces },
      { type: "tool-call", id: "call_1", name: "weather", arguments: { city: "Oslo" } }
    ],
    usage
  }

  /** The rest of the text, and the call. */
  const goingOn =
    (protocol: Protocol.ProtocolId) =>
    ({ json }: { readonly json?: unknown }): Reply.Reply => {
      const ask = Wire.asked(json)
      const said =
        ask === undefined ? text : Wire.resumed(ask, text.slice(text.indexOf(ask.anchor) + ask.anchor.length))
      return Reply.stream(
        Wire.answer(protocol, {
          text: said,
          toolCalls: [{ id: "call_2", name: "weather", arguments: { city: "Oslo" } }],
          usage
        })
      )
    }

  for (const [from, to] of pairs) {
    quietly(`in its text or its tool call over ${from} goes on over ${to}, and each call is made once`, () =>
      Effect.gen(function* () {
        const { length } = Wire.answer(from, answer)
        const second = yield* served(goingOn(to), to)
        for (let after = 1; after < length; after++) {
          const first = yield* served([cut(from, answer, after)], from)
          const service = yield* Fallback.make([{ provider: first.provider }, { provider: second.provider }])
          for (const delivery of ["resume", "restart"] as const) {
            const asked = { ...request, tools: [weather] }
            const events = Chunk.toReadonlyArray(yield* Stream.runCollect(service.stream(asked, { delivery })))
            const finish = events.at(-1)
            assert(finish?._tag === "Finish")
            const response: ModelResponse.ModelResponse = finish.response
            const folded = ModelEvent.fold(events)
            assert.strictEqual(response.text, text)
            assert.strictEqual(folded.text, text)
            assert.deepStrictEqual(
              response.toolCalls.map(({ arguments: args, name }) => [name, args]),
              [["weather", { city: "Oslo" }]]
            )
            assert.strictEqual(folded.blocks.filter(({ type }) => type === "tool-call").length, 1)
            assert.strictEqual(response.finishReason.reason, "tool-calls")
          }
        }
      })
    )
  }

  quietly("behind a call that is not whole cannot be gone on with, and nothing is sent", () =>
    Effect.gen(function* () {
      // Over Chat Completions no call is known to be whole before the end.
      const blocks: Wire.Answer["blocks"] = [
        { type: "tool-call", id: "call_1", name: "weather", arguments: { city: "Oslo" } },
        { type: "text", text: pieces }
      ]
      const { length } = Wire.answer("chat-completions", { blocks })
      const first = yield* served([cut("chat-completions", { blocks }, length - 4)], "chat-completions")
      const second = yield* served(goingOn("responses"), "responses")
      const third = yield* served(goingOn("anthropic-messages"), "anthropic-messages")
      const service = yield* Fallback.make([
        { provider: first.provider },
        { provider: second.provider },
        { provider: third.provider }
      ])
      const seen: Array<ModelEvent.ModelEvent> = []
      const error = yield* service.stream({ ...request, tools: [weather] }, { delivery: "resume" }).pipe(
        Stream.runForEach((event) => Effect.sync(() => void seen.push(event))),
        Effect.flip
      )
      assert.strictEqual(error._tag, "StreamDropped")
      const { blocks: kept, text: shown } = ModelEvent.fold(seen)
      assert.isTrue(text.startsWith(shown) && shown !== "")
      assert.deepStrictEqual(error.checkpoint?.blocks, kept)
      assert.deepStrictEqual([yield* second.server.requests, yield* third.server.requests], [[], []])
    })
  )
})

describe("a tool in a vendor's own terms", () => {
  const own = {
    "anthropic-messages": AnthropicMessages.tool({ type: "web_search_20250305", name: "web_search" }),
    responses: Responses.tool({ type: "web_search" })
  }
  for (const [from, to] of [
    ["anthropic-messages", "responses"],
    ["anthropic-messages", "chat-completions"],
    ["responses", "anthropic-messages"],
    ["responses", "chat-completions"]
  ] as const) {
    quietly(`of ${from} is not sent over ${to}: the error says so, and the next one is asked`, () =>
      Effect.gen(function* () {
        const first = yield* served([down(from)], from)
        const second = yield* served(model(to), to)
        const third = yield* served(model(from), from, { id: "third" })
        const asked = { ...request, tools: [own[from]] }
        const plan = [{ provider: first.provider }, { provider: second.provider }] as const
        const error = yield* Effect.flip((yield* Fallback.make(plan)).generate(asked))
        assert(error._tag === "InvalidRequest")
        assert.strictEqual(error.field, "tools")
        assert.include(error.message, to)
        assert.strictEqual(error.attempts.length, 1)
        const service = yield* Fallback.make([...plan, { provider: third.provider }])
        const response = yield* service.generate(asked)
        assert.deepStrictEqual(
          response.attempts.map(({ provider }) => provider),
          ["vendor", "third"]
        )
        assert.deepStrictEqual(yield* second.server.requests, [])
        // Or that provider is given tools of its own.
        const replaced = yield* Fallback.make([
          { provider: first.provider },
          { provider: second.provider, request: { tools: [weather] } }
        ])
        assert.strictEqual((yield* replaced.generate(asked)).text, text)
      })
    )
  }
})
