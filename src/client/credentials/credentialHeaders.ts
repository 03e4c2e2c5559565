/** The one header that carries the key, and no other. */
import type { OpenOptions } from "../../protocol/Protocol.js"
import type { Auth } from "../ModelClient.js"

/** Headers that the SDKs would send themselves are removed, so that exactly one credential is sent. */
export const credentialHeaders = (auth: Auth, key: string): OpenOptions["headers"] => ({
  authorization: null,
  "x-api-key": null,
  ...shown(auth, key)
})

const shown = (auth: Auth, key: string): OpenOptions["headers"] => {
  switch (auth) {
    case "bearer":
      return { authorization: `Bearer ${key}` }
    case "cf-aig-authorization":
      return { "cf-aig-authorization": `Bearer ${key}` }
    case "none":
      return {}
    default:
      return { [auth]: key }
  }
}
