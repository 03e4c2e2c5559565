/** Short answers, eight callers at a time over a warm pool: how many a second of CPU time, over how many connections. */
import { done, open, options } from "./ways.mjs"

const REQUESTS = 800
const ask = await open("1/5")
const many = async (count) => {
  let left = count
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (left-- > 0) await ask(() => {})
    })
  )
}
const connections = async () => Number(await (await fetch(`${options.url}/connections`)).text())
await many(200)
// The question has a connection of its own, the first time.
await connections()
const before = await connections()
const cpu = process.cpuUsage()
const from = performance.now()
await many(REQUESTS)
const { system, user } = process.cpuUsage(cpu)
done({
  perSecond: (REQUESTS / (performance.now() - from)) * 1000,
  cpuMillis: (user + system) / 1000 / REQUESTS,
  newConnections: (await connections()) - before
})
