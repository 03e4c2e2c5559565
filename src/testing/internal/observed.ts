/**
 * What a server has seen so far, and who waits for it to see more.
 */
import * as Headers from "@effect/platform/Headers"
import * as Effect from "effect/Effect"
import type { ProtocolId } from "../../protocol/Protocol.js"
import type { Parsed } from "./http.js"

/**
 * One request, as it came.
 *
 * @since 0.1.0
 * @category models
 */
export interface ReceivedRequest {
  /** Counted from 1 over the whole server, in the order in which requests were complete. */
  readonly index: number
  /** Which connection carried it, counted from 1. */
  readonly connection: number
  /** Which request of its connection it is, counted from 1. */
  readonly indexOnConnection: number
  readonly method: string
  /** With its query. */
  readonly path: string
  /** Names in lower case. */
  readonly headers: Headers.Headers
  readonly body: string
  /** The body parsed; absent where it is not JSON. */
  readonly json: unknown
  /** By the path; absent where it belongs to none. */
  readonly protocol: ProtocolId | undefined
  /** The model that the body names. */
  readonly model: string | undefined
}

/**
 * One connection, open or gone.
 *
 * @since 0.1.0
 * @category models
 */
export interface Connection {
  /** Counted from 1. */
  readonly id: number
  /** How many requests came on it. */
  readonly requests: number
  readonly open: boolean
  /** Who closed or reset it first; absent where nobody did. It is known while the other side has yet to follow. */
  readonly closedBy: "client" | "server" | undefined
}

/**
 * The counts. `connectionsOpened` is the sum of `connectionsOpen`, `closedByServer` and `closedByClient`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Stats {
  readonly connectionsOpened: number
  readonly connectionsOpen: number
  /** Connections that are gone, and that this server closed or reset first. */
  readonly closedByServer: number
  /** Connections that are gone, and that the client closed or reset first. */
  readonly closedByClient: number
  readonly requests: number
  /** In the order of the connections, idle ones included. */
  readonly requestsPerConnection: ReadonlyArray<number>
}

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

// A protocol is told by the end of its path, since vendors and gateways put prefixes before it.
const paths: Record<ProtocolId, string> = {
  "anthropic-messages": "/v1/messages",
  "chat-completions": "/chat/completions",
  responses: "/responses"
}

const protocolOf = (path: string): ProtocolId | undefined => {
  // An answer that the server keeps is below the path of all of them.
  const plain = (path.split("?", 1)[0] ?? "").replace(/(\/responses)\/[^/]+$/, "$1")
  for (const [protocol, end] of Object.entries(paths)) {
    // The keys of `paths` are exactly the protocols.
    if (plain.endsWith(end)) return protocol as ProtocolId
  }
  return undefined
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const modelOf = (json: unknown): string | undefined =>
  typeof json === "object" && json !== null && "model" in json && typeof json.model === "string"
    ? json.model
    : undefined

export class Observed {
  readonly #connections: Array<Mutable<Connection>> = []
  readonly #requests: Array<ReceivedRequest> = []
  readonly #watchers = new Set<() => void>()

  readonly stats: Effect.Effect<Stats> = Effect.sync(() => this.#stats())
  readonly connections: Effect.Effect<ReadonlyArray<Connection>> = Effect.sync(() =>
    this.#connections.map((connection) => ({ ...connection }))
  )
  readonly requests: Effect.Effect<ReadonlyArray<ReceivedRequest>> = Effect.sync(() => this.#requests.slice())

  opened(): number {
    const id = this.#connections.length + 1
    this.#connections.push({ id, requests: 0, open: true, closedBy: undefined })
    this.#changed()
    return id
  }

  /** Only the first one who closes a connection counts. */
  closing(id: number, by: "client" | "server"): void {
    this.#connections[id - 1]!.closedBy ??= by
    this.#changed()
  }

  gone(id: number): void {
    const connection = this.#connections[id - 1]!
    connection.closedBy ??= "server"
    connection.open = false
    this.#changed()
  }

  received(id: number, { body, headers, method, path }: Parsed): ReceivedRequest {
    const connection = this.#connections[id - 1]!
    connection.requests += 1
    const json = parse(body)
    const request: ReceivedRequest = {
      index: this.#requests.length + 1,
      connection: id,
      indexOnConnection: connection.requests,
      method,
      path,
      headers: Headers.unsafeFromRecord(headers),
      body,
      json,
      protocol: protocolOf(path),
      model: modelOf(json)
    }
    this.#requests.push(request)
    this.#changed()
    return request
  }

  awaitStats(predicate: (stats: Stats) => boolean): Effect.Effect<Stats> {
    return Effect.async((resume) => {
      const settle = (result: Effect.Effect<Stats>) => {
        this.#watchers.delete(watch)
        resume(result)
      }
      const watch = () => {
        const stats = this.#stats()
        try {
          if (predicate(stats)) settle(Effect.succeed(stats))
        } catch (defect) {
          settle(Effect.die(defect))
        }
      }
      this.#watchers.add(watch)
      watch()
      return Effect.sync(() => this.#watchers.delete(watch))
    })
  }

  #changed(): void {
    for (const watch of [...this.#watchers]) watch()
  }

  #stats(): Stats {
    const gone = this.#connections.filter((connection) => !connection.open)
    const closedByClient = gone.filter(({ closedBy }) => closedBy === "client").length
    return {
      connectionsOpened: this.#connections.length,
      connectionsOpen: this.#connections.length - gone.length,
      closedByServer: gone.length - closedByClient,
      closedByClient,
      requests: this.#requests.length,
      requestsPerConnection: this.#connections.map(({ requests }) => requests)
    }
  }
}
