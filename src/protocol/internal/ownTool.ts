/**
 * The name of a tool in a vendor's own terms, as a type. The constructors infer it from the fields themselves: inferred from
 * the whole definition, any field would pass that the SDK does not know.
 */

/**
 * The name of a vendor's own tool: the first of these that its definition has.
 *
 * @since 0.1.0
 * @category models
 */
export type ToolName<A, B, C> = [A] extends [never] ? ([B] extends [never] ? C : B) : A

/**
 * A name as it is inferred, or any name where the definition has none: `never` in its place would hide from the compiler's
 * message which field is missing.
 *
 * @since 0.1.0
 * @category models
 */
export type Inferred<A extends string> = [A] extends [never] ? string : A
