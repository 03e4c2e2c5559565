/**
 * The name of a tool in a vendor's own terms, as a type. The constructors infer it from the fields themselves: inferred from
 * the whole definition, any field would pass that the SDK does not know.
 */

/** The first of them that was given. */
export type FirstOf<A, B, C> = [A] extends [never] ? ([B] extends [never] ? C : B) : A
