/**
 * `streamText` of a language model. The one of `LanguageModel.make` decodes every part by a Schema, which costs more
 * than everything else for an event. Here pieces of text, reasoning and arguments pass unchanged, and all other parts
 * are decoded by the same Schema.
 */
import * as AiError from "@effect/ai/AiError"
import { defaultIdGenerator, IdGenerator } from "@effect/ai/IdGenerator"
import type * as LanguageModel from "@effect/ai/LanguageModel"
import * as Prompt from "@effect/ai/Prompt"
import * as Response from "@effect/ai/Response"
import { CurrentSpanTransformer } from "@effect/ai/Telemetry"
import type * as Tool from "@effect/ai/Tool"
import * as Toolkit from "@effect/ai/Toolkit"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { join, type RuntimeFiber } from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { Concurrency } from "effect/Types"
import type { ModelEvent } from "../../model/ModelEvent.js"
import type { ProviderError } from "../../model/ProviderError.js"
import { fromStream, type Open, type Pull, toStream, unwrap } from "../../retry/internal/pull.js"
import { decoded, isPlain } from "./decoded.js"
import { fromProviderError, MODULE } from "./errors.js"
import { nameSources } from "./parts.js"
import type { StreamParts } from "./streamParts.js"

type Tools = Record<string, Tool.Any>
type Part = Response.AnyPart

/** The arguments of `streamText`, without the types of its toolkit. */
interface Asked {
  readonly prompt: Prompt.RawInput
  readonly toolkit?: Toolkit.WithHandler<Tools> | Effect.Effect<Toolkit.WithHandler<Tools>, unknown> | undefined
  readonly toolChoice?: LanguageModel.ToolChoice<string> | undefined
  readonly concurrency?: Concurrency | undefined
  readonly disableToolCallResolution?: boolean | undefined
}

/** An answer that is about to be requested: its events, and how they become parts. */
export interface Opened {
  readonly events: Stream.Stream<ModelEvent, ProviderError>
  readonly parts: StreamParts
  /** Called when the end is proven, before its parts are emitted. */
  readonly finished: () => void
}

type Prepare = (options: LanguageModel.ProviderOptions) => Effect.Effect<Opened, AiError.AiError>

export const streamText = (prepare: Prepare): Effect.Effect<LanguageModel.Service["streamText"]> =>
  Effect.map(Effect.context<never>(), (made) => {
    const run = (asked: Asked) =>
      unwrap(
        Effect.map(Effect.context<never>(), (context) => toStream(open(asked, prepare, Context.merge(made, context))))
      )
    // The errors and requirements of a toolkit are in its type, which `Asked` does not have.
    return run as LanguageModel.Service["streamText"]
  })

const open =
  (asked: Asked, prepare: Prepare, context: Context.Context<never>): Open<Part, unknown> =>
  (scope) =>
    Effect.gen(function* () {
      const { concurrency, toolChoice = "auto" } = asked
      const span = yield* Effect.makeSpanScoped("LanguageModel.streamText", {
        captureStackTrace: false,
        attributes: { concurrency, toolChoice: asked.toolChoice }
      })
      const toolkit = Effect.isEffect(asked.toolkit) ? yield* asked.toolkit : asked.toolkit
      const all = Object.values(toolkit?.tools ?? {})
      const oneOf = typeof toolChoice === "object" && "oneOf" in toolChoice ? toolChoice.oneOf : undefined
      const options: LanguageModel.ProviderOptions = {
        prompt: Prompt.make(asked.prompt),
        tools: oneOf === undefined ? all : all.filter(({ name }) => oneOf.includes(name)),
        toolChoice: all.length === 0 ? "none" : toolChoice,
        responseFormat: { type: "text" },
        span
      }
      const opened = yield* prepare(options)
      const transform = Option.getOrUndefined(yield* Effect.serviceOption(CurrentSpanTransformer))
      const seen: Array<Part> = []
      if (transform !== undefined) {
        yield* Scope.addFinalizer(
          scope,
          Effect.sync(() => transform({ ...options, response: seen }))
        )
      }
      return reading({
        opened,
        pull: yield* Effect.mapError(fromStream(opened.events)(scope), (error) =>
          fromProviderError("streamText", error)
        ),
        decode: decoder(toolkit ?? Toolkit.empty),
        ids: Option.getOrElse(yield* Effect.serviceOption(IdGenerator), () => defaultIdGenerator),
        resolve:
          toolkit === undefined || asked.disableToolCallResolution === true
            ? () => Effect.succeed([])
            : (calls) => Effect.provide(resolve(toolkit, calls, concurrency), context),
        seen: transform === undefined ? undefined : seen,
        scope
      })
    }).pipe(Effect.provideService(Scope.Scope, scope), Effect.provide(context))

const ended = Effect.succeed(undefined)

interface Reading {
  readonly opened: Opened
  readonly pull: Pull<ModelEvent, ProviderError>
  readonly decode: (
    parts: ReadonlyArray<Response.StreamPartEncoded>
  ) => Effect.Effect<ReadonlyArray<Part>, AiError.AiError>
  readonly ids: Context.Tag.Service<IdGenerator>
  readonly resolve: (calls: ReadonlyArray<Response.ToolCallPartEncoded>) => Effect.Effect<ReadonlyArray<Part>, unknown>
  /** The parts so far, for a span transformer; undefined if there is none. */
  readonly seen: Array<Part> | undefined
  readonly scope: Scope.Scope
}

type Step = Effect.Effect<ReadonlyArray<Part>, unknown>

/**
 * Pieces are emitted as they come. Everything else is a step that is repeated if its pull was interrupted: parts are
 * named and decoded, and at the end come the results of the calls, then the finish. Handlers run in the scope of the
 * stream, once: an interrupted pull leaves them running, and the next one waits for the same ones.
 */
const reading = ({ decode, ids, opened, pull, resolve, scope, seen }: Reading): Pull<Part, unknown> => {
  const { finished, parts } = opened
  const steps: Array<Step> = []
  let proven = false

  const whole = (out: ReadonlyArray<Response.StreamPartEncoded>): Step => {
    const { sources } = parts
    return sources.length === 0 ? decode(out) : Effect.flatMap(nameSources(sources, ids), () => decode(out))
  }
  const results = (out: ReadonlyArray<Response.StreamPartEncoded>): Step => {
    const calls = out.flatMap((part) => (part.type === "tool-call" && part.providerExecuted !== true ? [part] : []))
    let running: RuntimeFiber<ReadonlyArray<Part>, unknown> | undefined
    const start = Effect.tap(Effect.forkIn(Effect.interruptible(resolve(calls)), scope), (fiber) => {
      running = fiber
    })
    return Effect.flatMap(
      Effect.suspend(() => (running === undefined ? Effect.uninterruptible(start) : Effect.succeed(running))),
      join
    )
  }
  const given = (pieces: ReadonlyArray<Part>): ReturnType<Pull<Part, unknown>> => {
    // Never an empty chunk: a consumer's own timeout would count it as progress.
    if (pieces.length === 0) return Effect.withFiberRuntime(next)
    seen?.push(...pieces)
    return Effect.succeed(pieces)
  }
  const took = {
    onFailure: (error: ProviderError) => Effect.fail(fromProviderError("streamText", error)),
    onSuccess: (events: ReadonlyArray<ModelEvent> | undefined): ReturnType<Pull<Part, unknown>> => {
      if (events === undefined) return ended
      const out = parts.read(events)
      if (parts.finish === undefined && parts.arePieces(out)) return given(out)
      steps.push(whole(out))
      if (parts.finish !== undefined) {
        finished()
        proven = true
        steps.push(results(out), decode([parts.finish]))
      }
      return Effect.withFiberRuntime(next)
    }
  }
  const next: Pull<Part, unknown> = (fiber) => {
    const [step] = steps
    if (step === undefined) return proven ? ended : Effect.matchEffect(pull(fiber), took)
    return Effect.flatMap(step, (pieces) => {
      steps.shift()
      return given(pieces)
    })
  }
  return next
}

/** Only parts that the toolkit types need its Schemas, which are made when such a part comes. */
const decoder = (toolkit: Toolkit.Any | Toolkit.WithHandler<Tools>): Reading["decode"] => {
  let decode: ReturnType<typeof typed> | undefined
  return (parts) => {
    if (parts.every(isPlain)) return Effect.succeed(parts.map(decoded))
    decode ??= typed(toolkit)
    return Effect.mapError(decode(parts), (error) =>
      AiError.MalformedOutput.fromParseError({ module: MODULE, method: "streamText", error })
    )
  }
}

const typed = (toolkit: Toolkit.Any | Toolkit.WithHandler<Tools>) =>
  Schema.decode(Schema.Array(Response.StreamPart(toolkit)))

const resolve = (
  toolkit: Toolkit.WithHandler<Tools>,
  calls: ReadonlyArray<Response.ToolCallPartEncoded>,
  concurrency: Concurrency | undefined
): Effect.Effect<ReadonlyArray<Part>, unknown> =>
  Effect.forEach(
    calls,
    ({ id, name, params, providerName }) =>
      // A toolkit decodes the parameters itself.
      Effect.map(toolkit.handle(name, params as never), ({ encodedResult, isFailure, result }) =>
        Response.makePart("tool-result", {
          id,
          name,
          result,
          encodedResult,
          isFailure,
          providerExecuted: false,
          ...(providerName !== undefined && { providerName })
        })
      ),
    { concurrency }
  )
