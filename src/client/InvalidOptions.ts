/**
 * The error of options that cannot work, detected when a layer is built and not at the first request.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * An option cannot work: an invalid address, a key that cannot be sent, a setting that contradicts another one. The
 * message names the module, the option and what to do.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidOptions extends Schema.TaggedError<InvalidOptions>("effect-redial/InvalidOptions")(
  "InvalidOptions",
  {
    /** The module whose option it is, for example `AnthropicClient`. */
    module: Schema.String,
    /** The option; `sdk` if the package of the vendor's SDK is at fault instead. */
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
