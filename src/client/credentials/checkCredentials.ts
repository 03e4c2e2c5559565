/** Checks credentials when they are made. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Options } from "../Credentials.js"
import { InvalidOptions } from "../InvalidOptions.js"
import { problemOf } from "../internal/checkTime.js"

export const invalid = (option: string, problem: string) =>
  new InvalidOptions({ module: "Credentials", option, problem })

export const millisOf = (option: string, time: Duration.DurationInput): Effect.Effect<number, InvalidOptions> => {
  const problem = problemOf(time)
  return problem === undefined ? Effect.sync(() => Duration.toMillis(time)) : invalid(option, problem)
}

/** The times of a source that is an effect. */
export const checkTimes = (
  name: string,
  times: { readonly refreshAhead: Duration.DurationInput; readonly timeout: Duration.DurationInput }
): Effect.Effect<void, InvalidOptions> =>
  Effect.zipRight(
    millisOf(`${name}.refreshAhead`, times.refreshAhead),
    Effect.flatMap(millisOf(`${name}.timeout`, times.timeout), (millis) =>
      millis > 0 ? Effect.void : invalid(`${name}.timeout`, "must be more than zero")
    )
  )

interface Named {
  readonly name: string
  readonly token: { readonly key: Redacted.Redacted } | undefined
}

export const checkDistinct = (entries: ReadonlyArray<Named>): Effect.Effect<void, InvalidOptions> => {
  if (entries.length === 0) return invalid("sources", "is empty: give at least one")
  for (const [i, { name, token }] of entries.entries()) {
    const before = entries.slice(0, i)
    if (before.some((other) => other.name === name)) return invalid(name, "is the name of two sources")
    const same = before.find(
      (other) => token && other.token && Redacted.value(other.token.key) === Redacted.value(token.key)
    )
    if (same !== undefined) return invalid(name, `is the same key as \`${same.name}\``)
  }
  return Effect.void
}

export const hostsOf = (hosts: Options["hosts"]): Effect.Effect<ReadonlySet<string> | undefined, InvalidOptions> => {
  if (hosts === undefined) return Effect.succeed(undefined)
  const known = new Set<string>()
  for (const host of hosts) {
    const url = `https://${host}`
    if (!URL.canParse(url) || new URL(url).host !== host.toLowerCase()) {
      return invalid(
        "hosts",
        `has ${JSON.stringify(host)}, which is not a host: leave out https:, the path and the usual port`
      )
    }
    known.add(new URL(url).host)
  }
  return Effect.succeed(known)
}
