/**
 * What a program tells of a request that redials, as it arrives at a real OTLP receiver through `@effect/opentelemetry`.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Metrics } from "effect-redial"
import { exported, model } from "../support/telemetry/exported.js"
import { attributesOf } from "../support/telemetry/receiver.js"

describe("a receiver of OTLP", () => {
  it.scopedLive("gets one trace of a request and its attempts, with metrics and a line", () =>
    Effect.gen(function* () {
      const { logs, metrics, said, server, spans, text } = yield* exported
      assert.strictEqual(said, text)

      // The trace.
      const [root] = spans.filter(({ parentSpanId }) => parentSpanId === undefined)
      assert.strictEqual(root?.name, "answer a reader")
      assert.deepStrictEqual([...new Set(spans.map(({ traceId }) => traceId))], [root?.traceId])
      const chat = spans.find(({ name }) => name === `chat ${model}`)
      assert(chat !== undefined && chat.parentSpanId === root?.spanId)
      const CLIENT = 3
      const INTERNAL = 1
      assert.strictEqual(chat.kind, CLIENT)
      assert.deepInclude(attributesOf(chat), {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": model,
        "gen_ai.request.stream": true,
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 2400,
        "gen_ai.usage.cache_read.input_tokens": 2048,
        "server.address": "127.0.0.1",
        "server.port": server.port,
        "effect_redial.attempts": 2,
        "effect_redial.seams": 1
      })
      assert.isAbove(Number(attributesOf(chat)["effect_redial.cost"]), 0)
      assert.deepStrictEqual(
        chat.events.map(({ name }) => name),
        ["effect_redial.first_event", "effect_redial.redial", "effect_redial.seam"]
      )
      const attempts = spans.filter(({ name }) => name === "attempt")
      assert.deepStrictEqual(
        attempts.map((span) => [
          span.parentSpanId,
          span.kind,
          span.status.code,
          attributesOf(span)["error.type"],
          attributesOf(span)["effect_redial.route"]
        ]),
        [
          [chat.spanId, INTERNAL, 2, "StreamDropped", undefined],
          [chat.spanId, INTERNAL, 1, undefined, "ask"]
        ]
      )
      for (const attempt of attempts)
        assert.isAtLeast(Number(attributesOf(attempt)["effect_redial.admission_wait_ms"]), 10)
      assert.deepStrictEqual(
        spans.filter(({ name }) => name === "effect-redial.acquire").map(({ parentSpanId }) => parentSpanId),
        [attempts[0]?.spanId, chat.spanId]
      )

      // The line of the redial belongs to the trace.
      const redials = logs.filter(({ body }) => body.stringValue?.startsWith("Redialling in "))
      assert.deepStrictEqual(
        redials.map(({ severityText, spanId, traceId }) => [severityText, traceId, spanId]),
        [["INFO", chat.traceId, chat.spanId]]
      )

      // The metrics.
      const mine = (name: string) => {
        const metric = metrics().find((each) => each.name === name)
        assert(metric !== undefined, `${name} was not sent`)
        const points = metric.sum ?? metric.gauge ?? metric.histogram
        return {
          metric,
          points: (points?.dataPoints ?? []).filter((point) => attributesOf(point)["gen_ai.request.model"] === model)
        }
      }
      const duration = mine(Metrics.names.operationDuration)
      assert.strictEqual(duration.metric.unit, "s")
      assert.strictEqual(duration.points[0]?.count, 1)
      assert.includeMembers([...(duration.points[0]?.explicitBounds ?? [])], [0.01, 1.28, 81.92])
      const tokens = mine(Metrics.names.tokenUsage)
      assert.strictEqual(tokens.metric.unit, "{token}")
      assert.deepStrictEqual(
        tokens.points.map((point) => [attributesOf(point)["gen_ai.token.type"], point.sum]),
        [
          ["input", 2400],
          ["output", Number(attributesOf(chat)["gen_ai.usage.output_tokens"])]
        ]
      )
      assert.deepStrictEqual(
        mine(Metrics.names.redials).points.map((point) => [
          attributesOf(point)["error.type"],
          attributesOf(point)["effect_redial.route"],
          point.asDouble
        ]),
        [["StreamDropped", "ask", 1]]
      )
      assert.isTrue(mine(Metrics.names.redials).metric.sum?.isMonotonic)
      for (const { description, name } of metrics()) {
        if (Object.values<string>(Metrics.names).includes(name)) assert.isNotEmpty(description, name)
      }
    })
  )
})
