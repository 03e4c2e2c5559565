/**
 * The bench's server, in a process of its own: answers every request with bytes that were built before, so that its own
 * work is next to none. The path says what to send: `/PROTOCOL/EVENTS_PER_CHUNK/DELTAS/...`.
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

/** Calls back with the path of each request, once its body is there. Enough HTTP for the clients measured here. */
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
      handle(text.split(" ", 2)[1].split("/").slice(0, 4).join("/"))
    }
  })
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => {})
  onRequest(socket, (path) => socket.write(answerTo(path)))
})
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`))
process.stdin.resume().on("end", () => process.exit())
