/**
 * Reads recorded bodies in two ways: from a loopback server through the public API, and straight through a protocol's
 * decoder, cut into chunks at will.
 */
import { Effect, Redacted, Schedule } from "effect"
import {
  type ModelEvent,
  type ModelResponse,
  type Protocol,
  Provider,
  type ProviderError,
  Vendors
} from "effect-redial"
import { FaultServer, Reply } from "effect-redial/testing"
import * as GenerationId from "../../../src/model/GenerationId.js"
import * as AnthropicMessages from "../../../src/protocol/AnthropicMessages.js"
import * as ChatCompletions from "../../../src/protocol/ChatCompletions.js"
import * as Decoder from "../../../src/protocol/internal/decoder.js"
import * as Responses from "../../../src/protocol/Responses.js"

const stamp = { attempt: 1, generation: GenerationId.GenerationId.make("corpus#1.1"), requestId: undefined }

const decoders: Readonly<Record<Protocol.ProtocolId, () => Decoder.Decoder>> = {
  "anthropic-messages": () => Decoder.make(AnthropicMessages.protocol, stamp),
  "chat-completions": () => Decoder.make(ChatCompletions.protocol, stamp),
  responses: () => Decoder.make(Responses.protocol, stamp)
}

export const isProtocol = (name: string): name is Protocol.ProtocolId => Object.hasOwn(decoders, name)

/** The events of a body, cut after each of the given lengths in turn, over and over, and why it failed if it did. */
export const decode = (protocol: Protocol.ProtocolId, body: Uint8Array, lengths: ReadonlyArray<number>) => {
  const decoder = decoders[protocol]()
  const events: Array<ModelEvent.ModelEvent> = []
  for (let from = 0, at = 0; from < body.length; at++) {
    const length = Math.max(1, lengths[at % lengths.length] ?? body.length)
    events.push(...decoder.push(body.subarray(from, from + length)))
    from += length
  }
  events.push(...decoder.end())
  return { events, fault: decoder.fault }
}

/** Asks for a body by its name, as any program would ask a model. */
export type Ask = (
  protocol: Protocol.ProtocolId,
  name: string
) => Effect.Effect<ModelResponse.ModelResponse, ProviderError.ProviderError>

/** Serves bodies by their names, each in answer to a request for the model of that name, to providers of each protocol. */
export const serve = (bodyOf: (name: string) => Uint8Array | undefined) =>
  Effect.gen(function* () {
    const server = yield* FaultServer.make(({ model = "" }) => {
      const body = bodyOf(model)
      return body === undefined ? Reply.status(404) : Reply.stream([body])
    })
    const options = { apiKey: Redacted.make("no-key-is-needed"), retry: Schedule.recurs(0) }
    const baseUrl = `${server.url}/v1`
    const providers: Readonly<Record<Protocol.ProtocolId, Provider.Service>> = {
      "anthropic-messages": yield* Provider.make(Vendors.anthropic, { ...options, baseUrl: server.url }),
      "chat-completions": yield* Provider.make(Vendors.openai, { ...options, baseUrl }),
      responses: yield* Provider.make(Vendors.openai, { ...options, baseUrl, protocol: "responses" })
    }
    const ask: Ask = (protocol, name) => providers[protocol].generate({ model: name, prompt: "What was recorded?" })
    return ask
  })
