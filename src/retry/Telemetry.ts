/**
 * Settings for what a provider reports while requests run: the levels of its log lines, and whether spans contain
 * prompts and answers. Set them with layers. Like Effect's own log level, they belong to the fiber that makes a
 * request.
 *
 * Spans and metrics need no setting. They go to the program's own tracer and metrics exporter. docs/telemetry.md and
 * `Metrics` list their names.
 *
 * @example
 * ```ts
 * import { Provider, Telemetry, Vendors } from "effect-redial"
 * import { Layer, LogLevel } from "effect"
 *
 * // No log line per redial. Spans contain answers, but not what users wrote.
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
  /**
   * The level of the line for a failed attempt that another one follows, and of the line for a provider that a `Fallback`
   * begins to skip. `LogLevel.None`: no line. Default: `Info`.
   */
  readonly redials?: LogLevel.LogLevel | undefined
  /**
   * The level of the line for a request that failed after more than one attempt. A request that fails at its first
   * attempt logs nothing, because its error has all the facts. `LogLevel.None`: no line. Default: `Warning`.
   */
  readonly failures?: LogLevel.LogLevel | undefined
}

/**
 * The settings of a fiber.
 *
 * @since 0.1.0
 * @category models
 */
export interface Settings {
  readonly redials: LogLevel.LogLevel
  readonly failures: LogLevel.LogLevel
  /** Returns what a span may show of the content. `undefined` if spans show no content. */
  readonly content: ((content: Content) => Content | undefined) | undefined
}

/**
 * The settings of the current fiber, for `Effect.locallyWith`, to change them for a part of a program.
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
 * Adds prompts and answers to spans, as JSON in the attributes of the OpenTelemetry conventions:
 * `gen_ai.input.messages`, `gen_ai.output.messages`, `gen_ai.system_instructions` and `gen_ai.tool.definitions`. By
 * default, spans contain none of them.
 *
 * `redact` is called twice: when a request begins, with its prompt, and when it ends, with the output that arrived,
 * even if the request failed. It returns what the span may show; fields that it leaves out are not shown. If it throws,
 * the span shows no content and has `effect_redial.content_dropped`, and the request continues. Keys that the provider
 * sent back are removed before. Files appear as their address or their size, never as their bytes. Default: everything
 * is shown.
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
