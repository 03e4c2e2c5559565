import * as Net from "node:net"
import * as Tls from "node:tls"
import { Effect, Redacted, type Scope } from "effect"
import type { ConnectionPool } from "effect-redial"
import { fixture } from "../../support/client/certificates.js"
import type { Fault } from "./catalogue.js"

/** Where a provider is to be pointed, and with which options. */
export interface World {
  readonly url: string
  readonly pool: ConnectionPool.Options
}

/** A server on loopback for the scope; every socket that it accepted or made is destroyed with it. */
const listen = (make: (keep: (socket: Net.Socket) => void) => Net.Server): Effect.Effect<number, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.async<{ readonly server: Net.Server; readonly sockets: Set<Net.Socket> }>((resume) => {
        const sockets = new Set<Net.Socket>()
        const server = make((socket) => {
          sockets.add(socket)
          socket.on("error", () => {})
          socket.on("close", () => sockets.delete(socket))
        })
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed({ server, sockets })))
      }),
      ({ server, sockets }) =>
        Effect.sync(() => {
          for (const socket of sockets) socket.destroy()
          server.close()
        })
    ),
    // A server that listens on TCP has such an address.
    ({ server }) => (server.address() as Net.AddressInfo).port
  )

/** Passes bytes both ways; `after` bytes towards the client it resets both sides, the first time only. */
const relay = (from: Net.Socket, to: Net.Socket, breakAfter: number): void => {
  let passed = 0
  from.pipe(to)
  to.on("data", (bytes: Buffer) => {
    passed += bytes.length
    if (passed > breakAfter) {
      from.write(bytes.subarray(0, 200), () => from.resetAndDestroy())
      to.destroy()
    } else from.write(bytes)
  })
  to.on("end", () => from.end())
  from.on("close", () => to.destroy())
}

const dyingProxy = (): Effect.Effect<number, never, Scope.Scope> => {
  let connections = 0
  return listen((keep) =>
    Net.createServer((socket) => {
      const breakAfter = ++connections === 1 ? 600 : Number.POSITIVE_INFINITY
      keep(socket)
      socket.once("data", (head) => {
        const [, host, port] = /^CONNECT ([^:]+):(\d+)/.exec(head.toString()) ?? []
        const upstream = Net.connect(Number(port), host)
        keep(upstream)
        upstream.once("connect", () => {
          socket.write("HTTP/1.1 200 Connection established\r\n\r\n")
          relay(socket, upstream, breakAfter)
        })
      })
    })
  )
}

const tls = (target: number, options: Tls.TlsOptions): Effect.Effect<number, never, Scope.Scope> =>
  listen((keep) =>
    Tls.createServer({ cert: fixture("server.pem"), key: fixture("server.key"), ...options }, (socket) => {
      keep(socket)
      const upstream = Net.connect(target, "127.0.0.1")
      keep(upstream)
      relay(socket, upstream, Number.POSITIVE_INFINITY)
    }).on("connection", keep)
  )

const deaf = listen((keep) => Net.createServer({ pauseOnConnect: true }, keep))

export const make = (
  world: Fault["world"],
  server: { readonly url: string; readonly port: number }
): Effect.Effect<World, never, Scope.Scope> => {
  const at = (port: number, pool: ConnectionPool.Options = {}, scheme = "http"): World => ({
    url: `${scheme}://127.0.0.1:${port}`,
    pool
  })
  const ca = fixture("ca.pem")
  switch (world) {
    case "refused":
      return Effect.map(Effect.scoped(listen(() => Net.createServer())), (port) => at(port))
    case "deaf":
      return Effect.map(deaf, (port) => at(port))
    case "dying-proxy":
      return Effect.map(dyingProxy(), (port) => ({ url: server.url, pool: { proxy: `http://127.0.0.1:${port}` } }))
    case "private-ca":
      return Effect.map(tls(server.port, {}), (port) => at(port, { tls: { ca } }, "https"))
    case "unknown-ca":
      return Effect.map(tls(server.port, {}), (port) => at(port, {}, "https"))
    case "client-certificate":
      return Effect.map(tls(server.port, { ca, requestCert: true, rejectUnauthorized: true }), (port) =>
        at(port, { tls: { ca, cert: fixture("client.pem"), key: Redacted.make(fixture("client.key")) } }, "https")
      )
    default:
      return Effect.succeed({ url: server.url, pool: {} })
  }
}
