/**
 * The program of docs/telemetry.md, run as a reader would, with a drop, against a receiver of OTLP; and the page itself: it
 * names every metric and attribute, and shows the picture of a trace.
 */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Metrics } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { root, run } from "../support/docs.js"
import { exported } from "../support/telemetry/exported.js"
import * as Receiver from "../support/telemetry/receiver.js"

const page = readFileSync(new URL("docs/telemetry.md", root), "utf8")

describe("docs/telemetry.md", () => {
  it.scopedLive(
    "has a program whose trace, metrics and lines arrive",
    () =>
      Effect.gen(function* () {
        const text = "Call 4111111111111111."
        const receiver = yield* Receiver.make
        const events = Wire.answer("anthropic-messages", { text })
        const server = yield* FaultServer.make([
          Reply.cut(Reply.stream(events), { afterEvents: 2 }, "rst"),
          Reply.stream(events)
        ])
        const { code, err, out } = yield* run("telemetry", {
          ANTHROPIC_API_KEY: "k",
          ANTHROPIC_BASE_URL: server.url,
          OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url
        })
        assert.deepStrictEqual([code, out, err], [0, text, ""])
        assert.sameMembers(
          receiver.spans.map(({ name }) => name),
          [
            "answer a reader",
            "chat claude-sonnet-5-5",
            "attempt",
            "attempt",
            "effect-redial.acquire",
            "effect-redial.acquire"
          ]
        )
        const chat = receiver.spans.find(({ name }) => name.startsWith("chat"))
        assert(chat !== undefined)
        const attributes = Receiver.attributesOf(chat)
        assert.include(String(attributes["gen_ai.output.messages"]), "Call [number].")
        assert.notProperty(attributes, "gen_ai.input.messages")
        assert.isTrue(receiver.metrics().some(({ name }) => name === Metrics.names.redials))
        assert.isTrue(receiver.logs.some(({ body }) => body.stringValue?.startsWith("Redialling in ")))
      }),
    60_000
  )

  it("names every metric", () => {
    for (const name of Object.values(Metrics.names)) assert.include(page, `\`${name}\``)
  })

  it.scopedLive("names every attribute and event of a real trace, and shows its picture", () =>
    Effect.gen(function* () {
      const { spans } = yield* exported
      const picture = readFileSync(new URL("docs/trace.svg", root), "utf8")
      for (const span of spans) {
        assert.include(picture, `>${span.name}<`)
        for (const { name } of span.events) {
          if (name === "exception") continue
          assert.include(page, `\`${name}\``)
          assert.include(picture, `>${name}<`)
        }
        for (const name of Object.keys(Receiver.attributesOf(span))) {
          // Those that Effect's own exporter adds to a span that failed.
          if (name === "span.label" || name === "status.interrupted") continue
          assert.include(page, `\`${name.startsWith("http.response.header.") ? "http.response.header.NAME" : name}\``)
        }
      }
      assert.include(page, "(trace.svg)")
    })
  )
})
