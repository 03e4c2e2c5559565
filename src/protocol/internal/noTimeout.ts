/** Turns off the SDKs' own timeout, which does not cover streams: the library has its own deadlines. */

/** The longest delay of a timer, in milliseconds: longer ones fire at once. */
export const noTimeout = 2 ** 31 - 1
