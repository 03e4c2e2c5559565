/**
 * Whether an accepted answer is true: its text is the sum of its deltas, and so are the arguments of each call that can be
 * run. Where the vendor says the whole as well, and that is more, or nothing was shown before, it may be that.
 */
import type { ModelResponse, Protocol } from "effect-redial"
import { type Sum, sumsOf } from "../corpus/sum.js"

const utf8 = new TextDecoder()

export const untrue = (
  protocol: Protocol.ProtocolId,
  bytes: Uint8Array,
  { text, toolCalls }: ModelResponse.ModelResponse
): ReadonlyArray<string> => {
  const sums = sumsOf(protocol, utf8.decode(bytes))
  const wrong: Array<string> = []
  if (!sums.some((sum) => letters(sum.text) === letters(text)))
    wrong.push(`text ${JSON.stringify(text)} is none of ${shown(sums, "text")}`)
  for (const { arguments: args, name } of toolCalls) {
    const json = JSON.stringify(args)
    if (!sums.some(({ calls }) => calls.some((call) => sameJson(call, json)))) {
      wrong.push(`arguments ${json} of ${name} are none of ${shown(sums, "calls")}`)
    }
  }
  return wrong
}

const shown = (sums: ReadonlyArray<Sum>, field: "text" | "calls"): string =>
  JSON.stringify(sums.map((sum) => sum[field])).slice(0, 600)

/** Blocks that grew side by side may be counted in another order. */
const letters = (text: string): string => Array.from(text).sort().join("")

const sameJson = (written: string, json: string): boolean => {
  try {
    return JSON.stringify(written.trim() === "" ? {} : JSON.parse(written)) === json
  } catch {
    // The plain input of a custom tool.
    return JSON.stringify(written) === json
  }
}
