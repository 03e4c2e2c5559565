/** Checks the `credential` of a call that one of several providers will answer. */
import type * as Redacted from "effect/Redacted"
import * as Credentials from "../../client/Credentials.js"
import { keyringOf } from "../../client/credentials/credentials.js"
import { type Fault, invalidRequest } from "../../model/internal/fault.js"

/** Only `Credentials` with known hosts say whose keys they are: no provider may receive another's key. */
export const checkOwned = (credential: Redacted.Redacted | Credentials.Credentials | undefined): Fault | undefined => {
  if (credential === undefined) return undefined
  if (Credentials.isCredentials(credential) && keyringOf(credential)?.owned() === true) return undefined
  return invalidRequest(
    "credential",
    "one of several providers is asked, and the owner of this key is unknown: give `Credentials` that say their `hosts`"
  )
}
