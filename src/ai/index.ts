/**
 * A `LanguageModel` of `@effect/ai` over a `Provider`: programs that use `LanguageModel`, `Chat` and `Toolkit` get dropped
 * streams that redial by changing one layer. It needs the peer dependency `@effect/ai`.
 *
 * @since 0.1.0
 */
import "../model/internal/requiresEffect3.js"

export * from "./LanguageModel.js"
