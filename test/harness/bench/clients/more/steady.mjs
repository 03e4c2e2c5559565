/** CPU per event of answers of 2,000 deltas, once all code has become as fast as it gets. */
import { done, open } from "./ways.mjs"

const DELTAS = 2000
const RUNS = 100
const ask = await open(`1/${DELTAS}`)
const once = async () => {
  let came = 0
  await ask(() => {
    came++
  })
  if (came !== DELTAS) throw new Error(`${came} of ${DELTAS} deltas came`)
}
for (let i = 0; i < 100; i++) await once()
const before = process.cpuUsage()
for (let i = 0; i < RUNS; i++) await once()
const { system, user } = process.cpuUsage(before)
done({ cpuPerEvent: (user + system) / RUNS / DELTAS })
