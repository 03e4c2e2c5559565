/**
 * A provider's service over a client: requests are written, run through the retry loop, and traced.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schedule from "effect/Schedule"
import { InvalidOptions } from "../../client/InvalidOptions.js"
import type * as ModelClient from "../../client/ModelClient.js"
import { type Fault, invalidRequest } from "../../model/internal/fault.js"
import * as ModelRequest from "../../model/ModelRequest.js"
import * as Deadlines from "../../retry/Deadlines.js"
import * as GoOn from "../../retry/internal/goOn.js"
import * as Loop from "../../retry/internal/loop.js"
import * as StreamRetry from "../../retry/StreamRetry.js"
import type { Service, ServiceOptions } from "../Provider.js"
import { fromEvents, type OpenEvents } from "./service.js"
import { unsent } from "./unsent.js"

export const fromClient = <R>(
  client: ModelClient.ModelClient,
  options: ServiceOptions<R>,
  /** What is known of the vendor; the options go before it. */
  patience?: Deadlines.Options
): Effect.Effect<Service, InvalidOptions, R> =>
  Effect.gen(function* () {
    const context = yield* Effect.context<R>()
    yield* checkDeadlines({ ...patience, ...options.deadlines })
    yield* checkLimits(options.limits)
    const reacquire = StreamRetry.reacquiring(client.connections)
    const standard = reacquire(Schedule.provideContext(options.retry ?? StreamRetry.standard(), context))
    const { protocol, provider } = client
    const attributes = {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": provider,
      ...serverOf(client.baseUrl)
    }

    const endpoint = { baseUrl: client.baseUrl, protocol, deadlines: patience }
    const deadlinesOf = Deadlines.forEndpoint(endpoint, options.deadlines)

    const open: OpenEvents = (input, call, unshown) => {
      const { model } = input
      const trust = unshown !== undefined || call.delivery === "hold" ? "vendor" : "shown"
      const checked = Either.flatMap(checkedDeadlines(call.deadlines), () => ModelRequest.make(input))
      const prepared = Either.flatMap(checked, (request) =>
        Either.all({
          request: Either.right(request),
          call: client.prepare(request, undefined, trust),
          keys: client.keys(call.credential)
        })
      )
      if (Either.isLeft(prepared)) return () => Effect.fail(unsent(prepared.left, { provider, protocol, model }))
      return Loop.open({
        client,
        ...prepared.right,
        attributes,
        schedule: call.retry === undefined ? standard : reacquire(call.retry),
        limits: options.limits ?? {},
        deadlines: deadlinesOf(input, call.deadlines),
        delivery: call.delivery,
        continuation: options.continuation ?? GoOn.REQUEST
      })
    }
    return fromEvents(provider, open, options.structuredOutput)
  })

/** Who is called, by the names of OpenTelemetry. */
const serverOf = (baseUrl: string): Record<string, unknown> => {
  if (!URL.canParse(baseUrl)) return {}
  const { hostname, port, protocol } = new URL(baseUrl)
  const usual = protocol === "http:" ? 80 : 443
  return hostname === "" ? {} : { "server.address": hostname, "server.port": port === "" ? usual : Number(port) }
}

const checkDeadlines = (deadlines: Deadlines.Options | undefined): Effect.Effect<void, InvalidOptions> => {
  const [field, problem] = Deadlines.problemOf(deadlines) ?? []
  return field === undefined || problem === undefined
    ? Effect.void
    : new InvalidOptions({ module: "Provider", option: `deadlines.${field}`, problem })
}

const checkedDeadlines = (deadlines: Deadlines.Options | undefined): Either.Either<void, Fault> => {
  const [field, problem] = Deadlines.problemOf(deadlines) ?? []
  return field === undefined
    ? Either.void
    : Either.left(invalidRequest(`deadlines.${field}`, `the call's \`deadlines.${field}\` ${problem}`))
}

/** What is not a number would limit nothing. */
const checkLimits = ({
  maxAttempts = 1,
  maxContinued = 0
}: StreamRetry.Limits = {}): Effect.Effect<void, InvalidOptions> => {
  const invalid = (name: string, given: number, least: number) =>
    new InvalidOptions({
      module: "Provider",
      option: `limits.${name}`,
      problem: `is ${given}: it must be a number from ${least} on`
    })
  if (!(maxAttempts >= 1)) return invalid("maxAttempts", maxAttempts, 1)
  if (!(maxContinued >= 0)) return invalid("maxContinued", maxContinued, 0)
  return Effect.void
}
