/**
 * The soak: rounds of streams over three providers that live through all of them, a rest after each round to see what
 * was left behind, and the end of it all.
 */
import { setImmediate } from "node:timers/promises"
import { Context, Effect, Layer, Logger, LogLevel, Redacted, Ref, Schedule, Supervisor } from "effect"
import {
  type Admission,
  ConnectionPool,
  type InvalidOptions,
  type Protocol,
  Provider,
  RetryBudget,
  Vendors
} from "effect-redial"
import { protocols } from "../../support/protocols.js"
import { consume } from "./consume.js"
import { type Figures, Tally } from "./figures.js"
import { planOf, RETRIES } from "./plan.js"
import * as ServerProcess from "./serverProcess.js"
import { Traffic } from "./traffic.js"

/** Streams at once. */
const CONCURRENCY = 200

/** Streams that end a round without another renewal, whose pools would take every leak with them. */
const CALM = 40

/** How long a round starts streams. */
const ROUND_MILLIS = 4_000

/** How long an idle connection is kept, and so how soon all of them must be gone. */
const KEEP_ALIVE = "500 millis"

/** How long whatever is left is waited for before it counts as leaked. */
const PATIENCE_MILLIS = 10_000

export interface Options {
  readonly seed: number
  readonly millis: number
  /** Whether a fallback, circuit breakers and limits are in place. */
  readonly traffic: boolean
  readonly say: (line: string) => void
}

/** Every fiber that is started in here and has not ended. */
class Alive extends Supervisor.AbstractSupervisor<ReadonlySet<object>> {
  readonly fibers = new Set<object>()
  override readonly value = Effect.succeed(this.fibers)
  override onStart(_context: unknown, _effect: unknown, _parent: unknown, fiber: object): void {
    this.fibers.add(fiber)
  }
  override onEnd(_exit: unknown, fiber: object): void {
    this.fibers.delete(fiber)
  }
}

/** The pools that are open, counted from outside: whatever builds and releases them goes through this layer. */
class Pools {
  readonly open = new Set<ConnectionPool.Service>()
  most = 0
  readonly layer = Layer.scoped(
    ConnectionPool.ConnectionPool,
    Effect.tap(ConnectionPool.make({ keepAlive: KEEP_ALIVE }), (pool) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          this.open.add(pool)
          this.most = Math.max(this.most, this.open.size)
        }),
        () => Effect.sync(() => this.open.delete(pool))
      )
    )
  )
  readonly sockets = Effect.suspend(() =>
    Effect.map(
      Effect.forEach(this.open, ({ stats }) => stats),
      (all) => all.reduce((sum, { open }) => sum + open, 0)
    )
  )
}

/**
 * Its plans count each attempt of each stream, and a budget is shared by all of them: so it is asked, and has more than enough.
 */
const retryBudget = RetryBudget.make({ reserve: 1_000_000 })

const providerOf = (protocol: Protocol.ProtocolId, url: string, pools: Pools, admission?: Admission.Admission) =>
  Effect.map(
    Layer.build(
      Provider.layer(
        Vendors.custom({ id: protocol, protocol, baseUrl: protocol === "anthropic-messages" ? url : `${url}/v1` }),
        {
          apiKey: Redacted.make("test-key"),
          pool: pools.layer,
          retryBudget,
          ...(admission && { admission: Effect.succeed(admission) }),
          retry: Schedule.intersect(Schedule.exponential("10 millis"), Schedule.recurs(RETRIES))
        }
      )
    ),
    Context.get(Provider.Provider)
  )

/** Asks again and again until nothing is left; what then still is has leaked. */
const leftOf = (count: Effect.Effect<number>): Effect.Effect<number> =>
  Effect.suspend(() => {
    const until = Date.now() + PATIENCE_MILLIS
    const look: Effect.Effect<number> = Effect.flatMap(count, (left) =>
      left === 0 || Date.now() > until ? Effect.succeed(left) : Effect.delay(look, 20)
    )
    return look
  })

/** What is live on the heap, in MB. */
const heap = Effect.promise(async () => {
  if (globalThis.gc === undefined) return undefined
  // What one collection finalizes the next one frees.
  for (let i = 0; i < 3; i++) {
    globalThis.gc()
    await setImmediate()
  }
  return process.memoryUsage().heapUsed / 1024 / 1024
})

export const soak = ({
  millis,
  say,
  seed,
  traffic
}: Options): Effect.Effect<Figures, InvalidOptions.InvalidOptions> => {
  const alive = new Alive()
  const pools = new Pools()
  const tally = new Tally()
  const heaps: Array<number | undefined> = []
  const leaked = { sockets: 0, fibers: 0, pools: 0, permits: 0 }
  const control = traffic ? new Traffic() : undefined
  const begun = Date.now()
  let opened = 0

  const inside = (server: ServerProcess.ServerProcess) =>
    Effect.gen(function* () {
      const providers = new Map<Protocol.ProtocolId, Provider.Service>()
      for (const protocol of protocols) {
        const provider = (admission?: Admission.Admission) => providerOf(protocol, server.url, pools, admission)
        providers.set(protocol, yield* control?.make(provider) ?? provider())
      }
      const started = { wild: yield* Ref.make(0), calm: yield* Ref.make(0) }

      const one = Effect.fnUntraced(function* (calm: boolean) {
        const plan = planOf(seed, yield* Ref.getAndUpdate(started[calm ? "calm" : "wild"], (n) => n + 1), calm)
        const outcome = yield* consume(providers.get(plan.protocol)!, plan, traffic)
        tally.add(plan, outcome)
        const bad = outcome.problem ?? (outcome.wrongText || outcome.lost || outcome.duplicated ? "wrong" : undefined)
        if (bad !== undefined) {
          const kinds = plan.faults.map(({ kind }) => kind).join(", ") || "no fault"
          console.error(`${plan.model}, ${plan.protocol}, ${plan.consumer}, ${kinds}: ${bad}`)
        }
      })

      const several = (count: number, each: Effect.Effect<unknown>) =>
        Effect.all(
          Array.from({ length: count }, () => each),
          { concurrency: "unbounded", discard: true }
        )

      const round = (until: number) =>
        Effect.zipRight(
          several(CONCURRENCY, Effect.repeat(one(false), { while: () => Date.now() < until })),
          several(CALM, one(true))
        )

      /** Nothing runs: whatever is still there was left behind. */
      const rest = Effect.gen(function* () {
        leaked.sockets = Math.max(leaked.sockets, yield* leftOf(pools.sockets))
        leaked.fibers = Math.max(leaked.fibers, yield* leftOf(Effect.sync(() => alive.fibers.size)))
        const rightful = providers.size * (traffic ? 2 : 1)
        const extra = Effect.sync(() => Math.max(0, pools.open.size - rightful))
        leaked.pools = Math.max(leaked.pools, yield* leftOf(extra))
        leaked.permits = Math.max(leaked.permits, yield* leftOf(control?.outstanding ?? Effect.succeed(0)))
        heaps.push(yield* heap)
      })

      const end = begun + millis
      for (let n = 1; n <= 3 || Date.now() < end; n++) {
        yield* round(Math.min(Date.now() + ROUND_MILLIS, Math.max(end, Date.now() + 1_000)))
        yield* rest
        say(
          `round ${n}: ${tally.streams} streams, ${tally.completed} completed, ${tally.failed} failed, ` +
            `${tally.cancelled} cancelled, ${pools.most} pools at most, heap ${heaps.at(-1)?.toFixed(1) ?? "?"} MB`
        )
      }
    })

  return Effect.gen(function* () {
    const server = yield* ServerProcess.make(seed)
    yield* Effect.scoped(inside(server)).pipe(
      // A fallback says each time that it goes on with another provider.
      Logger.withMinimumLogLevel(LogLevel.Warning),
      Effect.supervised(alive)
    )
    const stats = Effect.map(server.stats, (stats) => {
      opened = stats.connectionsOpened
      return stats.connectionsOpen
    })
    const socketsLeft = yield* leftOf(stats)
    const [, first, ...others] = heaps
    const last = others.at(-1)
    return {
      seed,
      seconds: Math.round((Date.now() - begun) / 1_000),
      streams: tally.streams,
      faulted: tally.faulted,
      completed: tally.completed,
      failed: tally.failed,
      cancelled: tally.cancelled,
      hung: tally.hung,
      unexpected: tally.unexpected,
      lost: tally.lost,
      duplicated: tally.duplicated,
      wrongText: tally.wrongText,
      healthyKilled: tally.healthyKilled,
      leakedSockets: leaked.sockets + socketsLeft,
      leakedFibers: leaked.fibers + alive.fibers.size,
      leakedPools: leaked.pools + pools.open.size,
      ...(control && { permits: control.permitted, permitsOutstanding: leaked.permits, refused: tally.refused }),
      heapGrowthMB: first === undefined || last === undefined ? undefined : Math.round((last - first) * 10) / 10,
      maxOpenPools: pools.most,
      connectionsPerStream: Math.round((opened / tally.streams) * 1_000) / 1_000,
      recoveryMsP50: tally.recovery(0.5),
      recoveryMsP99: tally.recovery(0.99)
    }
  }).pipe(Effect.scoped)
}
