/**
 * What a caller says of a vendor's provider: what may be set for all of them, and what this one must be told.
 *
 * For one vendor, and for several that want the same, the options are a single object type and neither a union nor an
 * intersection: only then does the first line of the compiler's message name the property that is missing. What makes
 * another one unnecessary (`auth` for the key, `baseUrl` for the fields) is therefore a type parameter.
 */
import type * as Config from "effect/Config"
import type * as Redacted from "effect/Redacted"
import type * as ModelClient from "../../client/ModelClient.js"
import type { Fields, Keyless, Vendor } from "../../vendors/Vendor.js"
import type { ServiceOptions } from "./serviceOptions.js"

/** The fields of all members of a union in one type, of which the compiler can say which one was meant. */
type AllOf<Q> = {
  readonly [K in Q extends unknown ? keyof Q : never]?: Q extends { readonly [P in K]?: infer A } ? A : never
}

/**
 * What may be set for a provider of any vendor.
 *
 * @since 0.1.0
 * @category models
 */
export interface Settings<out V extends Vendor = Vendor, out RPool = never, out RRetry = never>
  extends Omit<ModelClient.Options<RPool>, "provider" | "apiKey" | "quirks">,
    ServiceOptions<RRetry> {
  /** Which of the vendor's protocols to speak. Default: the vendor's own choice. */
  readonly protocol?: NoInfer<V>["endpoints"][number]["protocol"] | undefined
  /** Where the vendor differs from the protocol. Go before those that are known of it. Default: those. */
  readonly quirks?: AllOf<NonNullable<NoInfer<V>["endpoints"][number]["quirks"]>> | undefined
}

/** The settings, with the types of those that make another option unnecessary. */
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

/** One object type of several. */
type Flat<T> = { readonly [K in keyof T]: T[K] }

/** The fields of a vendor's address: needed, unless the whole address is given. */
type With<Base, Name extends string, Value, Url> = undefined extends Url
  ? Flat<Base & { readonly [N in Name]: Value }>
  : Flat<Base & { readonly [N in Name]?: Value }>

/** `One` is what the options are picked by: of vendors that want different things, they are a union. */
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
 * The options of a provider: what may be set, the key, and what the vendor must be told besides. `Auth` and `Url` are the
 * types of `auth` and `baseUrl`: with `"none"` no key is needed, and with an address none of the fields that make one.
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

// Aliases and no interfaces: only these are known to have no other fields than configs.
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
 * What a provider reads from the configuration. `Url` is the type of `baseUrl`: with an address, none of the fields that
 * make one is needed.
 *
 * @since 0.1.0
 * @category models
 */
export type FromConfig<
  V extends Vendor = Vendor,
  Url extends Config.Config<string> | undefined = Config.Config<string> | undefined
> = V extends Fields<infer Name> ? With<KeyConfigOf<V, Url>, Name, Config.Config<string>, Url> : KeyConfigOf<V, Url>
