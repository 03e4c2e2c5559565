/**
 * What every error of a provider carries, and how it is put into words. What the library itself makes has every field; the
 * defaults are for errors that a program makes in its tests.
 */
import * as Schema from "effect/Schema"
import { Checkpoint } from "../Checkpoint.js"
import { GenerationId } from "../GenerationId.js"
import { Attempt, Credential } from "../ModelResponse.js"
import { Delivered, PartialResponse } from "../PartialResponse.js"

/** A field that errors have, and that their maker may leave out. */
export const given = <A, I>(schema: Schema.Schema<A, I>, otherwise: A) =>
  Schema.propertySignature(schema).pipe(Schema.withConstructorDefault(() => otherwise))

/** The fields of an error, which says what happened where its maker does not. */
export const fields = (description: string) => ({
  /** The provider's id, for example `anthropic`. */
  provider: given(Schema.String, "unknown"),
  /** The wire protocol, for example `anthropic-messages`; `none` where a `Router` found no provider to ask. */
  protocol: given(Schema.String, "none"),
  model: given(Schema.String, "unknown"),
  /** The attempt that failed, counted from 1; 0 where the request never got as far as an attempt. */
  attempt: given(Schema.Number, 0),
  /** Whose connections carried the attempt; absent where none did. */
  generation: Schema.optional(GenerationId),
  /** The key that the attempt was sent with; absent where the provider has only one. */
  credential: Schema.optional(Credential),
  /** How far the output of the whole request got before this. */
  delivered: given(Delivered, "nothing"),
  requestId: Schema.optional(Schema.String),
  /** All attempts of the request, this one last. */
  attempts: given(Schema.Array(Attempt), []),
  /** What had been delivered; absent where nothing was. */
  partial: Schema.optional(PartialResponse),
  /** From which the answer can be continued later or elsewhere, by `from`; absent where no request was sent. */
  checkpoint: Schema.optional(Checkpoint),
  /** What happened, as a sentence without its subject. */
  description: given(Schema.String, description),
  /** The HTTP status, where the provider answered with one that is an error. */
  status: Schema.optional(Schema.Number),
  /** The vendor's own code or type of the error. */
  code: Schema.optional(Schema.String),
  /** How long the provider asked to wait, in milliseconds. */
  retryAfterMillis: Schema.optional(Schema.Number),
  /** What ended the request where a retry was due: the retry budget was spent. Absent otherwise. */
  stoppedBy: Schema.optional(Schema.Literal("retry-budget")),
  /** The error underneath, without secrets. */
  cause: Schema.optional(Schema.Defect)
})

export interface Common extends Schema.Schema.Type<Schema.Struct<ReturnType<typeof fields>>> {}

/** What happened, where, and what to do about it. */
export const message = (error: Common, advice: string): string => {
  const facts = [
    `model ${error.model}`,
    ...(error.attempt > 0 ? [`attempt ${error.attempt}`] : []),
    ...(error.generation === undefined ? [] : [`generation ${error.generation}`]),
    ...(error.credential === undefined ? [] : [`key ${error.credential.name} version ${error.credential.version}`]),
    ...(error.status === undefined ? [] : [`status ${error.status}`]),
    ...(error.code === undefined ? [] : [`code ${error.code}`]),
    ...(error.requestId === undefined ? [] : [`request id ${error.requestId}`]),
    ...(error.delivered === "nothing" ? [] : [`delivered so far: ${error.delivered}`]),
    ...(error.stoppedBy === undefined ? [] : ["not retried: the retry budget is spent"])
  ]
  // A router speaks no protocol.
  const who = error.protocol === "none" ? error.provider : `${error.provider} over ${error.protocol}`
  return `${who}: ${error.description} (${facts.join(", ")}). ${advice}`
}
