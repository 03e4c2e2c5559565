/** The handlers of a program, and the types of a loop that follow from them. */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type { Tool, VendorTool } from "../../../model/Tool.js"
import type { Call, ToolCall, Toolkit } from "../../../model/Toolkit.js"

/**
 * A call was not approved.
 *
 * @since 0.1.0
 * @category approval
 */
export interface Refusal {
  readonly _tag: "Refusal"
  /** The reason, for the model. */
  readonly reason: string
}

/**
 * Runs one call. The model is told a text as it is, a `Prompt.toolResult` with its parts, nothing as an empty text, and
 * anything else as JSON.
 *
 * @since 0.1.0
 * @category handlers
 */
export type Run<C extends ToolCall<string, unknown>> = (
  args: C["arguments"],
  call: C
) => Effect.Effect<unknown, unknown, unknown>

/**
 * How the calls of one tool are run.
 *
 * @since 0.1.0
 * @category handlers
 */
export interface Settings<C extends ToolCall<string, unknown>> {
  /** Runs one call. */
  readonly run: Run<C>
  /** Encodes the result of `run` for the model. Default: a text as it is, anything else as JSON. */
  readonly result?: Schema.Schema.All | undefined
  /** How many calls of this tool run at once. Default: all calls of the answer. */
  readonly concurrency?: number | undefined
  /**
   * Decides before each call whether it is run. The model is told of `false` and `ToolLoop.refuse(reason)`. If this
   * effect fails, the loop ends and the call is not run.
   */
  readonly approve?: ((args: C["arguments"], call: C) => Effect.Effect<boolean | Refusal, unknown, unknown>) | undefined
  /** The time after which `run` is interrupted, and the model is told. Approval does not count. Default: no limit. */
  readonly timeout?: Duration.DurationInput | undefined
  /**
   * What a failure of `run` does: `tell` tells the model its message, `fail` ends the loop with it. Default: `tell`.
   */
  readonly onFailure?: "tell" | "fail" | undefined
}

/**
 * A function that runs a call, or an object that also says how.
 *
 * @since 0.1.0
 * @category handlers
 */
export type Handler<C extends ToolCall<string, unknown>> = Run<C> | Settings<C>

type Named<T extends Tool | VendorTool, Name> = Extract<Call<Toolkit<T>>, { readonly name: Name }>

type OwnNames<T extends Tool | VendorTool> = T extends Tool<infer Name> ? Name : never

type VendorNames<T extends Tool | VendorTool> =
  T extends VendorTool<infer Name> ? (string extends Name ? never : Name) : never

/**
 * One handler for each of the program's own tools. A vendor's tool has one if the program runs it, such as `bash`.
 *
 * @since 0.1.0
 * @category handlers
 */
export type Handlers<T extends Tool | VendorTool> = {
  readonly [Name in OwnNames<T>]: Handler<Named<T, Name>>
} & { readonly [Name in VendorNames<T>]?: Handler<Named<T, Name>> }

/**
 * No handler for an unknown tool, and the result of `run` must be what `result` encodes.
 *
 * @since 0.1.0
 * @category handlers
 */
export type Fitting<T extends Tool | VendorTool, H> = {
  readonly [Name in keyof H]: Name extends OwnNames<T> | VendorNames<T>
    ? H[Name] extends { readonly result: infer S extends Schema.Schema.All }
      ? { readonly run: (...args: never) => Effect.Effect<Schema.Schema.Type<S>, unknown, unknown> }
      : unknown
    : never
}

type RunOf<H> = H extends (...args: never) => infer F
  ? F
  : H extends { readonly run: (...args: never) => infer F }
    ? F
    : never

type ApproveOf<H> = H extends { readonly approve: (...args: never) => infer F } ? F : never

type ErrorOf<F> = F extends Effect.Effect<unknown, infer E, unknown> ? E : never

type RequirementsOf<F> = F extends Effect.Effect<unknown, unknown, infer R> ? R : never

/**
 * What can end a loop: failures of `approve`, and failures of `run` with `onFailure: "fail"`.
 *
 * @since 0.1.0
 * @category handlers
 */
export type Failures<H> = {
  readonly [Name in keyof H]:
    | ErrorOf<ApproveOf<H[Name]>>
    | (H[Name] extends { readonly onFailure: "fail" } ? ErrorOf<RunOf<H[Name]>> : never)
}[keyof H]

/**
 * The requirements of decoding, approving, running and encoding.
 *
 * @since 0.1.0
 * @category handlers
 */
export type Needs<T extends Tool | VendorTool, H> =
  | (T extends Tool<string, unknown, infer R> ? R : never)
  | {
      readonly [Name in keyof H]:
        | RequirementsOf<ApproveOf<H[Name]>>
        | RequirementsOf<RunOf<H[Name]>>
        | (H[Name] extends { readonly result: infer S extends Schema.Schema.All } ? Schema.Schema.Context<S> : never)
    }[keyof H]
