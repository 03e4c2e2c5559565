/**
 * What most tests ask, where it does not matter what is asked, and with which key.
 */
import * as Redacted from "effect/Redacted"

export const request = { model: "m", prompt: "Why is the sky blue?" }

export const apiKey = Redacted.make("test-key")
