/** A provider from a vendor and the caller's options: the endpoint, its address, and the key. */
import * as Headers from "@effect/platform/Headers"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { InvalidOptions } from "../../client/InvalidOptions.js"
import { PLACEHOLDER_KEY } from "../../client/internal/sdk.js"
import type * as ModelClient from "../../client/ModelClient.js"
import { isGoverned, mandated } from "../../vendors/internal/mandated.js"
import type { Endpoint, Vendor } from "../../vendors/Vendor.js"
import { fromClient } from "./fromClient.js"
import type { ServiceOptions } from "./serviceOptions.js"
import type { Service } from "./tag.js"
import type { Settings } from "./vendorOptions.js"

/** The options of any vendor, after the types have checked them. */
type Given<RPool, RRetry> = Settings<Vendor, RPool, RRetry> & {
  readonly apiKey?: ModelClient.Options["apiKey"] | undefined
}

interface Resolved<RPool, RRetry> {
  readonly endpoint: Endpoint
  readonly client: ModelClient.Options<RPool>
  readonly service: ServiceOptions<RRetry>
}

/** The vendor's required options are checked here for programs without types, and for vendors chosen at run time. */
export const fromVendor = <RPool, RRetry>(
  vendor: Vendor,
  options: Given<RPool, RRetry>
): Effect.Effect<Service, InvalidOptions, RPool | RRetry | Scope.Scope> =>
  Effect.flatMap(resolve(vendor, options), ({ client, endpoint, service }) =>
    Effect.flatMap(endpoint.client(client), (made) => fromClient(made, service, endpoint.deadlines))
  )

const invalid = (option: string, problem: string) => new InvalidOptions({ module: "Provider", option, problem })

const resolve = <RPool, RRetry>(
  vendor: Vendor,
  options: Given<RPool, RRetry>
): Effect.Effect<Resolved<RPool, RRetry>, InvalidOptions> =>
  Effect.gen(function* () {
    const endpoint = yield* endpointOf(vendor, options)
    const baseUrl = options.baseUrl ?? (yield* addressOf(vendor, endpoint, new Map(Object.entries(options))))
    yield* checkProtocol(endpoint, baseUrl)
    const keyless = options.apiKey === undefined
    const auth = options.auth ?? (keyless && vendor.key === "optional" ? "none" : endpoint.auth)
    if (keyless && auth !== "none") {
      return yield* invalid("apiKey", `is missing: give the key of ${vendor.name}, or use Provider.layerFromEnv`)
    }
    return {
      endpoint,
      client: {
        ...options,
        apiKey: options.apiKey ?? Redacted.make(PLACEHOLDER_KEY),
        provider: vendor.id,
        baseUrl,
        auth,
        headers: { ...endpoint.headers, ...Headers.fromInput(options.headers) },
        quirks: { ...endpoint.quirks, ...options.quirks },
        prefill: options.prefill ?? (isOwnHost(options.baseUrl, endpoint.baseUrl) ? endpoint.prefill : undefined)
      },
      service: {
        ...options,
        structuredOutput: options.structuredOutput ?? endpoint.structuredOutput
      }
    }
  })

/** Another address may be a gateway that starts an answer over where the vendor would continue it. */
const isOwnHost = (given: string | undefined, own: string): boolean =>
  given === undefined || (URL.canParse(given) && URL.canParse(own) && new URL(given).host === new URL(own).host)

const endpointOf = (
  { endpoints, name }: Vendor,
  { protocol }: { readonly protocol?: string | undefined }
): Effect.Effect<Endpoint, InvalidOptions> => {
  const found = protocol === undefined ? endpoints[0] : endpoints.find((endpoint) => endpoint.protocol === protocol)
  if (found !== undefined) return Effect.succeed(found)
  const served = endpoints.map((endpoint) => endpoint.protocol).join(", ")
  return invalid("protocol", `is ${protocol}, which is not supported by ${name}: it serves ${served}`)
}

/**
 * The fields are inserted into the address one by one: each is a name, and must not add another part to the address.
 */
const addressOf = (
  { fields = [], name: vendor }: Vendor,
  { baseUrl }: Endpoint,
  options: ReadonlyMap<string, unknown>
): Effect.Effect<string, InvalidOptions> =>
  Effect.reduce(fields, baseUrl, (address, { about, name }) => {
    const value = options.get(name)
    if (typeof value !== "string" || value === "") return invalid(name, `is missing: ${vendor} needs ${about}`)
    return /^[a-zA-Z0-9](?:[a-zA-Z0-9_-]*[a-zA-Z0-9])?$/.test(value)
      ? Effect.succeed(address.replaceAll(`{${name}}`, value))
      : invalid(name, `is not a name: give ${about} alone, in letters, digits, \`-\` and \`_\``)
  })

/** A base URL and a protocol that do not match usually come from a setting that was changed by half. */
const checkProtocol = ({ protocol }: Endpoint, baseUrl: string): Effect.Effect<void, InvalidOptions> => {
  const spoken = mandated(baseUrl)
  if (spoken === undefined || spoken.includes(protocol) || !isGoverned(protocol)) return Effect.void
  const [other] = spoken
  return invalid(
    "baseUrl",
    `is an address of ${spoken.join(" and ")}, but the protocol of the provider is ${protocol}: ` +
      `set \`protocol: "${other}"\` of a vendor that serves it, or give the base URL of ${protocol}`
  )
}
