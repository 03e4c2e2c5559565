/**
 * Vendors over real sockets for the tests of fallbacks: they answer, go on with what another one began, or break.
 */
import { it } from "@effect/vitest"
import { Effect, Logger, LogLevel, Redacted, Schedule, type Scope } from "effect"
import { type Protocol, Provider, Vendors } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"

export const text = "The sky is blue because short waves are scattered more than long ones, and violet is seen less."
export const pieces: ReadonlyArray<string> = text.match(/.{1,20}/g) ?? []
export const request = { model: "m", prompt: "Why is the sky blue?" }

export const protocols = ["anthropic-messages", "chat-completions", "responses"] as const

/** From each protocol to each other one. */
export const pairs = protocols.flatMap((from) => protocols.flatMap((to) => (from === to ? [] : [[from, to] as const])))

/** Answers whole, or the rest of what the request says was delivered. */
export const model =
  (protocol: Protocol.ProtocolId, whole = text, answer?: Wire.Answer) =>
  ({ json }: { readonly json?: unknown }): Reply.Reply => {
    const ask = Wire.asked(json)
    if (ask === undefined) return Reply.stream(Wire.answer(protocol, answer ?? { text: pieces, usage }))
    const at = whole.indexOf(ask.anchor) + ask.anchor.length
    return Reply.stream(Wire.answer(protocol, { text: Wire.resumed(ask, whole.slice(at)), usage }))
  }

export const usage = { inputTokens: 10, outputTokens: 20 }

export const vendor = (
  server: { readonly url: string },
  protocol: Protocol.ProtocolId,
  options: Partial<Provider.ServiceOptions> & { readonly id?: string } = {}
) => {
  const { id = "vendor", ...rest } = options
  const baseUrl = protocol === "anthropic-messages" ? server.url : `${server.url}/v1`
  return Provider.make(Vendors.custom({ id, protocol, baseUrl }), {
    apiKey: Redacted.make("test-key"),
    retry: Schedule.stop,
    retryBudget: false,
    ...rest
  })
}

/** A vendor that follows a script, and its server. */
export const served = (
  script: FaultServer.Script,
  protocol: Protocol.ProtocolId,
  options?: Parameters<typeof vendor>[2]
) =>
  Effect.gen(function* () {
    const server = yield* FaultServer.make(script)
    return { server, provider: yield* vendor(server, protocol, options) }
  })

export const cut = (protocol: Protocol.ProtocolId, answer: Wire.Answer, afterEvents: number): Reply.Reply =>
  Reply.cut(Reply.stream(Wire.answer(protocol, answer)), { afterEvents }, "rst")

export const down = (protocol: Protocol.ProtocolId): Reply.Reply =>
  Reply.status(500, { body: Wire.errorBody(protocol) })

/** A test over real sockets and in real time, without the lines that say that a fallback moves on. */
export const quietly = <E>(name: string, run: () => Effect.Effect<void, E, Scope.Scope>, timeout = 60_000) =>
  it.scopedLive(name, () => run().pipe(Logger.withMinimumLogLevel(LogLevel.None)), timeout)
