/**
 * The calls of a client: an encoded request, which can be sent any number of times, and how to fetch an answer that the
 * server keeps.
 */
import type * as Headers from "@effect/platform/Headers"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Decoder from "../../protocol/internal/decoder.js"
import type { OpenOptions, Position, Protocol } from "../../protocol/Protocol.js"
import { credentialHeaders } from "../credentials/credentialHeaders.js"
import type { InvalidOptions } from "../InvalidOptions.js"
import type { Auth, Connection, PreparedCall } from "../ModelClient.js"
import type { Renewable } from "../Renewable.js"
import * as CallHeaders from "./callHeaders.js"
import { unlessRefused } from "./refused.js"
import * as Warnings from "./warnings.js"

export interface Options<Sdk, Params, State, Quirks extends object> {
  readonly provider: string
  readonly protocol: Protocol<Sdk, Params, State, Quirks>
  readonly quirks: Quirks | undefined
  readonly connections: Renewable<Connection<Sdk>, InvalidOptions>
  readonly auth: Auth
  /** The headers of the client. */
  readonly headers: Headers.Headers
}

/** Makes a call from params and from the headers of this call only. */
export const make = <Sdk, Params, State, Quirks extends object>({
  auth,
  connections,
  headers,
  protocol,
  provider,
  quirks
}: Options<Sdk, Params, State, Quirks>): ((params: Params, own: Headers.Headers | undefined) => PreparedCall) => {
  const warning = Warnings.make(provider)
  const { cursor } = protocol

  const connect =
    (
      own: Headers.Headers | undefined,
      open: (sdk: Sdk, options: OpenOptions) => Promise<Response>
    ): PreparedCall["connect"] =>
    (user, key) =>
      Effect.map(connections.leaseFor(user), ({ generation, value: { pool, sdk } }) => ({
        generation,
        pool,
        key: auth === "none" ? undefined : key,
        send: (signal) => {
          const all = { ...CallHeaders.beside(headers, own), ...credentialHeaders(auth, Redacted.value(key)) }
          return open(sdk, { signal, headers: all }).then(unlessRefused)
        }
      }))

  return (params, own) => {
    const position = (state: State) => cursor?.at(params, state)
    const decoder: PreparedCall["decoder"] = (stamp, how) => Decoder.make(protocol, stamp, { ...how, position, quirks })
    const after: PreparedCall["after"] = (broken) => {
      const at = broken.position()
      return cursor && at && keptCall(at, (stamp, how) => broken.resumed(stamp, how?.contentType))
    }
    const attach: PreparedCall["attach"] = (id) =>
      cursor && keptCall({ id, after: undefined, model: undefined }, decoder)
    const keptCall = (at: Position, reading: PreparedCall["decoder"]): PreparedCall | undefined =>
      cursor && {
        connect: connect(own, (sdk, options) => cursor.open(sdk, at, options)),
        decoder: reading,
        after,
        attach
      }
    const fresh = connect(own, (sdk, options) => protocol.open(sdk, params, options))
    return { connect: warning(protocol.deprecation?.(params), fresh), decoder, after, attach }
  }
}
