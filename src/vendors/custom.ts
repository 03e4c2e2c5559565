/**
 * Any other server that speaks one of the protocols.
 */
import * as AnthropicClient from "../client/AnthropicClient.js"
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { ProtocolId } from "../protocol/Protocol.js"
import type { Endpoint, Vendor } from "./Vendor.js"

const clients: { readonly [P in ProtocolId]: Pick<Endpoint, "client" | "auth"> } = {
  "anthropic-messages": { client: AnthropicClient.make, auth: "x-api-key" },
  "chat-completions": { client: OpenAiClient.make, auth: "bearer" },
  responses: { client: OpenAiClient.makeResponses, auth: "bearer" }
}

/**
 * A vendor of your own: a gateway, a local server, a vendor that this library does not name. How it takes its key is by
 * default what the protocol's first vendor takes.
 *
 * @example
 * ```ts
 * import { Vendors } from "effect-redial"
 *
 * const local = Vendors.custom({
 *   id: "my-gateway",
 *   protocol: "chat-completions",
 *   baseUrl: "http://127.0.0.1:8080/v1",
 *   quirks: { maxTokens: "max_tokens", developer: "system" }
 * })
 * ```
 *
 * @since 0.1.0
 * @category vendors
 */
export const custom = <const Id extends string, const P extends ProtocolId>({
  env,
  id,
  name = id,
  ...endpoint
}: Omit<Endpoint<P>, "client" | "auth"> &
  Partial<Pick<Endpoint, "auth">> & {
    readonly id: Id
    /** Default: its id. */
    readonly name?: string | undefined
    /** The environment variable that `Provider.layerFromEnv` reads the key from. Default: none. */
    readonly env?: string | undefined
  }): Vendor<Id, P> => {
  const { auth, client } = clients[endpoint.protocol]
  return { id, name, env, endpoints: [{ ...endpoint, auth: endpoint.auth ?? auth, client }] }
}
