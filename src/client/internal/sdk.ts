/** Settings that keep both official SDKs from doing more than asked. */

/** The import of an SDK failed. The message is a sentence without its subject, like those of `InvalidOptions`. */
export class NotLoaded extends Error {}

/** For `catch` of an import: the package is an optional peer, so the usual reason is that it is not installed. */
export const notLoaded =
  (name: string) =>
  (cause: unknown): never => {
    throw new NotLoaded(`did not load: add the package \`${name}\` to the program (${cause})`)
  }

/** The SDKs require a key when they are made. Each request replaces it with the real one. */
export const PLACEHOLDER_KEY = "set-per-request"

const silence = (): void => {}

/** Their logs can contain prompts and headers. Effect's own logging is used instead. */
export const quiet = {
  logLevel: "off",
  logger: { error: silence, warn: silence, info: silence, debug: silence }
} as const

/**
 * What is shown of an SDK's object: its name. The Anthropic one stores the options of requests, credentials included,
 * where `inspect` finds them.
 */
export const unshown = <Sdk extends object>(sdk: Sdk): Sdk =>
  Object.defineProperty(sdk, Symbol.for("nodejs.util.inspect.custom"), { value: () => `[${sdk.constructor.name}]` })

/**
 * Both SDKs merge the headers of an environment variable (`ANTHROPIC_CUSTOM_HEADERS`, `OPENAI_CUSTOM_HEADERS`) into
 * their default headers even if all options are given. The library sets none, so all of them come from there.
 */
export const withoutEnvironmentHeaders = <Sdk extends object>(sdk: Sdk): Sdk => {
  // The field is not public; a test on the wire detects if a release of an SDK renames it.
  const { _options } = sdk as unknown as { readonly _options: { defaultHeaders?: unknown } }
  _options.defaultHeaders = undefined
  return sdk
}
