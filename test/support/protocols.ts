/**
 * The protocols of the library, for tests that hold for each.
 */
import type { Protocol } from "effect-redial"

export const protocols: ReadonlyArray<Protocol.ProtocolId> = ["anthropic-messages", "chat-completions", "responses"]
