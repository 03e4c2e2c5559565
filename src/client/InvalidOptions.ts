/**
 * The error of options that cannot work, found when a layer is built and not at the first request.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * An option cannot work: an address that is none, a key that cannot be sent, a setting that contradicts another one.
 * The message names the module, the option and what to do.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidOptions extends Schema.TaggedError<InvalidOptions>("effect-redial/InvalidOptions")(
  "InvalidOptions",
  {
    /** Whose options, for example `AnthropicClient`. */
    module: Schema.String,
    /** Which one; `sdk` where it is none of them, but the package of the vendor's SDK. */
    option: Schema.String,
    /** What is wrong and what to do, as a sentence without its subject. */
    problem: Schema.String
  }
) {
  override get message(): string {
    const subject = this.option === "sdk" ? "the SDK" : `the option \`${this.option}\``
    return `${this.module}: ${subject} ${this.problem}.`
  }
}
