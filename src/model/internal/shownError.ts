/**
 * How an error is shown, as JSON for logs and in Node's inspection: readable and bounded. Delivered output is shown as
 * its size. Stacks are left out, because they say nothing about a remote failure. To store an error, encode it with its
 * schema.
 */
import type { Attempt, Credential } from "../ModelResponse.js"
import type { PartialResponse } from "../PartialResponse.js"

/** The most attempts that are shown; the last ones matter. */
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

/** The chain of causes, each with its name, message and code. */
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
 * The primitive fields, and the key that was used. Any other field may contain delivered text and is not shown unless
 * `json` names it.
 */
const plain = (fields: { readonly credential?: unknown }): object => ({
  ...Object.fromEntries(
    Object.entries(fields).filter(([, value]) => ["string", "number", "boolean"].includes(typeof value))
  ),
  credential: fields.credential
})

/** Adds both forms to the class of an error. */
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
