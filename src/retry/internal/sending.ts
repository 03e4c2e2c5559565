/**
 * An attempt as it is sent: in a scope of its own, whose end frees its connection and settles its permit.
 */
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { Admitting } from "./admitting.js"
import type { Answer } from "./answer.js"
import * as Attempt from "./attempt.js"
import type { Route } from "./continuation/routes.js"
import type { Request } from "./options.js"
import type { AttemptReport, Report } from "./report.js"

export interface Sent {
  readonly attempt: Attempt.Attempt
  readonly route: Route
  readonly report: AttemptReport
  readonly admitting: Admitting | undefined
  readonly scope: Scope.CloseableScope
}

interface Options extends Pick<Attempt.Options, "keys" | "secrets" | "failed" | "waiting" | "clock"> {
  readonly options: Request
  /** Of the request. */
  readonly owner: Scope.Scope
  readonly answer: Answer
  readonly route: Route
  readonly report: Report
}

/** Nothing is on the wire before the attempt is pulled. */
export const send = ({ answer, options, owner, report, route, ...rest }: Options): Effect.Effect<Sent> =>
  Effect.gen(function* () {
    const number = answer.nextNumber
    // A child of the owner's, so nothing of it is lost to an interruption.
    const scope = yield* Scope.fork(owner, ExecutionStrategy.sequential)
    const own = yield* report.attempt(scope)
    const { admission, client, deadlines, raw, request, trust } = options
    const info = {
      provider: client.provider,
      protocol: client.protocol,
      model: request.model,
      attempt: number,
      request
    }
    // Added first, so that the permit is given back once the connection is free.
    const admitting = admission === undefined ? undefined : yield* Admitting.make(scope, admission, info, own)
    const attempt = Attempt.make({
      ...rest,
      scope,
      report: own,
      admitting,
      call: route.call,
      target: answer.target(route.continued),
      trust,
      raw,
      number,
      deadlines
    })
    yield* Scope.addFinalizer(scope, attempt.release)
    return { attempt, route, scope, report: own, admitting }
  })

/** Frees the connection: for reuse after a proven end, else by closing it. */
export const free = ({ scope }: Sent, error?: string): Effect.Effect<void> =>
  // A scope is closed once only: what an interruption left of it would never be freed.
  Effect.uninterruptible(Scope.close(scope, error === undefined ? Exit.void : Exit.fail(error)))
