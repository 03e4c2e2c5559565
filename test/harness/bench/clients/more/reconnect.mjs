/**
 * Milliseconds from a reset in the middle of an answer to the first delta of the next attempt, without any back-off: by
 * the library's own retry, or by asking undici again.
 */
import { done, open, options, quantile } from "./ways.mjs"

const ask = await open("drop/20")
const times = []

/** Undici's failure is seen where it is thrown; the library's is where it says that output is void. */
const once = async () => {
  let dropped
  let first
  const again = () => {
    if (dropped !== undefined) first ??= performance.now() - dropped
  }
  if (options.way === "redial") {
    await ask(again, () => {
      dropped = performance.now()
    })
  } else {
    await ask(() => {}).catch(() => {
      dropped = performance.now()
    })
    await ask(again)
  }
  return first
}

for (let i = 0; i < 150; i++) {
  const time = await once()
  if (i >= 50) times.push(time)
}
done({ millis: quantile(times, 0.5) })
