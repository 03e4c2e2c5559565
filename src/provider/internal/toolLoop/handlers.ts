/**
 * What a program says of the tools that it runs, and what follows of it for the types of a loop.
 */
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
  /** Why, for the model. */
  readonly reason: string
}

/**
 * Runs one call. A text is told to the model as it is, a `Prompt.toolResult` with its parts, nothing as an empty text, and
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
  /** Encodes what `run` gives, to be told to the model. Default: a text as it is, anything else as JSON. */
  readonly result?: Schema.Schema.All | undefined
  /** How many calls of this tool run at once. Default: as many as the answer has. */
  readonly concurrency?: number | undefined
  /**
   * Decides before each call whether it is run: `false` and `ToolLoop.refuse(reason)` are told to the model. A failure of
   * this effect ends the loop, and the call is not run.
   */
  readonly approve?: ((args: C["arguments"], call: C) => Effect.Effect<boolean | Refusal, unknown, unknown>) | undefined
  /** After this long `run` is interrupted, and the model is told. Approval is not counted. Default: no limit. */
  readonly timeout?: Duration.DurationInput | undefined
  /** What a failure of `run` does: `tell` tells its message to the model, `fail` ends the loop with it. Default: `tell`. */
  readonly onFailure?: "tell" | "fail" | undefined
}

/**
 * A function that runs a call, or how calls are run.
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
 * One handler for each tool of the program's own. A vendor's tool has one where the program runs it, as it does `bash`.
 *
 * @since 0.1.0
 * @category handlers
 */
export type Handlers<T extends Tool | VendorTool> = {
  readonly [Name in OwnNames<T>]: Handler<Named<T, Name>>
} & { readonly [Name in VendorNames<T>]?: Handler<Named<T, Name>> }

/**
 * No handler for a tool that there is not, and what `run` gives is what `result` encodes.
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
 * What can end a loop: what `approve` fails with, and what `run` fails with where that is to end it.
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
 * What decoding, approving, running and encoding need.
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
