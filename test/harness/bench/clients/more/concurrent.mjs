/**
 * 2,000 streams at once, each of two events a second in network packets of their own: how late events are handed over
 * after they were sent, and what they cost.
 */
import { done, open, quantile } from "./ways.mjs"

const STREAMS = 2000
const SECONDS = 8
const ask = await open("pace/1000")
const delays = []
let measuring = false

const now = () => Number(process.hrtime.bigint() / 1000n)
const before = process.memoryUsage().rss
for (let i = 0; i < STREAMS; i++) {
  ask((text) => {
    if (measuring && text !== "x") delays.push((now() - Number(text)) / 1000)
  }).catch(() => {})
  // Spread over time, as callers are.
  if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 20))
}
await new Promise((resolve) => setTimeout(resolve, 2000))
const cpu = process.cpuUsage()
measuring = true
await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000))
measuring = false
const { system, user } = process.cpuUsage(cpu)
done({
  eventsPerSecond: delays.length / SECONDS,
  cpuPerEvent: (user + system) / delays.length,
  p50: quantile(delays, 0.5),
  p99: quantile(delays, 0.99),
  rssKiB: (process.memoryUsage().rss - before) / STREAMS / 1024
})
