/**
 * How long to wait for a provider, by what is waited for. Only time spent waiting counts: a slow consumer trips none of
 * these, and neither does a machine that slept.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"

/**
 * How long to wait, for a provider or for one call: each field may be given by itself.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** From sending the request to the first event of the answer. Default: 3 minutes. */
  readonly firstEvent?: Duration.DurationInput | undefined
  /** Without one byte, once the answer has begun: the connection is dead. Default: 2 minutes. */
  readonly idle?: Duration.DurationInput | undefined
  /** With signs of life, but without an event: the generation is dead. Default: 10 minutes. */
  readonly stuck?: Duration.DurationInput | undefined
  /** Reasoning without any text or tool call. Default: 30 minutes. */
  readonly reasoning?: Duration.DurationInput | undefined
  /** The whole request, all attempts together, back-off not counted. Default: 60 minutes. */
  readonly total?: Duration.DurationInput | undefined
}

/**
 * @internal
 */
export interface Deadlines {
  readonly firstEvent: number
  readonly idle: number
  readonly stuck: number
  readonly reasoning: number
  readonly total: number
}

/**
 * Resolves options to milliseconds; later options win, field by field.
 *
 * @internal
 */
export const resolve = (...options: ReadonlyArray<Options | undefined>): Deadlines => {
  const pick = (field: keyof Options, fallback: Duration.DurationInput): number => {
    for (const given of [...options].reverse()) {
      const value = given?.[field]
      if (value !== undefined) return Duration.toMillis(value)
    }
    return Duration.toMillis(fallback)
  }
  return {
    firstEvent: pick("firstEvent", "3 minutes"),
    idle: pick("idle", "2 minutes"),
    stuck: pick("stuck", "10 minutes"),
    reasoning: pick("reasoning", "30 minutes"),
    total: pick("total", "60 minutes")
  }
}
