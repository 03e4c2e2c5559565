/**
 * The name of a vendor's own tool, as a type. The constructors infer it from the fields themselves: if it were inferred
 * from the whole definition, fields that the SDK does not know would pass.
 */

/**
 * The name of a vendor's own tool: the first of these fields in its definition.
 *
 * @since 0.1.0
 * @category models
 */
export type ToolName<A, B, C> = [A] extends [never] ? ([B] extends [never] ? C : B) : A

/**
 * The inferred name, or any name if the definition has none: `never` would hide from the compiler's message which field
 * is missing.
 *
 * @since 0.1.0
 * @category models
 */
export type Inferred<A extends string> = [A] extends [never] ? string : A
