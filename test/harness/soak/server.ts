/**
 * The soak's server, in a process of its own, so that its memory and its work are not the library's. Its parent gives it
 * the seed and asks for its counts; it goes with its parent.
 */
import { Effect } from "effect"
import { FaultServer } from "effect-redial/testing"
import { planNamed } from "./plan.js"
import { replyTo } from "./replies.js"

/** What the parent is told: the port once, then the counts as often as it asks. */
export type Told = { readonly port: number } | { readonly stats: FaultServer.Stats }

const tell = (told: Told): void => void process.send?.(told)

const seed = Number(process.argv[2])
const attempts = new Map<string, number>()

const main = Effect.gen(function* () {
  const server = yield* FaultServer.make(({ json, model = "" }) => {
    const attempt = (attempts.get(model) ?? 0) + 1
    attempts.set(model, attempt)
    return replyTo(planNamed(seed, model), attempt, json)
  })
  process.on("message", () => Effect.runFork(Effect.map(server.stats, (stats) => tell({ stats }))))
  process.on("disconnect", () => process.exit())
  tell({ port: server.port })
  return yield* Effect.never
})

await Effect.runPromise(Effect.scoped(main))
