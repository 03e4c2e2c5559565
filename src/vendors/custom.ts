/**
 * Any other server: one that speaks a protocol of this library, or one of your own.
 */
import * as AnthropicClient from "../client/AnthropicClient.js"
import { InvalidOptions } from "../client/InvalidOptions.js"
import * as OpenAiClient from "../client/OpenAiClient.js"
import type { ProtocolId } from "../protocol/Protocol.js"
import type * as Quirks from "../protocol/Quirks.js"
import type { Endpoint, Vendor } from "./Vendor.js"

const clients: { readonly [P in ProtocolId]: Pick<Endpoint, "client" | "auth"> } = {
  "anthropic-messages": { client: AnthropicClient.make, auth: "x-api-key" },
  "chat-completions": { client: OpenAiClient.make, auth: "bearer" },
  responses: { client: OpenAiClient.makeResponses, auth: "bearer" }
}

/** The client of a protocol of your own, or another one of a protocol that has one. */
type Client<P extends string> = P extends ProtocolId ? Partial<Pick<Endpoint, "client">> : Pick<Endpoint, "client">

/**
 * A vendor of your own: a gateway, a local server, a vendor that this library does not name. How it takes its key is by
 * default what the protocol's first vendor takes. A protocol of your own brings its `client`, and takes a bearer token by
 * default.
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
export const custom = <const Id extends string, const P extends string>({
  env,
  id,
  name = id,
  ...endpoint
}: Omit<Endpoint<P, Quirks.Of<P>>, "client" | "auth"> &
  Partial<Pick<Endpoint, "auth">> &
  Client<NoInfer<P>> & {
    readonly id: Id
    /** Default: its id. */
    readonly name?: string | undefined
    /** The environment variable that `Provider.layerFromEnv` reads the key from. Default: none. */
    readonly env?: string | undefined
  }): Vendor<Id, P, Endpoint<P, Quirks.Of<P>>> => {
  const known = byProtocol.get(endpoint.protocol)
  const own: Endpoint["client"] | undefined = endpoint.client
  const client = own ?? known?.client ?? noClient(endpoint.protocol)
  return { id, name, env, endpoints: [{ ...endpoint, auth: endpoint.auth ?? known?.auth ?? "bearer", client }] }
}

const byProtocol: ReadonlyMap<string, Pick<Endpoint, "client" | "auth">> = new Map(Object.entries(clients))

/** For those who have no types. */
const noClient =
  (protocol: string): Endpoint["client"] =>
  () =>
    new InvalidOptions({
      module: "Vendors",
      option: "client",
      problem: `is missing: \`${protocol}\` is no protocol of this library, so give the client that speaks it`
    })
