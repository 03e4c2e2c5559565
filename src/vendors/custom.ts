/**
 * Any other server that speaks one of the protocols.
 */
import * as AnthropicClient from "../client/AnthropicClient.js"
import type * as ModelClient from "../client/ModelClient.js"
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { ProtocolId } from "../protocol/Protocol.js"
import type { Endpoint, StructuredOutput, Vendor } from "./Vendor.js"

const clients: { readonly [P in ProtocolId]: Pick<Endpoint, "client" | "auth"> } = {
  "anthropic-messages": { client: AnthropicClient.make, auth: "x-api-key" },
  "chat-completions": { client: OpenAiClient.make, auth: "bearer" },
  responses: { client: OpenAiClient.makeResponses, auth: "bearer" }
}

/**
 * A vendor of your own: a gateway, a local server, a vendor that this library does not name.
 *
 * @example
 * ```ts
 * import { Vendors } from "effect-redial"
 *
 * const local = Vendors.custom({
 *   id: "my-gateway",
 *   protocol: "chat-completions",
 *   baseUrl: "http://127.0.0.1:8080/v1"
 * })
 * ```
 *
 * @since 0.1.0
 * @category vendors
 */
export const custom = <const Id extends string, const P extends ProtocolId>(options: {
  readonly id: Id
  readonly protocol: P
  readonly baseUrl: string
  /** Default: what the protocol's first vendor takes. */
  readonly auth?: ModelClient.Auth | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Default: `native`. */
  readonly structuredOutput?: StructuredOutput | undefined
  /** Which models go on with a message of their own. Default: none. */
  readonly prefill?: ModelClient.Prefill | undefined
}): Vendor<Id, P> => {
  const client = clients[options.protocol]
  const endpoint: Endpoint = {
    baseUrl: options.baseUrl,
    auth: options.auth ?? client.auth,
    headers: options.headers,
    structuredOutput: options.structuredOutput,
    prefill: options.prefill,
    client: client.client
  }
  return {
    id: options.id,
    protocol: options.protocol,
    // One key, P, whose name TypeScript cannot follow through a computed property.
    endpoints: { [options.protocol]: endpoint } as { readonly [K in P]: Endpoint }
  }
}
