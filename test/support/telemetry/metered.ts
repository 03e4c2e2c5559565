/**
 * Reads the metrics of the process: each test takes a model or a name of its own, so that no other one counts for it.
 */
import { Metric, MetricState } from "effect"

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** The count of a counter or a histogram, or the value of a gauge. */
  readonly value: number
  /** The sum of a histogram. */
  readonly sum: number | undefined
}

const sampleOf = ({
  metricKey,
  metricState
}: ReturnType<typeof Metric.unsafeSnapshot>[number]): ReadonlyArray<Sample> => {
  const labels = Object.fromEntries(metricKey.tags.map(({ key, value }) => [key, value]))
  const { name } = metricKey
  if (MetricState.isHistogramState(metricState)) {
    return [{ name, labels, value: metricState.count, sum: metricState.sum }]
  }
  if (MetricState.isCounterState(metricState))
    return [{ name, labels, value: Number(metricState.count), sum: undefined }]
  if (MetricState.isGaugeState(metricState)) return [{ name, labels, value: Number(metricState.value), sum: undefined }]
  return []
}

/** All samples at this moment, by the value of a label. */
export const samplesBy = (label: string): ReadonlyMap<string | undefined, ReadonlyArray<Sample>> => {
  const by = new Map<string | undefined, Array<Sample>>()
  for (const sample of Metric.unsafeSnapshot().flatMap(sampleOf)) {
    const of = sample.labels[label]
    by.set(of, [...(by.get(of) ?? []), sample])
  }
  return by
}

export const samples = (label: string, value: string): ReadonlyArray<Sample> => samplesBy(label).get(value) ?? []

const common = [
  "gen_ai.operation.name",
  "gen_ai.provider.name",
  "gen_ai.request.model",
  "effect_redial.protocol",
  "effect_redial.renewable",
  "unit"
]

/** What was counted for a model: the name of the metric with the labels of its own, and the value. */
export const counted = (label: string, value: string): Readonly<Record<string, number>> =>
  Object.fromEntries(
    samples(label, value)
      .map(({ labels, name, value }) => {
        const own = Object.entries(labels).filter(([key]) => !common.includes(key))
        return [[name, ...own.map(([key, label]) => `${key}=${label}`).toSorted()].join(" "), value] as const
      })
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
  )

export const ofModel = (model: string): Readonly<Record<string, number>> => counted("gen_ai.request.model", model)

let names = 0

/** A name that no other test has. */
export const fresh = (): string => `metered-${++names}-${Math.random().toString(36).slice(2)}`
