/** The keys of one request: which one its next attempt is sent with, and what a failure means for it. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { type Fault, invalidRequest } from "../../model/internal/fault.js"
import type { Credential } from "../../model/ModelResponse.js"
import { type Credentials, isCredentials } from "../Credentials.js"
import { problemOf } from "./checkKey.js"
import { keyringOf } from "./credentials.js"
import { type Keyring, PAUSE_MILLIS, type Refreshed } from "./keyring.js"
import * as Rotation from "./rotation.js"

/**
 * A key to send one attempt with.
 *
 * @since 0.1.0
 * @category models
 */
export interface Chosen {
  readonly key: Redacted.Redacted
  /** Which key it is, for errors; absent if there is only one. */
  readonly credential: Credential | undefined
}

/**
 * The consequences of a failure.
 *
 * @since 0.1.0
 * @category models
 */
export interface Judged {
  /** The fault to report: with the result of a refresh, and when a key comes back. */
  readonly fault: Fault
  /** Another key is available, for an attempt at once. */
  readonly another: boolean
}

/**
 * What the request knows about the failed attempt.
 *
 * @since 0.1.0
 * @category models
 */
export interface Failed {
  /** Whether it had delivered output: then it is too late for another key. */
  readonly delivered: boolean
  /** The longest wait that the request accepts, in milliseconds. */
  readonly maxWait: number
}

/**
 * Chooses the key of each attempt of one request, and belongs to that request.
 *
 * @since 0.1.0
 * @category models
 */
export interface Keys {
  readonly next: Effect.Effect<Chosen, Fault>
  readonly failed: (fault: Fault, failed: Failed) => Effect.Effect<Judged>
}

/** What can be given as a key. */
export type Input = Redacted.Redacted | Credentials

/** The keys for requests to a host, or what is wrong as a sentence without its subject. */
export const from = (input: Input, host: string): Either.Either<() => Keys, string> => {
  if (isCredentials(input)) {
    const keyring = keyringOf(input)
    if (keyring === undefined) return Either.left("was made by another copy of effect-redial: make it with this one")
    const problem = keyring.claim(host)
    return problem === undefined ? Either.right(() => of(keyring)) : Either.left(problem)
  }
  // For programs without types: a bare string would cause a defect, and a bare key would end up in whatever prints it.
  if (!Redacted.isRedacted(input)) return Either.left("is not redacted: give Redacted.make(key), or Credentials")
  const problem = problemOf(Redacted.value(input))
  return problem === undefined ? Either.right(() => only(input)) : Either.left(problem)
}

/** The same for the key of a call. */
export const ofCall = (input: Input, host: string): Either.Either<() => Keys, Fault> =>
  Either.mapLeft(from(input, host), (problem) =>
    invalidRequest("credential", `the \`credential\` of the call ${problem}`)
  )

type NotChanged = Extract<Refreshed, { _tag: "NotChanged" }>

/** A key without state: it is sent whatever happened before. */
const only = (key: Redacted.Redacted): Keys => ({
  next: Effect.succeed({ key, credential: undefined }),
  failed: (fault) => Effect.succeed({ fault, another: false })
})

const of = (keyring: Keyring): Keys => {
  const limited = new Map<number, number>()
  const refreshed = new Set<number>()
  let prefers: number | undefined
  let sent: { readonly slot: number; readonly version: number } | undefined

  const next: Keys["next"] = Effect.gen(function* () {
    const tried = new Set<number>()
    let failure: NotChanged | undefined
    sent = undefined
    while (true) {
      const now = yield* Clock.currentTimeMillis
      const [ring, slot] = Rotation.choose(keyring.ring(), now, prefers, tried)
      if (slot === undefined) return yield* Effect.fail(noKey(keyring, now, failure))
      yield* keyring.update(ring)
      let token = keyring.token(slot, now)
      if (token === undefined) {
        const result = yield* keyring.refresh(slot, versionOf(keyring, slot))
        const later = yield* Clock.currentTimeMillis
        token = keyring.token(slot, later)
        if (token === undefined) {
          // One unavailable key is no reason to fail if there are others.
          tried.add(slot)
          failure = result._tag === "NotChanged" ? result : failure
          yield* keyring.update(Rotation.bench(keyring.ring(), slot, later + PAUSE_MILLIS, "refresh"))
          continue
        }
      }
      const version = versionOf(keyring, slot)
      prefers = slot
      sent = { slot, version }
      yield* keyring.refreshAhead(slot, now)
      return { key: token.key, credential: { name: keyring.name(slot), version } }
    }
  })

  const failed: Keys["failed"] = (fault, { delivered, maxWait }) =>
    Effect.gen(function* () {
      // Without a key nothing was sent, and no key is at fault.
      if (sent === undefined) return { fault, another: false }
      const { slot, version } = sent
      if (fault._tag === "RateLimited") limited.set(slot, (limited.get(slot) ?? 0) + 1)
      const judged = Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const request = { limited: limited.get(slot) ?? 0, refreshed: refreshed.has(slot), maxWait }
        const [ring, advice] = Rotation.judge(
          keyring.ring(),
          { slot, version, fault, ...request },
          now,
          keyring.coolDown
        )
        return Effect.as(keyring.update(ring), advice)
      })
      let advice = yield* judged
      const tooLate = fault._tag === "AuthenticationFailed" && delivered
      if (tooLate) return { fault, another: false }
      let reported = fault
      if (advice === "Refresh") {
        refreshed.add(slot)
        const result = yield* keyring.refresh(slot, version)
        if (result._tag === "Changed") return { fault, another: true }
        const { cause = fault.cause, description } = result
        reported = { ...fault, cause, description: `${fault.description}, and ${description}` }
        advice = yield* judged
      }
      if (advice !== "None") return { fault: reported, another: advice === "Another" }
      const now = yield* Clock.currentTimeMillis
      const back = Rotation.firstBack(keyring.ring(), now)
      return {
        fault: back === undefined ? reported : { ...reported, retryAfterMillis: back.until - now },
        another: false
      }
    })

  return { next, failed }
}

const versionOf = (keyring: Keyring, slot: number): number => keyring.ring().slots[slot]?.version ?? 0

const noKey = (keyring: Keyring, now: number, failure: NotChanged | undefined): Fault => {
  const back = Rotation.firstBack(keyring.ring(), now)
  const retryAfterMillis = back && back.until - now
  if (failure !== undefined && back?.reason !== "rate-limit") {
    const description = `there is no key to send: ${failure.description}`
    return { _tag: "AuthenticationFailed", description, cause: failure.cause, retryAfterMillis }
  }
  if (back === undefined) {
    const description = "the provider called every key invalid, and none of them is sent again: give a new one"
    return { _tag: "AuthenticationFailed", description }
  }
  const wait = Duration.format(Duration.millis(Math.ceil(back.until - now)))
  return {
    _tag: tags[back.reason],
    description: `every key is benched; the first, ${keyring.name(back.index)}, comes back in ${wait} (${back.reason})`,
    retryAfterMillis
  }
}

const tags = {
  "rate-limit": "RateLimited",
  quota: "QuotaExhausted",
  refused: "AuthenticationFailed",
  refresh: "AuthenticationFailed"
} as const
