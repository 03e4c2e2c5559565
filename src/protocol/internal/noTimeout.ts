/**
 * Switches the SDKs' own timeout off: deadlines are kept elsewhere, and theirs cover no stream.
 */

/** The longest a timer can be set for, in milliseconds: longer ones fire at once. */
export const noTimeout = 2 ** 31 - 1
