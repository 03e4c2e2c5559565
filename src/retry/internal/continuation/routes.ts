/**
 * The routes that an attempt can take: start over, or continue a broken answer. Knows which of them are still open, and
 * turns a decision of `Recovery` into the call of the next attempt.
 */
import * as Effect from "effect/Effect"
import type { Capabilities, ModelClient, PreparedCall } from "../../../client/ModelClient.js"
import type { Checkpoint } from "../../../model/Checkpoint.js"
import type { Fault } from "../../../model/internal/fault.js"
import type * as ModelResponse from "../../../model/ModelResponse.js"
import type { PartialResponse } from "../../../model/PartialResponse.js"
import type { Decoder } from "../../../protocol/internal/decoder.js"
import * as Recovery from "../../Recovery.js"
import type { Answer } from "../answer.js"
import * as Joining from "./joining.js"
import * as Proposal from "./proposal.js"
import * as Replay from "./replay.js"

/** How one attempt proceeds. */
export interface Route {
  readonly call: PreparedCall
  /** Absent if the attempt starts over. */
  readonly name: ModelResponse.Route | undefined
  /** Present if the answer continues a broken one; also for the cursor that continues it further. */
  readonly continued: Joining.Continued | undefined
}

export interface Options extends Proposal.Options {
  readonly client: Proposal.Options["client"] &
    Pick<ModelClient, "provider" | "protocol" | "capabilities" | "prefillRefused">
  readonly call: PreparedCall
  readonly delivery: Recovery.Delivery
}

/** What to do about a break. */
export interface Next {
  /** Absent if there is none. */
  readonly route: Route | undefined
  /** The blocks from here on are void; absent if none are. */
  readonly fromIndex?: number | undefined
  /** The content of the void blocks. */
  readonly discarded?: PartialResponse | undefined
}

/** A model that did not show where it continues is asked once more. */
const MOST_UNPROVEN = 2

export class Routes {
  /** Why there was no route. */
  why = ""
  /** The request as the caller made it. */
  readonly restart: Route
  private can: Capabilities
  private unproven = 0

  constructor(
    private readonly options: Options,
    private readonly answer: Answer
  ) {
    this.restart = { call: options.call, name: undefined, continued: undefined }
    this.can = this.offered()
  }

  /** The route of a first attempt that continues the answer of another call. */
  first(from: Checkpoint): Effect.Effect<Next> {
    const { delivery } = this.options
    // The caller has seen what was delivered and asks for what follows it.
    return this.next(this.attached(from), delivery === "fail" ? "resume" : delivery)
  }

  /**
   * The vendor contradicted what was delivered: nothing may be built on it, so the answer starts over or is given up.
   */
  anew(): Effect.Effect<Next> {
    const { can } = this
    this.can = { cursor: false, prefill: false, ask: false }
    const next = this.next(undefined)
    this.can = can
    return next
  }

  /** Decides on the next attempt, and removes what is void from the answer. */
  next(cursor: Route | undefined, delivery = this.options.delivery): Effect.Effect<Next> {
    const { blocks } = this.answer.partial()
    const decision = Recovery.decide({
      delivery,
      blocks,
      can: { ...this.can, cursor: this.can.cursor && cursor !== undefined }
    })
    switch (decision._tag) {
      case "GiveUp":
        this.why = decision.why
        return Effect.succeed({ route: undefined })
      case "Cursor":
        return Effect.succeed({ route: cursor })
      case "Restart":
        this.offerCursor()
        return Effect.succeed({ route: this.restart, fromIndex: 0, discarded: this.answer.discard(0) })
      case "Prefill":
      case "Ask":
        return this.goOn(decision, cursor, delivery)
    }
  }

  /** The call that asks the server for the rest of the answer; undefined if it keeps nothing. */
  cursorAfter(running: Route, decoder: Decoder | undefined): Route | undefined {
    const call =
      decoder === undefined ? (running.name === "cursor" ? running.call : undefined) : running.call.after(decoder)
    return call && { call, name: "cursor", continued: running.continued }
  }

  /** An attempt did not do what its route is for. Closes the route, and remembers a model that refuses prefill. */
  refused(name: ModelResponse.Route, fault: Fault): void {
    if (name === "ask" && fault._tag === "SeamNotProven" && ++this.unproven < MOST_UNPROVEN) return
    this.can = { ...this.can, [name]: false }
    if (name === "prefill" && fault._tag === "InvalidRequest") {
      this.options.client.prefillRefused(this.options.request.model)
    }
  }

  /** Text came, so the next seam is another one. */
  grew(): void {
    this.unproven = 0
  }

  private goOn(
    { _tag, fromIndex }: Extract<Recovery.Decision, { readonly fromIndex: number }>,
    cursor: Route | undefined,
    delivery: Recovery.Delivery
  ): Effect.Effect<Next> {
    return Effect.gen(this, function* () {
      const name = _tag === "Prefill" ? "prefill" : "ask"
      const index = this.answer.fold.indexAfter(fromIndex)
      const kept = this.answer.partial(index)
      const proposal =
        name === "prefill" ? Proposal.prefill(this.options, kept) : yield* Proposal.ask(this.options, kept)
      if (proposal === undefined) {
        if (name === "ask") {
          this.why = "the delivered text does not end in words by which a model could show where it continues"
          return { route: undefined }
        }
        this.can = { ...this.can, prefill: false }
        return yield* this.next(cursor, delivery)
      }
      this.offerCursor()
      const discarded = this.answer.discard(index)
      const { anchor, call, seam } = proposal
      const continued = Joining.make({ fold: this.answer.fold, kept, route: name, seam, anchor })
      return { route: { call, name, continued }, fromIndex: discarded && index, discarded }
    })
  }

  /** Another process began an answer that the server of this provider still keeps. */
  private attached({ cursor }: Checkpoint): Route | undefined {
    const { call, client } = this.options
    if (cursor === undefined || cursor.provider !== client.provider || cursor.protocol !== client.protocol)
      return undefined
    const attached = call.attach(cursor.id)
    const continued = Replay.make(this.answer.fold, this.answer.partial())
    return attached && { call: attached, name: "cursor", continued }
  }

  /** The next attempt is another answer, which the server may keep again. */
  private offerCursor(): void {
    this.can = { ...this.can, cursor: this.offered().cursor }
  }

  private offered(): Capabilities {
    const can = this.options.client.capabilities(this.options.request)
    return this.options.continuation === false ? { ...can, ask: false } : can
  }
}
