/**
 * What a provider tells the outside while requests run, as far as that can be set: the levels of its log lines, and whether
 * spans say what prompts and answers are. The settings belong to the fiber that makes a request, like Effect's own log level,
 * and are set by layers.
 *
 * Spans and metrics need no setting: they go wherever the program's tracer and its exporter of metrics send them. See
 * docs/telemetry.md for their names, and `Metrics`.
 *
 * @example
 * ```ts
 * import { Provider, Telemetry, Vendors } from "effect-redial"
 * import { Layer, LogLevel } from "effect"
 *
 * // No line per redial, and prompts and answers in spans, without what users wrote.
 * const live = Layer.mergeAll(
 *   Provider.layerFromEnv(Vendors.minimax),
 *   Telemetry.logs({ redials: LogLevel.None }),
 *   Telemetry.captureContent(({ inputMessages, ...rest }) => rest)
 * )
 * ```
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import { identity } from "effect/Function"
import { globalValue } from "effect/GlobalValue"
import * as Layer from "effect/Layer"
import * as LogLevel from "effect/LogLevel"
import type { Content } from "./internal/content.js"

export type { Content, ContentMessage, ContentPart } from "./internal/content.js"

/**
 * The levels of the log lines.
 *
 * @since 0.1.0
 * @category models
 */
export interface Levels {
  /** Of the line that says that an attempt failed and another one follows, and of that by which a `Fallback` begins to skip a
   * provider. `LogLevel.None`: no line. Default: `Info`. */
  readonly redials?: LogLevel.LogLevel | undefined
  /**
   * Of the line that says that a request failed although it was tried again. A request that fails at its first attempt has
   * none: its error says it all. `LogLevel.None`: no line. Default: `Warning`.
   */
  readonly failures?: LogLevel.LogLevel | undefined
}

/**
 * What is set for a fiber.
 *
 * @since 0.1.0
 * @category models
 */
export interface Settings {
  readonly redials: LogLevel.LogLevel
  readonly failures: LogLevel.LogLevel
  /** Makes of a content what its span says; undefined where spans have no content. */
  readonly content: ((content: Content) => Content | undefined) | undefined
}

/**
 * The settings of the current fiber: for `Effect.locally`, where a layer is too coarse.
 *
 * @example
 * ```ts
 * import { Telemetry } from "effect-redial"
 * import { Effect, LogLevel } from "effect"
 *
 * const quietly = Effect.locallyWith(Telemetry.current, (settings) => ({ ...settings, redials: LogLevel.None }))
 * ```
 *
 * @since 0.1.0
 * @category settings
 */
export const current: FiberRef.FiberRef<Settings> = globalValue(Symbol.for("effect-redial/Telemetry/current"), () =>
  FiberRef.unsafeMake<Settings>({ redials: LogLevel.Info, failures: LogLevel.Warning, content: undefined })
)

const change = (settings: Partial<Settings>): Layer.Layer<never> =>
  Layer.scopedDiscard(Effect.locallyScopedWith(current, (before) => ({ ...before, ...settings })))

/**
 * Sets the levels of the log lines.
 *
 * @since 0.1.0
 * @category layers
 */
export const logs = ({ failures, redials }: Levels): Layer.Layer<never> =>
  change({ ...(failures && { failures }), ...(redials && { redials }) })

/**
 * Lets spans say what the prompt and the answer are, by the names of the OpenTelemetry conventions: `gen_ai.input.messages`,
 * `gen_ai.output.messages`, `gen_ai.system_instructions` and `gen_ai.tool.definitions`, each as JSON. By default no span
 * says any of it.
 *
 * `redact` is called when a request begins, with what it asks, and when it ends, with what came, also of one that failed.
 * It gives what the span is to say: fields that it leaves out are not there. Where it throws, the span says none of it and
 * has `effect_redial.content_dropped`; the request goes on. Keys that the provider sent back are taken out before. Files
 * are told by their address or their size, never by their bytes.
 *
 * @example
 * ```ts
 * import { Telemetry } from "effect-redial"
 *
 * const withoutNumbers = Telemetry.captureContent((content) =>
 *   JSON.parse(JSON.stringify(content).replaceAll(/\d{6,}/g, "…"))
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const captureContent = (redact: (content: Content) => Content | undefined = identity): Layer.Layer<never> =>
  change({ content: redact })
