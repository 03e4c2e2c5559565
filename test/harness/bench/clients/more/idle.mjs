/** KiB of heap per stream that is open and silent, and of memory of the process. */
import { done, open } from "./ways.mjs"

const STREAMS = 500
const ask = await open("hold/1")
const settle = () => new Promise((resolve) => setTimeout(resolve, 300))
const openMany = async (count) => {
  await Promise.all(Array.from({ length: count }, () => new Promise((resolve) => ask(() => resolve()).catch(() => {}))))
  await settle()
  globalThis.gc()
  globalThis.gc()
}
// What is loaded, compiled and cached with the first streams is not theirs.
await openMany(50)
const before = process.memoryUsage()
await openMany(STREAMS)
const after = process.memoryUsage()
const used = ({ external, heapUsed }) => heapUsed + external
done({
  heapKiB: (used(after) - used(before)) / STREAMS / 1024,
  rssKiB: (after.rss - before.rss) / STREAMS / 1024
})
