/**
 * What every kind of pool does for its requests: it tracks them, so that closing the pool ends them, and drains
 * finished answers.
 */
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import type * as Scope from "effect/Scope"
import { type ByteSource, drain } from "./byteSource.js"

/**
 * Dialling costs at least one round trip, with TLS two; waiting this long for a connection about to be free is cheaper.
 */
const SETTLE_MILLIS = 25

export interface PoolLife {
  /** A signal for one request, which closing the pool aborts too; `cancel` aborts it, `done` forgets it. */
  readonly begin: (caller: AbortSignal | null | undefined) => {
    readonly signal: AbortSignal
    readonly cancel: () => void
    readonly done: () => void
  }
  /** Aborts every request, including later ones. */
  readonly abortAll: () => void
  /** The number of unfinished requests. */
  readonly busy: () => number
  readonly finished: (source: ByteSource) => Effect.Effect<void>
  readonly settled: Effect.Effect<void>
}

/** `turn` calls back once the connection of an ended answer takes another request. */
export const make = (turn: (then: () => void) => void): Effect.Effect<PoolLife, never, Scope.Scope> =>
  Effect.gen(function* () {
    const live = new Set<AbortController>()
    const drains = yield* FiberSet.make<void>()
    let draining = 0
    let closed = false
    // At most as many as there are drains: each counts on the connection of one.
    const waiting = new Set<() => void>()

    const drained = (): void => {
      draining--
      const [first] = waiting
      first?.()
    }
    const turned = Effect.async<void>((resume) => turn(() => resume(Effect.void)))

    const drainedInBackground = (source: ByteSource): Effect.Effect<void> =>
      Effect.suspend(() => {
        draining++
        const rest = drain(source).pipe(Effect.zipRight(turned), Effect.ensuring(Effect.sync(drained)))
        return FiberSet.run(drains, rest)
      }).pipe(Effect.asVoid, Effect.uninterruptible)

    return {
      begin(caller) {
        const controller = new AbortController()
        const abort = (): void => controller.abort(caller?.reason)
        live.add(controller)
        if (closed) controller.abort(poolClosed())
        else if (caller?.aborted) abort()
        else caller?.addEventListener("abort", abort, { once: true })
        return {
          signal: controller.signal,
          cancel: () => controller.abort(),
          done: () => {
            live.delete(controller)
            caller?.removeEventListener("abort", abort)
          }
        }
      },
      abortAll() {
        closed = true
        for (const controller of live) controller.abort(poolClosed())
      },
      busy: () => live.size,
      finished: (source) =>
        Effect.suspend(() => {
          if (!source.ended()) return drainedInBackground(source)
          // Usually the end comes with the proof, and no fiber has to wait.
          draining++
          turn(drained)
          return Effect.void
        }),
      settled: Effect.suspend(() => {
        if (waiting.size >= draining) return Effect.void
        return Effect.async<void>((resume) => {
          const leave = (): void => {
            clearTimeout(timer)
            waiting.delete(go)
          }
          const go = (): void => {
            leave()
            resume(Effect.void)
          }
          // The real clock: under a test clock a socket would block its pool's next request for ever. And a bare timer:
          // callers that ask again at once come here each time, and the fibers of a timeout are 9% of a short answer's
          // CPU.
          const timer = setTimeout(go, SETTLE_MILLIS)
          waiting.add(go)
          return Effect.sync(leave)
        })
      })
    }
  })

const poolClosed = (): Error => new Error("the connection pool was closed")
