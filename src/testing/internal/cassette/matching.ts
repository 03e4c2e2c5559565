/**
 * Finds the recording that answers a request, and says how the nearest one differs where there is none.
 */
import type { Exchange, Sent } from "./exchange.js"
import { titleOf } from "./exchange.js"

/** Where a request differs from a recording. `undefined`: it has nothing there. */
export interface Difference {
  /** For example `body.messages.0.content`. */
  readonly path: string
  readonly recorded: unknown
  readonly sent: unknown
}

/** Which fields do not count, each as the parts of its path. */
export type Ignored = ReadonlyArray<ReadonlyArray<string>>

/** Enough to tell which recording is the nearest. */
const MOST = 50

export const differences = (recorded: Sent, sent: Sent, ignored: Ignored): ReadonlyArray<Difference> => {
  const found: Array<Difference> = []
  compare(recorded, sent, [], ignored, found)
  return found
}

const compare = (
  recorded: unknown,
  sent: unknown,
  path: ReadonlyArray<string>,
  ignored: Ignored,
  found: Array<Difference>
): void => {
  if (recorded === sent || found.length >= MOST || ignored.some((pattern) => covers(pattern, path))) return
  if (isObject(recorded) && isObject(sent) && Array.isArray(recorded) === Array.isArray(sent)) {
    for (const name of new Set([...Object.keys(recorded), ...Object.keys(sent)])) {
      compare(own(recorded, name), own(sent, name), [...path, name], ignored, found)
    }
    return
  }
  found.push({ path: path.join("."), recorded, sent })
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

const own = (object: object, name: string): unknown =>
  Object.hasOwn(object, name) ? Reflect.get(object, name) : undefined

/** `*` stands for any one part; a pattern also covers what is below it. */
const covers = (pattern: ReadonlyArray<string>, path: ReadonlyArray<string>): boolean =>
  pattern.length === path.length && pattern.every((part, i) => part === "*" || part === path[i])

/** What became of the recordings so far, and the rules by which they are found. */
export interface Matching {
  readonly exchanges: ReadonlyArray<Exchange>
  readonly ignored: Ignored
  readonly order: "recorded" | "any"
  /** Which of the exchanges have answered a request. */
  readonly used: ReadonlySet<number>
}

/** The place of the recording that answers a request; undefined where there is none. */
export const find = ({ exchanges, ignored, order, used }: Matching, sent: Sent): number | undefined => {
  for (const [at, one] of exchanges.entries()) {
    if (used.has(at)) continue
    if (differences(one.request, sent, ignored).length === 0) return at
    if (order === "recorded") return undefined
  }
  return undefined
}

/** In lines: a message repeats them. */
const MOST_SHOWN = 5

/** In characters, of each of the two values. */
const MOST_VALUE = 60

/** Why no recording answers a request. */
export const explain = (matching: Matching, sent: Sent): string => {
  const { exchanges, ignored, order, used } = matching
  const all = exchanges.map((one, at) => ({ at, found: differences(one.request, sent, ignored) }))
  const unused = all.filter(({ at }) => !used.has(at))
  const times = all.filter(({ found }) => found.length === 0).length
  if (order === "any" && times > 0) {
    return `this request was recorded ${times === 1 ? "once" : `${times} times`}, and the program sends it once more`
  }
  const nearest =
    order === "recorded"
      ? unused[0]
      : unused.reduce<(typeof unused)[number] | undefined>(
          (best, one) => (best === undefined || distance(one.found) < distance(best.found) ? one : best),
          undefined
        )
  if (nearest === undefined) return `all ${exchanges.length} recordings have been used`
  const { at, found } = nearest
  const which = order === "recorded" ? "the next recording" : "the nearest recording"
  const more = found.length > MOST_SHOWN ? [`  and ${found.length - MOST_SHOWN} more`] : []
  return [
    `${which} is number ${at + 1}, ${titleOf(exchanges[at]?.request ?? sent)}, and differs:`,
    ...found.slice(0, MOST_SHOWN).map(line),
    ...more
  ].join("\n")
}

/** Texts that begin alike count for less than a whole difference. */
const distance = (found: ReadonlyArray<Difference>): number => {
  let sum = 0
  for (const { recorded, sent } of found) {
    const texts = typeof recorded === "string" && typeof sent === "string"
    sum += texts ? 1 - alike(recorded, sent) / Math.max(recorded.length, sent.length) : 1
  }
  return sum
}

const line = ({ path, recorded, sent }: Difference): string => {
  const from = typeof recorded === "string" && typeof sent === "string" ? firstDifference(recorded, sent) : 0
  return `  ${path.slice(0, 60)}: recorded ${shown(recorded, from)}, sent ${shown(sent, from)}`
}

/** How many characters two texts have in common from their beginning. */
const alike = (a: string, b: string): number => {
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  return at
}

/** Where two texts part, with a few characters before it. */
const firstDifference = (a: string, b: string): number => {
  const at = alike(a, b)
  return at < MOST_VALUE / 2 ? 0 : at - 15
}

const shown = (value: unknown, from: number): string => {
  if (value === undefined) return "nothing"
  if (typeof value !== "string") return clip(JSON.stringify(value))
  return `${from > 0 ? "…" : ""}${clip(JSON.stringify(value.slice(from, from + MOST_VALUE + 1)))}`
}

const clip = (text: string): string => (text.length > MOST_VALUE ? `${text.slice(0, MOST_VALUE)}…` : text)
