/**
 * Credentials as users hold them, separate from their keyring: printing, copying or traversing credentials reveals no
 * key and no way to one.
 */
import * as Inspectable from "effect/Inspectable"
import { type Credentials, TypeId } from "../Credentials.js"
import type { Keyring } from "./keyring.js"

const keyrings = new WeakMap<Credentials, Keyring>()

export const of = (keyring: Keyring): Credentials => {
  const proto = {
    ...Inspectable.BaseProto,
    [TypeId]: TypeId,
    toJSON: () => ({ _id: "effect-redial/Credentials" })
  }
  const credentials: Credentials = Object.assign(Object.create(proto), {
    state: keyring.state,
    changes: keyring.changes
  })
  keyrings.set(credentials, keyring)
  return credentials
}

/** Undefined for what only looks like credentials: those of another copy of this package. */
export const keyringOf = (credentials: Credentials): Keyring | undefined => keyrings.get(credentials)
