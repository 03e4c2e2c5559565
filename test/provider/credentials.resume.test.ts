/**
 * What becomes of an answer that is gone on with, when the attempt that goes on meets a refused or a limited key: the keys
 * have their say, and nothing that was delivered is lost or said twice.
 */
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Redacted, Schedule, Stream } from "effect"
import { Credentials, type Protocol, Provider, Vendors } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { keyOf } from "../support/provider/own.js"
import { request } from "../support/request.js"

const text = "The sky is blue because short waves are scattered more than long ones."
const pieces = text.match(/.{1,10}/g) ?? []
const kept = { ...request, providerOptions: { responses: { background: true } } }

/** Tokens `t1`, `t2`, ... of one source, and a spare key. */
const credentials = Effect.suspend(() => {
  let n = 0
  return Credentials.make([
    Credentials.fromEffect(Effect.sync(() => Redacted.make(`t${++n}`))),
    Credentials.fromKey(Redacted.make("spare"))
  ])
})

interface Way {
  readonly protocol: Protocol.ProtocolId
  readonly request: Provider.ObjectRequest
  readonly prefill?: object
  /** How its second request is seen to go on. */
  readonly goesOn: (received: FaultServer.ReceivedRequest) => boolean
}

const lastRole = ({ json }: FaultServer.ReceivedRequest): string | undefined =>
  (json as { readonly messages: ReadonlyArray<{ readonly role: string }> }).messages.at(-1)?.role

const ways: Readonly<Record<string, Way>> = {
  cursor: { protocol: "responses", request: kept, goesOn: ({ method }) => method === "GET" },
  prefill: {
    protocol: "anthropic-messages",
    request,
    prefill: {},
    goesOn: (received) => lastRole(received) === "assistant"
  },
  ask: {
    protocol: "anthropic-messages",
    request,
    goesOn: ({ json }) => Wire.asked(json) !== undefined
  }
}

/** An answer that breaks in the middle, whose rest is first met by the given refusals. */
const meet = (
  way: Way,
  delivery: "resume" | "restart",
  refusals: ReadonlyArray<Reply.Reply>,
  made: typeof credentials = credentials
) =>
  Effect.gen(function* () {
    const events = Wire.answer(way.protocol, { text: pieces, id: "resp_1" })
    const delivered = pieces.slice(0, 2).join("")
    const server = yield* FaultServer.make((received) => {
      if (received.index === 1) {
        return Reply.cut(Reply.stream(events), { afterEvents: way.protocol === "responses" ? 6 : 5 }, "rst")
      }
      const refusal = refusals[received.index - 2]
      if (refusal !== undefined) return refusal
      if (received.method === "GET") return Reply.stream(Wire.rest(received, events))
      const ask = Wire.asked(received.json)
      const rest = text.slice(delivered.length)
      return Reply.stream(Wire.answer(way.protocol, { text: ask === undefined ? rest : Wire.resumed(ask, rest) }))
    })
    const apiKey = yield* made
    const provider = yield* Provider.make(
      Vendors.custom({
        id: "vendor",
        protocol: way.protocol,
        baseUrl: way.protocol === "responses" ? `${server.url}/v1` : server.url,
        prefill: way.prefill
      }),
      { apiKey, retry: Schedule.recurs(4) }
    )
    const seen = yield* Stream.runCollect(provider.stream(way.request, { delivery }))
    const last = Chunk.last(seen)
    assert(last._tag === "Some" && last.value._tag === "Finish")
    const [, ...after] = yield* server.requests
    return { response: last.value.response, after, superseded: Chunk.some(seen, ({ _tag }) => _tag === "Superseded") }
  })

describe("an attempt that goes on", () => {
  for (const [name, way] of Object.entries(ways)) {
    for (const [what, refusals, keys] of [
      ["has a refused key refreshed", [Reply.status(401)], ["t1", "t2"]],
      ["takes another key where a refresh did not help", [Reply.status(401), Reply.status(401)], ["t1", "t2", "spare"]],
      ["takes another key where there is no money", [Reply.status(402)], ["t1", "spare"]],
      ["takes another key at the second limit", [Reply.status(429), Reply.status(429)], ["t1", "t1", "spare"]],
      ["keeps its key under overload", [Reply.status(529), Reply.status(503)], ["t1", "t1", "t1"]]
    ] as const) {
      it.scopedLive(`by ${name} ${what}, and still goes on`, () =>
        Effect.gen(function* () {
          const { after, response } = yield* meet(way, "resume", refusals)
          assert.deepStrictEqual(after.map(keyOf), [...keys])
          assert.isTrue(after.every(way.goesOn), "each attempt goes on with what was delivered")
          assert.strictEqual(response.text, text)
        })
      )
    }
  }

  it.scopedLive("by cursor takes nothing back for a key, also where a restart is allowed", () =>
    Effect.gen(function* () {
      const { after, response, superseded } = yield* meet(ways.cursor!, "restart", [Reply.status(401)])
      assert.deepStrictEqual(
        after.map(({ method }) => method),
        ["GET", "GET"]
      )
      assert.isFalse(superseded)
      assert.strictEqual(response.text, text)
    })
  )

  it.scopedLive("by cursor waits for the key that comes back first, and still goes on", () =>
    Effect.gen(function* () {
      const fixed = (name: string) => Credentials.fromKey(Redacted.make(name))
      const made = Credentials.make([fixed("a"), fixed("b")], { coolDown: { rateLimit: "300 millis" } })
      const { after, response } = yield* meet(
        ways.cursor!,
        "resume",
        [Reply.status(429), Reply.status(429), Reply.status(401)],
        made
      )
      assert.deepStrictEqual(after.map(keyOf), ["a", "a", "b", "a"])
      assert.isTrue(after.every(({ method }) => method === "GET"))
      assert.strictEqual(response.text, text)
    })
  )
})
