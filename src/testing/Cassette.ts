/**
 * Records what a provider really sent to a file, and replays it in tests: the same bytes in the same chunks, with the
 * same statuses and headers, and the same drops. A cassette replaces a provider's connections, so everything above the
 * socket is production code.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as ConnectionPool from "../client/ConnectionPool.js"
import type { InvalidOptions } from "../client/InvalidOptions.js"
import type { CassetteError } from "./internal/cassette/cassetteError.js"
import { checked } from "./internal/cassette/options.js"
import * as Player from "./internal/cassette/player.js"
import * as Recorder from "./internal/cassette/recorder.js"
import { Script } from "./internal/cassette/script.js"
import { Secrets } from "./internal/cassette/secrets.js"
import * as Store from "./internal/cassette/store.js"
import { Tape } from "./internal/cassette/tape.js"

export { CassetteError } from "./internal/cassette/cassetteError.js"

/**
 * How a cassette is used:
 *
 * - `record`: asks the real provider, and writes the file when the scope closes. It replaces an older file
 * - `replay`: answers from the file, and opens no connection
 * - `auto`: replays if the file exists, and records if it does not, but never records in CI
 *
 * @since 0.1.0
 * @category models
 */
export type Mode = "record" | "replay" | "auto"

/**
 * How to find the recording for a request.
 *
 * @since 0.1.0
 * @category models
 */
export interface Match {
  /**
   * What may differ from the recording, as paths into the request, which has `method`, `path`, `headers` and `body`.
   * `*` stands for any one name or index, as in `["body.metadata", "body.messages.*.id"]`. With `["headers", "body"]`,
   * only the method and the path are compared. Default: nothing.
   */
  readonly ignore?: ReadonlyArray<string> | undefined
  /**
   * - `any`: uses the first unused recording that is equal. Concurrent requests may come in any order, and repeated
   *   requests get their recordings in order
   * - `recorded`: requests must come in the order of the recordings
   *
   * Default: `any`.
   */
  readonly order?: "any" | "recorded" | undefined
}

/**
 * The options of `make` and `layer`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<out R = never> {
  /** Whether to record or to replay. Default: `auto`. */
  readonly mode?: Mode | undefined
  /** Whether this is CI, where `auto` records nothing. Default: whether `CI` is set, and not to `false` or `0`. */
  readonly ci?: boolean | undefined
  /** How to find the recording for a request. Default: everything must be equal, in any order. */
  readonly match?: Match | undefined
  /**
   * How many times faster to replay than recorded: 1 is the recorded speed, and `Infinity` has no waits. Waits follow
   * Effect's clock, so adjust a `TestClock` for them. Default: `Infinity`.
   */
  readonly speed?: number | undefined
  /**
   * What to keep out of the file besides the keys in the headers of requests, for example the names of customers. Give
   * the same secrets when replaying, because requests are compared without them. Values of less than 8 characters are
   * not searched for. Default: nothing.
   */
  readonly secrets?: ReadonlyArray<Redacted.Redacted> | undefined
  /** The largest size of the file, and of what is kept in memory, in bytes. Default: 64 MiB. */
  readonly maxBytes?: number | undefined
  /** The connections to record, as in the `pool` of a provider. Default: undici with its default options. */
  readonly pool?: ConnectionPool.Options | Layer.Layer<ConnectionPool.ConnectionPool, InvalidOptions, R> | undefined
}

/**
 * What the tag provides.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** The path of the file. */
  readonly path: string
  /** Whether it records or replays. `auto` has been resolved to one of them. */
  readonly mode: "record" | "replay"
  /** The connections to give to a provider, as its `pool`. */
  readonly pool: Layer.Layer<ConnectionPool.ConnectionPool, InvalidOptions>
  /** The recordings that no request has used, with their method, path and model. Empty while recording. */
  readonly unused: Effect.Effect<ReadonlyArray<string>>
}

/**
 * The cassette in the context. `pool` takes it from there.
 *
 * @since 0.1.0
 * @category tags
 */
export class Cassette extends Context.Tag("effect-redial/testing/Cassette")<Cassette, Service>() {}

/**
 * Makes a cassette for the scope. To replay, it reads the file at once. To record, it writes the file when the scope
 * closes, whole or not at all, and not after an interruption. If the file cannot be written, the scope closes with a
 * defect.
 *
 * A request without a recording fails with `InvalidRequest`, which is not retried. Its message shows how the request
 * differs from the nearest recording. A program that reads further than the recorded program fails with the same tag.
 *
 * Keys do not reach the file. Only harmless headers are kept, and only the end of the address's path. A key that was
 * sent is removed from everything that a server sends back; in the body of an answer, each of its bytes becomes `*`. A
 * key that a model spells out over several events is not found. Prompts and answers are stored unchanged.
 *
 * Fails with `CassetteError` if the file is missing or cannot be read, and with `InvalidOptions` if an option cannot
 * work.
 *
 * @example
 * ```ts
 * import { NodeFileSystem } from "@effect/platform-node"
 * import { Provider, Vendors } from "effect-redial"
 * import { Cassette } from "effect-redial/testing"
 * import { Config, Effect, Redacted } from "effect"
 *
 * const test = Effect.gen(function* () {
 *   const cassette = yield* Cassette.make("test/cassettes/sky.json")
 *   // Only needed to record.
 *   const apiKey = yield* Config.withDefault(Config.redacted("ANTHROPIC_API_KEY"), Redacted.make("replayed"))
 *   const provider = yield* Provider.make(Vendors.anthropic, { apiKey, pool: cassette.pool })
 *   return yield* provider.generate({ model: "claude-sonnet-5-5", prompt: "Why is the sky blue?" })
 * }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <R = never>(
  path: string,
  options: Options<R> = {}
): Effect.Effect<Service, CassetteError | InvalidOptions, FileSystem.FileSystem | Scope.Scope | R> =>
  Effect.gen(function* () {
    const settled = yield* checked(options)
    const fs = yield* FileSystem.FileSystem
    const store = Store.make(fs, path, settled.maxBytes)
    const mode = yield* modeOf(store, options)
    const secrets = new Secrets(settled.secrets)
    if (mode === "record") {
      const tape = new Tape(settled.maxBytes)
      yield* Effect.addFinalizer((exit) =>
        Exit.isFailure(exit) && Exit.isInterrupted(exit) ? Effect.void : Effect.orDie(store.save(tape, secrets))
      )
      const context = yield* Effect.context<R>()
      const inner = Layer.provide(poolOf(options.pool ?? {}), Layer.succeedContext(context))
      const pool = Layer.map(inner, (built) =>
        Context.make(
          ConnectionPool.ConnectionPool,
          Recorder.make(Context.get(built, ConnectionPool.ConnectionPool), tape, secrets)
        )
      )
      return { path, mode, pool, unused: Effect.succeed([]) }
    }
    const script = new Script(path, yield* store.load, settled.match)
    const { speed } = settled
    const clock = yield* Effect.clock
    const player = Player.make({ take: script.take, beyond: script.beyond, secrets, clock, speed })
    return {
      path,
      mode,
      pool: Layer.scoped(ConnectionPool.ConnectionPool, player),
      unused: Effect.sync(() => script.unused)
    }
  })

/**
 * A cassette as a layer, for `pool`.
 *
 * @example
 * ```ts
 * import { NodeFileSystem } from "@effect/platform-node"
 * import { Provider, Vendors } from "effect-redial"
 * import { Cassette } from "effect-redial/testing"
 * import { Layer, Redacted } from "effect"
 *
 * const replayed = Provider.layer(Vendors.anthropic, { apiKey: Redacted.make("replayed"), pool: Cassette.pool }).pipe(
 *   Layer.provide(Cassette.layer("test/cassettes/sky.json", { mode: "replay" })),
 *   Layer.provide(NodeFileSystem.layer)
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = <R = never>(
  path: string,
  options?: Options<R>
): Layer.Layer<Cassette, CassetteError | InvalidOptions, FileSystem.FileSystem | Exclude<R, Scope.Scope>> =>
  Layer.scoped(Cassette, make(path, options))

/**
 * The connections of the cassette in the context, as the `pool` of a provider.
 *
 * @since 0.1.0
 * @category layers
 */
export const pool: Layer.Layer<ConnectionPool.ConnectionPool, InvalidOptions, Cassette> = Layer.unwrapEffect(
  Effect.map(Cassette, ({ pool }) => pool)
)

const modeOf = <R>(
  store: Store.Store,
  { ci, mode = "auto" }: Options<R>
): Effect.Effect<"record" | "replay", CassetteError> =>
  mode === "auto"
    ? Effect.flatMap(store.exists, (exists) =>
        exists
          ? Effect.succeed("replay")
          : Effect.flatMap(isCi(ci), (is) => (is ? store.missing : Effect.succeed("record")))
      )
    : Effect.succeed(mode)

const isCi = (ci: boolean | undefined): Effect.Effect<boolean> =>
  ci === undefined
    ? Effect.match(Config.string("CI"), { onFailure: () => false, onSuccess: (value) => !/^(|0|false)$/i.test(value) })
    : Effect.succeed(ci)

const poolOf = <R>(
  pool: NonNullable<Options<R>["pool"]>
): Layer.Layer<ConnectionPool.ConnectionPool, InvalidOptions, R> => {
  const isLayer = (u: typeof pool): u is Exclude<typeof pool, ConnectionPool.Options> => Layer.isLayer(u)
  return isLayer(pool) ? pool : ConnectionPool.layer(pool)
}
