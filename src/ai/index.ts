/**
 * A `LanguageModel` of `@effect/ai` over a `Provider`. Change one layer, and a program that uses `LanguageModel`,
 * `Chat` and `Toolkit` survives dropped streams. It needs the peer dependency `@effect/ai`.
 *
 * @since 0.1.0
 */
import "../model/internal/requiresEffect3.js"

export * from "./LanguageModel.js"
