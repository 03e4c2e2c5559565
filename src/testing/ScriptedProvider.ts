/**
 * A provider that plays a script, for tests of a program. It needs no server, no key and no SDK. Answers, drops and
 * errors go through the decoder and the retry loop of production, so a program sees what it would see from a real
 * provider.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { Service as Pool } from "../client/ConnectionPool.js"
import type { Credentials } from "../client/Credentials.js"
import * as Keys from "../client/credentials/keys.js"
import type { InvalidOptions } from "../client/InvalidOptions.js"
import type { Line, ModelClient } from "../client/ModelClient.js"
import type { ByteSource } from "../client/pool/byteSource.js"
import * as Renewable from "../client/Renewable.js"
import type { ModelRequest } from "../model/ModelRequest.js"
import * as AnthropicMessages from "../protocol/AnthropicMessages.js"
import * as Decoder from "../protocol/internal/decoder.js"
import * as Provider from "../provider/Provider.js"
import { type Ask, defaultRequest } from "../retry/internal/continuation/ask.js"
import * as Wire from "./Wire.js"

/**
 * What one attempt receives.
 *
 * @since 0.1.0
 * @category models
 */
export interface Turn {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly events: ReadonlyArray<string>
  readonly ending: "end" | "reset" | "stall"
  /** The rest of an answer, from a model that first repeats its last words as requested: see `resumed`. */
  readonly resumes?: string | undefined
}

/**
 * A whole answer.
 *
 * @since 0.1.0
 * @category constructors
 */
export const answer = (answer: Wire.Answer): Turn => ({
  status: 200,
  headers: { "content-type": "text/event-stream" },
  body: undefined,
  events: Wire.answer("anthropic-messages", answer),
  ending: "end"
})

/**
 * An answer that breaks after some events of the wire: by a reset (the default), by a clean end without the terminal
 * marker (`end`), or by silence (`stall`).
 *
 * @since 0.1.0
 * @category constructors
 */
export const drop = (
  whole: Wire.Answer,
  options: { readonly afterEvents: number; readonly how?: "reset" | "end" | "stall" | undefined }
): Turn => {
  const turn = answer(whole)
  return { ...turn, events: turn.events.slice(0, options.afterEvents), ending: options.how ?? "reset" }
}

/**
 * The rest of a broken answer, from a model that does what it is asked: it repeats the last words that arrived, and
 * continues. For programs that use `delivery: "resume"` or `streamText`. `rest` begins right after the last word, or
 * part of a word, that arrived. A space after that word is not counted, so `rest` usually begins with one.
 *
 * @example
 * ```ts
 * import { ScriptedProvider } from "effect-redial/testing"
 *
 * const dropsInMidSentence = ScriptedProvider.layer([
 *   ScriptedProvider.drop({ text: ["Because of ", "Rayleigh ", "scattering."] }, { afterEvents: 4 }),
 *   ScriptedProvider.resumed(" Rayleigh scattering.")
 * ])
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const resumed = (rest: string): Turn => ({ ...answer({ text: rest }), resumes: rest })

/** Source: the error types of the official SDK, `@anthropic-ai/sdk`. */
const errorTypes: Readonly<Record<number, string>> = {
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  429: "rate_limit_error",
  529: "overloaded_error"
}

/**
 * An answer with an error status. With `retryAfterSeconds`, it has a `Retry-After` header.
 *
 * @since 0.1.0
 * @category constructors
 */
export const status = (
  status: number,
  options: { readonly retryAfterSeconds?: number | undefined; readonly message?: string | undefined } = {}
): Turn => ({
  status,
  headers: options.retryAfterSeconds === undefined ? {} : { "retry-after": String(options.retryAfterSeconds) },
  body: Wire.errorBody("anthropic-messages", {
    type: errorTypes[status] ?? (status < 500 ? "invalid_request_error" : "api_error"),
    message: options.message ?? `scripted status ${status}`
  }),
  events: [],
  ending: "end"
})

/**
 * A scripted provider, and the requests that it received.
 *
 * @since 0.1.0
 * @category models
 */
export interface Scripted {
  readonly provider: Provider.Service
  /** The requests so far, one per attempt. */
  readonly requests: Effect.Effect<ReadonlyArray<ModelRequest>>
  /** The keys of these requests. */
  readonly keys: Effect.Effect<ReadonlyArray<Redacted.Redacted>>
}

/**
 * The options of `make` and `layer`: those of any provider, and the keys.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<out R = never> extends Provider.ServiceOptions<R> {
  /** The keys to send requests with. Default: a made-up key. */
  readonly apiKey?: Redacted.Redacted | Credentials | undefined
  /**
   * When to retry. Default: `Schedule.recurs(2)`, which makes three attempts like the default of a real provider, but
   * without its waits. So a test needs no clock, and does not hang under `it.effect` and its `TestClock`. A
   * `retryAfterSeconds` of the script is still waited for, so adjust the `TestClock` for it. To test the waits of your
   * own schedule, pass it here.
   */
  readonly retry?: Provider.ServiceOptions<R>["retry"]
}

/**
 * Makes a scripted provider. The n-th attempt receives the n-th turn, and further attempts receive the last turn.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <R = never>(
  script: readonly [Turn, ...Array<Turn>],
  options?: Options<R>
): Effect.Effect<Scripted, InvalidOptions, R | Scope.Scope> =>
  Effect.gen(function* () {
    const requests: Array<ModelRequest> = []
    const keys: Array<Redacted.Redacted> = []
    const asks = new Map<string, Ask>()
    const words = options?.continuation ?? defaultRequest
    const continuation =
      words === false
        ? false
        : (ask: Ask) => {
            const request = words(ask)
            asks.set(request, ask)
            return request
          }
    /** The turn, with the events that a model writes for this request. */
    const eventsOf = (turn: Turn, { prompt }: ModelRequest): Turn => {
      const last = prompt.at(-1)
      const ask = typeof last?.content === "string" ? asks.get(last.content) : undefined
      if (turn.resumes === undefined || ask === undefined) return turn
      return { ...turn, events: Wire.answer("anthropic-messages", { text: Wire.resumed(ask, turn.resumes) }) }
    }
    const connections = yield* Renewable.make(Effect.succeed({ sdk: undefined, pool: idlePool }), { name: "scripted" })
    const client: ModelClient = {
      provider: "scripted",
      protocol: "anthropic-messages",
      baseUrl: "scripted:",
      connections,
      keys: (credential = options?.apiKey ?? scriptedKey) => Keys.ofCall(credential, "scripted"),
      prepare: (request) =>
        Either.right({
          connect: (user, key) =>
            Effect.map(connections.leaseFor(user), ({ generation }) => {
              keys.push(key)
              const turn = script[Math.min(requests.push(request), script.length) - 1] ?? script[0]
              return lineOf(eventsOf(turn, request), generation)
            }),
          decoder: (stamp, how) => Decoder.make(AnthropicMessages.protocol, stamp, how),
          after: () => undefined,
          attach: () => undefined
        }),
      capabilities: ({ output }) => ({ cursor: false, prefill: false, ask: output === undefined }),
      echoesPrefill: false,
      prefillRefused: () => {}
    }
    return {
      provider: yield* Provider.makeFromClient(client, { ...options, retry: options?.retry ?? atOnce, continuation }),
      requests: Effect.sync(() => [...requests]),
      keys: Effect.sync(() => [...keys])
    }
  })

/**
 * The scripted provider in the context, with the requests that it received. `layer` provides it.
 *
 * @since 0.1.0
 * @category tags
 */
export class ScriptedProvider extends Context.Tag("effect-redial/testing/ScriptedProvider")<
  ScriptedProvider,
  Scripted
>() {}

/**
 * A `Provider` layer for tests, which plays a script. It also provides `ScriptedProvider`.
 *
 * @example
 * ```ts
 * import { Provider } from "effect-redial"
 * import { ScriptedProvider } from "effect-redial/testing"
 * import { Effect } from "effect"
 *
 * const program = Provider.generate({ model: "any", prompt: "Why is the sky blue?" })
 *
 * const dropsOnce = ScriptedProvider.layer([
 *   ScriptedProvider.drop({ text: "Because of Rayleigh scattering." }, { afterEvents: 4 }),
 *   ScriptedProvider.answer({ text: "Because of Rayleigh scattering." })
 * ])
 *
 * const test = Effect.provide(program, dropsOnce)
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = <R = never>(
  script: readonly [Turn, ...Array<Turn>],
  options?: Options<R>
): Layer.Layer<Provider.Provider | ScriptedProvider, InvalidOptions, R> =>
  Layer.scopedContext(
    Effect.map(make(script, options), (scripted) =>
      Context.make(Provider.Provider, scripted.provider).pipe(Context.add(ScriptedProvider, scripted))
    )
  )

/** As many attempts as `StreamRetry.standard()`. A wait would never end under a `TestClock` that nobody adjusts. */
const atOnce = Schedule.recurs(2)

const scriptedKey = Redacted.make("scripted")

const utf8 = new TextEncoder()

const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" })

/** Plays a turn's events one by one, then its ending. */
const sourceOf = (turn: Turn): ByteSource => {
  let at = 0
  let giveUp: (() => void) | undefined
  return {
    read: Effect.suspend((): Effect.Effect<ReadonlyArray<Uint8Array>, unknown> => {
      const event = turn.events[at++]
      if (event !== undefined) return Effect.succeed([utf8.encode(event)])
      if (turn.ending === "end") return Effect.succeed([])
      if (turn.ending === "reset") return Effect.fail(reset)
      return Effect.async((resume) => {
        giveUp = () => resume(Effect.fail(reset))
      })
    }),
    ended: () => turn.ending === "end" && at > turn.events.length,
    destroy: () => giveUp?.()
  }
}

const idlePool: Pool = {
  fetch: () => Promise.reject(new Error("a scripted provider sends nothing")),
  retire: Effect.void,
  stats: Effect.succeed({ dialled: 0, open: 0 }),
  source: () => ({ read: Effect.succeed([]), ended: () => true, destroy: () => {} }),
  finished: () => Effect.void,
  settled: Effect.void
}

const lineOf = (turn: Turn, generation: Line["generation"]): Line => ({
  generation,
  pool: { ...idlePool, source: () => sourceOf(turn) },
  send: (signal) =>
    new Promise((resolve, reject) => {
      const headers = new Headers(turn.headers)
      if (turn.status === 200) return resolve(new Response(null, { headers }))
      if (signal.aborted) return reject(signal.reason)
      // The shape of the SDKs' own status errors.
      reject(Object.assign(new Error(`status ${turn.status}`), { status: turn.status, headers, error: turn.body }))
    })
})
