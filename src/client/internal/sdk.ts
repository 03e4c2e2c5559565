/**
 * What both official SDKs must be told so that they do only what they are asked.
 */

/** The import of an SDK failed. The message is a sentence without its subject, as `InvalidOptions` has them. */
export class NotLoaded extends Error {}

/** For `catch` of an import: the package is an optional peer, so the usual reason is that it is not installed. */
export const notLoaded =
  (name: string) =>
  (cause: unknown): never => {
    throw new NotLoaded(`did not load: add the package \`${name}\` to the program (${cause})`)
  }

/** The SDKs insist on a key when they are made. Each request brings the real one, which replaces this. */
export const PLACEHOLDER_KEY = "set-per-request"

const silence = (): void => {}

/** Their logs can hold prompts and headers. Effect's own logging is used instead. */
export const quiet = {
  logLevel: "off",
  logger: { error: silence, warn: silence, info: silence, debug: silence }
} as const

/**
 * What is shown of an SDK's object: its name. The Anthropic one remembers the options of requests, credentials and all,
 * where `inspect` finds them.
 */
export const unshown = <Sdk extends object>(sdk: Sdk): Sdk =>
  Object.defineProperty(sdk, Symbol.for("nodejs.util.inspect.custom"), { value: () => `[${sdk.constructor.name}]` })

/**
 * Both SDKs merge the headers of an environment variable (`ANTHROPIC_CUSTOM_HEADERS`, `OPENAI_CUSTOM_HEADERS`) into their
 * default headers even when all options are given. We give none, so whatever is there came from it.
 */
export const withoutEnvironmentHeaders = <Sdk extends object>(sdk: Sdk): Sdk => {
  // The field is not public; a test on the wire notices if a release of an SDK renames it.
  const { _options } = sdk as unknown as { readonly _options: { defaultHeaders?: unknown } }
  _options.defaultHeaders = undefined
  return sdk
}
