import { Framing, Http, ModelClient, type Protocol, type Vendors } from "effect-redial"
import * as Decode from "./decode.js"
import * as Encode from "./encode.js"

/** Ollama's own chat, `/api/chat`: newline-delimited JSON. A line with `done: true` is the end. */
export const protocol: Protocol.Protocol<Http.Http, Encode.Params, Decode.State> = {
  id: "ollama-chat",
  framing: Framing.jsonLines,
  encode: Encode.encode,
  open: (http, params, options) => Http.post(http, "/api/chat", params, options),
  initial: Decode.initial,
  step: Decode.step,
  end: Decode.end,
  usage: ({ usage }) => usage
}

/** Makes a client for the scope. */
export const makeClient = <R = never>(options: ModelClient.Options<R>) =>
  ModelClient.make(
    {
      module: "OllamaClient",
      provider: "ollama",
      baseUrl: "http://localhost:11434",
      path: "/api/chat",
      auth: "bearer",
      protocol,
      // There is no SDK: requests go over the pool's own fetch.
      load: async (http) => http
    },
    options
  )

/** The vendor that `Provider` takes. It needs no key on this machine; its cloud takes one. */
export const ollama: Vendors.Vendor<"ollama", "ollama-chat"> & Vendors.Keyless = {
  id: "ollama",
  name: "Ollama",
  env: "OLLAMA_API_KEY",
  key: "optional",
  endpoints: [{ protocol: "ollama-chat", baseUrl: "http://localhost:11434", auth: "bearer", client: makeClient }]
}
