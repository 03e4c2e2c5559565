/**
 * One question to a real vendor, its answer as it comes.
 */
import { Clock, Config, Effect, Stream } from "effect"
import { type GenerationId, type ModelEvent, Provider, Vendors } from "effect-redial"
import { causeOf, poolOf } from "./board.js"
import { Mistake } from "./mistake.js"
import { Output, paint, type Span } from "./output.js"

type Settings = Parameters<typeof Provider.layerConfig>[1]

/** Each vendor with its own type, which tells the protocols that it speaks; hence a layer of each and no table of them. */
export const providers = {
  anthropic: { vendor: Vendors.anthropic, layer: (_: Settings) => Provider.layerConfig(Vendors.anthropic, _) },
  openai: { vendor: Vendors.openai, layer: (_: Settings) => Provider.layerConfig(Vendors.openai, _) },
  minimax: { vendor: Vendors.minimax, layer: (_: Settings) => Provider.layerConfig(Vendors.minimax, _) },
  alibaba: { vendor: Vendors.alibaba, layer: (_: Settings) => Provider.layerConfig(Vendors.alibaba, _) }
}

export type ProviderName = keyof typeof providers

interface Question {
  readonly json: boolean
  readonly provider: ProviderName
  readonly model: string
  readonly baseUrl: string | undefined
  readonly prompt: string
}

export const ask = (question: Question) => {
  const { layer, vendor } = providers[question.provider]
  const variable = vendor.env ?? "API_KEY"
  const baseUrl = question.baseUrl === undefined ? undefined : Config.succeed(question.baseUrl)
  return (question.json ? whole(question) : telling(question)).pipe(
    Effect.provide(layer({ apiKey: Config.redacted(variable), baseUrl })),
    Effect.catchTags({
      ConfigError: () =>
        new Mistake({ message: `Set ${variable} to your key of ${question.provider}: it is not set.`, usage: false }),
      InvalidOptions: ({ message, option }) =>
        new Mistake({
          message: option === "apiKey" ? `${variable} does not hold a key. ${message}` : message,
          usage: false
        })
    })
  )
}

const whole = ({ model, prompt, provider }: Question) =>
  Effect.gen(function* () {
    const output = yield* Output
    const { attempts, finishReason, text, usage } = yield* Provider.generate({ model, prompt })
    const drops = attempts.filter(({ error }) => error !== undefined).length
    const result = { provider, model, text, finish: finishReason.reason, usage, drops, redials: attempts.length - 1 }
    yield* output.write(`${JSON.stringify(result)}\n`)
    return 0
  })

/** On a terminal as it comes; into a pipe only once it is whole, since there nothing can be taken back. */
const telling = ({ model, prompt }: Question) =>
  Effect.gen(function* () {
    const output = yield* Output
    const span = (...spans: ReadonlyArray<Span>) => paint(spans, Number.POSITIVE_INFINITY, output.color)
    let generation: GenerationId.GenerationId | undefined
    let open = false

    const live = (event: ModelEvent.ModelEvent, now: number): string => {
      switch (event._tag) {
        case "TextDelta":
          return event.text
        case "ReasoningDelta":
          return span(["dim", event.text])
        case "ToolCallStart":
          return span(["cyan", `\n→ ${event.name} `])
        case "ToolCallDelta":
          return event.json
        case "ReasoningEnd":
        case "TextEnd":
        case "ToolCallEnd":
          return "\n"
        default:
          return open && event._tag === "Superseded" ? `\n${dropped(event, now)}\n` : ""
      }
    }

    const dropped = ({ error, retryAt }: ModelEvent.Superseded, now: number): string =>
      span(
        ["red", `✗ ${causeOf(error.tag)}; what stands above is void`],
        ["yellow", `, redialling in ${Math.max(0, Math.round(retryAt - now))} ms`]
      )

    yield* Stream.runForEach(Provider.stream({ model, prompt }), (event) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        if (event._tag === "ResponseStart") {
          generation = event.generation
          open = true
        }
        if (event._tag !== "Finish") {
          if (output.live) yield* output.write(live(event, now))
          else if (event._tag === "Superseded") yield* output.note(`${dropped(event, now)}\n`)
          return
        }
        const { attempts, finishReason, text, usage } = event.response
        if (!output.live) yield* output.write(`${text}\n`)
        const facts = [
          poolOf(generation),
          attempts.length === 1 ? "1 attempt" : `${attempts.length} attempts`,
          `${usage.inputTokens ?? "?"} tokens read, ${usage.outputTokens ?? "?"} written`,
          `finish: ${finishReason.reason}`
        ]
        yield* output.note(`${span(["green", "✓"], ["dim", ` ${facts.join(", ")}`])}\n`)
      })
    )
    return 0
  })
