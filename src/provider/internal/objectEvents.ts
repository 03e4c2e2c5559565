/** The events of a stream of an object. */
import type { InvalidOutput } from "../../model/InvalidOutput.js"
import type { ErrorSummary, ModelResponse } from "../../model/ModelResponse.js"
import type { ObjectResponse } from "./callOptions.js"

/**
 * JSON that is still being written: any field may be missing, and lists and strings may grow, at any depth. So a
 * literal string is any string; numbers, booleans and null are whole.
 *
 * @example
 * ```ts
 * import type { Provider } from "effect-redial"
 *
 * const soup: Provider.DeepPartial<{ title: string; kind: "soup" | "stew"; steps: Array<{ text: string; minutes: number }> }> = {
 *   title: "Leek soup",
 *   kind: "so",
 *   steps: [{ text: "Wash the le" }]
 * }
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export type DeepPartial<I> = unknown extends I
  ? unknown
  : I extends string
    ? string
    : I extends ReadonlyArray<infer Each>
      ? number extends I["length"]
        ? ReadonlyArray<DeepPartial<Each>>
        : { readonly [K in keyof I]?: DeepPartial<I[K]> }
      : I extends object
        ? { readonly [K in keyof I]?: DeepPartial<I[K]> }
        : I

/**
 * What has been written of the object so far, before the Schema decodes it: its encoded side. It only grows: the string
 * or list that is being written gets longer, and fields are added. Each value is a new one, and shares what did not
 * change with the one before.
 *
 * @since 0.1.0
 * @category models
 */
export interface ObjectPartial<I> {
  readonly _tag: "ObjectPartial"
  readonly value: DeepPartial<I>
}

/**
 * Everything shown is void, and comes again: the stream dropped, or the answer did not fit and another one was
 * requested.
 *
 * @since 0.1.0
 * @category models
 */
export interface ObjectRestarted {
  readonly _tag: "ObjectRestarted"
  readonly reason: "drop" | "repair"
  readonly error: ErrorSummary | InvalidOutput
}

/**
 * The object, whole and decoded. It comes once and last.
 *
 * @since 0.1.0
 * @category models
 */
export interface ObjectDone<out A> extends ObjectResponse<A> {
  readonly _tag: "ObjectDone"
  readonly response: ModelResponse
}

/**
 * Any event of a streamed object, discriminated by `_tag`.
 *
 * @since 0.1.0
 * @category models
 */
export type ObjectEvent<A, I> = ObjectPartial<I> | ObjectRestarted | ObjectDone<A>
