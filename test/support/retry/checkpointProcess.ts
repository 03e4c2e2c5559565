/**
 * A program of its own for the checkpoint test: shows an answer and stores how far it got, or shows the rest of it.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { Effect, Redacted, Schema, Stream } from "effect"
import { Checkpoint, Provider, Vendors } from "effect-redial"

const { FILE = "", STEP, URL: url = "" } = process.env
const request = { model: "m", prompt: "Why is the sky blue?" }
const json = Schema.parseJson(Checkpoint.Checkpoint)

const live = Provider.layer(Vendors.custom({ id: "vendor", protocol: "anthropic-messages", baseUrl: url }), {
  apiKey: Redacted.make("test-key")
})

const show = (text: string) => Effect.sync(() => void process.stdout.write(text))

const first = Provider.stream(request, { delivery: "resume" }).pipe(
  Checkpoint.save((checkpoint) => Effect.sync(() => writeFileSync(FILE, Schema.encodeSync(json)(checkpoint)))),
  Stream.runForEach((event) => (event._tag === "TextDelta" ? show(event.text) : Effect.void))
)

const second = Effect.suspend(() =>
  Stream.runForEach(Provider.streamText(request, { from: Schema.decodeSync(json)(readFileSync(FILE, "utf8")) }), show)
)

await (STEP === "first" ? first : second).pipe(Effect.provide(live), Effect.runPromise)
