/**
 * Lets the SDK send a request, by its method for any path. `messages.create` does the same and besides writes warnings to
 * the console, which belongs to the application: `deprecations.ts` has them for its log.
 */

import { noTimeout } from "../internal/noTimeout.js"
import type { OpenOptions } from "../Protocol.js"
import type { Anthropic } from "../sdk/anthropic.js"
import type { Params } from "./encode.js"

/** `user_profile_id` and `workspace_id` are among the SDK's parameters, and headers on the wire. */
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
