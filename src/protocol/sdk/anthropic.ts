/**
 * The types of `@anthropic-ai/sdk` that the declarations of this library refer to. The package is an optional peer. Where it
 * is not installed each of these types is `any`, and whatever refers to them still compiles, also without `skipLibCheck`.
 *
 * `@ts-expect-error` would fail where the package is there. The comments must be of this form to reach the declarations.
 */

// biome-ignore-start lint/suspicious/noTsIgnore: the first comment says why
/** @ts-ignore */
export type { Anthropic } from "@anthropic-ai/sdk"
/** @ts-ignore */
export type * as Beta from "@anthropic-ai/sdk/resources/beta/messages/messages"
/** @ts-ignore */
export type * as Messages from "@anthropic-ai/sdk/resources/messages/messages"
// biome-ignore-end lint/suspicious/noTsIgnore: the first comment says why
