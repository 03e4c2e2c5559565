/**
 * What a server says over each protocol of the matrix: those of the library, and the one that docs/adding-a-protocol.md adds
 * by public means, whose stream is lines of JSON.
 */
import { type Protocol, Vendors } from "effect-redial"
import { Reply, Wire } from "effect-redial/testing"
import { ollama } from "../../../docs/examples/ollama/chat.js"
import { protocols } from "../../support/protocols.js"

export type Spoken = Protocol.ProtocolId | "ollama-chat"

export const everything: ReadonlyArray<Spoken> = [...protocols, "ollama-chat"]

export interface Language {
  readonly write: (answer: Wire.Answer) => ReadonlyArray<string>
  /** As one event in a stream. */
  readonly error: (error: Wire.VendorError) => string
  readonly errorBody: (error: Wire.VendorError) => object
  readonly stream: (events: ReadonlyArray<string>, options?: Parameters<typeof Reply.stream>[1]) => Reply.Reply
  readonly contentType: string
  /** One event whose data is this text. */
  readonly raw: (data: string) => string
  /** Bytes that say nothing but that the server lives. */
  readonly silence: string
  readonly vendor: (url: string) => Vendors.Vendor
}

const events = (protocol: Protocol.ProtocolId): Language => ({
  write: (answer) => Wire.answer(protocol, answer),
  error: (error) => Wire.error(protocol, error),
  errorBody: (error) => Wire.errorBody(protocol, error),
  stream: Reply.stream,
  contentType: "text/event-stream",
  raw: (data) => `data: ${data}\n\n`,
  silence: Wire.comment("x"),
  vendor: (url) =>
    Vendors.custom({ id: "vendor", protocol, baseUrl: protocol === "anthropic-messages" ? url : `${url}/v1` })
})

/** Ollama's errors are words alone. */
const words: Readonly<Record<string, string>> = {
  overloaded_error: "server busy, please try again.  maximum pending requests exceeded",
  api_error: "an error was encountered while running the model: unexpected EOF"
}

const ollamaError = ({ message, type = "" }: Wire.VendorError) => ({ error: words[type] ?? message ?? type })

const line = (value: object): string => `${JSON.stringify(value)}\n`

const ollamaAnswer = ({ finish = "stop", model = "qwen3", ...answer }: Wire.Answer): ReadonlyArray<string> => {
  const says = (content: string, rest: object = { done: false }) =>
    line({ model, created_at: "2026-01-01T00:00:00Z", message: { role: "assistant", content }, ...rest })
  const text = "text" in answer ? (answer.text ?? "") : ""
  return [
    ...[text].flat().map((piece) => says(piece)),
    says("", { done: true, done_reason: finish, prompt_eval_count: 10, eval_count: 5 })
  ]
}

const lines: Language = {
  write: ollamaAnswer,
  error: (error) => line(ollamaError(error)),
  errorBody: ollamaError,
  stream: (events, options) =>
    Reply.stream(events, { ...options, headers: { "content-type": "application/x-ndjson", ...options?.headers } }),
  contentType: "application/x-ndjson",
  raw: (data) => `${data}\n`,
  silence: "\n",
  vendor: (baseUrl) => ({ ...ollama, id: "vendor", endpoints: [{ ...ollama.endpoints[0], baseUrl }] })
}

export const languageOf = (protocol: Spoken): Language => (protocol === "ollama-chat" ? lines : events(protocol))
