/**
 * A small HTTP proxy that knows CONNECT alone, and counts.
 */
import * as Net from "node:net"
import * as Tls from "node:tls"
import { Effect } from "effect"

export interface Options {
  /** The first line and headers of every answer, in place of a tunnel; `silent` for none at all. */
  readonly answer?: string | undefined
  /** Opens tunnels that lead nowhere. */
  readonly deaf?: boolean | undefined
  /** The proxy itself speaks TLS. */
  readonly tls?: Tls.TlsOptions | undefined
}

export const connectProxy = (options: Options = {}) =>
  Effect.gen(function* () {
    /** The heads of the requests. */
    const heads: Array<string> = []
    const sockets = new Set<Net.Socket>()
    let watchers: Array<() => void> = []
    let opened = 0
    let used = 0
    const changed = (): void => {
      const old = watchers
      watchers = []
      for (const watch of old) watch()
    }
    const serve = (socket: Net.Socket): void => {
      opened++
      sockets.add(socket)
      socket.on("error", () => {})
      socket.once("close", () => {
        sockets.delete(socket)
        changed()
      })
      let head = ""
      const read = (bytes: Buffer): void => {
        head += bytes.toString("latin1")
        if (!head.includes("\r\n\r\n")) return
        socket.off("data", read)
        heads.push(head)
        answer(socket, head)
        changed()
      }
      socket.on("data", read)
    }
    const answer = (socket: Net.Socket, head: string): void => {
      if (options.answer === "silent") return
      if (options.answer !== undefined) return void socket.end(`${options.answer}\r\n\r\n`)
      if (options.deaf) {
        socket.once("data", () => {
          used++
          changed()
        })
        return void socket.write("HTTP/1.1 200 Connected\r\n\r\n")
      }
      const [, host = "", port = ""] = /^CONNECT ([^:]+):(\d+) /.exec(head) ?? []
      const target = Net.connect(Number(port), host === "proxied.test" ? "127.0.0.1" : host, () => {
        socket.write("HTTP/1.1 200 Connected\r\n\r\n")
        socket.pipe(target).pipe(socket)
      })
      target.on("error", () => socket.destroy())
      socket.once("close", () => target.destroy())
    }
    const listener = options.tls === undefined ? Net.createServer(serve) : Tls.createServer(options.tls, serve)
    yield* Effect.acquireRelease(
      Effect.async<void>((resume) => {
        listener.listen(0, "127.0.0.1", () => resume(Effect.void))
      }),
      () =>
        Effect.sync(() => {
          listener.close()
          for (const socket of sockets) socket.destroy()
        })
    )
    const { port } = listener.address() as Net.AddressInfo
    const await_ = (predicate: () => boolean): Effect.Effect<void> =>
      Effect.suspend(() =>
        predicate()
          ? Effect.void
          : Effect.zipRight(
              Effect.async<void>((resume) => void watchers.push(() => resume(Effect.void))),
              await_(predicate)
            )
      )
    return {
      port,
      url: `${options.tls === undefined ? "http" : "https"}://localhost:${port}`,
      heads,
      opened: () => opened,
      asked: (count: number) => await_(() => heads.length >= count),
      /** Somebody speaks through a tunnel that leads nowhere. */
      used: await_(() => used > 0),
      closed: await_(() => sockets.size === 0),
      open: () => sockets.size
    }
  })
