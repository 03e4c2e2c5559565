/**
 * Tools to test programs that use a `Provider`: a scripted provider, a server that breaks, and recorded streams.
 *
 * @since 0.1.0
 */
import "../model/internal/requiresEffect3.js"

export * as Cassette from "./Cassette.js"
export * as FaultServer from "./FaultServer.js"
export * as Reply from "./internal/reply.js"
export * as ScriptedProvider from "./ScriptedProvider.js"
export * as Wire from "./Wire.js"
