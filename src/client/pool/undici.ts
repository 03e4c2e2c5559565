/**
 * What is used of undici, taken from its file and not by its name: Bun answers to the name with a module of its own, whose
 * agents have no `destroy`, dial through no connector and close no socket. undici itself works there.
 */
export {
  Agent,
  buildConnector,
  Client,
  type Dispatcher,
  EnvHttpProxyAgent,
  Pool,
  ProxyAgent,
  request
} from "undici/index.js"
