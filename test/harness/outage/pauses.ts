/**
 * How long a process could not do anything, since the machine or itself was busy.
 */
import { monitorEventLoopDelay } from "node:perf_hooks"

const watch = monitorEventLoopDelay({ resolution: 10 })
watch.enable()

/** The longest pause since the last question, in milliseconds. */
export const longestPause = (): number => {
  const longest = Math.round(watch.max / 1e6)
  watch.reset()
  return longest
}
