/**
 * Sends a request through the SDK, by its method for any path. `messages.create` does the same but also writes warnings
 * to the console, which belongs to the application; `deprecations.ts` has them for Effect's log.
 */

import { noTimeout } from "../internal/noTimeout.js"
import type { OpenOptions } from "../Protocol.js"
import type { Anthropic } from "../sdk/anthropic.js"
import type { Params } from "./encode.js"

/** Parameters of the SDK that are headers on the wire. */
export const send = (sdk: Anthropic, params: Params, { headers, signal }: OpenOptions): Promise<Response> => {
  const { user_profile_id, workspace_id, ...body } = params
  return sdk
    .post("/v1/messages", {
      body,
      stream: true,
      signal,
      headers: {
        ...(user_profile_id !== undefined && { "anthropic-user-profile-id": user_profile_id }),
        ...(workspace_id !== undefined && { "anthropic-workspace-id": workspace_id }),
        ...headers
      },
      maxRetries: 0,
      timeout: noTimeout
    })
    .asResponse()
}
