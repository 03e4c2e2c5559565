/**
 * The dashboard: each of its queries asks for metrics and labels that a program exports, and gives something when a real
 * Prometheus, which has scraped such a program, is asked.
 */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schedule } from "effect"
import { CircuitBreaker, Credentials, Metrics, Provider, Vendors } from "effect-redial"
import { FaultServer, Reply, ScriptedProvider, Wire } from "effect-redial/testing"
import { fellBack } from "../../src/client/internal/meters.js"
import { quiet } from "../support/quiet.js"
import * as Prometheus from "../support/telemetry/prometheus.js"

interface Panel {
  readonly title: string
  readonly type: string
  readonly targets?: ReadonlyArray<{ readonly expr: string; readonly legendFormat: string }>
}

interface Dashboard {
  readonly panels: ReadonlyArray<Panel>
  readonly templating: { readonly list: ReadonlyArray<{ readonly query: string | { readonly query: string } }> }
}

const dashboard = JSON.parse(
  readFileSync(new URL("../../docs/grafana-dashboard.json", import.meta.url), "utf8")
) as Dashboard

const targets = dashboard.panels.flatMap(({ targets = [], title }) => targets.map((target) => ({ title, ...target })))

/** A query as Grafana sends it, where all providers and models are chosen. */
const asked = (expression: string): string =>
  expression.replaceAll("$__rate_interval", "20s").replaceAll(/\$(provider|model)/g, ".*")

/** The names of labels that a legend shows. */
const shown = (legend: string): ReadonlyArray<string> =>
  [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name ?? "")

const usage = { inputTokens: 100, outputTokens: 20, cacheReadTokens: 40, reasoningTokens: 7 }
const answer = ScriptedProvider.answer({ text: "Because of Rayleigh scattering.", usage })
const dropped = ScriptedProvider.drop({ text: ["Because of ", "Rayleigh."], usage }, { afterEvents: 5 })

/** A program to which everything happens that a dashboard can show. */
const eventful = Effect.gen(function* () {
  const options = {
    retry: Schedule.recurs(1),
    prices: { m: { input: 3, output: 15, cacheRead: 0.3 } },
    admission: CircuitBreaker.make()
  }
  const once = Effect.scoped(
    Effect.gen(function* () {
      const apiKey = yield* Credentials.make([
        Credentials.fromKey(Redacted.make("first-test-key")),
        Credentials.fromKey(Redacted.make("second-test-key"))
      ])
      for (const script of [
        [answer],
        [dropped, answer],
        [ScriptedProvider.status(402), answer],
        [ScriptedProvider.status(529)]
      ] as const) {
        const { provider } = yield* ScriptedProvider.make(script, { ...options, apiKey })
        yield* Effect.exit(provider.generate({ model: "m", prompt: "hi" }))
      }
      // Over this protocol a vendor says how much of its output is reasoning.
      const server = yield* FaultServer.make([Reply.stream(Wire.answer("chat-completions", { text: "Yes.", usage }))])
      const gpt = yield* Provider.make(Vendors.openai, { apiKey: Redacted.make("test-key"), baseUrl: server.url })
      yield* gpt.generate({ model: "m", prompt: "hi" })
      fellBack("scripted", "other")
    })
  )
  yield* quiet(once)
})

describe("the dashboard", () => {
  it.scopedLive("asks for metrics and labels that a program exports", () =>
    Effect.gen(function* () {
      yield* eventful
      const address = yield* Prometheus.page
      const text = yield* Effect.promise(async () => (await fetch(`http://${address}/metrics`)).text())
      const series = new Map<string, Set<string>>()
      for (const line of text.split("\n")) {
        const [, name, labels = ""] = /^([a-z_]+)(?:\{(.*)\})? /.exec(line) ?? []
        if (name === undefined) continue
        const known = series.get(name) ?? new Set()
        for (const [, label] of labels.matchAll(/(\w+)="/g)) if (label !== undefined) known.add(label)
        series.set(name, known)
      }
      assert.isAbove(targets.length, 20)
      const used = new Set<string>()
      for (const { expr, title } of targets) {
        const metric = /\b((?:gen_ai_client|effect_redial)_[a-z_]+?)(?:\(_seconds\)\?)?(_bucket|_sum)?(?=[{"[)])/g
        const names = [...expr.replaceAll(/by \([^)]*\)/g, "").matchAll(metric)].map(
          ([, name = "", suffix = ""]) => name + suffix
        )
        assert.isNotEmpty(names, title)
        for (const name of names) {
          assert.isTrue(series.has(name), `${title}: there is no ${name}`)
          used.add(name.replace(/_(bucket|sum|total)$/, ""))
        }
        const labels = [...expr.matchAll(/by \(([^)]*)\)|[{,](\w+)=/g)].flatMap(([, by = "", one]) =>
          one === undefined ? by.split(", ") : [one]
        )
        const exported = new Set(names.flatMap((name) => [...(series.get(name) ?? [])]))
        for (const label of labels.filter((label) => label !== "__name__")) {
          assert.isTrue(exported.has(label), `${title}: ${names} have no label ${label}`)
        }
      }
      // And it leaves out no metric but one.
      const all = Object.values(Metrics.names).map((name) => name.replaceAll(".", "_"))
      assert.deepStrictEqual(
        all.filter((name) => !used.has(name)),
        ["effect_redial_cache_write_tokens"]
      )
    })
  )

  it.scopedLive(
    "shows something in each panel, when a real Prometheus has scraped such a program",
    (ctx) =>
      Effect.gen(function* () {
        if (!(yield* Prometheus.isInstalled)) {
          return ctx.skip("there is no `prometheus` on this machine: `apt-get install prometheus` brings it")
        }
        const target = yield* Prometheus.page
        yield* Effect.forkScoped(Effect.forever(Effect.zipRight(eventful, Effect.sleep("250 millis"))))
        const prometheus = yield* Prometheus.scraping(target)
        const enough = prometheus.query(`count_over_time(effect_redial_requests_total[1m])`).pipe(
          Effect.filterOrFail((series) => series.some(({ value }) => Number(value[1]) >= 4)),
          Effect.retry(Schedule.intersect(Schedule.spaced("500 millis"), Schedule.recurs(60)))
        )
        yield* enough
        for (const { expr, legendFormat, title } of targets) {
          const result = yield* prometheus.query(asked(expr))
          assert.isNotEmpty(result, `${title} shows nothing: ${expr}`)
          for (const { value } of result) assert.isFalse(Number.isNaN(Number(value[1])), `${title} shows NaN`)
          for (const label of shown(legendFormat)) {
            assert(
              result.some(({ metric }) => (metric[label] ?? "") !== ""),
              `${title} has no ${label} for its legend`
            )
          }
        }
        for (const { query } of dashboard.templating.list) {
          const words = typeof query === "string" ? query : query.query
          const [, expression, label = ""] = /^label_values\((.*), (\w+)\)$/.exec(words) ?? []
          if (expression === undefined) continue
          const result = yield* prometheus.query(asked(expression))
          assert(
            result.some(({ metric }) => (metric[label] ?? "") !== ""),
            `${words} gives no choice`
          )
        }
      }),
    60_000
  )
})
