/**
 * The store in Redis while Redis is there. Each connection is a store of its own, which is never connected again: so no
 * command waits for a Redis that is away, and none is sent later than it was meant. Where it is lost, a plain connection
 * asks with growing pauses whether Redis is back.
 */
import * as RateLimiterRedis from "@effect/experimental/RateLimiter/Redis"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { Redis, type RedisOptions } from "ioredis"
import { millisOf } from "../../traffic/internal/time.js"
import type { Shared } from "./slots.js"

export interface Settings {
  readonly redis: RedisOptions
  /** Names the quota in log lines. */
  readonly key: string
  readonly timeout: Duration.Duration
}

interface Generation {
  readonly store: Shared
  readonly scope: Scope.CloseableScope
}

/** The pauses between two questions whether Redis is back: from the first to the last, in milliseconds. */
const PAUSES = { first: 100, last: 5_000 }

export class Connection {
  private current: Generation | undefined
  /** When it came back, by the clock of `millisOf`. */
  private returned = Number.NEGATIVE_INFINITY

  private constructor(
    private readonly settings: Settings,
    private readonly owner: Scope.Scope
  ) {}

  /** Where Redis cannot be reached, it is awaited in the background. */
  static make(settings: Settings): Effect.Effect<Connection, never, Scope.Scope> {
    return Effect.gen(function* () {
      const connection = new Connection(settings, yield* Effect.scope)
      // Runs after what is forked into the scope has ended: nothing is opened any more then.
      yield* Effect.addFinalizer(() => connection.close)
      yield* Effect.catchAllCause(connection.open, (cause) => connection.lost(cause))
      return connection
    })
  }

  /** Whether it came back less than so many milliseconds ago: what others sent in the meantime is not known. */
  isFresh(millis: number, now: number): boolean {
    return now < this.returned + millis
  }

  /** Undefined while Redis is away. */
  use<A>(command: (store: Shared) => Effect.Effect<A, unknown>): Effect.Effect<A | undefined> {
    return Effect.suspend(() => {
      const { current } = this
      if (current === undefined) return Effect.succeed(undefined)
      return Effect.catchAllCause(Effect.timeout(command(current.store), this.settings.timeout), (cause) =>
        Cause.isInterruptedOnly(cause)
          ? Effect.interrupt
          : Effect.as(this.current === current ? this.lost(cause) : Effect.void, undefined)
      )
    })
  }

  private lost(cause: Cause.Cause<unknown>): Effect.Effect<void> {
    return Effect.gen(this, function* () {
      const { current } = this
      const { key } = this.settings
      this.current = undefined
      if (current !== undefined) yield* Effect.forkDaemon(this.release(current))
      yield* Effect.forkIn(Effect.interruptible(this.await), this.owner)
      yield* Effect.annotateLogs(
        Effect.logWarning(`Redis is away: the limits of ${key} are local until it is back`),
        "cause",
        String(Cause.squash(cause))
      )
    }).pipe(Effect.uninterruptible)
  }

  private readonly await: Effect.Effect<void> = Effect.gen(this, function* () {
    for (let pause = PAUSES.first; this.current === undefined; pause = Math.min(pause * 2, PAUSES.last)) {
      yield* Effect.sleep(pause)
      const opened = yield* Effect.exit(this.open)
      if (opened._tag === "Failure") continue
      this.returned = millisOf(yield* Effect.clock)
      yield* Effect.logInfo(`Redis is back: the limits of ${this.settings.key} are shared again`)
    }
  })

  /** The client of the store can be given no listener, so another one tries first, which says with what it connects. */
  private readonly open: Effect.Effect<void, unknown> = Effect.suspend(() => {
    const { redis, timeout } = this.settings
    const millis = Duration.toMillis(timeout)
    const options: RedisOptions = {
      ...redis,
      retryStrategy: () => null,
      connectTimeout: millis,
      commandTimeout: millis
    }
    const asked = Effect.acquireUseRelease(
      Effect.sync(() => new Redis({ ...options, lazyConnect: true }).on("error", () => {})),
      (client) =>
        Effect.as(
          Effect.tryPromise(() => client.connect()),
          quiet(client)
        ),
      (client) => Effect.sync(() => client.disconnect())
    )
    return Effect.flatMap(Effect.timeout(asked, timeout), (Connector) =>
      Effect.uninterruptible(this.begin({ ...options, Connector }))
    )
  })

  /** A store that can also be written to. */
  private begin(options: RedisOptions): Effect.Effect<void, unknown> {
    return Effect.gen(this, function* () {
      const scope = yield* Scope.make()
      // Its types were made with an earlier ioredis, whose options may be absent and not undefined.
      const given = { ...options, prefix: "effect-redial:" } as Parameters<typeof RateLimiterRedis.make>[0]
      const store = yield* Scope.extend(RateLimiterRedis.make(given), scope)
      const generation = { store, scope }
      yield* Effect.onError(
        store.fixedWindow({ key: "written", tokens: 1, refillRate: Duration.seconds(1), limit: undefined }),
        () => this.release(generation)
      )
      this.current = generation
    })
  }

  private readonly close: Effect.Effect<void> = Effect.suspend(() =>
    this.current === undefined ? Effect.void : this.release(this.current)
  )

  /** The store says goodbye to a Redis that may not answer, and dies where it does not. */
  private release({ scope }: Generation): Effect.Effect<void> {
    return Scope.close(scope, Exit.void).pipe(
      Effect.exit,
      Effect.interruptible,
      Effect.disconnect,
      Effect.timeout(this.settings.timeout),
      Effect.ignore
    )
  }
}

type Connector = NonNullable<RedisOptions["Connector"]>

/**
 * A client without a listener writes errors of its socket to the console, where one warning is due. So its sockets close
 * without an error: its commands fail by that as well.
 */
const quiet = (client: Redis): Connector => {
  // What it connects with follows from its options: plain, TLS or sentinels. Its type keeps that to itself.
  const Base = Reflect.get(client, "connector").constructor as Connector & {
    readonly prototype: InstanceType<Connector>
  }
  return class extends Base {
    override async connect(told: Parameters<InstanceType<Connector>["connect"]>[0]) {
      const socket = await Base.prototype.connect.call(this, told)
      const destroy = socket.destroy.bind(socket)
      socket.destroy = () => destroy()
      return socket
    }
  }
}
