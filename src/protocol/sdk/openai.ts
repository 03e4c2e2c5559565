/**
 * The types of `openai` that the declarations of this library refer to. The package is an optional peer: what is said in
 * `anthropic.ts` beside this file holds here too.
 */

// biome-ignore-start lint/suspicious/noTsIgnore: the package is missing where it is not used
/** @ts-ignore */
export type { OpenAI } from "openai"
/** @ts-ignore */
export type * as Chat from "openai/resources/chat/completions/completions"
/** @ts-ignore */
export type * as Responses from "openai/resources/responses/responses"
// biome-ignore-end lint/suspicious/noTsIgnore: the package is missing where it is not used
