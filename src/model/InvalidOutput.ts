/**
 * The one error of objects besides the provider's: an answer came, and it is not what was asked for.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { clip } from "./internal/clip.js"
import { ModelResponse } from "./ModelResponse.js"

const advice = {
  refusal: "Change the request; asking again will hardly help.",
  cut: "Raise `maxOutputTokens`, or ask for less.",
  absent: "Ask again, or use a model that can write JSON of a schema.",
  json: "Ask again, or use a model that can write JSON of a schema.",
  schema: "Ask again, or say in the schema's descriptions what is meant.",
  changed: 'Ask again, or with `delivery: "hold"`, which gives nothing before the answer is whole.'
}

const fields = {
  /** The provider's id, for example `anthropic`. */
  provider: Schema.String,
  reason: Schema.Literal("refusal", "cut", "absent", "json", "schema", "changed"),
  /** What happened, as a sentence without its subject. */
  description: Schema.String,
  /** What the model wrote, as it came. */
  text: Schema.String,
  /** What does not fit, where it was compared with the schema or read as JSON. */
  issue: Schema.optional(Schema.String),
  /** The whole answer, with its usage: it was paid for. */
  response: ModelResponse
}

/**
 * An answer that was no object, after which the model was asked for another one.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Rejected = Schema.Struct(fields)

/**
 * @since 0.1.0
 * @category models
 */
export type Rejected = typeof Rejected.Type

/**
 * An answer came that is not the object that was asked for, for this reason:
 *
 * - `refusal`: the model declined, or the vendor's filter stopped it
 * - `cut`: the answer ended before it was whole
 * - `absent`: the answer has no object in it
 * - `json`: it is not JSON
 * - `schema`: it is JSON, and not of the schema
 * - `changed`: after a drop, the model wrote other elements than those that were given already
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidOutput extends Schema.TaggedError<InvalidOutput>("effect-redial/InvalidOutput")("InvalidOutput", {
  ...fields,
  /** The answers before this one, where corrections were asked for; absent where there were none. */
  repairs: Schema.optional(Schema.Array(Rejected))
}) {
  override get message(): string {
    const issue = this.issue === undefined ? "" : `:\n${clip(this.issue)}\n`
    return `${this.provider}: ${this.description}${issue === "" ? ". " : issue}${advice[this.reason]}`
  }
}
