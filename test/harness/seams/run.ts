/**
 * Plays one run: a stream over a vendor that breaks off, and what its consumer has in the end.
 */
import { Chunk, Effect, Either, Stream } from "effect"
import { ModelEvent, type Provider, type ProviderError } from "effect-redial"
import type { Seen } from "./judge.js"

export type Consumer = "text" | "events"

export const play = (provider: Provider.Service, prompt: string, consumer: Consumer): Effect.Effect<Seen> =>
  consumer === "text" ? asText(provider, prompt) : asEvents(provider, prompt)

const errorOf = (ended: Either.Either<unknown, ProviderError.ProviderError>): Seen["error"] =>
  Either.isLeft(ended) ? { tag: ended.left._tag, partial: ended.left.partial?.text ?? "" } : undefined

const asText = (provider: Provider.Service, prompt: string): Effect.Effect<Seen> =>
  Effect.gen(function* () {
    let shown = ""
    const ended = yield* provider.streamText({ model: "m", prompt }).pipe(
      Stream.runForEachChunk((chunk) =>
        Effect.sync(() => {
          shown += Chunk.join(chunk, "")
        })
      ),
      Effect.either
    )
    return { shown, error: errorOf(ended), flaw: undefined }
  })

const asEvents = (provider: Provider.Service, prompt: string): Effect.Effect<Seen> =>
  Effect.gen(function* () {
    const events: Array<ModelEvent.ModelEvent> = []
    const texts: Array<string> = []
    let taken = ""
    const ended = yield* provider.stream({ model: "m", prompt }, { delivery: "resume" }).pipe(
      Stream.runForEachChunk((chunk) =>
        Effect.sync(() => {
          for (const event of chunk) {
            events.push(event)
            if (event._tag === "TextDelta") texts[event.index] = (texts[event.index] ?? "") + event.text
            else if (event._tag === "Superseded") taken += texts.splice(event.fromIndex).join("")
          }
        })
      ),
      Effect.either
    )
    const shown = texts.join("")
    const error = errorOf(ended)
    const last = events.at(-1)
    const views = {
      "the folded events": ModelEvent.fold(events).text,
      ...(error === undefined && { "the response": last?._tag === "Finish" ? last.response.text : "missing" })
    }
    const differs = Object.entries(views).find(([, text]) => text !== shown)
    const flaw =
      taken !== ""
        ? `took back ${JSON.stringify(taken)}`
        : differs &&
          `${differs[0]}: ${JSON.stringify(differs[1].slice(-120))}, shown: ${JSON.stringify(shown.slice(-120))}`
    return { shown, error, flaw }
  })
