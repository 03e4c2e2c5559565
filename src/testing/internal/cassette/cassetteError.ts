/**
 * What goes wrong with the file of a cassette.
 */
import * as Schema from "effect/Schema"

/**
 * A cassette cannot be read or written. The message names the file and says what to do.
 *
 * - `Missing`: there is no such file, and the mode, or CI, forbids to record it
 * - `Corrupt`: the file is cut off, or was changed into something else
 * - `Version`: another release wrote it, in a format that this one does not read
 * - `TooLarge`: it is larger than `maxBytes`
 * - `Unreadable`, `Unwritable`: the file system refused
 *
 * @since 0.1.0
 * @category errors
 */
export class CassetteError extends Schema.TaggedError<CassetteError>("effect-redial/CassetteError")("CassetteError", {
  path: Schema.String,
  reason: Schema.Literal("Missing", "Corrupt", "Version", "TooLarge", "Unreadable", "Unwritable"),
  /** What is wrong and what to do, as a sentence without its subject. */
  problem: Schema.String,
  cause: Schema.optional(Schema.Defect)
}) {
  override get message(): string {
    return `The cassette ${this.path} ${this.problem}.`
  }
}
