/**
 * Checks the options of a cassette, and fills in their defaults.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { InvalidOptions } from "../../../client/InvalidOptions.js"
import type { Match, Options } from "../../Cassette.js"

const MAX_BYTES = 64 * 1024 * 1024

export interface Settled {
  readonly match: Match
  readonly speed: number
  readonly secrets: ReadonlyArray<string>
  readonly maxBytes: number
}

const fields = ["method", "path", "headers", "body"]

export const checked = <R>(options: Options<R>): Effect.Effect<Settled, InvalidOptions> => {
  const { match = {}, maxBytes = MAX_BYTES, secrets = [], speed = Infinity } = options
  const invalid = (option: string, problem: string) => new InvalidOptions({ module: "Cassette", option, problem })
  if (!(speed > 0)) return invalid("speed", `is ${speed}: it must be more than zero, where 1 is as recorded`)
  if (!(maxBytes > 0)) return invalid("maxBytes", `is ${maxBytes}: it must be a number of bytes above zero`)
  const stray = match.ignore?.find((path) => !fields.includes(path.split(".", 1)[0] ?? ""))
  if (stray !== undefined) {
    const problem = `has the path ${JSON.stringify(stray)}: it must begin with one of ${fields.join(", ")}`
    return invalid("match.ignore", problem)
  }
  return Effect.succeed({ match, maxBytes, speed, secrets: secrets.map(Redacted.value) })
}
