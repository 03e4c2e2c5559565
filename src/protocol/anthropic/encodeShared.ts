/** What the turns of the user and of the model have in common in Anthropic Messages. */

import type { CacheMark } from "../../model/internal/parts.js"
import type { Messages } from "../sdk/anthropic.js"

export const cacheControl = (ttl: CacheMark | undefined): { cache_control?: Messages.CacheControlEphemeral } =>
  ttl === undefined ? {} : { cache_control: { type: "ephemeral", ttl } }

/**
 * The id of a tool call. Other vendors use characters that this one refuses; they are replaced by their code, in the
 * call and in its result alike.
 */
export const toolId = (id: string): string =>
  id.replace(/[^a-zA-Z0-9_-]/gu, (character) => `_${character.codePointAt(0)!.toString(16)}`)
