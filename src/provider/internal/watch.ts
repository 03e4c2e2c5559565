/**
 * The same service, as it is seen by who tries several for one call: it says when it is answered, and goes on with a list
 * that another one began.
 */
import type { Service } from "../Provider.js"

/** One call, over all the services that are tried for it. */
export interface Watch {
  /** Called when an attempt is answered. */
  readonly began: () => void
  /** The elements of a list that were given, as JSON. */
  readonly given: Array<string>
}

const watched = new WeakMap<Service, (watch: Watch) => Service>()

/** Makes a service that can be watched: `make` is called with each watch, and without one for the service itself. */
export const watchable = (make: (watch?: Watch) => Service): Service => {
  const service = make()
  watched.set(service, make)
  return service
}

/** False for a service that a program made by hand, of which nothing is known but its methods. */
export const isWatchable = (service: Service): boolean => watched.has(service)

/** The service itself where it cannot be watched. */
export const watchedBy = (service: Service, watch: Watch): Service => watched.get(service)?.(watch) ?? service
