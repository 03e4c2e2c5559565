/** A provider of a vendor from the configuration: the key, and the vendor's other options. */
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { InvalidOptions } from "../../client/InvalidOptions.js"
import type { Vendor } from "../../vendors/Vendor.js"
import { fromVendor } from "./fromVendor.js"
import type { Service } from "./tag.js"
import type { Settings } from "./vendorOptions.js"

/** Every field of the configuration becomes the option of the same name. */
export const fromConfig = <RPool, RRetry>(
  vendor: Vendor,
  config: Readonly<Record<string, Config.Config<unknown> | undefined>>,
  options?: Settings<Vendor, RPool, RRetry>
): Effect.Effect<Service, InvalidOptions | ConfigError, RPool | RRetry | Scope.Scope> => {
  const wanted = Object.entries(config).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const]
  )
  // Config.all does not accept an empty record.
  const read = wanted.length === 0 ? Config.succeed({}) : Config.all(Object.fromEntries(wanted))
  return Effect.flatMap(read, (values) => fromVendor<RPool, RRetry>(vendor, { ...options, ...values }))
}

/** The variables that the vendor names. */
export const fromEnv = <RPool, RRetry>(
  vendor: Vendor,
  options?: Settings<Vendor, RPool, RRetry>
): Effect.Effect<Service, InvalidOptions | ConfigError, RPool | RRetry | Scope.Scope> => {
  const { env, fields = [], key, name } = vendor
  const unshown = options?.auth === "none"
  if (env === undefined && key === undefined && !unshown) {
    const problem = `is missing for ${name}: name the variable of its key when the vendor is made, or use Provider.layerConfig`
    return new InvalidOptions({ module: "Provider", option: "env", problem })
  }
  const apiKey = env === undefined || unshown ? undefined : Config.redacted(env)
  const optional = apiKey && Config.map(Config.option(apiKey), Option.getOrUndefined)
  const address = options?.baseUrl === undefined ? fields : []
  return fromConfig(
    vendor,
    {
      apiKey: key === "optional" ? optional : apiKey,
      ...Object.fromEntries(address.map((field) => [field.name, Config.string(field.env)]))
    },
    options
  )
}
