/**
 * The implementation of `Credentials`: the state that the rules of `rotation.ts` compute, with the keys themselves and
 * at most one running refresh per key. State changes only in synchronous steps. Slow work runs between them, in the
 * scope of the credentials, so that the caller that started a refresh can leave without undoing it for the others.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as PubSub from "effect/PubSub"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Change, Fetched, KeyState, Options, Source } from "../Credentials.js"
import type { InvalidOptions } from "../InvalidOptions.js"
import { keyChanged } from "../internal/meters.js"
import * as Fetching from "../pool/fetching.js"
import { checkDistinct, checkTimes, hostsOf, invalid, millisOf } from "./checkCredentials.js"
import { problemOf } from "./checkKey.js"
import * as Rotation from "./rotation.js"

/**
 * How a source has its key: at once, or by an effect that runs when needed.
 *
 * @since 0.1.0
 * @category models
 */
export type Origin<E, R> =
  | { readonly _tag: "Fixed"; readonly key: Effect.Effect<Redacted.Redacted, E> }
  | {
      readonly _tag: "Fetched"
      readonly fetch: Effect.Effect<Fetched, unknown, R>
      readonly refreshAhead: Duration.DurationInput
      readonly timeout: Duration.DurationInput
    }

/** The result of a refresh. */
export type Refreshed =
  | { readonly _tag: "Changed" }
  | { readonly _tag: "NotChanged"; readonly description: string; readonly cause?: Error | undefined }

export interface Keyring {
  readonly ring: () => Rotation.Ring
  readonly name: (index: number) => string
  readonly coolDown: Rotation.CoolDown
  /** Applies a new ring of the rules, in one step, and then publishes what changed. */
  readonly update: (ring: Rotation.Ring) => Effect.Effect<void>
  /** The key of a slot, if it can be sent now. */
  readonly token: (index: number, now: number) => Fetching.Token | undefined
  /** Reads the source for another key than `version`, unless there is one already. Joins a running refresh. */
  readonly refresh: (index: number, version: number) => Effect.Effect<Refreshed>
  /** Starts a refresh of a key that expires soon, and does not wait for it. */
  readonly refreshAhead: (index: number, now: number) => Effect.Effect<void>
  /** Claims these keys for a host; returns what is wrong as a sentence without its subject. */
  readonly claim: (host: string) => string | undefined
  /** Whether their hosts are known. */
  readonly owned: () => boolean
  readonly state: Effect.Effect<ReadonlyArray<KeyState>>
  readonly changes: Stream.Stream<Change>
}

/** How long a source that gave no new key is not read again. */
export const PAUSE_MILLIS = 5_000

interface Entry<R> {
  readonly name: string
  readonly origin: Extract<Origin<never, R>, { _tag: "Fetched" }> | undefined
  token: Fetching.Token | undefined
  refreshing: Deferred.Deferred<Refreshed> | undefined
  failure: { readonly version: number; readonly until: number; readonly result: Refreshed } | undefined
}

export const make = <E, R>(
  sources: ReadonlyArray<Source<E, R>>,
  options: Options
): Effect.Effect<Keyring, InvalidOptions | E, R | Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const context = yield* Effect.context<R>()
    const pubsub = yield* PubSub.sliding<Change>(256)
    yield* Effect.addFinalizer(() => PubSub.shutdown(pubsub))
    const hosts = yield* hostsOf(options.hosts)
    const coolDown = yield* Effect.all({
      rateLimit: millisOf("coolDown.rateLimit", options.coolDown?.rateLimit ?? "1 minute"),
      quota: millisOf("coolDown.quota", options.coolDown?.quota ?? "1 hour"),
      refused: millisOf("coolDown.refused", options.coolDown?.refused ?? "5 minutes")
    })
    const entries = yield* Effect.forEach(sources, entryOf<E, R>)
    yield* checkDistinct(entries)
    /** The keys that the provider called invalid: they count as no key, from any source. */
    const invalidated = new Set<string>()
    let owner: string | undefined
    let ring: Rotation.Ring = {
      strategy: options.strategy ?? "first",
      turn: 0,
      slots: entries.map(({ origin }) => ({
        renewable: origin !== undefined,
        version: origin === undefined ? 1 : 0,
        revoked: false,
        bench: undefined
      }))
    }
    const slotAt = (index: number): Rotation.Slot => ring.slots[index]!
    const entryAt = (index: number): Entry<R> => entries[index]!

    // A publish after shutdown interrupts its caller.
    const announce = (change: Change): Effect.Effect<void> =>
      Effect.suspend(() => {
        keyChanged(change)
        return Effect.asVoid(Effect.exit(PubSub.publish(pubsub, change)))
      })

    const update = (after: Rotation.Ring): Effect.Effect<void> => {
      const before = ring
      ring = after
      const changes = after.slots.flatMap((slot, i): ReadonlyArray<Change> => {
        const old = before.slots[i]
        const { name } = entryAt(i)
        const { bench, version } = slot
        const revoked = slot.revoked && old?.revoked === false
        const { token: held } = entryAt(i)
        if (revoked && held !== undefined) invalidated.add(Redacted.value(held.key))
        return [
          ...(revoked ? [{ _tag: "Revoked", name, version } as const] : []),
          ...(bench !== undefined && bench !== old?.bench
            ? [{ _tag: "Benched", name, version, ...bench } as const]
            : [])
        ]
      })
      return changes.length === 0 ? Effect.void : Effect.forEach(changes, announce, { discard: true })
    }

    const token = (index: number, now: number): Fetching.Token | undefined => {
      const held = entryAt(index).token
      return held !== undefined && now < held.expiresAt && !invalidated.has(Redacted.value(held.key)) ? held : undefined
    }

    /** Takes the result of a source. One synchronous step: waiting callers continue with the ring as it is then. */
    const take = (index: number, fetched: Exit.Exit<Fetching.Token, unknown>, now: number): Refreshed => {
      const entry = entryAt(index)
      const { version } = slotAt(index)
      const held = entry.token
      const fail = (description: string, cause?: Error): Refreshed => {
        const result: Refreshed = { _tag: "NotChanged", description, cause }
        entry.failure = { version, until: now + PAUSE_MILLIS, result }
        return result
      }
      if (Exit.isFailure(fetched)) {
        const { cause, description } = Fetching.explain(fetched.cause, held)
        return fail(`fetching a key failed: ${description}`, cause)
      }
      const fresh = fetched.value
      const objection = Fetching.objectionTo(fresh, held, now)
      if (objection !== undefined) return fail(objection)
      const key = Redacted.value(fresh.key)
      if (invalidated.has(key)) return fail("the provider already called the new key invalid")
      if (held !== undefined && Redacted.value(held.key) === key) {
        // The same key may have a later expiry.
        entry.token = fresh
        return fail("the new key is the same")
      }
      entry.token = fresh
      entry.failure = undefined
      ring = Rotation.renewed(ring, index)
      return { _tag: "Changed" }
    }

    /** Call it in an uninterruptible region, in the same step as the decision to refresh. */
    const join = (index: number, now: number): Effect.Effect<Deferred.Deferred<Refreshed>> => {
      const entry = entryAt(index)
      if (entry.refreshing !== undefined) return Effect.succeed(entry.refreshing)
      const done = Deferred.unsafeMake<Refreshed>(FiberId.none)
      const { name, origin } = entry
      if (origin === undefined) {
        return Effect.as(Deferred.succeed(done, { _tag: "NotChanged", description: "the key is a fixed one" }), done)
      }
      entry.refreshing = done
      return Fetching.run(
        // Only these services: the first caller's context must not leak into a shared refresh.
        Effect.mapInputContext(origin.fetch, () => context),
        now,
        origin
      ).pipe(
        Effect.interruptible,
        Effect.exit,
        Effect.zip(Clock.currentTimeMillis),
        Effect.flatMap(([exit, at]) => {
          entry.refreshing = undefined
          const result = take(index, Exit.flatten(exit), at)
          const { version } = slotAt(index)
          return Effect.zipRight(
            Deferred.succeed(done, result),
            result._tag === "Changed"
              ? announce({ _tag: "Refreshed", name, version })
              : Effect.zipRight(
                  Effect.logDebug(`${name} was not refreshed: ${result.description}`),
                  announce({ _tag: "RefreshFailed", name, version, description: result.description })
                )
          )
        }),
        // Forked from an uninterruptible region, so the bookkeeping always runs, even if the scope has closed.
        Effect.forkIn(scope),
        Effect.as(done)
      )
    }

    const refresh = (index: number, version: number): Effect.Effect<Refreshed> =>
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(Clock.currentTimeMillis, (now): Effect.Effect<Refreshed> => {
          if (slotAt(index).version !== version) return Effect.succeed({ _tag: "Changed" })
          const { failure, refreshing } = entryAt(index)
          const again = refreshing !== undefined || failure?.version !== version || now >= failure.until
          if (!again) return Effect.succeed(failure.result)
          return Effect.flatMap(join(index, now), (done) => restore(Deferred.await(done)))
        })
      )

    return {
      ring: () => ring,
      name: (index) => entryAt(index).name,
      coolDown,
      update,
      token,
      refresh,
      refreshAhead: (index, now) => {
        const { failure, refreshing, token } = entryAt(index)
        const due = token !== undefined && now >= token.aheadAt && refreshing === undefined
        if (!due || (failure?.version === slotAt(index).version && now < failure.until)) return Effect.void
        return Effect.uninterruptible(join(index, now))
      },
      claim: (host) => {
        if (hosts !== undefined) {
          return hosts.has(host) ? undefined : `may go to ${[...hosts].join(", ")} only, and this is ${host}`
        }
        owner ??= host
        if (owner === host) return undefined
        return `belongs to ${owner}, and this is ${host}: make credentials for each, or name both in \`hosts\``
      },
      owned: () => hosts !== undefined || owner !== undefined,
      state: Effect.map(Clock.currentTimeMillis, (now) =>
        entries.map(({ name, token: held }, index): KeyState => {
          const { bench, revoked, version } = slotAt(index)
          const on = bench !== undefined && now < bench.until ? bench : undefined
          const status = revoked
            ? "revoked"
            : on !== undefined
              ? "benched"
              : held === undefined
                ? "unread"
                : now < held.expiresAt
                  ? "ready"
                  : "expired"
          const expiresAt = held === undefined || held.expiresAt === Infinity ? undefined : held.expiresAt
          return { name, version, status, benchedUntil: on?.until, benchedFor: on?.reason, expiresAt }
        })
      ),
      changes: Stream.fromPubSub(pubsub)
    }
  })

const entryOf = <E, R>({ name, origin }: Source<E, R>, index: number): Effect.Effect<Entry<R>, InvalidOptions | E> => {
  const fresh = { name: name ?? `key-${index + 1}`, refreshing: undefined, failure: undefined }
  if (origin._tag === "Fetched") {
    return Effect.as(checkTimes(fresh.name, origin), { ...fresh, origin, token: undefined })
  }
  return Effect.flatMap(origin.key, (key): Effect.Effect<Entry<R>, InvalidOptions> => {
    const problem = problemOf(Redacted.value(key))
    if (problem !== undefined) return invalid(fresh.name, problem)
    const token = { key, account: undefined, expiresAt: Infinity, aheadAt: Infinity }
    return Effect.succeed({ ...fresh, origin: undefined, token })
  })
}
