/**
 * A program of its own for the crash test: begins a tool loop, or goes on with the one that is stored. It shows what the
 * model writes, logs which calls it runs, and kills itself at the moment that `DIE` names.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs"
import { Effect, Schema, Stream } from "effect"
import { Tool, Toolkit, ToolLoop } from "effect-redial"
import { live } from "./process.js"

const { DIE = "", FILE = "", LOG = "" } = process.env
const json = Schema.parseJson(ToolLoop.Checkpoint)

const dieAt = (moment: string) => {
  if (moment === DIE) process.kill(process.pid, "SIGKILL")
}

const tools = ToolLoop.make(Toolkit.make(Tool.make("weather", { parameters: { city: Schema.String } })), {
  weather: ({ city }, { id }) =>
    Effect.sync(() => {
      appendFileSync(LOG, `${id}\n`)
      dieAt(`run ${id}`)
      return `warm in ${city}`
    })
})

let saves = 0

const save = (checkpoint: ToolLoop.Checkpoint) =>
  Effect.sync(() => {
    writeFileSync(FILE, Schema.encodeSync(json)(checkpoint))
    dieAt(`save ${++saves}`)
    if ((checkpoint.answer?.text.length ?? 0) > 0) dieAt("text")
  })

const from = existsSync(FILE) ? Schema.decodeSync(json)(readFileSync(FILE, "utf8")) : undefined

await ToolLoop.stream(
  tools,
  { model: "m", prompt: "How warm is it?" },
  { delivery: "resume", concurrency: 1, save, saveAnswer: DIE === "text" ? 0 : undefined, from }
).pipe(
  Stream.runForEach((event) =>
    Effect.sync(() => {
      if (event._tag === "Model" && event.event._tag === "TextDelta") process.stdout.write(event.event.text)
    })
  ),
  Effect.provide(live),
  Effect.runPromise
)
