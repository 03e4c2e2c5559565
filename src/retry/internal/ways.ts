/**
 * The ways that an attempt can take: begin anew, or go on with the output of a broken one. Knows which of them the
 * provider refused, and turns what `Recovery` decides into a call.
 */
import * as Either from "effect/Either"
import type { Capabilities, ModelClient, PreparedCall } from "../../client/ModelClient.js"
import type { Fault } from "../../model/internal/fault.js"
import type { Fold } from "../../model/internal/fold.js"
import type { ModelRequest } from "../../model/ModelRequest.js"
import type { Continues } from "../../model/ModelResponse.js"
import type { PartialResponse } from "../../model/PartialResponse.js"
import * as Recovery from "../Recovery.js"
import * as GoOn from "./goOn.js"
import * as Join from "./join.js"

/** How one attempt goes about it. */
export interface Way {
  readonly call: PreparedCall
  /** Absent where it begins anew. */
  readonly continues: Continues | undefined
  /** Given where the answer goes on with the output of another one: also to the cursor that takes it up again. */
  readonly join: Join.Join | undefined
}

export interface Options {
  readonly client: Pick<ModelClient, "prepare" | "capabilities" | "echoesPrefill" | "prefillRefused">
  readonly request: ModelRequest
  readonly call: PreparedCall
  readonly delivery: Recovery.Delivery
  /** What a model is asked to go on; false where it is not to be asked. */
  readonly continuation: string | false
}

/** What is done about a break: the way of the next attempt, undefined where there is none, and what is void. */
export interface Next {
  readonly recovery: Recovery.Recovery
  readonly way: Way | undefined
  /** The blocks from here on are void; undefined where none are. */
  readonly fromIndex: number | undefined
  readonly discarded: PartialResponse | undefined
}

export class Ways {
  readonly anew: Way
  private can: Capabilities
  /** Of the answer that is going on; a cursor takes it up with the answer. */
  private join: Join.Join | undefined

  constructor(private readonly options: Options) {
    this.anew = { call: options.call, continues: undefined, join: undefined }
    this.can = this.offered()
  }

  /** This way is closed for the request; a prefill that the provider calls invalid, for the model. */
  refuse(continues: Continues, fault?: Fault): void {
    this.can = { ...this.can, [continues]: false }
    if (continues === "prefill" && fault?._tag === "InvalidRequest") {
      this.options.client.prefillRefused(this.options.request.model)
    }
  }

  /** Decides on the next attempt, and takes what is void out of `delivered`. */
  next(delivered: Fold | undefined, rest: PreparedCall | undefined): Next {
    const { delivery } = this.options
    const blocks = delivered?.partial().blocks ?? []
    const recovery = Recovery.decide({
      delivery,
      blocks,
      can: { ...this.can, cursor: this.can.cursor && rest !== undefined }
    })
    switch (recovery._tag) {
      case "GiveUp":
        return { recovery, way: undefined, fromIndex: undefined, discarded: undefined }
      case "Cursor": {
        const way = rest && { call: rest, continues: "cursor" as const, join: this.join }
        return { recovery, way, fromIndex: undefined, discarded: undefined }
      }
      case "Restart":
        this.another(undefined)
        return { recovery, way: this.anew, fromIndex: 0, discarded: delivered?.partial() }
      case "Prefill":
      case "Continuation":
        return delivered === undefined
          ? { recovery, way: undefined, fromIndex: undefined, discarded: undefined }
          : this.goOn(recovery, delivered, rest)
    }
  }

  private goOn(
    recovery: Extract<Recovery.Recovery, { readonly fromIndex: number }>,
    delivered: Fold,
    rest: PreparedCall | undefined
  ): Next {
    const { client, continuation, request } = this.options
    const continues = recovery._tag === "Prefill" ? "prefill" : "continuation"
    const { fromIndex } = recovery
    const discarded = fromIndex < delivered.length ? delivered.partial(fromIndex) : undefined
    const kept = delivered.partial(0, fromIndex)
    const call =
      continues === "prefill"
        ? client.prepare(GoOn.prefill(request, kept), "prefill")
        : client.prepare(GoOn.continuation(request, kept, continuation || ""))
    if (Either.isLeft(call)) {
      this.refuse(continues)
      return this.next(delivered, rest)
    }
    delivered.truncate(fromIndex)
    const how = continues === "continuation" ? "asked" : client.echoesPrefill ? "echoing" : "exact"
    const join = Join.make({ fold: delivered, kept, continues, how })
    this.another(join)
    const way: Way = { call: call.right, continues, join }
    return { recovery, way, fromIndex: discarded && fromIndex, discarded }
  }

  /** The next attempt is another answer, which the server may keep again. */
  private another(join: Join.Join | undefined): void {
    this.join = join
    this.can = { ...this.can, cursor: this.offered().cursor }
  }

  private offered(): Capabilities {
    const can = this.options.client.capabilities(this.options.request)
    return this.options.continuation === false ? { ...can, continuation: false } : can
  }
}
