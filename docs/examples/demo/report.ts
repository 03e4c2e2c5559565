/**
 * What the scripted streams came to. Everything in it is measured.
 */
import type { ModelResponse, Renewable } from "effect-redial"
import { type Answer, answerOf, compare, type Page } from "./page.js"

/** How one stream went, as its consumer saw it. */
export interface Run {
  readonly meant: Answer
  /** What the consumer had in front of it at the end. */
  readonly page: Page
  /** What `Finish` brought; absent where the stream failed. */
  readonly response: ModelResponse.ModelResponse | undefined
  /** Those of the response, or of the error that ended the stream. */
  readonly attempts: ReadonlyArray<ModelResponse.Attempt>
}

export interface Pools {
  readonly opened: number
  readonly closed: number
  readonly open: number
}

export interface Report {
  readonly streams: number
  /** Attempts that ended in an error, as the library accounts for them. */
  readonly drops: number
  /** Attempts beyond the first of each stream. */
  readonly redials: number
  readonly completed: number
  /** Streams that miss something the server meant. */
  readonly lost: number
  /** Streams that have something twice, or that the server did not mean. */
  readonly duplicated: number
  readonly pools: { readonly anthropic: Pools; readonly openai: Pools }
  /** As the server counts them, after the clients' scope has closed. */
  readonly socketsOpenAtEnd: number
}

const poolsOf = ({ acquired, released }: Renewable.Stats): Pools => ({
  opened: acquired,
  closed: released,
  open: acquired - released
})

export const report = (
  runs: ReadonlyArray<Run>,
  stats: { readonly anthropic: Renewable.Stats; readonly openai: Renewable.Stats },
  socketsOpenAtEnd: number
): Report => {
  const verdicts = runs.map(({ meant, page, response }) =>
    compare(meant, [page.answer(), response && answerOf(response)])
  )
  const sum = (count: (run: Run) => number) => runs.reduce((total, run) => total + count(run), 0)
  return {
    streams: runs.length,
    drops: sum(({ attempts }) => attempts.filter(({ error }) => error !== undefined).length),
    redials: sum(({ attempts }) => Math.max(0, attempts.length - 1)),
    completed: runs.filter(({ response }) => response !== undefined).length,
    lost: verdicts.filter(({ lost }) => lost).length,
    duplicated: verdicts.filter(({ duplicated }) => duplicated).length,
    pools: { anthropic: poolsOf(stats.anthropic), openai: poolsOf(stats.openai) },
    socketsOpenAtEnd
  }
}

export const isGood = ({ completed, duplicated, lost, pools, socketsOpenAtEnd, streams }: Report): boolean =>
  completed === streams && lost + duplicated + pools.anthropic.open + pools.openai.open + socketsOpenAtEnd === 0
