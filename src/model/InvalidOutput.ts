/**
 * The error of an answer that is not the requested object.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { clip } from "./internal/clip.js"
import { ModelResponse } from "./ModelResponse.js"

const advice = {
  refusal: "Change the request; asking again will rarely help.",
  cut: "Raise `maxOutputTokens`, or ask for less.",
  absent: "Ask again, or use a model that can write JSON of a schema.",
  json: "Ask again, or use a model that can write JSON of a schema.",
  schema: "Ask again, or explain the fields in the schema's descriptions.",
  changed: 'Ask again, or with `delivery: "hold"`, which gives nothing before the answer is whole.'
}

const fields = {
  /** The provider's id, for example `anthropic`. */
  provider: Schema.String,
  reason: Schema.Literal("refusal", "cut", "absent", "json", "schema", "changed"),
  /** What happened, as a sentence without its subject. */
  description: Schema.String,
  /** What the model wrote, unchanged. */
  text: Schema.String,
  /** What does not fit, if the text was compared with the schema or parsed as JSON. */
  issue: Schema.optional(Schema.String),
  /** The whole answer, with its usage. */
  response: ModelResponse
}

/**
 * An answer that was not the object, after which the model was asked for another one.
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
 * An answer came that is not the requested object, for one of these reasons:
 *
 * - `refusal`: the model declined, or the vendor's filter stopped it
 * - `cut`: the answer ended before it was whole
 * - `absent`: the answer contains no object
 * - `json`: it is not JSON
 * - `schema`: it is JSON, but does not fit the schema
 * - `changed`: after a drop, the model wrote a list that differs from the elements already given
 *
 * See [docs/tools.md](../../docs/tools.md#when-it-is-not-an-object).
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidOutput extends Schema.TaggedError<InvalidOutput>("effect-redial/InvalidOutput")("InvalidOutput", {
  ...fields,
  /** The earlier answers, if corrections were requested; absent if there were none. */
  repairs: Schema.optional(Schema.Array(Rejected))
}) {
  override get message(): string {
    const issue = this.issue === undefined ? "" : `:\n${clip(this.issue)}\n`
    return `${this.provider}: ${this.description}${issue === "" ? ". " : issue}${advice[this.reason]}`
  }
}
