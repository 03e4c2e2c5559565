/** Checks whether a key can be sent at all. */

/** What is wrong with it, as a sentence without its subject. */
export const problemOf = (key: string): string | undefined => {
  // An unset variable is not a string, whatever its type says.
  if (typeof key !== "string" || key.trim() === "") return "is empty: give the key of the provider"
  // Other characters could end the header and begin another.
  return /^[\x21-\x7e]+$/.test(key)
    ? undefined
    : "has spaces, line breaks or characters that no key has: check where it comes from"
}
