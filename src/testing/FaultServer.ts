/**
 * A server on 127.0.0.1 that sends LLM clients the same bytes as vendors do, and breaks exactly where a script says.
 * Use it to test how a program behaves on real connections.
 *
 * Waits follow Effect's clock, so a test with a `TestClock` adjusts it. Gates need no clock.
 *
 * @since 0.1.0
 */
import * as Net from "node:net"
import type * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { serve } from "./internal/connection.js"
import * as Gate_ from "./internal/gate.js"
import { type Connection, Observed, type ReceivedRequest, type Stats } from "./internal/observed.js"
import type { Reply } from "./internal/reply.js"

export type { Gate, Wait } from "./internal/gate.js"
export type { Connection, ReceivedRequest, Stats } from "./internal/observed.js"

/**
 * The server could not listen on its port.
 *
 * @since 0.1.0
 * @category errors
 */
export class ListenError extends Schema.TaggedError<ListenError>("effect-redial/ListenError")("ListenError", {
  port: Schema.Number,
  /** The system's own code. */
  code: Schema.String,
  cause: Schema.Defect
}) {
  override get message(): string {
    const reason = this.code === "EADDRINUSE" ? "the port is in use" : this.code
    return `FaultServer cannot listen on ${HOST}:${this.port}: ${reason}. Leave \`port\` out to be given a free one.`
  }
}

/**
 * What to answer: a function of the request, or a list with one reply per request, in order. The last reply repeats. If
 * the function throws, the server answers with status 500 and the text of the error.
 *
 * @since 0.1.0
 * @category models
 */
export type Script = ((request: ReceivedRequest) => Reply) | Arr.NonEmptyReadonlyArray<Reply>

/**
 * The options of `make` and `layer`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The port to listen on. Default: any free port. */
  readonly port?: number | undefined
}

/**
 * What the tag provides.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string
  readonly port: number
  readonly stats: Effect.Effect<Stats>
  /** All requests so far, the first one first. */
  readonly requests: Effect.Effect<ReadonlyArray<ReceivedRequest>>
  /** All connections so far, open or closed, the first one first. */
  readonly connections: Effect.Effect<ReadonlyArray<Connection>>
  /** Waits, without polling, until the counts satisfy the predicate. */
  readonly awaitStats: (predicate: (stats: Stats) => boolean) => Effect.Effect<Stats>
}

/**
 * The server in the context, which `layer` provides.
 *
 * @since 0.1.0
 * @category tags
 */
export class FaultServer extends Context.Tag("effect-redial/testing/FaultServer")<FaultServer, Service>() {}

// Never another interface: the server is only for this machine.
const HOST = "127.0.0.1"

const listen = (server: Net.Server, port: number): Effect.Effect<number, ListenError> =>
  Effect.async((resume) => {
    const onError = (cause: NodeJS.ErrnoException) =>
      resume(new ListenError({ port, code: cause.code ?? cause.message, cause }))
    server.once("error", onError)
    server.listen({ host: HOST, port }, () => {
      server.off("error", onError)
      // A server that listens on TCP has an address with a port.
      resume(Effect.succeed((server.address() as Net.AddressInfo).port))
    })
  })

/**
 * Starts a server. When the scope closes, the server destroys every connection and frees the port.
 *
 * Fails with `ListenError` if the port cannot be used.
 *
 * @example
 * ```ts
 * import { FaultServer, Reply, Wire } from "effect-redial/testing"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const answer = Reply.stream(Wire.answer("anthropic-messages", { text: "Hello there" }))
 *   const server = yield* FaultServer.make([Reply.cut(answer, { afterEvents: 4 }, "rst"), answer])
 *   // The first stream of a client of server.url is reset, and the second one is whole.
 *   const stats = yield* server.awaitStats((stats) => stats.requests === 2)
 *   return stats.connectionsOpened
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (script: Script, options?: Options): Effect.Effect<Service, ListenError, Scope.Scope> =>
  Effect.gen(function* () {
    const observed = new Observed()
    const answer =
      typeof script === "function"
        ? script
        : // Never out of range: the array is not empty and indices count from 1.
          (request: ReceivedRequest) => script[Math.min(request.index, script.length) - 1]!
    const run = yield* FiberSet.makeRuntime<never>()
    const sockets = new Set<Net.Socket>()
    const server = Net.createServer((socket) => {
      sockets.add(socket)
      socket.once("close", () => sockets.delete(socket))
      run(serve(socket, answer, observed))
    })
    const close = Effect.zipRight(
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        for (const socket of sockets) socket.destroy()
      }),
      // The server counts a connection as gone before the connection says so itself.
      observed.awaitStats((stats) => stats.connectionsOpen === 0)
    )
    const port = yield* Effect.acquireRelease(listen(server, options?.port ?? 0), () => close)
    return {
      url: `http://${HOST}:${port}`,
      port,
      stats: observed.stats,
      requests: observed.requests,
      connections: observed.connections,
      awaitStats: (predicate) => observed.awaitStats(predicate)
    }
  })

/**
 * The server as a layer.
 *
 * @example
 * ```ts
 * import { FaultServer, Reply } from "effect-redial/testing"
 *
 * const overloaded = FaultServer.layer([Reply.status(529)])
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (script: Script, options?: Options): Layer.Layer<FaultServer, ListenError> =>
  Layer.scoped(FaultServer, make(script, options))

/**
 * Makes a gate: a point in a reply that a test waits for (`reached`), and that holds the reply until the test opens it
 * (`open`). Use it in `Reply.hold`, in the `wait` of `Reply.cut`, and wherever else a reply waits.
 *
 * @example
 * ```ts
 * import { FaultServer, Reply, Wire } from "effect-redial/testing"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const gate = yield* FaultServer.gate()
 *   const answer = Reply.stream(Wire.answer("chat-completions", { text: "Hello there" }))
 *   yield* FaultServer.make(() => Reply.cut(answer, { afterEvents: 2, wait: gate }, "rst"))
 *   yield* gate.reached
 *   yield* gate.open
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const gate: () => Effect.Effect<Gate_.Gate> = Gate_.make
