/** The words by which vendors tell their errors apart. Data only; `classify.ts` defines their precedence. */
import type { Fault } from "../../model/internal/fault.js"

/** The faults that a provider itself reports. */
export type ReportedTag = Exclude<
  Fault["_tag"],
  | "ConnectionFailed"
  | "StreamDropped"
  | "StreamTruncated"
  | "StreamStalled"
  | "MalformedStream"
  | "SeamNotProven"
  | "CircuitOpen"
  | "LimitReached"
>

/** What each tag says before the provider's own message. */
export const sentences: Readonly<Record<ReportedTag, string>> = {
  Overloaded: "the provider is overloaded",
  RateLimited: "the provider limits the rate of requests",
  ServerError: "the provider failed",
  AuthenticationFailed: "the provider did not accept the key",
  PermissionDenied: "the provider did not allow the request",
  QuotaExhausted: "the account is out of credit or quota",
  ModelNotFound: "the provider does not know the model or the endpoint",
  InvalidRequest: "the provider did not accept the request",
  ContextOverflow: "the conversation is too long for the model",
  ContentRefused: "the provider's policy refused the content"
}

const words: Readonly<Partial<Record<ReportedTag, string>>> = {
  Overloaded: `overloaded_error overloaded server_is_overloaded slow_down engine_overloaded_error provider_overloaded
    service_unavailable service_unavailable_error unavailable capacity_exceeded modelnotreadyexception
    serviceunavailableexception 1305 1312`,
  RateLimited: `rate_limit_error rate_limit_exceeded rate_limit_reached_error ramp_limit_exceeded too_many_requests
    resource_exhausted throttlingexception throttling throttling.ratequota throttling.allocationquota 1302 1303`,
  QuotaExhausted: `insufficient_quota insufficient_balance insufficient_credits credit_balance_exhausted billing_error
    billing_hard_limit_reached billing_not_active exceeded_current_quota_error enforced_spend_limit_reached
    contract_spend_limit_reached usage_limit_reached arrearage 1113 1304 1308 1309 1310 1311 1313`,
  AuthenticationFailed: `authentication_error invalid_api_key invalid_authentication_error incorrect_api_key_error
    unauthenticated unauthorized api_key_invalid`,
  PermissionDenied: `permission_error permission_denied permission_denied_error access_denied accessdeniedexception forbidden
    unsupported_country_region_territory model_terms_required`,
  ModelNotFound: `not_found_error model_not_found model_not_found_error not_found resource_not_found_error
    resourcenotfoundexception model_decommissioned invalid_model deploymentnotfound`,
  ContextOverflow: `context_length_exceeded token_limit_exceeded max_tokens_exceeded request_too_large
    exceed_context_size_error string_above_max_length too_many_prompt_tokens model_max_prompt_tokens_exceeded
    max_prompt_tokens_exceeded context_window_exceeded context_exceeded 1261`,
  ContentRefused: `content_filter content_filter_error content_policy_violation datainspectionfailed
    data_inspection_failed moderation_error responsibleaipolicyviolation image_content_policy_violation bio_policy
    misalignment_policy_violation 1301`,
  ServerError:
    "api_error server_error internal_error internal_server_error internal timeout_error upstream_error internalserverexception modelstreamerrorexception modeltimeoutexception",
  InvalidRequest: `invalid_request_error invalid_request invalid_argument invalid_prompt bad_request validationexception
    previous_response_not_found invalid_encrypted_content data_residency_mismatch invalid_image invalid_image_format
    invalid_base64_image invalid_image_url invalid_image_mode image_too_large image_too_small image_parse_error
    image_file_too_large unsupported_image_media_type empty_image_file failed_to_download_image image_file_not_found`
}

/** By the vendor's code or type, in lower case. */
export const byWord: ReadonlyMap<string, ReportedTag> = new Map(
  Object.entries(words).flatMap(([tag, list]) =>
    // Object.entries loses the type of its keys.
    list.split(/\s+/).map((word) => [word, tag as ReportedTag] as const)
  )
)

/** A throttling message may mention tokens without being an overflow. */
const throttled =
  /rate.?limit|too many requests|(tokens|requests) per (second|minute|hour|day)|^(throttling error|service unavailable):/i

const overflow: ReadonlyArray<RegExp> = [
  /prompt is too long/i,
  /input is too long for requested model/i,
  /exceeds (the |this |the model's |this model's )?context window/i,
  /context window exceed(s limit|ed)/i,
  /input token count.{0,200}exceeds the maximum/i,
  /maximum prompt length is \d/i,
  /reduce the length of the messages/i,
  /length of all messages is too long/i,
  /maximum context length/i,
  /requested \d{1,20} output tokens/i,
  /longer than the model's context length/i,
  /exceeded model token limit/i,
  /tokens in request more than max tokens allowed/i,
  /too many tokens: /i,
  /range of input length should be/i,
  /exceeds the limit of \d/i,
  /exceeds the available context size/i,
  /greater than the context length/i,
  /prompt too long; exceeded/i,
  /maximum allowed input length/i,
  /token limit reached/i
]

const broke =
  /credit balance|insufficient (balance|credit|fund|quota)|(specified|reached).{0,40}usage limit|exceeded your current quota|\bspend(ing)? limit|out of credit|arrears|overdue payment|billing.cycle|\bkey limit exceeded|top up|recharge/i

const refused =
  /content (management )?policy|content filter|flagged|moderation|safety (system|filter)|inappropriate content/i

const keyed =
  /(invalid|incorrect|missing|no|not valid).{0,20}\bapi.?key|\bapi.?key.{0,20}(invalid|not valid|incorrect|expired)/i

const unknownModel =
  /\bmodel\b.{0,120}(does not exist|not found|not exist|is not supported|not a valid model)|\bunknown model\b/i

/** Regions from which the account or the caller may not be served. */
const elsewhere =
  /(country|region|location)\b.{0,60}not (supported|available)|not (supported|available) in your (country|region)/i

/** DashScope calls its limit per minute `insufficient_quota`; waiting resolves it. */
export const heals = /allocated quota|throttling|rate increased too quickly|requests? rate/i

/** Some relays answer 429 to a history that can never be accepted. */
export const hopeless = /invalid.{0,4}signature/i

/** By wording, if code and type say nothing or only that the request was bad. */
export const byWording = (message: string): ReportedTag | undefined => {
  if (throttled.test(message)) return "RateLimited"
  if (overflow.some((wording) => wording.test(message))) return "ContextOverflow"
  if (broke.test(message)) return "QuotaExhausted"
  if (/overloaded|over capacity|at capacity|server (?:is )?busy/i.test(message)) return "Overloaded"
  if (keyed.test(message)) return "AuthenticationFailed"
  if (refused.test(message)) return "ContentRefused"
  if (elsewhere.test(message)) return "PermissionDenied"
  if (unknownModel.test(message)) return "ModelNotFound"
  return undefined
}
