/**
 * A whole provider service from its one essential part, the stream of events.
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { invalidRequest } from "../../model/internal/fault.js"
import type { ModelEvent, TextDelta } from "../../model/ModelEvent.js"
import type * as ModelRequest from "../../model/ModelRequest.js"
import type { ModelResponse } from "../../model/ModelResponse.js"
import type { ProviderError } from "../../model/ProviderError.js"
import type { Delivery, EventOf } from "../../retry/Recovery.js"
import type { StructuredOutput } from "../../vendors/Vendor.js"
import type { Service, StreamOptions } from "../Provider.js"
import { generateObject } from "./object.js"
import { unsent } from "./unsent.js"

type Events = Stream.Stream<ModelEvent, ProviderError>

/** What a service is made from: the events of an answer, with a delivery that is settled. */
export type StreamEvents = (
  request: ModelRequest.Options,
  options: StreamOptions<Delivery> & { readonly delivery: Delivery }
) => Events

export const fromStream = (
  id: string,
  events: StreamEvents,
  structuredOutput: StructuredOutput = "native"
): Service => {
  const stream = <D extends Delivery = "restart">(request: ModelRequest.Options, options?: StreamOptions<D>) =>
    // A stream that is held back has no `Superseded`: the loop sees to that, which its type cannot say.
    events(request, { ...options, delivery: options?.delivery ?? "restart" }) as Stream.Stream<
      EventOf<D>,
      ProviderError
    >
  const generate: Service["generate"] = (request, options) =>
    finish(id, events(request, { ...options, delivery: "restart" }))
  return {
    id,
    stream,
    streamText: (request, options) => {
      // The types have no such delivery; a setting that was read may. Its text would come twice.
      const delivery = (options?.delivery as Delivery | undefined) ?? "resume"
      return delivery === "restart"
        ? Stream.fail(unsent(takesBack, { provider: id, model: request.model }))
        : appendOnly(events(request, { ...options, delivery }))
    },
    generate,
    generateObject: generateObject(id, structuredOutput, generate)
  }
}

const takesBack = invalidRequest(
  "delivery",
  "the `delivery` of `streamText` is `restart`, which takes text back: give another one, or use `stream`"
)

const finish = (id: string, events: Events): Effect.Effect<ModelResponse, ProviderError> =>
  Effect.flatMap(Stream.runLast(events), (last) =>
    Option.isSome(last) && last.value._tag === "Finish"
      ? Effect.succeed(last.value.response)
      : Effect.dieMessage(`${id}: a stream ended without Finish and without an error`)
  )

/**
 * Text that is never taken back. White space at the end of what came is held until something visible follows, or the end
 * is proven: white space alone counts as nothing delivered, so a block of it may still be superseded.
 */
const appendOnly = (events: Events): Stream.Stream<string, ProviderError> =>
  Stream.fromPull(
    Effect.map(Stream.toPull(events), (pull) => {
      let held: Array<TextDelta> = []
      let failure: Effect.Effect<never, Option.Option<ProviderError>> | undefined
      const release = (out: Array<string>): void => {
        for (const { text } of held) out.push(text)
        held = []
      }
      const take = (out: Array<string>, event: ModelEvent): void => {
        switch (event._tag) {
          case "TextDelta":
            if (/\S/.test(event.text)) {
              if (held.length > 0) release(out)
              out.push(event.text)
            } else held.push(event)
            return
          case "Superseded":
            held = held.filter(({ index }) => index < event.fromIndex)
            return
          case "Finish":
            release(out)
        }
      }
      type Next = Effect.Effect<Chunk.Chunk<string>, Option.Option<ProviderError>>
      const next: Next = Effect.matchEffect(
        Effect.suspend(() => failure ?? pull),
        {
          onFailure: (ended): Next => {
            // The partial of an error is exactly what was delivered.
            if (held.length === 0) return Effect.fail(ended)
            failure = Effect.fail(ended)
            const out: Array<string> = []
            release(out)
            return Effect.succeed(Chunk.unsafeFromArray(out))
          },
          onSuccess: (chunk): Next => {
            const out: Array<string> = []
            for (const event of chunk) take(out, event)
            // Never an empty chunk: a consumer's own timeout would take it for progress.
            return out.length === 0 ? next : Effect.succeed(Chunk.unsafeFromArray(out))
          }
        }
      )
      return next
    })
  )
