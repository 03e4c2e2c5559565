/**
 * The service of a hedge: each call is raced whole, by the methods of its members, so that each asks for objects in its own
 * way and keeps its own promises.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as InvalidOutput from "../../../model/InvalidOutput.js"
import { unsafeMake } from "../../../model/internal/proven.js"
import type * as ModelRequest from "../../../model/ModelRequest.js"
import type { Attempt, ErrorSummary, ModelResponse } from "../../../model/ModelResponse.js"
import { isProviderError, type ProviderError } from "../../../model/ProviderError.js"
import { isEmpty } from "../../../retry/internal/answer.js"
import { fromStream, type Open, type Pull, toStream, unwrap } from "../../../retry/internal/pull.js"
import { since } from "../attempts.js"
import type { CallOptions, ObjectRequest } from "../callOptions.js"
import { checkOwned } from "../checkOwned.js"
import type { Service } from "../tag.js"
import { unsent } from "../unsent.js"
import { type Watch, watchedBy } from "../watch.js"
import { type Lost, race } from "./race.js"

export interface Member {
  readonly provider: Service
  readonly model?: string | undefined
}

export interface Hedging {
  readonly most: number
  readonly delay: () => number
  readonly may: Effect.Effect<boolean>
  /** Told of each answer that begins how long the first call took, or took at least, until `now`. */
  readonly took: (millis: number, now: number) => void
}

type Failure = ProviderError | InvalidOutput.InvalidOutput

/** Puts the attempts of the calls that lost into what the winner gives. */
type Told = (response: ModelResponse) => ModelResponse

/** What the winner of a stream gave, and where there is more of it. */
interface Begun<A, E> {
  readonly pieces: ReadonlyArray<A> | undefined
  readonly pull: Pull<A, E>
}

export const serviceOf = (members: ReadonlyArray<Member>, hedging: Hedging, watch?: Watch): Service => {
  const first = members[0]!
  const isSeveral = members.some(({ provider }) => provider !== first.provider)

  /** Why the call is not sent at all. */
  const refusal = (
    { model }: { readonly model: string },
    { credential }: CallOptions = {}
  ): ProviderError | undefined => {
    const fault = isSeveral ? checkOwned(credential) : undefined
    return fault && unsent(fault, { provider: "hedge", model })
  }

  /** A call that continues an answer goes to the first member alone. */
  const most = ({ from }: CallOptions = {}): number => (from === undefined || isEmpty(from) ? hedging.most : 0)

  const raced = <A, E extends Failure, R>(
    scope: Scope.Scope,
    request: ModelRequest.Options | ObjectRequest,
    options: CallOptions | undefined,
    call: (member: Member, service: Service, scope: Scope.Scope, given: Array<string>) => Effect.Effect<A, E, R>
  ): Effect.Effect<{ readonly result: A; readonly told: Told; readonly given: ReadonlyArray<string> }, E, R> =>
    Effect.suspend(() => {
      let lost: ReadonlyArray<Lost<E>> = []
      const memberOf = (number: number): Member => members[number % members.length]!
      const racing = race<{ readonly result: A; readonly given: ReadonlyArray<string> }, E, R>({
        scope,
        call: (number, spoke, own) => {
          const member = memberOf(number)
          // Each has a list of its own until one has won.
          const given = [...(watch?.given ?? [])]
          const service = watchedBy(member.provider, { began: spoke, given })
          return Effect.map(call(member, service, own, given), (result) => ({ result, given }))
        },
        most: most(options),
        delay: hedging.delay,
        may: hedging.may,
        won: (won) => {
          lost = won.lost
          const start = won.lost.find(({ number }) => number === 0) ?? won
          hedging.took(won.spokeAt - start.startedAt, won.spokeAt)
          watch?.began()
        }
      })
      const told: Told = (response) =>
        lost.length === 0
          ? response
          : withLost(
              response,
              lost.flatMap((each) => attemptsOf(each, memberOf(each.number), request.model, options?.from?.attempts))
            )
      return Effect.map(racing, (won) => ({ ...won, told }))
    })

  /** A call that gives one result. */
  const whole = <A, E extends Failure, R>(
    request: ModelRequest.Options | ObjectRequest,
    options: CallOptions | undefined,
    call: (member: Member, service: Service) => Effect.Effect<A, E, R>,
    tell: (result: A, told: Told) => A
  ): Effect.Effect<A, E | ProviderError, R> =>
    Effect.suspend((): Effect.Effect<A, E | ProviderError, R> => {
      const refused = refusal(request, options)
      if (refused !== undefined) return Effect.fail(refused)
      return Effect.scopedWith((scope) =>
        Effect.map(raced(scope, request, options, call), ({ result, told }) => tell(result, told))
      )
    })

  /** A call that streams. The race goes on while nobody pulls; after it, each pull is the winner's own. */
  const streamed = <A, E extends Failure>(
    request: ModelRequest.Options | ObjectRequest,
    options: CallOptions | undefined,
    call: (member: Member, service: Service) => Stream.Stream<A, E>,
    tell: (piece: A, told: Told) => A
  ): Stream.Stream<A, E | ProviderError> => {
    const open: Open<A, E | ProviderError> = (scope) => {
      const refused = refusal(request, options)
      if (refused !== undefined) return Effect.fail(refused)
      const begin = (member: Member, service: Service, own: Scope.Scope): Effect.Effect<Begun<A, E>, E> =>
        Effect.flatMap(fromStream(call(member, service))(own), (pull) =>
          Effect.map(Effect.withFiberRuntime<ReadonlyArray<A> | undefined, E>(pull), (pieces) => ({ pieces, pull }))
        )
      const racing = Effect.map(
        raced(scope, request, options, (member, service, own) => begin(member, service, own)),
        ({ given, result: { pieces, pull }, told }) => {
          const give = (pieces: ReadonlyArray<A> | undefined) => {
            // Only what is new: the list of who watches has the rest.
            if (watch !== undefined) watch.given.push(...given.slice(watch.given.length))
            return pieces?.map((piece) => tell(piece, told))
          }
          return { first: give(pieces), next: ((fiber) => Effect.map(pull(fiber), give)) satisfies Pull<A, E> }
        }
      )
      return Effect.map(Effect.forkIn(Effect.interruptible(racing), scope), (fiber): Pull<A, E> => {
        let next: Pull<A, E> | undefined
        return (puller) => {
          if (next !== undefined) return next(puller)
          return Effect.flatMap(Fiber.join(fiber), (won) => {
            next = won.next
            return Effect.succeed(won.first)
          })
        }
      })
    }
    return toStream(open)
  }

  /** The same for a stream that needs something of its caller. */
  const streamedWith = <A, E extends Failure, R>(
    request: ObjectRequest,
    options: CallOptions | undefined,
    call: (member: Member, service: Service) => Stream.Stream<A, E, R>,
    tell: (piece: A, told: Told) => A
  ): Stream.Stream<A, E | ProviderError, R> =>
    unwrap(
      Effect.map(Effect.context<R>(), (context) =>
        streamed(request, options, (member, service) => Stream.provideContext(call(member, service), context), tell)
      )
    )

  return {
    id: "hedge",
    stream: (request, options) =>
      streamed(
        request,
        options,
        (member, service) => service.stream(as(member, request), options),
        (event, told) => (event._tag === "Finish" ? { ...event, response: told(event.response) } : event)
      ),
    streamText: (request, options) =>
      streamed(
        request,
        options,
        (member, service) => service.streamText(as(member, request), options),
        (text) => text
      ),
    generate: (request, options) =>
      whole(
        request,
        options,
        (member, service) => service.generate(as(member, request), options),
        (response, told) => told(response)
      ),
    generateObject: (request, object, options) =>
      whole(
        request,
        options,
        (member, service) => service.generateObject(as(member, request), object, options),
        (result, told) => ({ ...result, response: told(result.response) })
      ),
    streamObject: (request, object, options) =>
      streamedWith(
        request,
        options,
        (member, service) => service.streamObject(as(member, request), object, options),
        (event, told) => (event._tag === "ObjectDone" ? { ...event, response: told(event.response) } : event)
      ),
    streamElements: (request, list, options) =>
      streamedWith(
        request,
        options,
        (member, service) => service.streamElements(as(member, request), list, options),
        (element) => element
      )
  }
}

const as = <Request extends { readonly model: string }>({ model }: Member, request: Request): Request =>
  model === undefined ? request : { ...request, model }

/** Before the last one, which is the attempt that gave the answer. */
const withLost = (response: ModelResponse, lost: ReadonlyArray<Attempt>): ModelResponse => {
  const { attempts } = response
  return unsafeMake({ ...response, attempts: [...attempts.slice(0, -1), ...lost, ...attempts.slice(-1)] })
}

/**
 * All of them have the number 0: this answer is none of theirs. The winner has the attempts that were made `before` the call
 * too.
 */
const attemptsOf = (
  lost: Lost<Failure>,
  member: Member,
  model: string,
  before: ReadonlyArray<Attempt> = []
): ReadonlyArray<Attempt> => {
  const { cause, endedAt, startedAt } = lost
  const error = cause && Option.getOrUndefined(Cause.failureOption(cause))
  const own = error !== undefined && isProviderError(error) ? since(before, error.attempts) : []
  if (own.length > 0) return own.map((attempt) => ({ ...attempt, attempt: 0 }))
  const asked = member.model ?? model
  const summary =
    error !== undefined && isProviderError(error)
      ? { tag: error._tag, description: error.description, message: error.message }
      : abandoned(member.provider.id, asked)
  const record = { attempt: 0, provider: member.provider.id, model: asked, startedAt, endedAt, error: summary }
  return [{ ...record, delivered: "nothing", ...(cause === undefined && { usageIsPartial: true }) }]
}

const abandoned = (provider: string, model: string): ErrorSummary => ({
  tag: "Abandoned",
  description: "another request was answered first",
  message: `${provider}: another request was answered first (model ${model}). This one was stopped; what it cost is not known.`
})
