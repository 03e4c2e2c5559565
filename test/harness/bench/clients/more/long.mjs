/** CPU per event of one answer of 20,000 deltas, and of one of 200,000: the factor is 1 where the cost is linear. */
import { done, options, ways } from "./ways.mjs"

const cpu = async (deltas) => {
  const ask = await ways[options.way](`${options.url}/anthropic-messages/64/${deltas}`)
  const once = async () => {
    let came = 0
    await ask(() => {
      came++
    })
    if (came !== deltas) throw new Error(`${came} of ${deltas} deltas came`)
  }
  await once()
  const before = process.cpuUsage()
  await once()
  const { system, user } = process.cpuUsage(before)
  return (user + system) / deltas
}
await cpu(20_000)
const short = await cpu(20_000)
const long = await cpu(200_000)
done({ short, long, factor: long / short })
