/**
 * The one header that shows a key, and none beside it.
 */
import type { OpenOptions } from "../../protocol/Protocol.js"
import type { Auth } from "../ModelClient.js"

/** The headers that the SDKs would send by themselves are taken away, so that exactly one credential goes out. */
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
