/**
 * A vendor in memory: a real client with its SDK, over a pool that dials nothing. What is asked is answered by a function,
 * in events of the wire.
 */
import { Clock, Effect, Layer, Redacted, Schedule } from "effect"
import { ConnectionPool, type Protocol, Provider, Vendors } from "effect-redial"

export interface Asked {
  readonly method: string
  /** With its query. */
  readonly path: string
  /** Undefined where the request had no body. */
  readonly json: Readonly<Record<string, unknown>> | undefined
}

export interface Reply {
  /** Default: 200. */
  readonly status?: number
  /** The body, where the status is an error. */
  readonly body?: unknown
  readonly events: ReadonlyArray<string>
  /** What follows the events. Default: a clean end. */
  readonly ending?: "end" | "reset" | "stall" | undefined
  /** How long each event takes, by the clock. Default: no time. */
  readonly everyMillis?: number | undefined
  /** Called when the ending is met. */
  readonly atEnd?: (() => void) | undefined
}

const utf8 = new TextEncoder()

const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" })

type Source = ReturnType<ConnectionPool.Service["source"]>

const sourceOf = ({ atEnd, ending, events, everyMillis = 0 }: Reply): Source => {
  let at = 0
  let giveUp: (() => void) | undefined
  let destroyed = false
  let due: number | undefined
  const take: Source["read"] = Effect.suspend(() => {
    if (destroyed) return Effect.fail(reset)
    due = undefined
    const event = events[at++]
    if (event !== undefined) return Effect.succeed([utf8.encode(event)])
    atEnd?.()
    if (ending === "reset") return Effect.fail(reset)
    if (ending !== "stall") return Effect.succeed([])
    return Effect.async<ReadonlyArray<Uint8Array>, Error>((resume) => {
      giveUp = () => resume(Effect.fail(reset))
    })
  })
  return {
    // A read that is interrupted takes nothing, and the next one waits for the rest of the time.
    read:
      everyMillis === 0
        ? take
        : Effect.flatMap(Clock.currentTimeMillis, (now) => {
            due ??= now + (at < events.length ? everyMillis : 0)
            return due > now ? Effect.zipRight(Effect.sleep(due - now), take) : take
          }),
    ended: () => at > events.length && ending !== "reset" && ending !== "stall",
    destroy: () => {
      destroyed = true
      giveUp?.()
    }
  }
}

/** The pool, and how many pools were made: one per generation of the client. */
const poolOf = (reply: (asked: Asked) => Reply, counts: { open: number; pools: number }) =>
  Layer.sync(ConnectionPool.ConnectionPool, (): ConnectionPool.Service => {
    const replies = new WeakMap<Response, Reply>()
    counts.pools++
    return {
      fetch: async (input, init) => {
        const { pathname, search } = new URL(String(input instanceof Request ? input.url : input))
        const text = typeof init?.body === "string" ? init.body : undefined
        const asked = { method: init?.method ?? "GET", path: pathname + search, json: text && JSON.parse(text) }
        const answer = reply(asked)
        const { body = null, status = 200 } = answer
        const headers = { "content-type": status === 200 ? "text/event-stream" : "application/json" }
        const response = new Response(status === 200 ? null : JSON.stringify(body), { status, headers })
        replies.set(response, answer)
        return response
      },
      retire: Effect.void,
      stats: Effect.succeed({ dialled: 0, open: 0 }),
      source: (response) => {
        const source = sourceOf(replies.get(response) ?? { events: [] })
        counts.open++
        let closed = false
        return {
          read: source.read,
          ended: source.ended,
          destroy: () => {
            if (!closed) counts.open--
            closed = true
            source.destroy()
          }
        }
      },
      finished: () => Effect.sync(() => void counts.open--),
      settled: Effect.void
    }
  })

export interface Options extends Provider.Resilience {
  readonly prefill?: NonNullable<Parameters<typeof Vendors.custom>[0]["prefill"]>
  readonly continuation?: Provider.ServiceOptions["continuation"]
}

export const make = (
  protocol: Protocol.ProtocolId,
  reply: (asked: Asked, nth: number) => Reply,
  { prefill, ...options }: Options = {}
) =>
  Effect.gen(function* () {
    const asked: Array<Asked> = []
    const counts = { open: 0, pools: 0 }
    const pool = poolOf((one) => reply(one, asked.push(one)), counts)
    const provider = yield* Provider.make(
      Vendors.custom({ id: "vendor", protocol, baseUrl: "http://127.0.0.1:1/v1", prefill }),
      { apiKey: Redacted.make("test-key"), pool, retry: Schedule.recurs(3), ...options }
    )
    /** The requests that were made; answers whose connection is not given back; generations of the client. */
    return { provider, asked, open: () => counts.open, generations: () => counts.pools }
  })
