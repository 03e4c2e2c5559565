/**
 * One service over a plan of several.
 */

import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { ProviderError } from "../../../model/ProviderError.js"
import { type Open, toStream, unwrap } from "../../../retry/internal/pull.js"
import { withAttempts } from "../attempts.js"
import type {
  CallOptions,
  ElementOptions,
  ObjectOptions,
  ObjectRequest,
  StreamOptions,
  TextOptions
} from "../callOptions.js"
import { checkOwned } from "../checkOwned.js"
import { streams } from "../service.js"
import type { Service } from "../tag.js"
import { unsent } from "../unsent.js"
import { isWatchable, type Watch, watchable } from "../watch.js"
import type { Plan } from "./plan.js"
import { open, type Task } from "./run.js"
import * as Tasks from "./tasks.js"

export const serviceOf = (plan: Plan): Service =>
  plan.members.every(({ service }) => isWatchable(service))
    ? watchable((watch) => make(plan, watch, true))
    : make(plan, undefined, false)

/** `isCompared`: each provider can go on with a list that another one began. */
const make = (plan: Plan, watch: Watch | undefined, isCompared: boolean): Service => {
  const run = <A, E>(
    task: () => Task<A, E>,
    model: string,
    { credential }: CallOptions
  ): Open<A, E | ProviderError> => {
    const refused = checkOwned(credential)
    if (refused === undefined) return open(plan, task, watch)
    return () => Effect.fail(unsent(refused, { provider: plan.id, model }))
  }
  return {
    id: plan.id,
    ...streams(plan.id, (request, options) => run(() => Tasks.events(request, options), request.model, options)),
    generate: (request, options = {}) => {
      const { model } = request
      const task = () =>
        Tasks.whole({
          model,
          call: options,
          ask: (service, { requestOf }, call) => service.generate(requestOf(request), call),
          complete: withAttempts
        })
      return only(plan.id, run(task, model, options))
    },
    generateObject: <A, I, R>(request: ObjectRequest, object: ObjectOptions<A, I, R>, options: CallOptions = {}) =>
      Effect.contextWithEffect((context: Context.Context<R>) => {
        const { model } = request
        const task = () =>
          Tasks.whole({
            model,
            call: options,
            ask: (service, { requestOf }, call) =>
              Effect.provide(service.generateObject(requestOf(request), object, call), context),
            complete: Tasks.complete
          })
        return only(plan.id, run(task, model, options))
      }),
    streamObject: <A, I, R>(
      request: ObjectRequest,
      object: ObjectOptions<A, I, R>,
      options: Omit<StreamOptions, "raw"> = {}
    ) =>
      inContext((context: Context.Context<R>) => {
        const { model } = request
        const task = () =>
          Tasks.object<A, I>({
            model,
            call: options,
            ask: (service, { requestOf }, call) =>
              Stream.provideContext(service.streamObject(requestOf(request), object, call), context)
          })
        return run(task, model, options)
      }),
    streamElements: <A, I, R>(request: ObjectRequest, list: ElementOptions<A, I, R>, options: TextOptions = {}) =>
      inContext((context: Context.Context<R>) => {
        const { model } = request
        const task = () =>
          Tasks.elements({
            model,
            call: options,
            isCompared,
            ask: (service, { requestOf }, call) =>
              Stream.provideContext(service.streamElements(requestOf(request), list, call), context)
          })
        return run(task, model, options)
      })
  }
}

/** The one piece that there is. */
const only = <A, E>(id: string, open: Open<A, E>): Effect.Effect<A, E> =>
  Effect.scopedWith((scope) =>
    Effect.flatMap(open(scope), (pull) =>
      Effect.flatMap(Effect.withFiberRuntime<ReadonlyArray<A> | undefined, E>(pull), (pieces) =>
        pieces?.[0] === undefined
          ? Effect.dieMessage(`${id}: a provider ended without an answer and without an error`)
          : Effect.succeed(pieces[0])
      )
    )
  )

const inContext = <A, E, R>(open: (context: Context.Context<R>) => Open<A, E>): Stream.Stream<A, E, R> =>
  unwrap(Effect.map(Effect.context<R>(), (context) => toStream(open(context))))
