/**
 * A whole provider service from its one essential part, the stream of events.
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { ModelEvent } from "../../model/ModelEvent.js"
import type { ModelResponse } from "../../model/ModelResponse.js"
import type { ProviderError } from "../../model/ProviderError.js"
import type { StructuredOutput } from "../../vendors/Vendor.js"
import type { Service } from "../Provider.js"
import { generateObject } from "./object.js"

type Events = Stream.Stream<ModelEvent, ProviderError>

export const fromStream = (
  id: string,
  stream: Service["stream"],
  structuredOutput: StructuredOutput = "native"
): Service => {
  const generate: Service["generate"] = (request, options) => finish(id, stream(request, options))
  return {
    id,
    stream,
    streamText: (request, options) => appendOnly(stream(request, { ...options, delivery: "fail" })),
    generate,
    generateObject: generateObject(id, structuredOutput, generate)
  }
}

const finish = (id: string, events: Events): Effect.Effect<ModelResponse, ProviderError> =>
  Effect.flatMap(Stream.runLast(events), (last) =>
    Option.isSome(last) && last.value._tag === "Finish"
      ? Effect.succeed(last.value.response)
      : Effect.dieMessage(`${id}: a stream ended without Finish and without an error`)
  )

/**
 * Text that is never taken back. White space at the very start is held until something visible follows, since an attempt
 * that delivered nothing else may still be replaced.
 */
const appendOnly = (events: Events): Stream.Stream<string, ProviderError> =>
  Stream.fromPull(
    Effect.map(Stream.toPull(events), (pull) => {
      let held = ""
      let visible = false
      const take = (out: Array<string>, event: ModelEvent): void => {
        if (event._tag === "TextDelta") {
          if (visible) out.push(event.text)
          else {
            held += event.text
            visible = /\S/.test(event.text)
            if (visible) out.push(held)
          }
        } else if (event._tag === "Superseded") held = ""
        else if (event._tag === "Finish" && !visible && held !== "") out.push(held)
      }
      const next: Effect.Effect<Chunk.Chunk<string>, Option.Option<ProviderError>> = Effect.flatMap(pull, (chunk) => {
        const out: Array<string> = []
        for (const event of chunk) take(out, event)
        // Never an empty chunk: a consumer's own timeout would take it for progress.
        return out.length === 0 ? next : Effect.succeed(Chunk.unsafeFromArray(out))
      })
      return next
    })
  )
