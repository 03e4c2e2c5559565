/** An object while it is written, and then the object itself. */
import * as Effect from "effect/Effect"
import type { Scope } from "effect/Scope"
import type { InvalidOutput, Rejected } from "../../../model/InvalidOutput.js"
import type { ModelEvent } from "../../../model/ModelEvent.js"
import type { ModelResponse } from "../../../model/ModelResponse.js"
import type { ProviderError } from "../../../model/ProviderError.js"
import { events as eventsOf } from "../../../retry/internal/held.js"
import { type Pull, toStream, unwrap } from "../../../retry/internal/pull.js"
import type { Delivery } from "../../../retry/Recovery.js"
import type { CallOptions, ObjectOptions, ObjectRequest, StreamOptions } from "../callOptions.js"
import type { DeepPartial, ObjectEvent } from "../objectEvents.js"
import type { OpenEvents } from "../service.js"
import type { Service } from "../tag.js"
import { forCorrection, rejectedBy, repaired, type Wanted, wantedOf } from "./generate.js"
import { judge } from "./judge.js"
import type { UsualWay } from "./ways.js"
import { Written } from "./written.js"

type Failure = ProviderError | InvalidOutput

/** What the next pull has to do. */
type Stage =
  | { readonly _tag: "Asking"; readonly request: ObjectRequest; readonly options: Call }
  | { readonly _tag: "Reading"; readonly request: ObjectRequest; readonly pull: Pull<ModelEvent, ProviderError> }
  | { readonly _tag: "Judging"; readonly request: ObjectRequest; readonly response: ModelResponse }
  | { readonly _tag: "Done" }

type Call = StreamOptions & { readonly delivery: Delivery }

export const streamObject =
  (
    provider: string,
    usual: UsualWay,
    events: OpenEvents,
    deliveryOf: (options: CallOptions | undefined) => Delivery
  ): Service["streamObject"] =>
  <A, I, R>(request: ObjectRequest, object: ObjectOptions<A, I, R>, options?: Omit<StreamOptions, "raw">) =>
    unwrap(
      Effect.map(Effect.all([wantedOf(provider, usual, request, object), Effect.context<R>()]), ([wanted, context]) => {
        const own = { ...wanted, decode: (json: unknown) => Effect.provide(wanted.decode(json), context) }
        const call = { ...options, delivery: options?.delivery ?? deliveryOf(options) }
        return toStream((scope) => Effect.succeed(pullOf<A, I>(own, events, { request, options: call }, scope)))
      })
    )

const pullOf = <A, I>(
  wanted: Wanted<A, never>,
  events: OpenEvents,
  first: { readonly request: ObjectRequest; readonly options: Call },
  scope: Scope
): Pull<ObjectEvent<A, I>, Failure> => {
  const { decode, document, isWrapped, name, provider, way } = wanted
  let stage: Stage = { _tag: "Asking", ...first }
  let written = new Written(way, name, isWrapped)
  let repairs: ReadonlyArray<Rejected> = []
  let hasShown = false

  const reset = (): void => {
    written = new Written(way, name, isWrapped)
  }

  /** Announced only if something was shown. */
  const restarted = (
    reason: "drop" | "repair",
    error: Extract<ObjectEvent<A, I>, { _tag: "ObjectRestarted" }>["error"]
  ): ReadonlyArray<ObjectEvent<A, I>> => {
    const was = hasShown
    hasShown = false
    return was ? [{ _tag: "ObjectRestarted", reason, error }] : []
  }

  const read = (request: ObjectRequest, pieces: ReadonlyArray<ModelEvent>) =>
    Effect.map(written.take(pieces), ({ finished, voided }): ReadonlyArray<ObjectEvent<A, I>> => {
      const out = voided === undefined ? [] : [...restarted("drop", voided)]
      if (finished !== undefined) stage = { _tag: "Judging", request, response: finished }
      const view = written.view()
      if (view === undefined) return out
      hasShown = true
      // What the model writes has this shape as long as it follows the schema; only the whole is checked.
      return [...out, { _tag: "ObjectPartial", value: view.value as DeepPartial<I> }]
    })

  const next: Pull<ObjectEvent<A, I>, Failure> = (fiber) => {
    // Never an empty chunk: a consumer's own timeout would count it as progress.
    const give = (out: ReadonlyArray<ObjectEvent<A, I>>) => (out.length === 0 ? next(fiber) : Effect.succeed(out))
    const now = stage
    switch (now._tag) {
      case "Asking": {
        const { options, request } = now
        const pull = events(way.ask(request, name, document), options)(scope)
        const begun = options.from === undefined ? Effect.succeed([]) : read(request, eventsOf(options.from))
        return Effect.flatMap(pull, (pull) => {
          stage = { _tag: "Reading", request, pull }
          return Effect.flatMap(begun, give)
        })
      }
      case "Reading":
        // What was pulled is read before anything can interrupt.
        return Effect.uninterruptibleMask((restore) =>
          Effect.flatMap(restore(now.pull(fiber)), (pieces) =>
            pieces === undefined
              ? Effect.dieMessage(`${provider}: an answer ended without Finish and without an error`)
              : Effect.flatMap(read(now.request, pieces), (out) => restore(give(out)))
          )
        )
      case "Judging": {
        const { request, response } = now
        return judge({ provider, way, name, repairs }, response, decode).pipe(
          Effect.map((value): ReadonlyArray<ObjectEvent<A, I>> => {
            stage = { _tag: "Done" }
            return [{ _tag: "ObjectDone", value, response, repairs }]
          }),
          Effect.catchAll((error) => {
            const again = repaired(wanted, request, error)
            if (again === undefined) return Effect.fail(error)
            repairs = rejectedBy(error)
            reset()
            stage = { _tag: "Asking", request: again, options: forCorrection(first.options) }
            return give(restarted("repair", error))
          })
        )
      }
      case "Done":
        return Effect.succeed(undefined)
    }
  }
  return next
}
