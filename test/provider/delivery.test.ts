/**
 * What the consumer has already seen, when a stream breaks: the ways of going on, one by one, over real sockets. Drops at
 * every event of an answer are in `npm run drops`.
 */
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Redacted, Schedule, Stream } from "effect"
import { ModelEvent, ModelResponse, type Protocol, Provider, Vendors } from "effect-redial"
import { FaultServer, Reply, ScriptedProvider, Wire } from "effect-redial/testing"
import { request } from "../support/request.js"
import * as Memory from "../support/retry/memory.js"

const text = "The sky is blue because short waves are scattered more than long ones."
const pieces = text.match(/.{1,10}/g) ?? []
const retry = Schedule.recurs(3)

const messagesOf = (received: FaultServer.ReceivedRequest | undefined): ReadonlyArray<Record<string, unknown>> => {
  assert(received !== undefined)
  return (received.json as { readonly messages: ReadonlyArray<Record<string, unknown>> }).messages
}

const provider = (
  url: string,
  protocol: Protocol.ProtocolId,
  options?: {
    readonly prefill?: NonNullable<Parameters<typeof Vendors.custom>[0]["prefill"]>
    readonly continuation?: Provider.ServiceOptions["continuation"]
  }
) =>
  Provider.make(
    Vendors.custom({
      id: "vendor",
      protocol,
      baseUrl: protocol === "anthropic-messages" ? url : `${url}/v1`,
      prefill: options?.prefill
    }),
    { apiKey: Redacted.make("test-key"), retry, continuation: options?.continuation }
  )

const shown = (service: Provider.Service, options?: Provider.TextOptions) =>
  service.streamText(request, options).pipe(Stream.runCollect, Effect.map(Chunk.join("")))

const anthropic = Wire.answer("anthropic-messages", { text: pieces })
/** Broken after `The sky is blue beca`. */
const broken = Reply.cut(Reply.stream(anthropic), { afterEvents: 5 }, "rst")
const delivered = pieces.slice(0, 2).join("")
const rest = text.slice(delivered.length)
const restOnly = Reply.stream(Wire.answer("anthropic-messages", { text: rest }))

/** The rest of the text, by a model that does what it is asked. */
const obedient = ({ json }: FaultServer.ReceivedRequest, protocol: Protocol.ProtocolId = "anthropic-messages") => {
  const ask = Wire.asked(json)
  if (ask === undefined) return Reply.status(500)
  const missing = text.slice(text.indexOf(ask.anchor) + ask.anchor.length)
  return Reply.stream(Wire.answer(protocol, { text: Wire.resumed(ask, missing) }))
}

describe("resume by prefill", () => {
  const prefill = {}

  it.scopedLive("lets the model go on with its own message, and adds what is new", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([broken, restOnly])
      const service = yield* provider(server.url, "anthropic-messages", { prefill })
      assert.strictEqual(yield* shown(service), text)
      const [, second] = yield* server.requests
      assert.deepStrictEqual(messagesOf(second).at(-1), {
        role: "assistant",
        content: [{ type: "text", text: delivered }]
      })
    })
  )

  it.scopedLive("never ends the message in white space, and writes none twice", () =>
    Effect.gen(function* () {
      const spaced = Wire.answer("anthropic-messages", { text: ["One. ", "\n", "Two."] })
      const server = yield* FaultServer.make([
        Reply.cut(Reply.stream(spaced), { afterEvents: 4 }, "rst"),
        Reply.stream(Wire.answer("anthropic-messages", { text: [" ", "\nTwo."] }))
      ])
      const service = yield* provider(server.url, "anthropic-messages", { prefill })
      assert.strictEqual(yield* shown(service), "One. \nTwo.")
      const [, second] = yield* server.requests
      assert.deepStrictEqual(messagesOf(second).at(-1)?.content, [{ type: "text", text: "One." }])
    })
  )

  it.scopedLive("marks the message as the vendor wants it, and cuts an echo", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([
        Reply.cut(Reply.stream(Wire.answer("chat-completions", { text: pieces })), { afterEvents: 3 }, "rst"),
        Reply.stream(Wire.answer("chat-completions", { text: pieces }))
      ])
      const service = yield* provider(server.url, "chat-completions", {
        prefill: { flag: "prefix", echoes: true }
      })
      assert.strictEqual(yield* shown(service), text)
      const [, second] = yield* server.requests
      assert.deepInclude(messagesOf(second).at(-1) ?? {}, { role: "assistant", prefix: true })
    })
  )

  it.scopedLive("is given up where the model begins again instead, and the model is asked", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make((received) =>
        received.index === 1 ? broken : received.index === 2 ? Reply.stream(anthropic) : obedient(received)
      )
      const service = yield* provider(server.url, "anthropic-messages", { prefill })
      const events = Chunk.toReadonlyArray(yield* Stream.runCollect(service.stream(request, { delivery: "resume" })))
      const finish = events.at(-1)
      assert(finish?._tag === "Finish")
      assert.strictEqual(finish.response.text, text)
      assert.strictEqual(ModelEvent.fold(events).text, text)
      assert.deepStrictEqual(
        finish.response.attempts.map(({ error, route }) => [route, error?.tag]),
        [
          [undefined, "StreamDropped"],
          ["prefill", "SeamNotProven"],
          ["ask", undefined]
        ]
      )
      assert.deepStrictEqual(finish.response.seams, [
        { attempt: 3, route: "ask", offset: delivered.length, anchor: delivered }
      ])
    })
  )

  it.scopedLive("goes one way down when a model refuses, at no cost, and remembers it", () =>
    Effect.gen(function* () {
      const refused = Reply.status(400, {
        body: Wire.errorBody("anthropic-messages", {
          type: "invalid_request_error",
          message: "This model does not support assistant message prefill."
        })
      })
      const replies = [broken, refused, obedient, broken, obedient]
      const server = yield* FaultServer.make((received) => {
        const reply = replies[received.index - 1] ?? obedient
        return typeof reply === "function" ? reply(received) : reply
      })
      // One retry only: the refusal must not use it up.
      const service = yield* Provider.make(
        Vendors.custom({ id: "vendor", protocol: "anthropic-messages", baseUrl: server.url, prefill }),
        { apiKey: Redacted.make("test-key"), retry: Schedule.recurs(1) }
      )
      assert.strictEqual(yield* shown(service), text)
      assert.strictEqual(yield* shown(service), text)
      const roles = (yield* server.requests).map((received) => messagesOf(received).map(({ role }) => role))
      const asked = ["user", "assistant", "user"]
      assert.deepStrictEqual(roles, [["user"], ["user", "assistant"], asked, ["user"], asked])
    })
  )
})

describe("a vendor's prefill", () => {
  it.scopedLive("is not relied on at another address, unless the caller says that it is honoured there", () =>
    Effect.gen(function* () {
      for (const [prefill, role] of [
        [undefined, "user"],
        [{}, "assistant"]
      ] as const) {
        const server = yield* FaultServer.make((received) =>
          received.index === 1 ? broken : Reply.status(400, { body: Wire.errorBody("anthropic-messages") })
        )
        const service = yield* Provider.make(Vendors.anthropic, {
          apiKey: Redacted.make("test-key"),
          baseUrl: server.url,
          retry,
          prefill
        })
        // A model of which the vendor documents that it goes on with its own message.
        yield* Effect.flip(Stream.runDrain(service.streamText({ ...request, model: "claude-sonnet-4-5" })))
        const [, second] = yield* server.requests
        assert.strictEqual(messagesOf(second).at(-1)?.role, role)
      }
    })
  )
})

describe("resume by asking", () => {
  it.scopedLive("asks the model to go on, with the words of the caller if there are any", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make((received) => {
        if (received.index === 1) return broken
        const [marker, anchor] =
          /^Weiter: (\S+), (.*)$/.exec(String(messagesOf(received).at(-1)?.content))?.slice(1) ?? []
        return Reply.stream(Wire.answer("anthropic-messages", { text: `${marker} ${anchor}${rest}` }))
      })
      const service = yield* provider(server.url, "anthropic-messages", {
        continuation: ({ anchor, marker }) => `Weiter: ${marker}, ${anchor}`
      })
      const events = Chunk.toReadonlyArray(yield* Stream.runCollect(service.stream(request, { delivery: "resume" })))
      assert.strictEqual(events.filter(({ _tag }) => _tag === "Superseded").length, 0)
      assert.strictEqual(ModelEvent.fold(events).text, text)
      const finish = events.at(-1)
      assert(finish?._tag === "Finish")
      assert.strictEqual(finish.response.text, text)
      assert.deepStrictEqual(finish.response.seams, [
        { attempt: 2, route: "ask", offset: delivered.length, anchor: delivered }
      ])
      const starts = events.flatMap((event) => (event._tag === "ResponseStart" ? [event.route] : []))
      assert.deepStrictEqual(starts, [undefined, "ask"])
      assert.strictEqual((yield* server.requests).length, 2)
    })
  )

  it.scopedLive("sends what was delivered as the model's own message, and then the request in the user's name", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([broken, Reply.status(400)])
      const service = yield* provider(server.url, "anthropic-messages")
      yield* Effect.flip(shown(service))
      const [, second] = yield* server.requests
      const ask = Wire.asked(second?.json)
      assert(ask !== undefined)
      assert.strictEqual(ask.anchor, delivered)
      assert.match(ask.marker, /^<resume-[0-9a-f]{6}>$/)
      const [, answer, words] = messagesOf(second)
      assert.deepStrictEqual(answer, { role: "assistant", content: [{ type: "text", text: delivered }] })
      assert.strictEqual(words?.role, "user")
    })
  )

  const spaced = Wire.answer("anthropic-messages", { text: ["One", " ", "two", " "] })
  /** How the answer ends, of which `One two` was delivered. */
  const ended = (rest: string) =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make(({ json }) => {
        const ask = Wire.asked(json)
        if (ask === undefined) return Reply.cut(Reply.stream(spaced), { afterEvents: 6 }, "rst")
        return Reply.stream(Wire.answer("anthropic-messages", { text: Wire.resumed(ask, rest) }))
      })
      const service = yield* provider(server.url, "anthropic-messages")
      const events = yield* Stream.runCollect(service.stream(request, { delivery: "resume" }))
      const finish = Chunk.unsafeLast(events)
      assert(finish._tag === "Finish")
      assert.strictEqual(ModelEvent.fold(events).text, finish.response.text)
      assert.strictEqual((yield* server.requests).length, 2)
      return finish.response
    })

  it.scopedLive("adds white space where that was all that was missing", () =>
    Effect.gen(function* () {
      const { seams, text } = yield* ended(" ")
      assert.strictEqual(text, "One two ")
      assert.deepStrictEqual(seams, [{ attempt: 2, route: "ask", offset: 7, anchor: "One two" }])
    })
  )

  it.scopedLive("adds nothing where the model says that nothing was missing, and leaves no seam", () =>
    Effect.gen(function* () {
      const { seams, text } = yield* ended("")
      assert.strictEqual(text, "One two")
      assert.deepStrictEqual(seams, [])
    })
  )

  type Model = (ask: NonNullable<ReturnType<typeof Wire.asked>>) => string | ReadonlyArray<string>
  const disobedient: Readonly<Record<string, Model>> = {
    "begins again": () => pieces,
    "begins again in other words": () => ["The sky is ", "in fact ", "black at night."],
    "goes on without a word of where": () => rest,
    "repeats its last words without the marker": ({ anchor }) => anchor + rest,
    "writes the marker, and other last words": ({ marker }) => `${marker}\nThe sky was blue beca${rest}`,
    "writes the marker, and not all of the last words": ({ anchor, marker }) => `${marker}\n${anchor.slice(4)}${rest}`,
    "repeats its last words twice": ({ anchor, marker }) => `${marker}\n${anchor}${anchor}${rest}`,
    "quotes its last words": ({ anchor, marker }) => `"${marker}\n${anchor}${rest}"`,
    "writes the marker again, and more": ({ anchor, marker }) => `${marker}\n${anchor}\n${marker}${rest}`,
    "repeats its last words and stops": ({ anchor, marker }) => `${marker}\n${anchor}`,
    "writes nothing": () => ""
  }
  for (const [what, model] of Object.entries(disobedient)) {
    it.scopedLive(`never joins the text of a model that ${what}: the drop's error, after one further try`, () =>
      Effect.gen(function* () {
        const server = yield* FaultServer.make(({ json }) => {
          const ask = Wire.asked(json)
          return ask === undefined ? broken : Reply.stream(Wire.answer("anthropic-messages", { text: model(ask) }))
        })
        const service = yield* provider(server.url, "anthropic-messages")
        let seen = ""
        const error = yield* service.streamText(request).pipe(
          Stream.runForEach((piece) =>
            Effect.sync(() => {
              seen += piece
            })
          ),
          Effect.flip
        )
        assert.strictEqual(seen, delivered)
        assert.strictEqual(error._tag, "StreamDropped")
        assert.strictEqual(error.partial?.text, delivered)
        assert.strictEqual(error.checkpoint?.text, delivered)
        assert.deepStrictEqual(
          error.attempts.map((attempt) => [attempt.route, attempt.error?.tag]),
          [
            [undefined, "StreamDropped"],
            ["ask", "SeamNotProven"],
            ["ask", "SeamNotProven"]
          ]
        )
        const asks = (yield* server.requests).slice(1).map(({ json }) => Wire.asked(json))
        assert.strictEqual(asks.length, 2)
        assert.deepStrictEqual(
          asks.map((ask) => ask?.anchor),
          [delivered, delivered]
        )
        assert.notStrictEqual(asks[0]?.marker, asks[1]?.marker)
      })
    )
  }

  it.scopedLive("goes on where the model obeys at the further try, at no cost", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make((received) =>
        received.index === 1 ? broken : received.index === 2 ? Reply.stream(anthropic) : obedient(received)
      )
      const service = yield* Provider.make(
        Vendors.custom({ id: "vendor", protocol: "anthropic-messages", baseUrl: server.url }),
        { apiKey: Redacted.make("test-key"), retry: Schedule.recurs(1) }
      )
      const events = Chunk.toReadonlyArray(yield* Stream.runCollect(service.stream(request, { delivery: "resume" })))
      const finish = events.at(-1)
      assert(finish?._tag === "Finish")
      assert.strictEqual(finish.response.text, text)
      assert.strictEqual(ModelEvent.fold(events).text, text)
      assert.deepStrictEqual(finish.response.seams, [
        { attempt: 3, route: "ask", offset: delivered.length, anchor: delivered }
      ])
      assert.deepStrictEqual(
        finish.response.attempts.map(({ error }) => error?.tag),
        ["StreamDropped", "SeamNotProven", undefined]
      )
    })
  )

  it.scopedLive("is not asked for where the caller does not want it, or the answer is to be of a schema", () =>
    Effect.gen(function* () {
      for (const [continuation, output] of [
        [false, undefined],
        [undefined, { schema: { type: "object", properties: { a: { type: "string" } } } }]
      ] as const) {
        const server = yield* FaultServer.make((received) => (received.index === 1 ? broken : obedient(received)))
        const service = yield* provider(server.url, "anthropic-messages", { continuation })
        const error = yield* Effect.flip(Stream.runDrain(service.streamText({ ...request, output })))
        assert.strictEqual(error._tag, "StreamDropped")
        assert.strictEqual(error.partial?.text, delivered)
        assert.strictEqual((yield* server.requests).length, 1)
      }
    })
  )

  it.scopedLive("does not let a model make a call twice: calls that were whole are kept, and a new one ends it", () =>
    Effect.gen(function* () {
      const call = { type: "tool-call", id: "call_1", name: "pay", arguments: { euro: 5 } } as const
      const mixed = Wire.answer("anthropic-messages", { blocks: [call, { type: "text", text: pieces }] })
      const again = Wire.answer("anthropic-messages", { blocks: [call] })
      const server = yield* FaultServer.make([
        Reply.cut(Reply.stream(mixed), { afterEvents: mixed.length - 4 }, "rst"),
        Reply.stream(again)
      ])
      const service = yield* provider(server.url, "anthropic-messages")
      const error = yield* Effect.flip(Stream.runDrain(service.stream(request, { delivery: "resume" })))
      assert.strictEqual(error._tag, "StreamDropped")
      assert.deepStrictEqual(
        error.attempts.map((attempt) => attempt.error?.tag),
        ["StreamDropped", "SeamNotProven", "SeamNotProven"]
      )
      assert.deepStrictEqual(
        error.partial?.blocks.map(({ type }) => type),
        ["tool-call", "text"]
      )
      const [, second] = yield* server.requests
      assert.include(JSON.stringify(second?.json), "Not run yet")
    })
  )
})

describe("text that the vendor itself contradicts", () => {
  /** One delta lost: the end of the answer says the whole text. */
  const events = Wire.answer("responses", { text: pieces, id: "resp_1" })
  const at = events.findIndex((event) => event.includes("output_text.delta")) + 1
  const lossy = Reply.stream(events.filter((_, index) => index !== at))
  const script = ({ index, json }: FaultServer.ReceivedRequest): Reply.Reply => {
    const ask = Wire.asked(json)
    if (index === 1) return lossy
    return ask === undefined
      ? Reply.stream(Wire.answer("responses", { text: pieces, id: "resp_2" }))
      : Reply.stream(Wire.answer("responses", { text: Wire.resumed(ask, " And more.") }))
  }

  it.scopedLive("is never gone on with: resume fails, restart begins anew", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make(script)
      const error = yield* Effect.flip(shown(yield* provider(server.url, "responses")))
      assert.strictEqual(error._tag, "MalformedStream")
      assert.strictEqual(error.partial?.text, text.replace(pieces[1] ?? "", ""))
      assert.isUndefined(error.checkpoint)
      assert.strictEqual((yield* server.requests).length, 1)

      const other = yield* FaultServer.make(script)
      const service = yield* provider(other.url, "responses")
      const seen = yield* Stream.runCollect(service.stream(request))
      assert.strictEqual(ModelEvent.fold(seen).text, text)
      assert.strictEqual((yield* other.requests).length, 2)
    })
  )

  it.scopedLive("is replaced by the vendor's last word where nothing was shown", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make(script)
      const service = yield* provider(server.url, "responses")
      assert.strictEqual((yield* service.generate(request)).text, text)
      const held = yield* FaultServer.make(script)
      const seen = yield* Stream.runCollect(
        (yield* provider(held.url, "responses")).stream(request, { delivery: "hold" })
      )
      assert.strictEqual(ModelEvent.fold(seen).text, text)
      assert.deepStrictEqual([(yield* server.requests).length, (yield* held.requests).length], [1, 1])
    })
  )
})

describe("resume by cursor", () => {
  const events = Wire.answer("responses", { text: pieces, id: "resp_1" })
  const background = { ...request, providerOptions: { responses: { background: true } } }

  it.scopedLive("takes up a kept answer where it broke: no event twice, none missing", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make((received) => {
        const reply = Reply.stream(Wire.rest(received, events))
        return received.index <= 3 ? Reply.cut(reply, { afterEvents: 3 }, "rst") : reply
      })
      const service = yield* provider(server.url, "responses")
      const seen = Chunk.toReadonlyArray(yield* Stream.runCollect(service.stream(background)))
      const finish = seen.at(-1)
      assert(finish?._tag === "Finish")
      assert.strictEqual(finish.response.text, text)
      assert.strictEqual(ModelEvent.fold(seen).text, text)
      assert.isFalse(seen.some(({ _tag }) => _tag === "Superseded"))
      assert.deepStrictEqual(
        (yield* server.requests).map(({ method, path }) => `${method} ${path}`),
        [
          "POST /v1/responses",
          "GET /v1/responses/resp_1?stream=true&starting_after=2",
          "GET /v1/responses/resp_1?stream=true&starting_after=5",
          "GET /v1/responses/resp_1?stream=true&starting_after=8"
        ]
      )
      assert.deepInclude((yield* server.requests)[0]?.json, { background: true, store: true })
    })
  )

  it.scopedLive("skips what a server sends again, and does not accept a gap", () =>
    Effect.gen(function* () {
      const cut = Reply.cut(Reply.stream(events), { afterEvents: 8 }, "rst")
      const replaying = yield* FaultServer.make([cut, Reply.stream(events)])
      const first = yield* provider(replaying.url, "responses")
      assert.strictEqual((yield* first.generate(background)).text, text)
      assert.strictEqual((yield* replaying.requests).length, 2)

      const gap = Reply.stream(events.slice(9))
      const losing = yield* FaultServer.make([cut, gap, Reply.stream(events)])
      const second = yield* provider(losing.url, "responses")
      assert.strictEqual((yield* second.generate(background)).text, text)
      assert.deepStrictEqual(
        (yield* losing.requests).map(({ method }) => method),
        ["POST", "GET", "POST"]
      )
    })
  )

  it.scopedLive("goes one way down when the server has forgotten", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make((received) => {
        if (received.method === "GET") return Reply.status(404, { body: Wire.errorBody("responses") })
        if (received.index === 1) return Reply.cut(Reply.stream(events), { afterEvents: 7 }, "rst")
        return obedient(received, "responses")
      })
      const service = yield* provider(server.url, "responses")
      assert.strictEqual(
        yield* service.streamText(background).pipe(Stream.runCollect, Effect.map(Chunk.join(""))),
        text
      )
      assert.deepStrictEqual(
        (yield* server.requests).map(({ method }) => method),
        ["POST", "GET", "POST"]
      )
    })
  )

  it.scopedLive("is not tried where nobody asked the vendor to keep the answer", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([
        Reply.cut(Reply.stream(events), { afterEvents: 8 }, "rst"),
        Reply.stream(events)
      ])
      const service = yield* provider(server.url, "responses")
      assert.strictEqual((yield* service.generate(request)).text, text)
      assert.deepStrictEqual(
        (yield* server.requests).map(({ method }) => method),
        ["POST", "POST"]
      )
      assert.deepInclude((yield* server.requests)[0]?.json, { store: false })
    })
  )
})

describe("hold", () => {
  it.scopedLive("gives nothing until the end is proven, then one delta per block", () =>
    Effect.gen(function* () {
      const gate = yield* FaultServer.gate()
      const whole = Reply.stream(anthropic)
      const server = yield* FaultServer.make([broken, Reply.hold(whole, { afterEvents: anthropic.length - 1 }, gate)])
      const service = yield* provider(server.url, "anthropic-messages")
      const seen: Array<string> = []
      const fiber = yield* service.stream(request, { delivery: "hold" }).pipe(
        Stream.runForEach(({ _tag }) => Effect.sync(() => void seen.push(_tag))),
        Effect.fork
      )
      yield* gate.reached
      yield* Effect.yieldNow()
      assert.deepStrictEqual(seen, [])
      yield* gate.open
      yield* fiber
      assert.deepStrictEqual(seen, ["ResponseStart", "TextStart", "TextDelta", "TextEnd", "Finish"])
    })
  )

  it.scopedLive("fails with the partial, of which nothing was delivered", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([broken])
      const service = yield* provider(server.url, "anthropic-messages")
      const error = yield* Effect.flip(Stream.runDrain(service.stream(request, { delivery: "hold" })))
      assert.strictEqual(error.delivered, "nothing")
      assert.strictEqual(error.partial?.text, delivered)
    })
  )
})

describe("what attempts cost", () => {
  it.scopedLive("is known as far as the vendor told it, and marked where it told no end", () =>
    Effect.gen(function* () {
      const server = yield* FaultServer.make([broken, Reply.stream(anthropic)])
      const service = yield* provider(server.url, "anthropic-messages")
      const response = yield* service.generate(request)
      const [first, second] = response.attempts
      assert.strictEqual(first?.usageIsPartial, true)
      assert.strictEqual(first?.usage?.inputTokens, 10)
      assert.strictEqual(first?.discarded?.text, delivered)
      assert.isUndefined(second?.usageIsPartial)
      const { exact, usage } = ModelResponse.totalUsage(response)
      assert.isFalse(exact)
      assert.strictEqual(usage.inputTokens, 20)
    })
  )
})

describe("the budget", () => {
  it.scoped("of a schedule is not spent by attempts that move the answer forward, and they have one of their own", () =>
    Effect.gen(function* () {
      /** Seven answers break after five characters each, and the next one does not. */
      const script = ({ json }: Memory.Asked, nth: number): Memory.Reply => {
        const ask = Wire.asked(json)
        const missing = ask === undefined ? text : text.slice(text.indexOf(ask.anchor) + ask.anchor.length)
        const first = ask === undefined ? "" : Wire.resumed(ask, missing).slice(0, -missing.length)
        const events = Wire.answer("anthropic-messages", { text: [first, ...missing] })
        return nth > 7 ? { events } : { events: events.slice(0, 4 + 5), ending: "reset" }
      }
      const play = (limits: Provider.Resilience["limits"]) =>
        Effect.gen(function* () {
          const { asked, provider } = yield* Memory.make("anthropic-messages", script, {
            retry: Schedule.recurs(1),
            limits
          })
          const result = yield* Effect.either(shown(provider))
          return { result, made: asked.length }
        })
      const enough = yield* play({ maxAttempts: 1 })
      assert(enough.result._tag === "Right")
      assert.strictEqual(enough.result.right, text)
      assert.strictEqual(enough.made, 8)
      const bounded = yield* play({ maxContinued: 3 })
      assert(bounded.result._tag === "Left")
      assert.strictEqual(bounded.result.left._tag, "StreamDropped")
      assert.strictEqual(bounded.result.left.partial?.text, text.slice(0, 20))
      assert.strictEqual(bounded.made, 4)
    })
  )

  it.scoped("is spent by attempts that bring nothing", () =>
    Effect.gen(function* () {
      const { provider, requests } = yield* ScriptedProvider.make(
        [
          ScriptedProvider.drop({ text: [...text] }, { afterEvents: 20 }),
          ScriptedProvider.drop({ text }, { afterEvents: 0 })
        ],
        { retry: Schedule.recurs(2) }
      )
      const error = yield* Effect.flip(shown(provider))
      assert.strictEqual(error._tag, "StreamDropped")
      assert.strictEqual((yield* requests).length, 3)
    })
  )
})

describe("text that ends in an error", () => {
  it.scoped("was shown just as far as the error says, and never ends in white space or in half a character", () =>
    Effect.gen(function* () {
      for (const { lengths, text } of [
        { text: ["One.", "\n\n", "Two."], lengths: [0, 4, 10] },
        { text: ["\n", "\n", "Three."], lengths: [0, 8] },
        { text: ["One. ", "\ud83d", "\ude00 "], lengths: [0, 4, 7] }
      ]) {
        const met: Array<number> = []
        for (let at = 2; at <= 15; at++) {
          const afterEvents = at >> 1
          const delivery = at % 2 === 0 ? "resume" : "fail"
          const drops = ScriptedProvider.drop({ text }, { afterEvents })
          const { provider } = yield* ScriptedProvider.make([drops], { retry: Schedule.stop })
          const shown: Array<string> = []
          const show = (piece: string) => Effect.sync(() => void shown.push(piece))
          const stream = provider.streamText(request, { delivery })
          const { checkpoint, partial } = yield* Effect.flip(Stream.runForEach(stream, show))
          assert.strictEqual(shown.join(""), partial?.text ?? "", `after ${afterEvents} events`)
          assert.strictEqual(shown.join(""), checkpoint?.text, `after ${afterEvents} events`)
          met.push(shown.join("").length)
        }
        assert.deepStrictEqual([...new Set(met)], lengths)
      }
    })
  )
})

describe("a setting that was read", () => {
  it.scoped("cannot make streamText take text back", () =>
    Effect.gen(function* () {
      const { provider, requests } = yield* ScriptedProvider.make([ScriptedProvider.answer({ text })])
      // The types have no such delivery.
      const delivery = "restart" as Provider.TextOptions["delivery"] & string
      const error = yield* Effect.flip(Stream.runDrain(provider.streamText(request, { delivery })))
      assert(error._tag === "InvalidRequest" && error.field === "delivery", error._tag)
      assert.match(error.message, /takes text back/)
      assert.strictEqual((yield* requests).length, 0)
    })
  )
})
