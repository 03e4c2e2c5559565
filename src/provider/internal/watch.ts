/**
 * A service as seen by code that tries several services for one call: it reports when it is answered, and continues a
 * list that another service began.
 */
import type { Service } from "./tag.js"

/** One call, over all the services that are tried for it. */
export interface Watch {
  /** Called when an attempt is answered. */
  readonly began: () => void
  /** The emitted elements of a list, as JSON. */
  readonly given: Array<string>
}

const watched = new WeakMap<Service, (watch: Watch) => Service>()

/** Makes a service that can be watched: `make` is called with each watch, and without one for the service itself. */
export const watchable = (make: (watch?: Watch) => Service): Service => {
  const service = make()
  watched.set(service, make)
  return service
}

/** False for a service that a program made by hand, of which only its methods are known. */
export const isWatchable = (service: Service): boolean => watched.has(service)

/** The service itself if it cannot be watched. */
export const watchedBy = (service: Service, watch: Watch): Service => watched.get(service)?.(watch) ?? service
