/**
 * A plan of providers as one call meets it: which one is asked next.
 */

import type { ObjectRequest } from "../callOptions.js"
import type { Service } from "../tag.js"
import type { Health } from "./health.js"

export interface Member {
  readonly name: string
  readonly service: Service
  /** The request as this provider is sent it. */
  readonly requestOf: <R extends ObjectRequest>(request: R) => R
  readonly health: Health
}

/** Times are in milliseconds. */
export interface Plan {
  readonly id: string
  readonly members: ReadonlyArray<Member>
  readonly firstEvent: number | undefined
  readonly patience: number
  readonly coolDown: number
  readonly also: ReadonlyArray<string>
}

export interface Chosen {
  readonly member: Member
  /** Given where this call probes a provider that failed before. */
  readonly endProbe: (() => void) | undefined
}

/**
 * The first provider in order that works, or is due to be probed. Where all that are left failed lately, the first of them:
 * asking costs a request, and not asking fails the call for certain.
 */
export const choose = ({ members }: Plan, tried: ReadonlySet<Member>, now: number): Chosen | undefined => {
  const left = members.filter((member) => !tried.has(member))
  for (const member of left) {
    const offer = member.health.offer(now)
    if (offer === "open") return { member, endProbe: undefined }
    if (offer === "probe") return { member, endProbe: member.health.probing(now) }
  }
  const [first] = left
  return first && { member: first, endProbe: undefined }
}
