/** The sockets that one pool has dialled, and the rule when to dial: only for a request that somebody waits for. */
import type { Socket } from "node:net"
import { type buildConnector, Client, Pool } from "./undici.js"

/** What to dial, and until when. */
interface Wanted extends buildConnector.Options {
  readonly signal?: AbortSignal
}

interface PoolOptions extends Pool.Options {
  readonly connect: buildConnector.connector
}

/** The part of undici's HTTP/1 parser that is used here. */
interface Parser {
  paused: boolean
  readonly resume: () => void
  readonly ptr: unknown
  readonly llhttp: { readonly llhttp_resume: (ptr: unknown) => void }
}

const parserOf = (socket: Socket): Parser | undefined => {
  const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === "parser")
  return key === undefined ? undefined : (Object(socket)[key] as Parser | undefined)
}

/**
 * undici 7 brings down the process if a connection that is not kept alive ends while a slow reader holds its parser
 * back (nodejs/undici#5360). At its end the parser is resumed: everything that came has passed through it. undici 8
 * does this itself, and requires Node 22.
 */
const endingWell = (socket: Socket): void => {
  const letGo = (): void => {
    const parser = parserOf(socket)
    if (!parser?.paused) return
    parser.resume()
    // A body without a length holds back once more, and a destroyed socket is not resumed: there is nothing left to
    // read.
    if (parser.paused) parser.llhttp.llhttp_resume(parser.ptr)
    parser.paused = false
  }
  // Before undici's own listeners, which are added once the connection is handed over.
  for (const event of ["end", "error", "close"]) socket.on(event, letGo)
}

const CLOSED = "the connection pool was closed"
const UNWANTED = "nobody waits for this connection any more"

export class Sockets {
  dialled = 0
  private readonly open = new Set<Socket>()
  private readonly connected = new Set<Client>()
  private closed = false

  get size(): number {
    return this.open.size
  }

  /** Records what `dial` dials, and destroys it once it is no longer needed. */
  recorded(dial: buildConnector.connector): buildConnector.connector {
    return (options: Wanted, callback) => {
      if (this.closed) return refuse(callback, CLOSED)
      this.dialled++
      // The connector returns the socket at once, which its type does not say; it is needed to stop dialling.
      const socket = dial(options, callback) as unknown as Socket
      this.open.add(socket)
      const stop = (): void => void socket.destroy(new Error(UNWANTED))
      options.signal?.addEventListener("abort", stop, { once: true })
      // Under TLS in a tunnel nobody else listens.
      socket.on("error", () => {})
      socket.once("close", () => {
        this.open.delete(socket)
        options.signal?.removeEventListener("abort", stop)
      })
    }
  }

  /**
   * A pool whose connections are dialled only for pending requests: undici itself dials again whenever a running
   * request is aborted. With `tunnel` the connections lead to a proxy, and are needed until there is a connection
   * through it.
   */
  pool(origin: string | URL, options: PoolOptions, tunnel = false): Pool {
    return new Pool(origin, {
      ...options,
      // The pool passes on its options, including the connector.
      factory: (origin, given) => this.client(origin, given as PoolOptions, tunnel)
    })
  }

  /** One connection, which serves one request at a time. */
  private client(origin: URL, options: PoolOptions, tunnel: boolean): Client {
    let request: AbortSignal | undefined
    const client = new Client(origin, {
      ...options,
      connect: (wanted: Wanted, tell: buildConnector.Callback) => {
        const callback: buildConnector.Callback = (...result) => {
          // Absent, despite its type, if the connection failed.
          if (result[1]) endingWell(result[1])
          tell(...result)
        }
        const signal = request
        if (signal?.aborted) return refuse(callback, UNWANTED)
        if (signal === undefined || tunnel) return options.connect(Object.assign(wanted, { signal }), callback)
        const dialling = new AbortController()
        const stop = (): void => dialling.abort()
        signal.addEventListener("abort", stop, { once: true })
        options.connect(Object.assign(wanted, { signal: dialling.signal }), (...result) => {
          signal.removeEventListener("abort", stop)
          callback(...result)
        })
      }
    })
    client.on("connect", () => this.connected.add(client))
    client.on("disconnect", () => this.connected.delete(client))
    const dispatch = client.dispatch.bind(client)
    client.dispatch = (options, handler) => {
      // Part of the options of every request, but missing in their type.
      request = (options as { readonly signal?: AbortSignal }).signal
      return dispatch(options, handler)
    }
    return client
  }

  /** Always with an error: HTTP/2 connections that close without one crash undici. */
  destroy(): void {
    this.closed = true
    const error = new Error(CLOSED)
    for (const client of this.connected) client.destroy(error).catch(() => {})
    for (const socket of this.open) socket.destroy(error)
  }
}

/** In a turn of its own: undici forgets to look for its next request if it is answered at once. */
const refuse = (callback: buildConnector.Callback, why: string): void =>
  queueMicrotask(() => callback(new Error(why), null))
