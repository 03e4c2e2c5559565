/**
 * A receiver of OTLP over HTTP, as a collector is one: it takes the JSON of traces, metrics and logs, and keeps them.
 */
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect } from "effect"

interface Value {
  readonly stringValue?: string
  readonly intValue?: number | string
  readonly doubleValue?: number
  readonly boolValue?: boolean
  readonly arrayValue?: { readonly values: ReadonlyArray<Value> }
}

interface Attribute {
  readonly key: string
  readonly value: Value
}

export interface OtlpEvent {
  readonly name: string
  readonly timeUnixNano: string
  readonly attributes: ReadonlyArray<Attribute>
}

export interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: ReadonlyArray<Attribute>
  readonly events: ReadonlyArray<OtlpEvent>
  readonly status: { readonly code: number; readonly message?: string }
}

export interface OtlpPoint {
  readonly attributes: ReadonlyArray<Attribute>
  readonly asDouble?: number
  readonly count?: number
  readonly sum?: number
  readonly explicitBounds?: ReadonlyArray<number>
}

export interface OtlpMetric {
  readonly name: string
  readonly unit: string
  readonly description: string
  readonly sum?: { readonly isMonotonic: boolean; readonly dataPoints: ReadonlyArray<OtlpPoint> }
  readonly gauge?: { readonly dataPoints: ReadonlyArray<OtlpPoint> }
  readonly histogram?: { readonly dataPoints: ReadonlyArray<OtlpPoint> }
}

export interface OtlpLog {
  readonly traceId?: string
  readonly spanId?: string
  readonly severityText: string
  readonly body: Value
  readonly attributes: ReadonlyArray<Attribute>
}

const plain = (value: Value): unknown =>
  value.arrayValue !== undefined
    ? value.arrayValue.values.map(plain)
    : (value.stringValue ?? value.boolValue ?? value.doubleValue ?? Number(value.intValue))

export const attributesOf = ({ attributes }: { readonly attributes: ReadonlyArray<Attribute> }) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, plain(value)]))

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Array<Uint8Array> = []
  for await (const chunk of request) chunks.push(chunk)
  return JSON.parse(Buffer.concat(chunks).toString("utf8"))
}

type Batch<Key extends string, Scope extends string, Item extends string, A> = {
  readonly [K in Key]: ReadonlyArray<{
    readonly [S in Scope]: ReadonlyArray<{ readonly [I in Item]: ReadonlyArray<A> }>
  }>
}

/** Listens on this machine alone, until the scope closes. */
export const make = Effect.gen(function* () {
  const spans: Array<OtlpSpan> = []
  const logs: Array<OtlpLog> = []
  let metrics: ReadonlyArray<OtlpMetric> = []
  const take = (path: string | undefined, body: unknown): void => {
    // The bodies are those of the OTLP specification; only what the tests look at is typed.
    switch (path) {
      case "/v1/traces":
        for (const { scopeSpans } of (body as Batch<"resourceSpans", "scopeSpans", "spans", OtlpSpan>).resourceSpans)
          for (const scope of scopeSpans) spans.push(...scope.spans)
        return
      case "/v1/metrics":
        metrics = (body as Batch<"resourceMetrics", "scopeMetrics", "metrics", OtlpMetric>).resourceMetrics.flatMap(
          ({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics)
        )
        return
      case "/v1/logs":
        for (const { scopeLogs } of (body as Batch<"resourceLogs", "scopeLogs", "logRecords", OtlpLog>).resourceLogs)
          for (const scope of scopeLogs) logs.push(...scope.logRecords)
        return
      default:
        throw new Error(`nobody sends ${path}`)
    }
  }
  const server = yield* Effect.acquireRelease(
    Effect.async<ReturnType<typeof createServer>>((resume) => {
      const server = createServer((request, response) => {
        bodyOf(request).then(
          (body) => {
            take(request.url, body)
            response.writeHead(200, { "content-type": "application/json" }).end("{}")
          },
          () => response.writeHead(400).end()
        )
      })
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, spans, logs, metrics: () => metrics }
})
