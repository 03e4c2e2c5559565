/**
 * What a caller says of a vendor's provider: what may be set for all of them, and what this one must be told.
 */
import type * as Config from "effect/Config"
import type * as Redacted from "effect/Redacted"
import type * as ModelClient from "../../client/ModelClient.js"
import type { Field, Keyless, Vendor } from "../../vendors/Vendor.js"
import type { ServiceOptions } from "../Provider.js"

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
  readonly quirks?: NoInfer<V>["endpoints"][number]["quirks"]
}

/** The key: needed, but for vendors that do without, or where something else than a key is shown. */
type Key<V, Value, Else> = V extends Keyless
  ? { readonly apiKey?: Value | undefined }
  : { readonly apiKey: Value } | Else

/** Nothing is shown by the client itself: its pool signs the requests. */
interface Unshown {
  readonly auth: "none"
  readonly apiKey?: undefined
}

/** The vendor's own fields: needed, unless the whole address is given. */
type Own<V, Value> = V extends { readonly fields: ReadonlyArray<Field<infer Name>> }
  ? { readonly [N in Name]: Value } | ({ readonly [N in Name]?: Value } & { readonly baseUrl: Value })
  : unknown

/** Of a union of vendors, the options are a union too. */
type Needs<V, ApiKey, Value, Else = never> = V extends Vendor ? Key<V, ApiKey, Else> & Own<V, Value> : never

/**
 * The options of a provider: what may be set, the key, and what the vendor must be told besides.
 *
 * @since 0.1.0
 * @category models
 */
export type Options<V extends Vendor = Vendor, RPool = never, RRetry = never> = Settings<V, RPool, RRetry> &
  Needs<V, ModelClient.Options["apiKey"], string, Unshown>

/**
 * What a provider reads from the configuration.
 *
 * @since 0.1.0
 * @category models
 */
export type FromConfig<V extends Vendor = Vendor> = {
  readonly baseUrl?: Config.Config<string> | undefined
} & Needs<V, Config.Config<Redacted.Redacted>, Config.Config<string>>
