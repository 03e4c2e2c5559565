/** A client that hides nothing: what came, and how the connection ended. */
import * as Net from "node:net"
import { Worker } from "node:worker_threads"
import { Deferred, Effect, Exit } from "effect"
import * as Undici from "undici"

export interface RawClient {
  readonly send: (text: string) => Effect.Effect<void>
  /** Resolves when the text that came contains this. */
  readonly sees: (part: string) => Effect.Effect<string>
  readonly received: Effect.Effect<string>
  /** `fin`, or the code of the error. */
  readonly ended: Effect.Effect<string>
  readonly destroy: Effect.Effect<void>
}

export const connect = (port: number) =>
  Effect.acquireRelease(
    Effect.gen(function* () {
      const socket = Net.connect({ host: "127.0.0.1", port })
      const ended = yield* Deferred.make<string>()
      const waiting = new Set<() => void>()
      let text = ""
      socket.on("data", (bytes: Buffer) => {
        text += bytes.toString("latin1")
        for (const wake of [...waiting]) wake()
      })
      socket.on("end", () => Deferred.unsafeDone(ended, Exit.succeed("fin")))
      socket.on("error", (error: NodeJS.ErrnoException) =>
        Deferred.unsafeDone(ended, Exit.succeed(error.code ?? error.message))
      )
      const sees = (part: string) =>
        Effect.async<string>((resume) => {
          const wake = () => {
            if (!text.includes(part)) return
            waiting.delete(wake)
            resume(Effect.succeed(text))
          }
          waiting.add(wake)
          wake()
        })
      const client: RawClient = {
        send: (part) => Effect.sync(() => void socket.write(part)),
        sees,
        received: Effect.sync(() => text),
        ended: Deferred.await(ended),
        destroy: Effect.sync(() => void socket.destroy())
      }
      return client
    }),
    (client) => client.destroy
  )

export const post = (path: string, body: string, headers = ""): string =>
  `POST ${path} HTTP/1.1\r\nhost: test\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

export const MESSAGES = post("/v1/messages", '{"model":"m"}')

/** What follows the head of an answer. */
export const bodyOf = (text: string): string => text.slice(text.indexOf("\r\n\r\n") + 4)

/** One HTTP chunk. */
export const chunk = (text: string, announced = Buffer.byteLength(text)): string =>
  `${announced.toString(16)}\r\n${text}${announced > Buffer.byteLength(text) ? "" : "\r\n"}`

export const END = "0\r\n\r\n"

/** The event loop has gone round once. */
export const nextTurn = Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))

export const agent = Effect.acquireRelease(
  Effect.sync(() => new Undici.Agent()),
  (agent) => Effect.promise(() => agent.destroy())
)

/** Posts to `/v1/messages` and reads the answer whole. */
export const fetchText = (dispatcher: Undici.Dispatcher, url: string, body = '{"model":"m"}') =>
  Effect.tryPromise(async () => {
    const response = await Undici.request(`${url}/v1/messages`, { method: "POST", body, dispatcher })
    return { status: response.statusCode, headers: response.headers, text: await response.body.text() }
  })

/**
 * A client in a thread of its own that makes requests on one connection, then one more, and is busy from then on: its
 * kernel takes what comes, and nothing reads it.
 */
const busyThread = `
  const { parentPort, workerData: { port, request, before, gate } } = require("node:worker_threads")
  const socket = require("node:net").connect({ host: "127.0.0.1", port })
  let answered = 0
  let text = ""
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1")
    if (answered === before || !text.includes("ready")) return
    text = ""
    if (++answered < before) return void socket.write(request)
    socket.write(request, () => Atomics.wait(gate, 0, 0))
  })
  socket.on("error", () => {})
  socket.on("close", () => parentPort.postMessage(text))
  socket.write(request)
`

export interface BusyClient {
  /** Lets it read; gives what came to the last request. */
  readonly read: Effect.Effect<string>
}

/** The answers to the requests before the last one are to end in "ready". */
export const busy = (port: number, request: string, before: number) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const gate = new Int32Array(new SharedArrayBuffer(4))
        const worker = new Worker(busyThread, { eval: true, workerData: { port, request, before, gate } })
        const free = (): void => {
          Atomics.store(gate, 0, 1)
          Atomics.notify(gate, 0)
        }
        return { worker, free }
      }),
      ({ free, worker }) => {
        free()
        return Effect.promise(() => worker.terminate())
      }
    ),
    ({ free, worker }): BusyClient => ({
      read: Effect.async((resume) => {
        worker.once("message", (text: string) => resume(Effect.succeed(text)))
        free()
      })
    })
  )
