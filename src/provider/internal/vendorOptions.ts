/**
 * The options of a vendor's provider: those of all vendors, and those that this vendor requires.
 *
 * For one vendor, and for several with the same requirements, the options are a single object type, neither a union nor
 * an intersection: only then does the first line of the compiler's message name the missing property. So an option that
 * makes another one unnecessary (`auth` for the key, `baseUrl` for the fields) is a type parameter.
 */
import type * as Config from "effect/Config"
import type * as Redacted from "effect/Redacted"
import type * as ModelClient from "../../client/ModelClient.js"
import type { Fields, Keyless, Vendor } from "../../vendors/Vendor.js"
import type { ServiceOptions } from "./serviceOptions.js"

/** The fields of all members of a union in one type, so that the compiler can suggest the intended one. */
type AllOf<Q> = {
  readonly [K in Q extends unknown ? keyof Q : never]?: Q extends { readonly [P in K]?: infer A } ? A : never
}

/**
 * The options of a provider of any vendor.
 *
 * @since 0.1.0
 * @category models
 */
export interface Settings<out V extends Vendor = Vendor, out RPool = never, out RRetry = never>
  extends Omit<ModelClient.Options<RPool>, "provider" | "apiKey" | "quirks">,
    ServiceOptions<RRetry> {
  /** Which of the vendor's protocols to use. Default: the vendor's own choice. */
  readonly protocol?: NoInfer<V>["endpoints"][number]["protocol"] | undefined
  /** How the vendor differs from the protocol. Overrides the known quirks. Default: the known ones. */
  readonly quirks?: AllOf<NonNullable<NoInfer<V>["endpoints"][number]["quirks"]>> | undefined
}

/** The options, with the types of those that make another option unnecessary. */
interface Chosen<V extends Vendor, RPool, RRetry, Auth extends ModelClient.Auth, Url extends string | undefined>
  extends Settings<V, RPool, RRetry> {
  readonly auth?: Auth | undefined
  readonly baseUrl?: Url
}

interface Keyed<V extends Vendor, RPool, RRetry, Auth extends ModelClient.Auth, Url extends string | undefined>
  extends Chosen<V, RPool, RRetry, Auth, Url> {
  readonly apiKey: ModelClient.Options["apiKey"]
}

interface MaybeKeyed<V extends Vendor, RPool, RRetry, Auth extends ModelClient.Auth, Url extends string | undefined>
  extends Chosen<V, RPool, RRetry, Auth, Url> {
  readonly apiKey?: ModelClient.Options["apiKey"] | undefined
}

/** Merges several object types into one. */
type Flat<T> = { readonly [K in keyof T]: T[K] }

/** The fields of a vendor's address: required, unless the whole address is given. */
type With<Base, Name extends string, Value, Url> = undefined extends Url
  ? Flat<Base & { readonly [N in Name]: Value }>
  : Flat<Base & { readonly [N in Name]?: Value }>

/** `One` is the key by which the options are picked: for vendors with different requirements, they are a union. */
type Needs<One, V extends Vendor, RPool, RRetry, Auth extends ModelClient.Auth, Url extends string | undefined> =
  One extends Fields<infer Name>
    ? With<KeyOf<One, V, RPool, RRetry, Auth, Url>, Name, string, Url>
    : KeyOf<One, V, RPool, RRetry, Auth, Url>

type KeyOf<
  One,
  V extends Vendor,
  RPool,
  RRetry,
  Auth extends ModelClient.Auth,
  Url extends string | undefined
> = One extends Keyless
  ? MaybeKeyed<V, RPool, RRetry, Auth, Url>
  : [Auth] extends ["none"]
    ? MaybeKeyed<V, RPool, RRetry, Auth, Url>
    : Keyed<V, RPool, RRetry, Auth, Url>

/**
 * The options of a provider: optional ones, the key, and what the vendor requires besides. `Auth` and `Url` are the
 * types of `auth` and `baseUrl`: with `"none"` no key is required, and with an address none of the fields that make
 * one.
 *
 * @since 0.1.0
 * @category models
 */
export type Options<
  V extends Vendor = Vendor,
  RPool = never,
  RRetry = never,
  Auth extends ModelClient.Auth = ModelClient.Auth,
  Url extends string | undefined = string | undefined
> = Needs<V, V, RPool, RRetry, Auth, Url>

// Aliases and not interfaces: only these are known to have no other fields than configs.
type KeyConfig<Url extends Config.Config<string> | undefined> = {
  readonly apiKey: Config.Config<Redacted.Redacted>
  readonly baseUrl?: Url
}

type MaybeKeyConfig<Url extends Config.Config<string> | undefined> = {
  readonly apiKey?: Config.Config<Redacted.Redacted> | undefined
  readonly baseUrl?: Url
}

type KeyConfigOf<V, Url extends Config.Config<string> | undefined> = V extends Keyless
  ? MaybeKeyConfig<Url>
  : KeyConfig<Url>

/**
 * What a provider reads from the configuration. `Url` is the type of `baseUrl`: with an address, none of the fields
 * that make one is required.
 *
 * @since 0.1.0
 * @category models
 */
export type FromConfig<
  V extends Vendor = Vendor,
  Url extends Config.Config<string> | undefined = Config.Config<string> | undefined
> = V extends Fields<infer Name> ? With<KeyConfigOf<V, Url>, Name, Config.Config<string>, Url> : KeyConfigOf<V, Url>
