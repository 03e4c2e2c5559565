/**
 * The middleboxes: nginx, haproxy, and the kernel's own way to destroy a connection.
 */
import { readFileSync } from "node:fs"
import * as Net from "node:net"
import { join } from "node:path"
import { Effect, type Scope } from "effect"
import { find, once, type Running, run } from "./program.js"

export type Need = "nginx" | "haproxy" | "ss"

/** Through what a request goes. */
export interface Box {
  readonly port: number
  /** Ends what is in the middle, as a crash does. */
  readonly kill: Effect.Effect<void>
  /** haproxy: ends the sessions that run, as an operator would. */
  readonly cut: Effect.Effect<void>
  /** nginx: how the latest answers were encoded. */
  readonly encodings: Effect.Effect<string>
}

const unable = Effect.dieMessage("this box cannot do that")

const boxOf = ({ kill, port }: Running): Box => ({ port, kill, cut: unable, encodings: unable })

const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]

export const nginx = (upstream: number, settings: string): Effect.Effect<Box, never, Scope.Scope> =>
  Effect.map(
    run({
      path: find("nginx") ?? "nginx",
      args: (directory) => ["-p", directory, "-c", "config", "-e", join(directory, "errors")],
      config: (port, directory) => `
        daemon off; master_process off; pid ${directory}/pid;
        events {}
        http {
          ${temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join(" ")}
          log_format encodings "$sent_http_content_encoding";
          access_log ${directory}/access encodings;
          limit_req_zone $server_port zone=once:1m rate=1r/m;
          server {
            listen 127.0.0.1:${port};
            location / {
              proxy_pass http://127.0.0.1:${upstream};
              proxy_http_version 1.1;
              proxy_set_header Connection "";
              ${settings}
            }
          }
        }`
    }),
    (running) => ({
      ...boxOf(running),
      encodings: Effect.sync(() => readFileSync(join(running.directory, "access"), "utf8"))
    })
  )

export const haproxy = (
  upstream: number,
  { rules = "", server = "30s" }: { readonly rules?: string; readonly server?: string }
): Effect.Effect<Box, never, Scope.Scope> =>
  Effect.map(
    run({
      path: find("haproxy") ?? "haproxy",
      args: (directory) => ["-db", "-f", join(directory, "config")],
      config: (port, directory) => `
global
  stats socket ${directory}/admin mode 600 level admin
defaults
  mode http
  retries 0
  timeout connect 5s
  timeout client 30s
  timeout server ${server}
frontend in
  bind 127.0.0.1:${port}
  stick-table type string size 10 expire 1h store gpc0
  http-request track-sc0 str(all)
  ${rules}
  default_backend out
backend out
  # Its own idle connections are not what is looked for.
  server one 127.0.0.1:${upstream} pool-max-conn 0
`
    }),
    (running) => ({
      ...boxOf(running),
      cut: Effect.async<void>((resume) => {
        const socket = Net.connect(join(running.directory, "admin"), () => {
          socket.end("shutdown sessions server out/one\n")
        })
        socket.resume()
        socket.once("close", () => resume(Effect.void))
      })
    })
  )

/** Destroys sockets in the kernel: those of the side that has this port, or those that lead to it. */
export const destroy = (side: "sport" | "dport", port: number) =>
  once(find("ss") ?? "ss", ["-K", "-t", "src", "127.0.0.1", side, "=", `:${port}`])

/** Why something cannot be had here; undefined where it can. */
export const missing = (need: Need): Effect.Effect<string | undefined> => {
  const path = find(need)
  if (path === undefined) return Effect.succeed(`${need} is not installed`)
  return need === "ss" ? Effect.scoped(cannotDestroy) : Effect.succeed(undefined)
}

const cannotDestroy = Effect.gen(function* () {
  const server = yield* Effect.acquireRelease(
    Effect.async<Net.Server>((resume) => {
      const server = Net.createServer((socket) => socket.on("error", () => {}).on("end", () => socket.end()))
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.sync(() => server.close())
  )
  const { port } = server.address() as Net.AddressInfo // a server that listens on TCP has such an address
  const socket = yield* Effect.acquireRelease(
    Effect.async<Net.Socket>((resume) => {
      const socket = Net.connect(port, "127.0.0.1", () => resume(Effect.succeed(socket)))
      socket.on("error", () => {})
    }),
    (socket) => Effect.sync(() => socket.destroy())
  )
  const closed = Effect.async<void>((resume) => void socket.once("close", () => resume(Effect.void)))
  const [{ said }, gone] = yield* Effect.all([destroy("dport", port), Effect.timeoutOption(closed, "3 seconds")], {
    concurrency: 2
  })
  if (gone._tag === "Some") return undefined
  return `ss -K destroys nothing here: it needs root and a kernel with INET_DIAG_DESTROY (${said.trim().slice(0, 200)})`
})
