/**
 * How an error is shown: as JSON for logs, and where Node inspects it. Readable and bounded: what was delivered is told by
 * its size, and stacks, which say nothing of a remote failure, are left out. To store an error, encode it with its schema.
 */
import type { Attempt, Credential } from "../ModelResponse.js"
import type { PartialResponse } from "../PartialResponse.js"

/** The attempts that are shown; the last ones count. */
const MOST_ATTEMPTS = 10

const MOST_CAUSES = 6

interface Shown {
  readonly _tag: string
  readonly message: string
  readonly attempts: ReadonlyArray<Attempt>
  readonly credential?: Credential | undefined
  readonly partial?: PartialResponse | undefined
  readonly checkpoint?: unknown
  readonly cause?: unknown
}

/** The chain of causes, each by its name, its message and its code. */
const causes = (cause: unknown): ReadonlyArray<string> | undefined => {
  const said: Array<string> = []
  let link = cause
  while (link instanceof Error && said.length < MOST_CAUSES) {
    const code = "code" in link && typeof link.code === "string" ? ` (${link.code})` : ""
    said.push(`${link.name}: ${link.message}${code}`.slice(0, 300))
    link = link.cause
  }
  return said.length === 0 ? undefined : said
}

const json = (error: Shown): object => {
  const { _tag, attempts, message, partial } = error
  return {
    _tag,
    message,
    ...plain(error),
    partial: partial && {
      delivered: partial.delivered,
      characters: partial.text.length,
      blocks: partial.blocks.length
    },
    attempts: attempts.slice(-MOST_ATTEMPTS).map((attempt) => ({
      ...plain(attempt),
      headers: attempt.headers,
      usage: attempt.usage,
      error: attempt.error && `${attempt.error.tag}: ${attempt.error.description}`
    })),
    cause: causes(error.cause)
  }
}

/**
 * The fields that are one value, and which key was used. Whatever else an error has, or will have, may hold delivered text
 * and is not shown unless `json` names it.
 */
const plain = (fields: { readonly credential?: unknown }): object => ({
  ...Object.fromEntries(
    Object.entries(fields).filter(([, value]) => ["string", "number", "boolean"].includes(typeof value))
  ),
  credential: fields.credential
})

/** Gives the class of an error these two ways of being shown. */
export const shown = (constructor: { readonly prototype: object }): void => {
  Object.defineProperties(constructor.prototype, {
    toJSON: {
      value(this: Shown) {
        return json(this)
      }
    },
    [Symbol.for("nodejs.util.inspect.custom")]: {
      value(this: Shown, _: unknown, options: object, inspect?: (value: unknown, options: object) => string) {
        const { _tag, message, ...facts } = { _tag: this._tag, message: this.message, ...json(this) }
        return `${_tag}: ${message}${inspect === undefined ? "" : ` ${inspect(facts, options)}`}`
      }
    }
  })
}
