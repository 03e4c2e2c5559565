/**
 * A whole provider service from its one essential part, the stream of events.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { invalidRequest } from "../../model/internal/fault.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import type * as ModelRequest from "../../model/ModelRequest.js"
import type { ModelResponse } from "../../model/ModelResponse.js"
import type { ProviderError } from "../../model/ProviderError.js"
import { isEmpty } from "../../retry/internal/answer.js"
import { type Open, type Pull, toStream } from "../../retry/internal/pull.js"
import type { Delivery, EventOf } from "../../retry/Recovery.js"
import type { CallOptions, StreamOptions } from "./callOptions.js"
import { streamElements } from "./object/elements.js"
import { generateObject } from "./object/generate.js"
import { streamObject } from "./object/stream.js"
import type { UsualWay } from "./object/ways.js"
import type { Service } from "./tag.js"
import { unsent } from "./unsent.js"
import { watchable } from "./watch.js"

type Events = Open<ModelEvent, ProviderError>

/** What a service is made from: the events of an answer, with a delivery that is settled. */
export type OpenEvents = (request: ModelRequest.Options, options: Settled, inside?: Inside) => Events

/** The options of a call whose delivery is settled. */
export type Settled = StreamOptions<Delivery> & { readonly delivery: Delivery }

/** What this library says of a call to itself. */
export interface Inside {
  /** Given where the caller sees nothing but the response. */
  readonly unshown?: "unshown" | undefined
  /** Called when an attempt is answered, before anything of it is given. */
  readonly began?: (() => void) | undefined
}

export const fromEvents = (id: string, events: OpenEvents, usualWay: UsualWay): Service =>
  watchable((watch) => {
    const watched: OpenEvents =
      watch === undefined
        ? events
        : (request, options, inside) => events(request, options, { ...inside, began: watch.began })
    const generate: Service["generate"] = (request, options) =>
      finish(id, watched(request, { ...options, delivery: usual(options) }, { unshown: "unshown" }))
    return {
      id,
      ...streams(id, watched),
      generate,
      generateObject: generateObject(id, usualWay, generate),
      streamObject: streamObject(id, usualWay, watched, usual),
      streamElements: streamElements(id, usualWay, watched, watch?.given)
    }
  })

/** The two methods that give an answer while it comes. */
export const streams = (id: string, events: OpenEvents): Pick<Service, "stream" | "streamText"> => {
  const stream = <D extends Delivery = "restart">(request: ModelRequest.Options, options?: StreamOptions<D>) =>
    // A stream that is held back has no `Superseded`: the loop sees to that, which its type cannot say.
    toStream(events(request, { ...options, delivery: options?.delivery ?? usual(options) })) as Stream.Stream<
      EventOf<D>,
      ProviderError
    >
  return {
    stream,
    streamText: (request, options) => {
      // The types have no such delivery; a setting that was read may. Its text would come twice.
      const delivery = (options?.delivery as Delivery | undefined) ?? "resume"
      return delivery === "restart"
        ? Stream.fail(unsent(takesBack, { provider: id, model: request.model }))
        : toStream((scope) => Effect.map(events(request, { ...options, delivery })(scope), textOf))
    }
  }
}

/** Who goes on from a checkpoint wants to keep what was delivered. */
const usual = ({ from }: CallOptions = {}): Delivery => (from === undefined || isEmpty(from) ? "restart" : "resume")

const takesBack = invalidRequest(
  "delivery",
  "the `delivery` of `streamText` is `restart`, which takes text back: give another one, or use `stream`"
)

const finish = (id: string, events: Events): Effect.Effect<ModelResponse, ProviderError> =>
  Effect.scopedWith((scope) =>
    Effect.flatMap(events(scope), (pull) => {
      const rest: Effect.Effect<ModelResponse, ProviderError> = Effect.flatMap(
        Effect.withFiberRuntime<ReadonlyArray<ModelEvent> | undefined, ProviderError>(pull),
        (pieces) => {
          if (pieces === undefined)
            return Effect.dieMessage(`${id}: an answer ended without Finish and without an error`)
          const last = pieces[pieces.length - 1]
          return last?._tag === "Finish" ? Effect.succeed(last.response) : rest
        }
      )
      return rest
    })
  )

/** The text alone. What the loop shows as text is never taken back in the deliveries that are left here. */
const textOf = (pull: Pull<ModelEvent, ProviderError>): Pull<string, ProviderError> => {
  const next: Pull<string, ProviderError> = (fiber) =>
    Effect.flatMap(pull(fiber), (events) => {
      if (events === undefined) return end
      const out: Array<string> = []
      for (const event of events) if (event._tag === "TextDelta") out.push(event.text)
      // Never an empty chunk: a consumer's own timeout would take it for progress.
      return out.length === 0 ? next(fiber) : Effect.succeed(out)
    })
  return next
}

const end = Effect.succeed(undefined)
