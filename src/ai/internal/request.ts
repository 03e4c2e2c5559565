/**
 * A request of `@effect/ai` as a request of this library.
 */
import type * as LanguageModel from "@effect/ai/LanguageModel"
import * as Headers from "@effect/platform/Headers"
import * as Either from "effect/Either"
import type * as ModelRequest from "../../model/ModelRequest.js"
import type { CallOptions } from "../../provider/internal/callOptions.js"
import type { Delivery } from "../../retry/Recovery.js"
import type { Memory } from "./memory.js"
import { promptOf } from "./prompt.js"
import { type ToolNames, toolsOf } from "./tools.js"

/**
 * The options of a request besides those of `@effect/ai`.
 *
 * @since 0.1.0
 * @category models
 */
export type RequestOptions = Omit<ModelRequest.Options, "model" | "prompt" | "tools" | "toolChoice" | "output">

export interface Settings {
  readonly model: string
  readonly request?: RequestOptions | undefined
  readonly delivery?: Exclude<Delivery, "restart"> | undefined
  readonly call?: Omit<CallOptions, "from"> | undefined
}

export interface Request {
  readonly request: ModelRequest.Options
  readonly call: CallOptions
  readonly delivery: Exclude<Delivery, "restart">
  readonly names: ToolNames
}

/** Fails with a message that says what is wrong. */
export const requestOf = (
  options: LanguageModel.ProviderOptions,
  settings: Settings,
  memory: Memory
): Either.Either<Request, string> =>
  Either.gen(function* () {
    // The types exclude this delivery, but a computed value may have it.
    const delivery = (settings.delivery as Delivery | undefined) ?? "resume"
    if (delivery === "restart") {
      return yield* Either.left(
        "the `delivery` is `restart`, which takes parts back: `@effect/ai` cannot express that. Give `resume`, `hold` or `fail`"
      )
    }
    const { betas, names, toolChoice, tools } = yield* toolsOf(options)
    const prompt = yield* promptOf(options.prompt, memory)
    return {
      request: {
        ...settings.request,
        model: settings.model,
        prompt,
        ...(tools.length > 0 && { tools, toolChoice })
      },
      call: betas.length === 0 ? { ...settings.call } : { ...settings.call, headers: withBetas(settings.call, betas) },
      delivery,
      names
    }
  })

const withBetas = (call: Settings["call"], betas: ReadonlyArray<string>): Headers.Input => {
  const headers = Headers.fromInput(call?.headers)
  const named = headers["anthropic-beta"]
  return Headers.set(headers, "anthropic-beta", [...(named === undefined ? [] : [named]), ...betas].join(","))
}
