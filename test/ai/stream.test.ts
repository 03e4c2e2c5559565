/**
 * Streams of parts: what waits until it cannot be void, what is never ended, and what is told of drops.
 */
import { LanguageModel, type Response, Tool, Toolkit } from "@effect/ai"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Either, Fiber, Option, Schema, Stream } from "effect"
import * as Redial from "effect-redial/ai"
import { ScriptedProvider, Wire } from "effect-redial/testing"
import { call, collect, counted, finishOf, provide, scripted, textOf, types, weather } from "../support/ai.js"

const { answer, drop } = ScriptedProvider

const thinks = { reasoning: "They ask for the sky.", text: "Because of Rayleigh scattering." }
const calls = {
  reasoning: "I need the weather.",
  text: "One moment. ",
  toolCalls: [call("toolu_1", "Oslo"), call("toolu_2", "Rome")]
}

const streamed = LanguageModel.streamText({ prompt: "Why?" }).pipe(collect)
const withTools = LanguageModel.streamText({ prompt: "Weather?", toolkit: weather }).pipe(collect)

const idsOf = (parts: ReadonlyArray<Response.AnyPart>, type: Response.AnyPart["type"]): ReadonlyArray<string> =>
  parts.flatMap((part) => (part.type === type && "id" in part && typeof part.id === "string" ? [part.id] : []))

const metadata = (parts: ReadonlyArray<Response.AnyPart>) =>
  parts.flatMap((part) => (part.type === "response-metadata" ? [part] : []))

describe("a streamed answer", () => {
  it.scoped("comes as parts in the order of their blocks", () =>
    Effect.gen(function* () {
      const { model } = yield* scripted([answer({ ...thinks, id: "msg_1" })])
      const parts = yield* provide(model)(streamed)
      const shown = types(parts).filter((type, at, all) => type !== all[at - 1])
      assert.deepStrictEqual(shown, [
        "response-metadata",
        "reasoning-start",
        "reasoning-delta",
        "reasoning-end",
        "text-start",
        "text-delta",
        "text-end",
        "finish"
      ])
      assert.strictEqual(textOf(parts), thinks.text)
      const [first] = metadata(parts)
      assert.deepStrictEqual(first?.id, Option.some("msg_1"))
      assert.strictEqual(first?.metadata.effectRedial?.attempt, 1)
      assert.strictEqual(finishOf(parts).reason, "stop")
    })
  )

  it.scoped("says who answers only together with content", () =>
    Effect.gen(function* () {
      const { model } = yield* scripted([drop(thinks, { afterEvents: 1 }), answer(thinks)])
      const chunks: Array<ReadonlyArray<string>> = []
      yield* provide(model)(
        LanguageModel.streamText({ prompt: "Why?" }).pipe(
          Stream.runForEachChunk((chunk) => Effect.sync(() => void chunks.push(types([...chunk]))))
        )
      )
      assert.deepStrictEqual(chunks[0]?.slice(0, 2), ["response-metadata", "reasoning-start"])
      assert.strictEqual(chunks.flat().filter((type) => type === "response-metadata").length, 1)
    })
  )

  it.scoped("carries the signature of reasoning at its end", () =>
    Effect.gen(function* () {
      const { model } = yield* scripted([
        answer({
          blocks: [
            { type: "reasoning", text: "Hm.", signature: "sig" },
            { type: "text", text: "Yes." }
          ]
        })
      ])
      const parts = yield* provide(model)(streamed)
      const end = parts.find((part) => part.type === "reasoning-end")
      assert.deepStrictEqual(end?.metadata, {
        effectRedial: { signature: "sig", protocol: "anthropic-messages" },
        anthropic: { type: "thinking", signature: "sig" }
      })
    })
  )
})

describe("a drop", () => {
  it.scoped("voids reasoning that is never ended, whose id never comes again, and says so", () =>
    Effect.gen(function* () {
      // All of the reasoning, its end included, and nothing of the text.
      const { model } = yield* scripted([drop(thinks, { afterEvents: 7 }), answer(thinks)])
      const parts = yield* provide(model)(streamed)
      const starts = idsOf(parts, "reasoning-start")
      assert.strictEqual(starts.length, 2)
      assert.notStrictEqual(starts[0], starts[1])
      assert.deepStrictEqual(idsOf(parts, "reasoning-end"), starts.slice(1))
      assert.notInclude(types(parts), "error")
      const [, second] = metadata(parts)
      assert.deepStrictEqual(
        second?.metadata.effectRedial?.superseded?.map(({ attempt, error, ids }) => [attempt, error.tag, ids]),
        [[1, "StreamDropped", starts.slice(0, 1)]]
      )
      assert.strictEqual(textOf(parts), thinks.text)
    })
  )

  it.scoped("in mid-text goes on under the same id, and takes nothing back", () =>
    Effect.gen(function* () {
      const text = "Because of Rayleigh scattering."
      const { model, requests } = yield* scripted([
        drop({ text }, { afterEvents: 5 }),
        ScriptedProvider.resumed(" scattering.")
      ])
      const parts = yield* provide(model)(streamed)
      assert.strictEqual(textOf(parts).slice(-" scattering.".length), " scattering.")
      assert(text.startsWith(textOf(parts).slice(0, -" scattering.".length)))
      assert.strictEqual(new Set(idsOf(parts, "text-delta")).size, 1)
      assert.deepStrictEqual(idsOf(parts, "text-start"), idsOf(parts, "text-end"))
      assert.strictEqual((yield* requests).length, 2)
      const { attempts } = finishOf(parts).metadata.effectRedial ?? {}
      assert.strictEqual(attempts?.at(-1)?.route, "ask")
    })
  )

  it.scoped("at any event runs each handler once, and gives the results before the finish", () =>
    Effect.gen(function* () {
      const silent = { toolCalls: calls.toolCalls, reasoning: calls.reasoning }
      const length = Wire.answer("anthropic-messages", silent).length
      for (let afterEvents = 0; afterEvents < length; afterEvents++) {
        for (const how of ["reset", "end"] as const) {
          const { cities, handlers } = counted()
          const { model } = yield* scripted([drop(silent, { afterEvents, how }), answer(silent)])
          const parts = yield* withTools.pipe(Effect.provide(handlers), provide(model))
          const at = `${how} after ${afterEvents} events`
          assert.deepStrictEqual(cities.toSorted(), ["Oslo", "Rome"], at)
          const tail = types(parts).slice(-5)
          assert.deepStrictEqual(tail, ["tool-call", "tool-call", "tool-result", "tool-result", "finish"], at)
          const ids = idsOf(parts, "tool-params-start")
          assert.strictEqual(new Set(ids).size, ids.length, `${at}: an id came again`)
          assert.deepStrictEqual(idsOf(parts, "tool-call"), idsOf(parts, "tool-params-end"), at)
          assert.deepStrictEqual(idsOf(parts, "tool-result"), idsOf(parts, "tool-call"), at)
          const reasons = idsOf(parts, "reasoning-start")
          assert.strictEqual(new Set(reasons).size, reasons.length, at)
          assert.strictEqual(idsOf(parts, "reasoning-end").length, 1, at)
        }
      }
    })
  )

  it.scoped("of an answer that is held back shows nothing of the broken attempt", () =>
    Effect.gen(function* () {
      const { model } = yield* scripted([drop(thinks, { afterEvents: 9 }), answer(thinks)], { delivery: "hold" })
      const parts = yield* provide(model)(streamed)
      assert.strictEqual(idsOf(parts, "reasoning-start").length, 1)
      assert.strictEqual(textOf(parts), thinks.text)
    })
  )

  it.scoped("fails a stream that wants no second request, without a finish", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* scripted([drop(thinks, { afterEvents: 10 }), answer(thinks)], {
        delivery: "fail"
      })
      const seen: Array<Response.AnyPart> = []
      const ended = yield* provide(model)(
        LanguageModel.streamText({ prompt: "Why?" }).pipe(
          Stream.runForEach((part) => Effect.sync(() => void seen.push(part))),
          Effect.either
        )
      )
      assert(Either.isLeft(ended))
      assert.strictEqual(ended.left._tag, "HttpRequestError")
      const origin = Option.getOrThrow(Redial.providerError(ended.left))
      assert.strictEqual(origin._tag, "StreamDropped")
      assert.notInclude(types(seen), "finish")
      assert.notInclude(types(seen), "text-end")
      assert.strictEqual((yield* requests).length, 1)
    })
  )
})

describe("a handler", () => {
  const asks = { toolCalls: [call("toolu_1", "Oslo")] }

  it.scoped("runs once, although pulls are interrupted while it runs", () =>
    Effect.gen(function* () {
      const { model } = yield* scripted([answer(asks)])
      const open = yield* Deferred.make<void>()
      let ran = 0
      const handlers = weather.toLayer({
        weather: () =>
          Effect.zipRight(
            Effect.sync(() => ran++),
            Effect.as(Deferred.await(open), "sunny")
          )
      })
      yield* Effect.gen(function* () {
        const pull = yield* Stream.toPull(LanguageModel.streamText({ prompt: "Weather?", toolkit: weather }))
        const seen: Array<string> = []
        while (!seen.includes("tool-call")) for (const { type } of yield* pull) seen.push(type)
        for (let tries = 0; tries < 3; tries++) {
          const pulling = yield* Effect.fork(pull)
          yield* Effect.yieldNow()
          yield* Fiber.interrupt(pulling)
        }
        yield* Deferred.succeed(open, undefined)
        const rest = [...types([...(yield* pull)]), ...types([...(yield* pull)])]
        assert.deepStrictEqual([ran, ...rest], [1, "tool-result", "finish"])
      }).pipe(Effect.provide(handlers), provide(model))
    })
  )

  it.scoped("is interrupted with its stream", () =>
    Effect.gen(function* () {
      const { model } = yield* scripted([answer(asks)])
      const running = yield* Deferred.make<void>()
      const stopped = yield* Deferred.make<void>()
      const handlers = weather.toLayer({
        weather: () =>
          Effect.zipRight(Deferred.succeed(running, undefined), Effect.never).pipe(
            Effect.onInterrupt(() => Deferred.succeed(stopped, undefined))
          )
      })
      const fiber = yield* Effect.fork(withTools.pipe(Effect.provide(handlers), provide(model)))
      yield* Deferred.await(running)
      yield* Fiber.interrupt(fiber)
      yield* Deferred.await(stopped)
    })
  )

  it.scoped("fails the stream with its own error, before the finish", () =>
    Effect.gen(function* () {
      const Failing = Toolkit.make(
        Tool.make("weather", { parameters: { city: Schema.String }, failure: Schema.String })
      )
      const { model } = yield* scripted([answer(asks)])
      const error = yield* LanguageModel.streamText({ prompt: "Weather?", toolkit: Failing }).pipe(
        collect,
        Effect.provide(Failing.toLayer({ weather: () => Effect.fail("no such city") })),
        provide(model),
        Effect.flip
      )
      assert.strictEqual(error, "no such city")
    })
  )

  it.scoped("does not run where the program resolves calls itself", () =>
    Effect.gen(function* () {
      const { cities, handlers } = counted()
      const { model } = yield* scripted([answer(asks)])
      const parts = yield* LanguageModel.streamText({
        prompt: "Weather?",
        toolkit: weather,
        disableToolCallResolution: true
      }).pipe(collect, Effect.provide(handlers), provide(model))
      assert.deepStrictEqual([types(parts).slice(-2), cities], [["tool-call", "finish"], []])
    })
  )
})

describe("the finish", () => {
  it.scoped("has the usage of the last attempt, and in its metadata what all of them cost", () =>
    Effect.gen(function* () {
      const usage = { inputTokens: 100, outputTokens: 20, cacheReadTokens: 60 }
      const { model } = yield* scripted([drop({ ...thinks, usage }, { afterEvents: 3 }), answer({ ...thinks, usage })])
      const { metadata, usage: last } = finishOf(yield* provide(model)(streamed))
      assert.deepStrictEqual(
        { ...last },
        {
          inputTokens: 100,
          outputTokens: 20,
          totalTokens: 120,
          reasoningTokens: undefined,
          cachedInputTokens: 60
        }
      )
      const told = metadata.effectRedial
      assert.strictEqual(told?.attempts.length, 2)
      assert.strictEqual(told?.totalUsage.usage.inputTokens, 200)
      assert.strictEqual(told?.totalUsage.exact, false)
    })
  )

  it.scoped("says why the model stopped, in the words of @effect/ai and in the vendor's", () =>
    Effect.gen(function* () {
      const reasons: Array<unknown> = []
      for (const finish of ["stop", "length", "refusal", "pause_turn", "brand_new"]) {
        const { model } = yield* scripted([answer({ text: "Hm.", finish })])
        const last = finishOf(yield* provide(model)(streamed))
        reasons.push([last.reason, last.metadata.effectRedial?.finishReason.raw])
      }
      assert.deepStrictEqual(reasons, [
        ["stop", "end_turn"],
        ["length", "max_tokens"],
        ["content-filter", "refusal"],
        ["pause", "pause_turn"],
        ["other", "brand_new"]
      ])
    })
  )
})
