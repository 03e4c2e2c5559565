/**
 * A provider of one protocol at an address of the tests.
 */
import * as Schedule from "effect/Schedule"
import { type Protocol, Provider, Vendors } from "effect-redial"
import type { FaultServer } from "effect-redial/testing"
import { apiKey } from "../request.js"

export const own = (protocol: Protocol.ProtocolId, baseUrl: string, options: object = {}) =>
  Provider.make(Vendors.custom({ id: "own", protocol, baseUrl }), { apiKey, retry: Schedule.recurs(3), ...options })

export const keyOf = ({ headers }: FaultServer.ReceivedRequest): string =>
  headers["x-api-key"] ?? headers.authorization?.replace("Bearer ", "") ?? "none"

export const pieces = [
  "The sky is blue because air scatters ",
  "short waves of light more than long ones",
  ", all day."
]
