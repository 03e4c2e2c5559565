/**
 * What a key must look like to be sent at all.
 */

/** What is wrong with it, as a sentence without its subject. */
export const problemOf = (key: string): string | undefined => {
  // A variable that is not set is no string, whatever its type was told.
  if (typeof key !== "string" || key.trim() === "") return "is empty: give the key of the provider"
  // Anything else could end the header and begin another.
  return /^[\x21-\x7e]+$/.test(key)
    ? undefined
    : "has spaces, line breaks or characters that no key has: look where it was read"
}
