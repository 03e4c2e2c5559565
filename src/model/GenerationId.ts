/**
 * The identity of one generation of a renewable client: which renewable it belongs to, and which in turn it is.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Unique in the process, for example `anthropic#1.2`: the second generation of the first renewable. A bare number
 * would be true of every provider's client at once, and a failure of one could then renew another.
 *
 * @since 0.1.0
 * @category schemas
 */
export const GenerationId = Schema.String.pipe(Schema.brand("effect-redial/GenerationId"))

/**
 * @since 0.1.0
 * @category models
 */
export type GenerationId = typeof GenerationId.Type

/**
 * Which in turn a generation is, counted from 1.
 *
 * @since 0.1.0
 * @category accessors
 */
export const number = (self: GenerationId): number => Number(self.slice(self.lastIndexOf(".") + 1))
