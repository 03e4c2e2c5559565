/**
 * A program of its own for the checkpoint test: shows an answer and stores how far it got, or shows the rest of it.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { Effect, Schema, Stream } from "effect"
import { Checkpoint, Provider } from "effect-redial"
import { live } from "../provider/process.js"
import { request } from "../request.js"

const { FILE = "", STEP } = process.env
const json = Schema.parseJson(Checkpoint.Checkpoint)

const show = (text: string) => Effect.sync(() => void process.stdout.write(text))

const first = Provider.stream(request, { delivery: "resume" }).pipe(
  Checkpoint.save((checkpoint) => Effect.sync(() => writeFileSync(FILE, Schema.encodeSync(json)(checkpoint)))),
  Stream.runForEach((event) => (event._tag === "TextDelta" ? show(event.text) : Effect.void))
)

const second = Effect.suspend(() =>
  Stream.runForEach(Provider.streamText(request, { from: Schema.decodeSync(json)(readFileSync(FILE, "utf8")) }), show)
)

await (STEP === "first" ? first : second).pipe(Effect.provide(live), Effect.runPromise)
