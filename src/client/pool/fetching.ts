/** The result of reading a source: a token, or a message why there is none, without a secret in it. */
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { scrubber } from "../../model/internal/scrub.js"
import { scrub } from "../../protocol/internal/classify.js"
import type { Fetched } from "../Credentials.js"
import { problemOf } from "../credentials/checkKey.js"

/** A key that was obtained. */
export interface Token {
  readonly key: Redacted.Redacted
  readonly account: string | undefined
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  /** From here on it is refreshed while it is still used. */
  readonly aheadAt: number
}

class TimedOut extends Data.TaggedError("TimedOut")<{ readonly message: string }> {}

class Unusable extends Data.TaggedError("Unusable")<{ readonly message: string }> {}

/**
 * Runs a source with its timeout, which also frees callers of an uninterruptible effect. The runner makes it
 * interruptible. The source's result is examined here, where an exception is just another failure.
 */
export const run = <E>(
  fetch: Effect.Effect<Fetched, E>,
  askedAt: number,
  { refreshAhead, timeout }: { readonly refreshAhead: Duration.DurationInput; readonly timeout: Duration.DurationInput }
): Effect.Effect<Exit.Exit<Token, E | TimedOut | Unusable>> =>
  fetch.pipe(
    Effect.flatMap((fetched) => {
      const problem = problemOf(Redacted.value(fetched.key))
      return problem === undefined
        ? Effect.succeed(tokenOf(fetched, askedAt, refreshAhead))
        : new Unusable({ message: `the new key ${problem}` })
    }),
    Effect.disconnect,
    Effect.timeoutFail({
      duration: timeout,
      onTimeout: () => new TimedOut({ message: `it took longer than ${Duration.format(Duration.decode(timeout))}` })
    }),
    Effect.exit
  )

const tokenOf = (fetched: Fetched, askedAt: number, refreshAhead: Duration.DurationInput): Token => {
  const life = fetched.expiresIn === undefined ? Infinity : Duration.toMillis(fetched.expiresIn)
  const expiresAt = fetched.expiresAt ?? askedAt + life
  const ahead = Math.min(Duration.toMillis(refreshAhead), Math.max(0, expiresAt - askedAt) / 5)
  return { key: fetched.key, account: fetched.account, expiresAt, aheadAt: expiresAt - ahead }
}

/** Why a fetched key must not be used; undefined if it may. */
export const objectionTo = (token: Token, before: Token | undefined, now: number): string | undefined => {
  if (before?.account !== undefined && token.account !== undefined && token.account !== before.account) {
    return "the new key belongs to another account"
  }
  return now < token.expiresAt ? undefined : "the new key has expired already"
}

/** The message of a failure, and an error without its attachments: causes and requests contain headers. */
export const explain = (
  cause: Cause.Cause<unknown>,
  known: Token | undefined
): { readonly description: string; readonly cause: Error } => {
  const failure = Option.getOrUndefined(Cause.failureOption(cause))
  const error = failure ?? Option.getOrUndefined(Cause.dieOption(cause))
  const said = error === undefined ? "it was interrupted" : textOf(error)
  // Cut before and after: the pattern need not walk through a long page.
  const whole = said.slice(0, 1000)
  const clean = scrub(known === undefined ? whole : scrubber(Redacted.value(known.key))(whole)).slice(0, 300)
  const plain = new Error(clean)
  plain.name = error instanceof Error ? error.name : "Error"
  return { description: clean, cause: plain }
}

const textOf = (error: unknown): string => {
  if (typeof error === "string") return error
  if (typeof error !== "object" || error === null) return "it failed"
  const { _tag, message }: { readonly _tag?: unknown; readonly message?: unknown } = error
  if (typeof message === "string" && message.trim() !== "") return message
  return typeof _tag === "string" ? _tag : "it failed"
}
