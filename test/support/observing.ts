/**
 * Everything that a program tells the outside while it runs: its spans and its log lines, kept for a test to look at.
 */
import { Effect, type Exit, HashMap, Layer, Logger, LogLevel, Option, Tracer } from "effect"

export interface Span {
  readonly name: string
  /** The name of the span above it. */
  readonly parent: string | undefined
  readonly attributes: Map<string, unknown>
  readonly events: Array<readonly [name: string, at: bigint, attributes?: Record<string, unknown> | undefined]>
  exit: Exit.Exit<unknown, unknown> | undefined
  /** In nanoseconds of the program's clock, as `endedAt` is. */
  readonly startedAt: bigint
  endedAt: bigint | undefined
}

export interface Line {
  readonly level: string
  readonly message: string
  readonly annotations: Readonly<Record<string, unknown>>
  readonly cause: unknown
}

const tracer = (spans: Array<Span>): Tracer.Tracer =>
  Tracer.make({
    context: (f) => f(),
    span: (name, parent, context, links, startTime, kind) => {
      const owner = Option.map(parent, (span) => (span._tag === "Span" ? span.name : span.spanId))
      const record: Span = {
        name,
        parent: Option.getOrUndefined(owner),
        attributes: new Map(),
        events: [],
        exit: undefined,
        startedAt: startTime,
        endedAt: undefined
      }
      const spanId = String(spans.push(record))
      return {
        _tag: "Span",
        name,
        spanId,
        traceId: "trace",
        parent,
        context,
        links,
        kind,
        sampled: true,
        status: { _tag: "Started", startTime },
        attributes: record.attributes,
        attribute: (key, value) => void record.attributes.set(key, value),
        event: (...event) => void record.events.push(event),
        addLinks: () => {},
        end: (endTime, exit) => {
          record.endedAt = endTime
          record.exit = exit
        }
      }
    }
  })

/** Runs a program with its spans and its log lines, of every level, taken down. */
export const observing = () => {
  const spans: Array<Span> = []
  const lines: Array<Line> = []
  const logger = Logger.make(({ annotations, cause, logLevel, message }) => {
    lines.push({
      level: logLevel.label,
      message: String(message),
      annotations: Object.fromEntries(HashMap.toEntries(annotations)),
      cause
    })
  })
  const layer = Layer.merge(Logger.replace(Logger.defaultLogger, logger), Logger.minimumLogLevel(LogLevel.All))
  return {
    spans,
    lines,
    run: <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      effect.pipe(Effect.withTracer(tracer(spans)), Effect.provide(layer))
  }
}
