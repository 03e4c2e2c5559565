/** Any other server: one that speaks a built-in protocol, or one of your own. */
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

/**
 * The description of a vendor for `custom`, besides its client.
 *
 * @since 0.1.0
 * @category models
 */
export interface CustomOptions<Id extends string, P extends string>
  extends Omit<Endpoint<P, Quirks.Of<P>>, "client" | "auth"> {
  readonly id: Id
  /**
   * How the key is sent. Default: as the protocol's first vendor expects it; for a protocol of your own, as a bearer
   * token.
   */
  readonly auth?: Endpoint["auth"] | undefined
  /** Default: its id. */
  readonly name?: string | undefined
  /** The environment variable that `Provider.layerFromEnv` reads the key from. Default: none. */
  readonly env?: string | undefined
}

/** The client of a protocol of your own, or another client for a built-in one. */
type Client<P extends string> = P extends ProtocolId ? Partial<Pick<Endpoint, "client">> : Pick<Endpoint, "client">

/**
 * A vendor of your own: a gateway, a local server, a vendor that this library does not name. By default the key is sent
 * as the protocol's first vendor expects it. A protocol of your own needs its `client`, and sends a bearer token by
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
}: CustomOptions<Id, P> & Client<NoInfer<P>>): Vendor<Id, P, Endpoint<P, Quirks.Of<P>>> => {
  const known = byProtocol.get(endpoint.protocol)
  const own: Endpoint["client"] | undefined = endpoint.client
  const client = own ?? known?.client ?? noClient(endpoint.protocol)
  return { id, name, env, endpoints: [{ ...endpoint, auth: endpoint.auth ?? known?.auth ?? "bearer", client }] }
}

const byProtocol: ReadonlyMap<string, Pick<Endpoint, "client" | "auth">> = new Map(Object.entries(clients))

/** For programs without types. */
const noClient =
  (protocol: string): Endpoint["client"] =>
  () =>
    new InvalidOptions({
      module: "Vendors",
      option: "client",
      problem: `is missing: \`${protocol}\` is not a protocol of this library, so give the client that speaks it`
    })
