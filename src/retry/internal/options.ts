/**
 * What one request is made of: what to send, to whom, and what it promises its consumer.
 */
import type * as Schedule from "effect/Schedule"
import type { Keys } from "../../client/credentials/keys.js"
import type { Checkpoint } from "../../model/Checkpoint.js"
import type * as ProviderError from "../../model/ProviderError.js"
import type { Admission } from "../Admission.js"
import type { Deadlines } from "../Deadlines.js"
import type { RetryBudget } from "../RetryBudget.js"
import type { Limits } from "../StreamRetry.js"
import type { Options as RouteOptions } from "./continuation/routes.js"
import type { Options as ReportOptions } from "./report.js"

export interface Request extends RouteOptions, Omit<ReportOptions, "request"> {
  /** The keys for this call, made anew for each run of the stream. */
  readonly keys: () => Keys
  /** Its step renews the client that failed: see `StreamRetry.reacquiring`. */
  readonly reacquiring: Schedule.Schedule<unknown, ProviderError.ProviderError>
  readonly limits: Limits
  /** What has a say before each attempt. */
  readonly admission: Admission | undefined
  /** What all requests of the provider may spend on retries together. */
  readonly budget: RetryBudget | undefined
  readonly deadlines: Deadlines
  /** What another call delivered, and this one goes on with. */
  readonly from: Checkpoint | undefined
  /** What counts if a vendor contradicts itself: what was `shown`, or the `vendor`'s last word if nothing was. */
  readonly trust: "shown" | "vendor"
  /** Whether the events of the wire are given, too. */
  readonly raw: boolean
  /** Called when an attempt is answered, before anything of it is given. */
  readonly began: (() => void) | undefined
  /** Learns what is left of the budget. */
  readonly budgetLevel: (level: number) => void
}
