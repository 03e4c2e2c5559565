/**
 * The bench's server, in a process of its own: answers every request with bytes that were built before, so that its own
 * work is next to none. The path says what to send: `/PROTOCOL/HOW/DELTAS/...`, where HOW is a number of events per chunk,
 * or one of:
 *
 * - `hold`: one delta, and then nothing, for ever
 * - `drop`: every other request is reset after a few deltas
 * - `pace`: a delta every half second, whose text is the time of sending in microseconds
 *
 * `/connections` tells how many connections there were.
 */
import { createServer } from "node:net"
import { Wire } from "effect-redial/testing"

const words = ["the ", "quick ", "brown ", "fox ", "jumps ", "over ", "a ", "lazy ", "dog, ", "and "]
const answers = new Map()

/** One HTTP chunk. */
const chunk = (text) => {
  const bytes = Buffer.from(text)
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")])
}

const head = (type) =>
  `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\nrequest-id: req_bench\r\ntransfer-encoding: chunked\r\n\r\n`

/** A whole answer, with its head. */
const answerTo = (path) => {
  const known = answers.get(path)
  if (known !== undefined) return known
  const [, protocol, perChunk, deltas] = path.split("/")
  const text = Array.from({ length: Number(deltas) }, (_, i) => words[i % words.length])
  const events = Wire.answer(protocol, { text })
  const parts = [Buffer.from(head("text/event-stream"))]
  for (let i = 0; i < events.length; i += Number(perChunk)) {
    parts.push(chunk(events.slice(i, i + Number(perChunk)).join("")))
  }
  parts.push(Buffer.from("0\r\n\r\n"))
  const bytes = Buffer.concat(parts)
  answers.set(path, bytes)
  return bytes
}

const startOf = (protocol) => {
  const events = Wire.answer(protocol, { text: ["x", "MARK"] })
  const at = events.findIndex((event) => event.includes("MARK"))
  return { first: Buffer.from(head("text/event-stream") + chunk(events.slice(0, at).join(""))), next: events[at] }
}

const hows = {
  hold: (socket, [, protocol]) => socket.write(startOf(protocol).first),
  drop: (socket, path) => {
    drops++
    if (drops % 2 === 0) return socket.write(answerTo(["", path[1], "1", path[3]].join("/")))
    socket.write(startOf(path[1]).first)
    setTimeout(() => socket.resetAndDestroy(), 5)
  },
  pace: (socket, [, protocol, , deltas]) => {
    const { first, next } = startOf(protocol)
    const [before, after] = next.split("MARK")
    let left = Number(deltas)
    socket.write(first)
    const send = () => {
      if (socket.destroyed || left-- === 0) return clearInterval(timer)
      socket.write(chunk(before + process.hrtime.bigint() / 1000n + after))
    }
    const timer = setInterval(send, 500)
  }
}

let connections = 0
let drops = 0

const reply = (socket, path) => {
  if (path[1] === "connections") {
    const text = String(connections)
    return socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`)
  }
  const how = hows[path[2]]
  if (how === undefined) socket.write(answerTo(path.join("/")))
  else how(socket, path)
}

/** Calls back with the parts of the path of each request, once its body is there. Enough HTTP for the clients measured here. */
const onRequest = (socket, handle) => {
  let pending = Buffer.alloc(0)
  socket.on("data", (bytes) => {
    pending = Buffer.concat([pending, bytes])
    for (;;) {
      const end = pending.indexOf("\r\n\r\n")
      if (end < 0) return
      const text = pending.toString("latin1", 0, end)
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0)
      if (pending.length < end + 4 + length) return
      pending = pending.subarray(end + 4 + length)
      handle(text.split(" ", 2)[1].split("/").slice(0, 4))
    }
  })
}

const server = createServer({ noDelay: true }, (socket) => {
  connections++
  socket.on("error", () => {})
  onRequest(socket, (path) => reply(socket, path))
})
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`))
process.stdin.resume().on("end", () => process.exit())
