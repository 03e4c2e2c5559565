/** A whole object from an answer, with as many corrections as the caller allows. */
import * as Effect from "effect/Effect"
import type { InvalidOutput, Rejected } from "../../../model/InvalidOutput.js"
import * as Fault from "../../../model/internal/fault.js"
import type { ProviderError } from "../../../model/ProviderError.js"
import type { CallOptions, ObjectOptions, ObjectRequest, ObjectResponse } from "../callOptions.js"
import type { Service } from "../tag.js"
import { unsent } from "../unsent.js"
import { type Form, formOf } from "./form.js"
import { judge } from "./judge.js"
import { corrected, type UsualWay, type Way, ways } from "./ways.js"

/** A requested object. */
export interface Wanted<A, R> extends Form<A, R> {
  readonly provider: string
  readonly way: Way
  readonly name: string
  /** How many corrections may be requested. */
  readonly repair: number
}

export const wantedOf = <A, I, R>(
  provider: string,
  usual: UsualWay,
  { model }: ObjectRequest,
  { description, name = "answer", repair = 0, schema, structuredOutput }: ObjectOptions<A, I, R>
): Effect.Effect<Wanted<A, R>, ProviderError> =>
  Effect.gen(function* () {
    if (!Number.isInteger(repair) || repair < 0) {
      const problem = `the object's \`repair\` is ${repair}: it must be a whole number from 0 on`
      return yield* unsent(Fault.invalidRequest("repair", problem), { provider, model })
    }
    const form = yield* formOf(schema, { provider, model })
    const document = { ...form.document, ...(description !== undefined && { description }) }
    return {
      ...form,
      document,
      provider,
      name,
      repair,
      way: ways[structuredOutput ?? usual({ name, schema: document })]
    }
  })

/** What to do about an answer that is not the object: request another one, if that may help and is allowed. */
export const repaired = <A, R>(
  { repair }: Wanted<A, R>,
  request: ObjectRequest,
  error: InvalidOutput
): ObjectRequest | undefined => {
  const isHopeless = error.reason === "refusal" || error.reason === "cut"
  return isHopeless || (error.repairs?.length ?? 0) >= repair
    ? undefined
    : { ...request, prompt: corrected(request, error.response, error) }
}

/** A correction is another request: it continues no checkpoint. */
export const forCorrection = <O extends CallOptions>(options: O): O => ({ ...options, from: undefined })

/** The earlier answers that were not the object. */
export const rejectedBy = ({
  description,
  issue,
  provider,
  reason,
  repairs = [],
  response,
  text
}: InvalidOutput): ReadonlyArray<Rejected> => [...repairs, { provider, reason, description, text, issue, response }]

export const generateObject =
  (provider: string, usual: UsualWay, generate: Service["generate"]): Service["generateObject"] =>
  <A, I, R>(first: ObjectRequest, object: ObjectOptions<A, I, R>, options?: CallOptions) =>
    Effect.flatMap(wantedOf(provider, usual, first, object), (wanted) => {
      const { decode, document, name, way } = wanted
      const ask = (
        request: ObjectRequest,
        repairs: ReadonlyArray<Rejected>,
        call: CallOptions
      ): Effect.Effect<ObjectResponse<A>, ProviderError | InvalidOutput, R> =>
        Effect.flatMap(generate(way.ask(request, name, document), call), (response) =>
          judge({ provider, way, name, repairs }, response, decode).pipe(
            Effect.map((value) => ({ value, response, repairs })),
            Effect.catchAll((error) => {
              const next = repaired(wanted, request, error)
              return next === undefined ? Effect.fail(error) : ask(next, rejectedBy(error), forCorrection(call))
            })
          )
        )
      return ask(first, [], { ...options })
    })
