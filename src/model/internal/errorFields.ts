/**
 * The fields that every error of a provider has, and its message. The library always sets every field; the defaults are
 * for errors that a program makes in its tests.
 */
import * as Schema from "effect/Schema"
import { Checkpoint } from "../Checkpoint.js"
import { GenerationId } from "../GenerationId.js"
import { Attempt, Credential } from "../ModelResponse.js"
import { Delivered, PartialResponse } from "../PartialResponse.js"

/** A field with a default for constructors. */
export const given = <A, I>(schema: Schema.Schema<A, I>, otherwise: A) =>
  Schema.propertySignature(schema).pipe(Schema.withConstructorDefault(() => otherwise))

/** The fields of an error, with the description to use if none is given. */
export const fields = (description: string) => ({
  /** The provider's id, for example `anthropic`. */
  provider: given(Schema.String, "unknown"),
  /** The wire protocol, for example `anthropic-messages`; `none` if a `Router` found no provider to ask. */
  protocol: given(Schema.String, "none"),
  model: given(Schema.String, "unknown"),
  /** The attempt that failed, counted from 1; 0 if the request was never sent. */
  attempt: given(Schema.Number, 0),
  /** The generation whose connections carried the attempt; absent if there was none. */
  generation: Schema.optional(GenerationId),
  /** The key that the attempt was sent with; absent if the provider has only one. */
  credential: Schema.optional(Credential),
  /** How far the output of the whole request got. */
  delivered: given(Delivered, "nothing"),
  requestId: Schema.optional(Schema.String),
  /** All attempts of the request, this one last. */
  attempts: given(Schema.Array(Attempt), []),
  /** What was delivered; absent if nothing was. */
  partial: Schema.optional(PartialResponse),
  /** Pass it as `from` to continue the answer later or elsewhere; absent if no request was sent. */
  checkpoint: Schema.optional(Checkpoint),
  /** What happened, as a sentence without its subject. */
  description: given(Schema.String, description),
  /** The HTTP status, if the provider answered with an error status. */
  status: Schema.optional(Schema.Number),
  /** The vendor's own code or type of the error. */
  code: Schema.optional(Schema.String),
  /** How long the provider asked to wait, in milliseconds. */
  retryAfterMillis: Schema.optional(Schema.Number),
  /** Why the request ended although a retry was due: the retry budget was spent. Absent otherwise. */
  stoppedBy: Schema.optional(Schema.Literal("retry-budget")),
  /** The underlying error, without secrets. */
  cause: Schema.optional(Schema.Defect)
})

export interface Common extends Schema.Schema.Type<Schema.Struct<ReturnType<typeof fields>>> {}

/** What happened and where, without advice: for the log line of a redial, which needs nobody to act. */
export const happened = (error: Common): string => {
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
  return `${who}: ${error.description} (${facts.join(", ")})`
}

/** What happened, where, and what to do about it. */
export const message = (error: Common, advice: string): string => `${happened(error)}. ${advice}`
