/**
 * Checks whether the texts of a TLS configuration are certificates and a matching key. Node would ignore an invalid
 * text, or fail at the first connection.
 */
import { X509Certificate } from "node:crypto"
import { createSecureContext } from "node:tls"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Options } from "../ConnectionPool.js"
import { InvalidOptions } from "../InvalidOptions.js"

export const checkTls = ({ ca, cert, key }: NonNullable<Options["tls"]>): Effect.Effect<void, InvalidOptions> => {
  // Node's own message is left out: nothing of a key may be repeated.
  const invalid = (option: string, problem: string) =>
    new InvalidOptions({ module: "ConnectionPool", option: `tls.${option}`, problem })
  if (ca !== undefined) {
    // A list is often assembled from files, one of which may be empty.
    const texts = typeof ca === "string" ? [ca] : ca.filter((text) => text !== "")
    if (texts.length === 0 || !texts.every((text) => works(() => new X509Certificate(text)))) {
      return invalid("ca", "is not a certificate in PEM, or a list of them")
    }
  }
  if (cert === undefined || key === undefined) return Effect.void
  const secret = Redacted.value(key)
  if (!works(() => createSecureContext({ cert }))) return invalid("cert", "is not a certificate in PEM")
  if (!works(() => createSecureContext({ key: secret }))) return invalid("key", "is not a private key in PEM")
  return works(() => createSecureContext({ cert, key: secret }))
    ? Effect.void
    : invalid("key", "is not the private key of the client certificate")
}

const works = (make: () => unknown): boolean => {
  try {
    make()
    return true
  } catch {
    return false
  }
}
