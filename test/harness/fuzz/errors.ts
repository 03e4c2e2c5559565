/**
 * How long an error with 400 KB of text blocks the event loop: to classify it, to take the key out and to show it.
 */
import { inspect } from "node:util"
import { fromFault } from "../../../src/model/internal/fromFault.js"
import { scrubber } from "../../../src/model/internal/scrub.js"
import { classify } from "../../../src/protocol/internal/classify.js"

const LENGTH = 400_000

const random = "Zq8Xw2Vn5Rt7Yp3Lk6Jh4Gf1Sd9Ac0Be"

/** Some whose beginnings repeat or overlap, the worst for a search. */
const keys = [
  `sk-proj-${random}`,
  random,
  "a".repeat(500),
  `${"ab".repeat(250)}c`,
  `${"a".repeat(250)}b${"a".repeat(250)}`
]

/** Pieces of texts: beginnings of the key, and words that the classification looks for. */
const piecesOf = (key: string): ReadonlyArray<string> => [
  key,
  key.slice(0, 8),
  key.slice(0, 12),
  `${key.slice(0, -1)}!`,
  "x",
  " ",
  "<title>",
  "input token count",
  "model ",
  "invalid api ",
  "sk-",
  "漢"
]

/** Every place of an error that a server writes. */
const errorsOf = (text: string): ReadonlyArray<() => unknown> => [
  () => classify({ status: 400, body: { error: { message: text, code: text, type: text, param: text } } }),
  () => classify({ status: 500, body: text, requestId: text }),
  () => classify({ body: JSON.stringify([{ error: text }]) }),
  () => ({ _tag: "ServerError", description: text, cause: new Error(text, { cause: new Error(text) }) }),
  () => ({ _tag: "ServerError", description: "", cause: { text: [...new Array(20)].map(() => text) } })
]

interface Slowest {
  readonly millis: number
  readonly what: string
}

export const slowestError = (): Slowest => {
  let slowest: Slowest = { millis: 0, what: "" }
  for (const key of keys) {
    for (const piece of piecesOf(key)) {
      const text = piece.repeat(Math.ceil(LENGTH / piece.length)).slice(0, LENGTH)
      for (const [n, make] of errorsOf(text).entries()) {
        const millis = Math.min(...[1, 2, 3].map(() => millisOf(key, make)))
        if (millis > slowest.millis) slowest = { millis, what: `${n} of ${piece.slice(0, 20)}, ${key.slice(0, 20)}` }
      }
    }
  }
  return slowest
}

const millisOf = (key: string, make: () => unknown): number => {
  // The time of the processor, so that a machine that is busy with other things shows the same.
  const start = process.cpuUsage()
  // What a fault is made of here is not in its type: the server wrote it.
  const fault = scrubber(key)(make()) as Parameters<typeof fromFault>[0]
  const error = fromFault(fault, {
    provider: "vendor",
    protocol: "anthropic-messages",
    model: "m",
    attempt: 1,
    delivered: "nothing",
    attempts: []
  })
  for (const shown of [String(error), JSON.stringify(error), inspect(error)]) {
    if (shown.length > 100_000) throw new Error(`an error is shown in ${shown.length} characters`)
  }
  const { system, user } = process.cpuUsage(start)
  return (system + user) / 1000
}
