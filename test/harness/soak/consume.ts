/**
 * One stream of the soak from its consumer's side: read it as the plan says, and judge what came of it.
 */
import { Cause, Deferred, Effect, Exit, Fiber, Option, Stream } from "effect"
import { ModelEvent, type ModelResponse, type Provider, ProviderError } from "effect-redial"
import { type Answer, answerOf, compare, Page } from "../../../docs/examples/demo/page.js"
import { startsOf } from "../seams/anchor.js"
import { expected, faults, type Plan, stalling } from "./plan.js"

export interface Outcome {
  readonly ended: "completed" | "failed" | "cancelled" | "hung"
  readonly lost: boolean
  readonly duplicated: boolean
  readonly wrongText: boolean
  /** What should not have happened, in words. */
  readonly problem: string | undefined
  /** It failed since no provider was to be asked: circuits were open, or limits were reached. */
  readonly refused: boolean
  /** Milliseconds from a break until the answer began again, back-off included. */
  readonly recoveries: ReadonlyArray<number>
}

/** Nothing that is right takes this long, on however slow a machine. */
const HANG = "60 seconds"

/** Silence is only counted where silence is planned: elsewhere a busy machine must never be taken for a dead server. */
const patient = { firstEvent: HANG, idle: HANG, stuck: HANG } as const
const impatient = { firstEvent: "2 seconds", idle: "2 seconds", stuck: "2 seconds" } as const

/** What a consumer has in hand, and what it noticed on the way. */
class Seen {
  readonly page = new Page()
  readonly events: Array<ModelEvent.ModelEvent> = []
  text = ""
  /** Text that came and that was not meant at that place. */
  astray = false
  chunks = 0
  response: ModelResponse.ModelResponse | undefined
  /** When each attempt began to answer. */
  readonly startedAt = new Map<number, number>()
  afterFinish = false
}

/** `isOpen`: how many attempts there are, and which of them is whole, does not follow from the plan alone. */
export const consume = (provider: Provider.Service, plan: Plan, isOpen: boolean): Effect.Effect<Outcome> =>
  Effect.gen(function* () {
    const seen = new Seen()
    const leave = yield* Deferred.make<void>()
    const reading = yield* Effect.fork(read(provider, plan, seen, leave))
    const { leaves } = plan
    if (leaves !== undefined && "afterMillis" in leaves) {
      yield* Effect.fork(Effect.delay(Deferred.succeed(leave, undefined), leaves.afterMillis))
    }
    const left = yield* Effect.raceFirst(
      Effect.as(Fiber.await(reading), false),
      Effect.as(Deferred.await(leave), true)
    ).pipe(Effect.timeoutOption(HANG))
    if (Option.isNone(left)) {
      yield* Fiber.interruptFork(reading)
      return { ...judge(plan, seen, Exit.void, isOpen), ended: "hung", problem: `nothing came of it in ${HANG}` }
    }
    const exit = yield* (left.value ? Fiber.interrupt(reading) : Fiber.await(reading)).pipe(Effect.timeoutOption(HANG))
    return Option.isSome(exit)
      ? judge(plan, seen, exit.value, isOpen)
      : { ...judge(plan, seen, Exit.void, isOpen), ended: "hung", problem: `was not interrupted in ${HANG}` }
  })

const read = (provider: Provider.Service, plan: Plan, seen: Seen, leave: Deferred.Deferred<void>) => {
  const { consumer, leaves, model, slowness } = plan
  const request = { model, prompt: "go on" }
  const options = { deadlines: stalling(plan) ? impatient : patient }
  const chunk = Effect.suspend(() => {
    seen.chunks++
    if (leaves !== undefined && "afterChunks" in leaves && seen.chunks === leaves.afterChunks) {
      Deferred.unsafeDone(leave, Exit.void)
    }
    return slowness > 0 && seen.chunks % 5 === 0 ? Effect.sleep(slowness) : Effect.void
  })
  switch (consumer) {
    case "events":
      return provider.stream(request, options).pipe(
        Stream.runForEachChunk((events) => {
          for (const event of events) takeEvent(seen, event)
          return chunk
        })
      )
    case "text":
    case "resume":
      return provider.streamText(request, { ...options, ...(consumer === "text" && { delivery: "fail" }) }).pipe(
        Stream.runForEachChunk((pieces) => {
          for (const piece of pieces) {
            seen.text += piece
            seen.astray ||= !plan.meant.some(({ text }) => text.startsWith(seen.text))
          }
          return chunk
        })
      )
    case "generate":
      return Effect.map(provider.generate(request, options), (response) => {
        seen.response = response
      })
  }
}

const takeEvent = (seen: Seen, event: ModelEvent.ModelEvent): void => {
  seen.afterFinish ||= seen.response !== undefined
  seen.events.push(event)
  seen.page.take(event)
  if (event._tag === "ResponseStart") seen.startedAt.set(event.attempt, Date.now())
  else if (event._tag === "Finish") seen.response = event.response
}

type Ended = Exit.Exit<void, ProviderError.ProviderError>

const judge = (plan: Plan, seen: Seen, exit: Ended, isOpen: boolean): Outcome => {
  const error = Exit.isFailure(exit) ? Option.getOrUndefined(Cause.failureOption(exit.cause)) : undefined
  const cancelled = Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause)
  const ended = Exit.isSuccess(exit) ? "completed" : cancelled ? "cancelled" : "failed"
  const { meant, views } = viewsOf(plan, seen, isOpen || stalling(plan))
  const verdict = ended === "completed" ? compared(meant, views) : begun(plan, views, error)
  return {
    ended,
    ...verdict,
    wrongText: verdict.wrongText || seen.astray,
    refused: isOpen && (error?._tag === "CircuitOpen" || error?._tag === "LimitReached"),
    problem: isOpen ? openProblemOf(plan, seen, exit, error) : problemOf(plan, seen, exit, error),
    recoveries: ended === "completed" && !isOpen ? recoveriesOf(plan, seen) : []
  }
}

/** Every way in which this consumer has its answer before it, and the answer that the server meant by it. */
const viewsOf = (
  plan: Plan,
  { events, page, response, text }: Seen,
  isOpen: boolean
): { meant: Answer; views: Array<Answer> } => {
  const whole = response === undefined ? [] : [answerOf(response)]
  const last = plan.meant[expected(plan).broken.length] ?? plan.meant[0]!
  // Which attempt was whole is open where a short deadline may have cost another.
  const meantBy = (seen: string | undefined) => (isOpen ? (plan.meant.find(({ text }) => text === seen) ?? last) : last)
  switch (plan.consumer) {
    case "text": {
      const meant = meantBy(text)
      return { meant, views: [{ ...meant, text }] }
    }
    case "resume": {
      // It goes on with the first of its answers of which it had text.
      const meant = plan.meant.find((answer) => answer.text === text) ?? last
      return { meant, views: [{ ...meant, text }] }
    }
    case "generate":
      return { meant: meantBy(response?.text), views: whole }
    case "events":
      return {
        meant: meantBy(response?.text),
        views: [page.answer(), { ...page.answer(), text: ModelEvent.fold(events).text }, ...whole]
      }
  }
}

type Verdict = Pick<Outcome, "lost" | "duplicated" | "wrongText">

const compared = (meant: Answer, views: ReadonlyArray<Answer>): Verdict => ({
  // The cheap look first: nearly all of them are equal.
  ...(views.length > 0 && views.every((view) => isEqual(view, meant))
    ? { lost: false, duplicated: false }
    : compare(meant, views.length > 0 ? views : [undefined])),
  wrongText: views.some(({ text }) => text !== meant.text)
})

const isEqual = (a: Answer, b: Answer): boolean =>
  a.text === b.text && a.reasoning === b.reasoning && JSON.stringify(a.toolCalls) === JSON.stringify(b.toolCalls)

/** Of an answer that did not come to its end, what is there must be the beginning of one that was meant. */
const begun = (
  { meant }: Plan,
  views: ReadonlyArray<Answer>,
  error: ProviderError.ProviderError | undefined
): Verdict => {
  const texts = [...views.map(({ text }) => text), error?.partial?.text ?? ""]
  const wrongText = texts.some((seen) => !meant.some(({ text }) => text.startsWith(seen)))
  return { lost: false, duplicated: false, wrongText }
}

const problemOf = (
  plan: Plan,
  seen: Seen,
  exit: Ended,
  error: ProviderError.ProviderError | undefined
): string | undefined => {
  const { broken, fails } = expected(plan)
  const attempts = (seen.response ?? error)?.attempts ?? []
  const tags = attempts.flatMap(({ error }) => (error === undefined ? [] : [error.tag]))
  if (Exit.isFailure(exit)) {
    if (Cause.isInterruptedOnly(exit.cause)) return plan.leaves === undefined ? "was interrupted" : undefined
    if (error === undefined || !ProviderError.isProviderError(error)) return Cause.pretty(exit.cause)
    // No error may leave out what was delivered, or claim what was not.
    if ((plan.consumer === "text" || plan.consumer === "resume") && (error.partial?.text ?? "") !== seen.text)
      return `delivered ${seen.text.length} characters of text, and its error has ${error.partial?.text.length}`
    if (isRushed(plan, tags)) return undefined
    if (plan.consumer === "resume") {
      if (broken.length === 0) return `failed without a fault: ${error.message}`
      // How many attempts there are depends on which of them moved the text forward.
      const mayFail = fails || (seen.text !== "" && startsOf(seen.text).graphemes.length === 0)
      return mayFail ? undefined : `did not go on, and could: ${error.message}`
    }
    // Output that cannot be taken back ends a request early.
    const early = plan.consumer === "text" && (error.delivered === "text" || error.delivered === "tool-call")
    if (!(fails && tags.length === broken.length) && !early)
      return `gave up after ${tags.length} attempts: ${error.message}`
  } else {
    if (plan.consumer === "resume") return undefined
    if (plan.consumer === "text") return fails && !stalling(plan) ? "completed, and could not" : undefined
    if (isRushed(plan, tags)) return undefined
    if (fails) return "completed, and could not"
    if (seen.response === undefined) return "ended without a response"
    if (seen.afterFinish) return "went on after Finish"
    if (tags.length !== broken.length) return `took ${tags.length} redials, not ${broken.length}: ${tags.join(", ")}`
  }
  const wrong = tags.findIndex((tag, i) => !allowedAt(plan, i).includes(tag))
  return wrong < 0 ? undefined : `attempt ${wrong + 1} met ${broken[wrong]?.kind ?? "no fault"} and was ${tags[wrong]}`
}

/** What must hold whoever was asked, and however often. */
const openProblemOf = (
  { consumer, faults, leaves }: Plan,
  { afterFinish, response, text }: Seen,
  exit: Ended,
  error: ProviderError.ProviderError | undefined
): string | undefined => {
  if (Exit.isSuccess(exit)) {
    if ((consumer === "events" || consumer === "generate") && response === undefined) return "ended without a response"
    return afterFinish ? "went on after Finish" : undefined
  }
  if (Cause.isInterruptedOnly(exit.cause)) return leaves === undefined ? "was interrupted" : undefined
  if (error === undefined || !ProviderError.isProviderError(error)) return Cause.pretty(exit.cause)
  if ((consumer === "text" || consumer === "resume") && (error.partial?.text ?? "") !== text)
    return `delivered ${text.length} characters of text, and its error has ${error.partial?.text.length}`
  const isRefused = error._tag === "CircuitOpen" || error._tag === "LimitReached"
  return faults.length === 0 && !isRefused ? `failed without a fault: ${error.message}` : undefined
}

/** The tags that the fault of an attempt may have, counted from 0. */
const allowedAt = (plan: Plan, attempt: number): ReadonlyArray<string> => {
  const fault = expected(plan).broken[attempt]
  return fault === undefined ? [] : faults[fault.kind]
}

/**
 * Whether a short deadline passed where no silence was planned, as on a machine that is busy with other things: then the
 * attempts are not those of the plan.
 */
const isRushed = (plan: Plan, tags: ReadonlyArray<string>): boolean =>
  stalling(plan) && tags.some((tag, i) => tag === "StreamStalled" && !allowedAt(plan, i).includes(tag))

const recoveriesOf = (plan: Plan, seen: Seen): ReadonlyArray<number> => {
  // A slow consumer would be measured too, and a wait that the server asked for.
  if (plan.consumer !== "events" || plan.slowness > 0 || seen.response === undefined) return []
  if (plan.faults.some(({ retryAfter }) => retryAfter > 0)) return []
  const { attempts } = seen.response
  const millis: Array<number> = []
  let brokeAt: number | undefined
  for (const { attempt, endedAt } of attempts) {
    const startedAt = seen.startedAt.get(attempt)
    if (startedAt !== undefined && brokeAt !== undefined) {
      millis.push(startedAt - brokeAt)
      brokeAt = undefined
    }
    if (attempt < attempts.length) brokeAt ??= endedAt
  }
  return millis
}
