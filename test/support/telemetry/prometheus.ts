/**
 * A real Prometheus for a test: it scrapes what a program exports, on this machine alone, and answers queries.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as OtelMetrics from "@effect/opentelemetry/Metrics"
import * as Resource from "@effect/opentelemetry/Resource"
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus"
import { Effect, Layer, Schedule } from "effect"

/** Whether the program is installed; Debian's package is called `prometheus`. */
export const isInstalled: Effect.Effect<boolean> = Effect.async((resume) => {
  execFile("prometheus", ["--version"], (error) => resume(Effect.succeed(error === null)))
})

const listening = (handler: Parameters<typeof createServer>[1]) =>
  Effect.acquireRelease(
    Effect.async<ReturnType<typeof createServer>>((resume) => {
      const server = createServer(handler)
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )

const portOf = (server: ReturnType<typeof createServer>): number => (server.address() as AddressInfo).port

/** Serves the metrics of the process as text, and gives the address of the page. */
export const page = Effect.gen(function* () {
  const exporter = new PrometheusExporter({ preventServerStart: true })
  yield* Layer.build(OtelMetrics.layer(() => exporter).pipe(Layer.provide(Resource.layer({ serviceName: "newsroom" }))))
  const server = yield* listening((request, response) => exporter.getMetricsRequestHandler(request, response))
  return `127.0.0.1:${portOf(server)}`
})

/** A port that was free a moment ago. */
const freePort = Effect.scoped(
  Effect.map(
    listening(() => {}),
    portOf
  )
)

export interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [at: number, value: string]
}

/** Starts one that scrapes a page each second; gives what asks it. */
export const scraping = (target: string) =>
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "prometheus-"))),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }))
    )
    const config = join(folder, "prometheus.yml")
    writeFileSync(
      config,
      `scrape_configs:\n  - job_name: newsroom\n    scrape_interval: 1s\n    static_configs: [{ targets: ["${target}"] }]\n`
    )
    const port = yield* freePort
    yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(
          "prometheus",
          [`--config.file=${config}`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`],
          { stdio: "ignore" }
        )
      ),
      (child: ChildProcess) =>
        Effect.async<void>((resume) => {
          if (child.exitCode !== null) return resume(Effect.void)
          child.once("exit", () => resume(Effect.void))
          child.kill("SIGTERM")
        })
    )
    const get = (path: string) =>
      Effect.tryPromise(async () => {
        const response = await fetch(`http://127.0.0.1:${port}${path}`)
        return { status: response.status, body: await response.text() }
      })
    yield* get("/-/ready").pipe(
      Effect.filterOrFail(({ status }) => status === 200),
      Effect.retry(Schedule.intersect(Schedule.spaced("200 millis"), Schedule.recurs(100)))
    )
    return {
      query: (expression: string): Effect.Effect<ReadonlyArray<Series>, unknown> =>
        Effect.flatMap(get(`/api/v1/query?query=${encodeURIComponent(expression)}`), ({ body, status }) => {
          if (status !== 200) return Effect.fail(new Error(`${expression}: ${body}`))
          // The form of its HTTP API.
          return Effect.succeed((JSON.parse(body) as { data: { result: ReadonlyArray<Series> } }).data.result)
        })
    }
  })
