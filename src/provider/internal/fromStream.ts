/** A whole service from one function that streams. */
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { Fault } from "../../model/internal/fault.js"
import { fromFault } from "../../model/internal/fromFault.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import type * as ModelRequest from "../../model/ModelRequest.js"
import type { ProviderError } from "../../model/ProviderError.js"
import * as Pulling from "../../retry/internal/pull.js"
import type { StructuredOutput } from "../../vendors/Vendor.js"
import { fromEvents, type OpenEvents, type Settled } from "./service.js"
import { Shown } from "./shown.js"
import type { Service } from "./tag.js"
import { unsent } from "./unsent.js"

/**
 * The function, and what a service needs besides.
 *
 * @since 0.1.0
 * @category models
 */
export interface Source {
  /** The name in errors. */
  readonly id: string
  /**
   * Streams the events of an answer. The options have their `delivery` resolved, and can be passed unchanged to another
   * service's `stream`. A source that cannot continue `from` a checkpoint may ignore it: if text was delivered, the
   * call then ends with `SeamNotProven`, and no text comes twice.
   */
  readonly stream: (request: ModelRequest.Options, options: SourceOptions) => Stream.Stream<ModelEvent, ProviderError>
  /** How objects are requested by default: for all schemas, or for each. Default: `tool`. */
  readonly structuredOutput?: StructuredOutput | ((output: ModelRequest.OutputSchema) => StructuredOutput) | undefined
}

/**
 * The options of a call, with its delivery resolved.
 *
 * @since 0.1.0
 * @category models
 */
export type SourceOptions = Settled

export const fromStream = ({ id, stream, structuredOutput = "tool" }: Source): Service =>
  fromEvents(
    id,
    guarded(id, stream),
    typeof structuredOutput === "function" ? structuredOutput : () => structuredOutput
  )

/** Keeps the promise of the delivery, which the events alone do not. */
const guarded =
  (id: string, stream: Source["stream"]): OpenEvents =>
  (request, options, inside) =>
  (scope) =>
    Effect.map(
      Effect.suspend(() => Pulling.fromStream(stream(request, options))(scope)),
      (pull) => {
        const shown = new Shown(options.delivery, options.from)
        let ended: Effect.Effect<undefined, ProviderError> | undefined
        const fail = (fault: Fault | undefined, cut?: Shown): Effect.Effect<undefined, ProviderError> => {
          const error = fault && errorOf(fault, { provider: id, model: request.model }, cut)
          ended = error === undefined ? Effect.succeed(undefined) : Effect.fail(error)
          return ended
        }
        const next: Pulling.Pull<ModelEvent, ProviderError> = (fiber) =>
          ended ??
          Effect.flatMap(pull(fiber), (events) => {
            if (events === undefined) return fail(shown.end(), shown)
            if (events.some(({ _tag }) => _tag !== "Superseded")) inside?.began?.()
            const { fault, give } = shown.take(events)
            const then = fault === undefined ? undefined : fail(fault)
            return give.length > 0 ? Effect.succeed(give) : (then ?? next(fiber))
          })
        return next
      }
    )

/** The error of a fault. Of an answer that was only cut off, another provider can continue what was shown. */
const errorOf = (
  fault: Fault,
  request: { readonly provider: string; readonly model: string },
  cut: Shown | undefined
): ProviderError => {
  const kept = cut?.kept
  if (cut === undefined || kept === undefined) return unsent(fault, request)
  const { checkpoint, partial } = kept
  const { attempts } = checkpoint
  const attempt = attempts.at(-1)?.attempt ?? 1
  const context = { ...request, protocol: "none", attempt, attempts, generation: undefined }
  return fromFault(fault, { ...context, checkpoint, partial, delivered: cut.delivered })
}
