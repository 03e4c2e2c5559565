/**
 * The provider of a program that a test starts as a process of its own, at the address in `URL`.
 */
import { Provider, Vendors } from "effect-redial"
import { apiKey } from "../request.js"

export const live = Provider.layer(
  Vendors.custom({ id: "vendor", protocol: "anthropic-messages", baseUrl: process.env.URL ?? "" }),
  { apiKey }
)
