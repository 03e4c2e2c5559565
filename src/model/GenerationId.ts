/**
 * The identity of one generation of a renewable client: the renewable it belongs to, and its number.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Unique in the process. For example, `anthropic#1.2` is the second generation of the first renewable. A bare number
 * would match the clients of all providers, so a failure of one could renew another.
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
 * The number of the generation within its renewable, counted from 1.
 *
 * @since 0.1.0
 * @category accessors
 */
export const number = (self: GenerationId): number => Number(self.slice(self.lastIndexOf(".") + 1))
