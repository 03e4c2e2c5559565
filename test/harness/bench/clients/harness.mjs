/**
 * What every client of the bench does: answers to warm up, then the measured ones, each checked to have brought every
 * delta. Prints the CPU time per event in microseconds, of user and system together, all threads included.
 */

/** `node CLIENT.mjs '{"url": ..., "consume": ...}'` */
export const options = JSON.parse(process.argv[2])

/** `once` runs one whole request and gives the number of deltas that came. */
export const measure = async (once) => {
  const { deltas, runs, warmUp } = options
  const checked = async () => {
    const came = await once()
    if (came !== deltas) throw new Error(`${came} of ${deltas} deltas came`)
  }
  for (let i = 0; i < warmUp; i++) await checked()
  const before = process.cpuUsage()
  for (let i = 0; i < runs; i++) await checked()
  const { system, user } = process.cpuUsage(before)
  process.stdout.write(`${JSON.stringify({ cpuPerEvent: (user + system) / runs / deltas })}\n`)
  process.exit()
}
