/**
 * Errors: what kind of error of @effect/ai each of the provider's is, and the way back.
 */
import { AiError, LanguageModel } from "@effect/ai"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Option, Schema } from "effect"
import { ProviderError } from "effect-redial"
import * as Redial from "effect-redial/ai"
import { ScriptedProvider } from "effect-redial/testing"
import { fromProviderError } from "../../src/ai/internal/errors.js"
import { collect, options, provide, scripted } from "../support/ai.js"

const { answer, drop, status } = ScriptedProvider

const generated = Effect.asVoid(LanguageModel.generateText({ prompt: "Why?" }))
const streamed = Effect.asVoid(collect(LanguageModel.streamText({ prompt: "Why?" })))

const failure = <A, R>(effect: Effect.Effect<A, AiError.AiError, R>) =>
  Effect.flatMap(Effect.either(effect), (ended) =>
    Either.isLeft(ended) ? Effect.succeed(ended.left) : Effect.dieMessage("it succeeded")
  )

describe("an error", () => {
  for (const [way, run] of [
    ["generated", generated],
    ["streamed", streamed]
  ] as const) {
    it.scoped(`of a status is a response's, ${way}, and leads back`, () =>
      Effect.gen(function* () {
        for (const code of [400, 401, 402, 403, 404, 429, 500, 529]) {
          const { model } = yield* scripted([status(code, { message: "why" })])
          const error = yield* failure(provide(model)(run))
          assert(error instanceof AiError.HttpResponseError, error._tag)
          assert.deepStrictEqual([error.reason, error.response.status], ["StatusCode", code])
          assert.include(error.message, "why")
          const origin = Option.getOrThrow(Redial.providerError(error))
          assert.strictEqual(origin.status, code)
          assert.isTrue(Schema.is(AiError.AiError)(error))
        }
      })
    )

    it.scoped(`of the transport is a request's, ${way}, and leads back with all attempts`, () =>
      Effect.gen(function* () {
        const { model } = yield* scripted([drop({ text: "Yes." }, { afterEvents: 1 })])
        const error = yield* failure(provide(model)(run))
        assert(error instanceof AiError.HttpRequestError, error._tag)
        assert.strictEqual(error.reason, "Transport")
        const origin = Option.getOrThrow(Redial.providerError(error))
        assert.strictEqual(origin._tag, "StreamDropped")
        assert.strictEqual(origin.attempts.length, 6)
        assert.strictEqual(error.cause, origin)
      })
    )

    it.scoped(`that ends before its terminal marker is no success, ${way}`, () =>
      Effect.gen(function* () {
        const { model } = yield* scripted([drop({ text: "Yes." }, { afterEvents: 6, how: "end" })], {
          delivery: "fail"
        })
        const error = yield* failure(provide(model)(run))
        assert.strictEqual(Option.getOrThrow(Redial.providerError(error))._tag, "StreamTruncated")
      })
    )
  }

  it.scoped("of a request that cannot be sent is one of the input", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scripted([answer({ text: "Yes." })])
      const error = yield* failure(provide(model)(LanguageModel.generateText({ prompt: "" })))
      assert.strictEqual(error._tag, "MalformedInput")
      assert.strictEqual(Option.getOrThrow(Redial.providerError(error))._tag, "InvalidRequest")
      assert.strictEqual((yield* requests).length, 0)
    })
  )

  it("of each tag has a kind, and is valid", () => {
    const kinds = {
      ConnectionFailed: "HttpRequestError",
      StreamDropped: "HttpRequestError",
      StreamTruncated: "HttpRequestError",
      StreamStalled: "HttpRequestError",
      CircuitOpen: "HttpRequestError",
      LimitReached: "HttpRequestError",
      MalformedStream: "MalformedOutput",
      SeamNotProven: "MalformedOutput",
      Overloaded: 529,
      RateLimited: 429,
      ServerError: 500,
      AuthenticationFailed: 401,
      PermissionDenied: 403,
      QuotaExhausted: 402,
      ModelNotFound: 404,
      InvalidRequest: 400,
      ContextOverflow: 400,
      ContentRefused: 400
    } satisfies Record<ProviderError.ProviderError["_tag"], string | number>
    for (const [tag, kind] of Object.entries(kinds)) {
      // A fault that the vendor reported inside of its stream, without a status.
      const stored = {
        _tag: tag,
        provider: "p",
        protocol: "responses",
        model: "m",
        attempt: 1,
        delivered: "nothing",
        attempts: [],
        description: "it broke",
        reason: "reset",
        deadline: "idle",
        silent: true
      }
      const origin = Schema.decodeUnknownSync(ProviderError.ProviderError)(stored)
      const error = fromProviderError("streamText", origin)
      assert.strictEqual(error._tag === "HttpResponseError" ? error.response.status : error._tag, kind, tag)
      assert.strictEqual(Option.getOrThrow(Redial.providerError(error)), origin)
    }
  })

  it("of another origin leads nowhere", () => {
    const other = new AiError.UnknownError({ module: "m", method: "n" })
    assert.isTrue(Option.isNone(Redial.providerError(other)))
  })
})

describe("the delivery restart", () => {
  it.scoped("is refused before a request, where a setting says it all the same", () =>
    Effect.gen(function* () {
      const read = JSON.parse('{ "delivery": "restart" }')
      const { model, requests } = yield* scripted([answer({ text: "Yes." })], read)
      for (const run of [generated, streamed]) {
        const error = yield* failure(provide(model)(run))
        assert(error instanceof AiError.MalformedInput)
        assert.include(error.description, "restart")
      }
      assert.strictEqual((yield* requests).length, 0)
    })
  )

  it("is not among the options", () => {
    // @ts-expect-error a consumer of parts cannot take one back
    const wrong: Redial.Options = { ...options, delivery: "restart" }
    assert.isDefined(wrong)
  })
})
