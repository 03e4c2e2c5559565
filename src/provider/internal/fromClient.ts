/** A provider's service over a client: requests are encoded, run through the retry loop, and traced. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schedule from "effect/Schedule"
import { InvalidOptions } from "../../client/InvalidOptions.js"
import * as CallHeaders from "../../client/internal/callHeaders.js"
import { budgetMeter } from "../../client/internal/meters.js"
import type * as ModelClient from "../../client/ModelClient.js"
import { type Fault, invalidRequest } from "../../model/internal/fault.js"
import * as ModelRequest from "../../model/ModelRequest.js"
import * as Prompt from "../../model/Prompt.js"
import type * as Deadlines from "../../retry/Deadlines.js"
import { isEmpty } from "../../retry/internal/answer.js"
import { defaultRequest } from "../../retry/internal/continuation/ask.js"
import { forEndpoint, problemOf } from "../../retry/internal/deadlines.js"
import { fills } from "../../retry/internal/filled.js"
import { problemOf as problemOfLimits } from "../../retry/internal/limits.js"
import * as Loop from "../../retry/internal/loop.js"
import { Meters } from "../../retry/internal/meter.js"
import * as Telemetry from "../../retry/internal/telemetry.js"
import * as RetryBudget from "../../retry/RetryBudget.js"
import * as StreamRetry from "../../retry/StreamRetry.js"
import type { UsualWay } from "./object/ways.js"
import { fromEvents, type OpenEvents } from "./service.js"
import type { ServiceOptions } from "./serviceOptions.js"
import type { Service } from "./tag.js"
import { unsent } from "./unsent.js"

export const fromClient = <R>(
  client: ModelClient.ModelClient,
  options: ServiceOptions<R>,
  /** What is known of the vendor; the options override it. */
  patience?: Deadlines.Options
): Effect.Effect<Service, InvalidOptions, R> =>
  Effect.gen(function* () {
    const context = yield* Effect.context<R>()
    yield* checkDeadlines({ ...patience, ...options.deadlines })
    yield* checkLimits(options.limits)
    yield* checkContinuation(options.continuation)
    const admission = yield* Effect.provide(options.admission ?? none, context)
    const budget = yield* options.retryBudget === false ? none : (options.retryBudget ?? RetryBudget.make())
    if (budget !== undefined) fills(budget)
    const reacquire = StreamRetry.reacquiring(client.connections)
    const standard = reacquire(Schedule.provideContext(options.retry ?? StreamRetry.standard(), context))
    const { protocol, provider } = client
    const { limits = {} } = options
    yield* checkPrices(options.prices)
    const observed = {
      attributes: Telemetry.ofServer(provider, client.baseUrl),
      meters: new Meters(Telemetry.providerName(provider), protocol),
      budgetLevel: budgetMeter(Telemetry.providerName(provider)),
      prices: options.prices
    }

    const endpoint = { baseUrl: client.baseUrl, protocol, deadlines: patience }
    const deadlinesOf = forEndpoint(endpoint, options.deadlines)

    const open: OpenEvents = (input, call, inside) => {
      const { model } = input
      const checked = checkedFrom(call).pipe(
        Either.flatMap(() => checkedRaw(call)),
        Either.flatMap(() => checkedDeadlines(call.deadlines)),
        Either.flatMap(() => checkedLimits(call.limits)),
        Either.flatMap(() => ModelRequest.make(input))
      )
      const headers = CallHeaders.checked(call.headers)
      const prepared = Either.flatMap(Either.all({ request: checked, headers }), ({ headers, request }) =>
        Either.all({
          request: Either.right(request),
          headers: Either.right(headers),
          call: client.prepare(request, undefined, headers),
          keys: client.keys(call.credential)
        })
      )
      if (Either.isLeft(prepared)) return () => Effect.fail(unsent(prepared.left, { provider, protocol, model }))
      return Loop.open({
        client,
        ...prepared.right,
        ...observed,
        reacquiring: call.retry === undefined ? standard : reacquire(call.retry),
        limits: call.limits === undefined ? limits : { ...limits, ...call.limits },
        admission,
        budget,
        deadlines: deadlinesOf(input, call.deadlines),
        delivery: call.delivery,
        continuation: options.continuation ?? defaultRequest,
        from: call.from,
        raw: call.raw ?? false,
        began: inside?.began,
        trust: inside?.unshown !== undefined || call.delivery === "hold" ? "vendor" : "shown"
      })
    }
    // A schema that the vendor's own structured output does not accept is sent as the parameters of a tool.
    const usualWay: UsualWay = (output) =>
      options.structuredOutput ??
      (Either.isRight(client.prepare({ model: "any", prompt: Prompt.text("any"), output })) ? "native" : "tool")
    return fromEvents(provider, open, usualWay)
  })

const none = Effect.succeed(undefined)

/** A price that is not a number would make every cost unknown, and a negative one would make a counter decrease. */
const checkPrices = (prices: ServiceOptions["prices"]): Effect.Effect<void, InvalidOptions> => {
  for (const [model, price] of Object.entries(prices ?? {})) {
    for (const [kind, value] of Object.entries(price)) {
      if (value !== undefined && !(typeof value === "number" && value >= 0 && value < Number.POSITIVE_INFINITY)) {
        const problem = `is ${value}: it must be a number from 0 on, for a million tokens`
        return new InvalidOptions({ module: "Provider", option: `prices.${model}.${kind}`, problem })
      }
    }
  }
  return Effect.void
}

const checkDeadlines = (deadlines: Deadlines.Options | undefined): Effect.Effect<void, InvalidOptions> => {
  const [field, problem] = problemOf(deadlines) ?? []
  return field === undefined || problem === undefined
    ? Effect.void
    : new InvalidOptions({ module: "Provider", option: `deadlines.${field}`, problem })
}

const checkedDeadlines = (deadlines: Deadlines.Options | undefined): Either.Either<void, Fault> => {
  const [field, problem] = problemOf(deadlines) ?? []
  return field === undefined
    ? Either.void
    : Either.left(invalidRequest(`deadlines.${field}`, `the call's \`deadlines.${field}\` ${problem}`))
}

const checkedRaw = ({ delivery, raw }: Parameters<OpenEvents>[1]): Either.Either<void, Fault> =>
  raw === true && delivery === "hold"
    ? Either.left(
        invalidRequest(
          "raw",
          "the call wants `raw` events, and the delivery `hold` delivers nothing before the end: use another delivery"
        )
      )
    : Either.void

/** Whether there is something to continue, and a delivery that can. */
const checkedFrom = ({ delivery, from }: Parameters<OpenEvents>[1]): Either.Either<void, Fault> => {
  if (from === undefined) return Either.void
  if (from.finished) {
    return Either.left(invalidRequest("from", "the checkpoint in `from` is of an answer that is whole: use its text"))
  }
  return delivery === "hold" && !isEmpty(from)
    ? Either.left(
        invalidRequest(
          "from",
          "the call continues `from` a checkpoint, which the delivery `hold` cannot: use another delivery"
        )
      )
    : Either.void
}

/** For programs without types: fixed words cannot contain a marker and an anchor. */
const checkContinuation = (continuation: unknown): Effect.Effect<void, InvalidOptions> =>
  continuation === undefined || continuation === false || typeof continuation === "function"
    ? Effect.void
    : new InvalidOptions({
        module: "Provider",
        option: "continuation",
        problem:
          "is neither a function nor false: give ({ marker, anchor }) => string, which asks the model to write both"
      })

const checkLimits = (limits: StreamRetry.Limits | undefined): Effect.Effect<void, InvalidOptions> => {
  const [field, problem] = problemOfLimits(limits) ?? []
  return field === undefined || problem === undefined
    ? Effect.void
    : new InvalidOptions({ module: "Provider", option: `limits.${field}`, problem })
}

const checkedLimits = (limits: StreamRetry.Limits | undefined): Either.Either<void, Fault> => {
  const [field, problem] = problemOfLimits(limits) ?? []
  return field === undefined
    ? Either.void
    : Either.left(invalidRequest(`limits.${field}`, `the call's \`limits.${field}\` ${problem}`))
}
