/**
 * What the compiler is asked about types.
 */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Compiles where the two are the same: `same<A, B>(true)`. */
export const same = <A, B>(_: Equal<A, B>): void => {}
