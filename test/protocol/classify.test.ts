import { readdirSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { classify } from "../../src/protocol/internal/classify.js"

const error = (fields: object) => ({ error: { message: "", ...fields } })

const cases: ReadonlyArray<readonly [tag: string, status: number | undefined, body: unknown]> = [
  ["AuthenticationFailed", 401, error({ type: "authentication_error" })],
  ["QuotaExhausted", 402, ""],
  ["PermissionDenied", 403, error({ type: "permission_error" })],
  ["PermissionDenied", 403, "<html><title>Blocked</title></html>"],
  ["QuotaExhausted", 403, error({ message: "Your account has insufficient balance" })],
  ["ContextOverflow", 403, error({ message: "Input (9 tokens) is longer than the model's context length" })],
  ["ModelNotFound", 404, error({ type: "not_found_error", message: "model: x" })],
  ["ServerError", 408, ""],
  ["ServerError", 409, ""],
  ["ContextOverflow", 413, ""],
  ["ContextOverflow", 413, error({ type: "request_too_large", message: "too large" })],
  ["InvalidRequest", 413, error({ code: "rate_limit_exceeded", message: "Request too large, limit 6000 per minute" })],
  ["RateLimited", 429, error({ type: "rate_limit_error", message: "slow" })],
  ["RateLimited", 429, ""],
  ["RateLimited", 429, error({ status: "RESOURCE_EXHAUSTED", code: 429, message: "You exceeded your current quota" })],
  [
    "QuotaExhausted",
    429,
    error({ code: "insufficient_quota", type: "insufficient_quota", message: "check your plan" })
  ],
  ["RateLimited", 429, error({ code: "insufficient_quota", message: "You exceeded your allocated quota limit" })],
  ["QuotaExhausted", 429, error({ type: "rate_limit_error", details: { error_code: "enforced_spend_limit_reached" } })],
  ["QuotaExhausted", 429, error({ code: "1113", message: "arrears" })],
  ["QuotaExhausted", 429, error({ type: "rate_limit_error", message: "Insufficient balance, please recharge" })],
  ["QuotaExhausted", undefined, error({ type: "rate_limit_error", message: "Insufficient balance" })],
  [
    "RateLimited",
    429,
    error({ type: "rate_limit_error", message: "Over your rate limit; your credit balance is fine" })
  ],
  ["RateLimited", 429, error({ code: "1302", type: "rate_limit_error", message: "busy, or top up for more" })],
  ["QuotaExhausted", 403, error({ code: 403, message: "Key limit exceeded (total limit)" })],
  ["Overloaded", 429, error({ type: "engine_overloaded_error", message: "busy" })],
  ["InvalidRequest", 429, error({ message: "Invalid `signature` in `thinking` block" })],
  ["Overloaded", 498, ""],
  ["ServerError", 500, error({ type: "api_error", message: "x" })],
  ["ServerError", 502, "<html><head><title>502 Bad Gateway</title></head></html>"],
  ["Overloaded", 503, ""],
  ["ServerError", 504, ""],
  ["Overloaded", 529, error({ type: "overloaded_error", message: "Overloaded" })],
  ["InvalidRequest", 400, error({ type: "invalid_request_error", message: "bad field" })],
  ["InvalidRequest", 400, error({ type: "invalid_request_error", message: "the function is overloaded" })],
  ["InvalidRequest", undefined, error({ type: "invalid_request_error", message: "the function is overloaded" })],
  ["Overloaded", 400, error({ code: "server_is_overloaded", type: "invalid_request_error", message: "busy" })],
  ["Overloaded", 429, error({ message: "The engine is currently overloaded" })],
  ["InvalidRequest", 422, { detail: [{ loc: ["body"] }] }],
  [
    "ContextOverflow",
    400,
    error({ type: "invalid_request_error", message: "prompt is too long: 9 tokens > 8 maximum" })
  ],
  ["ContextOverflow", 400, error({ code: "context_length_exceeded", type: "invalid_request_error" })],
  ["ContextOverflow", 400, error({ code: 400, type: "too_many_prompt_tokens", message: "of all messages" })],
  ["ContextOverflow", 400, error({ message: "The total length of all messages is too long." })],
  ["ContextOverflow", 400, error({ code: "model_max_prompt_tokens_exceeded", message: "prompt token count of 9" })],
  ["ContextOverflow", 400, error({ code: 400, type: "context_window_exceeded", message: "too much" })],
  ["ContextOverflow", 400, error({ type: "context_exceeded", message: "Prompt tokens (9) exceeds context size (8)" })],
  ["ContextOverflow", 400, error({ message: "Your input exceeds the model's context window" })],
  ["ContextOverflow", 400, error({ message: "Context Window exceeded for given call" })],
  ["ContextOverflow", 400, error({ message: "too many tokens: size limit exceeded by 9 tokens" })],
  [
    "ContextOverflow",
    400,
    error({ message: "Input token count (9) exceeds the maximum number of tokens allowed (8)" })
  ],
  ["InvalidRequest", 413, error({ message: "Request exceeds the limit of 30000 tokens per minute" })],
  ["QuotaExhausted", 400, error({ type: "invalid_request_error", message: "Your credit balance is too low" })],
  ["ModelNotFound", 400, error({ type: "invalid_request_error", message: "The model 'x' does not exist" })],
  ["ContentRefused", 400, error({ code: "content_filter", message: "filtered" })],
  ["PermissionDenied", 403, error({ code: "unsupported_country_region_territory", message: "not supported" })],
  [
    "PermissionDenied",
    400,
    error({ status: "FAILED_PRECONDITION", message: "User location is not supported for the API use." })
  ],
  ["PermissionDenied", 400, error({ code: "model_terms_required", message: "accept the terms" })],
  ["ModelNotFound", 400, error({ code: "model_decommissioned", type: "invalid_request_error", message: "gone" })],
  [
    "ModelNotFound",
    400,
    { object: "error", message: "Invalid model: x", type: "invalid_model", param: null, code: "1500" }
  ],
  ["ModelNotFound", 404, error({ code: "DeploymentNotFound", message: "no such deployment" })],
  ["Overloaded", 500, error({ type: "overloaded_error", message: "busy" })],
  ["AuthenticationFailed", 400, [{ error: { code: 400, message: "API key not valid", status: "INVALID_ARGUMENT" } }]],
  ["RateLimited", 400, error({ message: "Throttling error: Too many tokens, rate limit" })],
  ["Overloaded", undefined, error({ type: "overloaded_error" })],
  ["Overloaded", undefined, error({ code: 503, message: "x" })],
  ["RateLimited", undefined, error({ code: "429", message: "x" })],
  ["ContextOverflow", undefined, error({ code: 400, message: "maximum context length is 8 tokens" })],
  ["InvalidRequest", undefined, error({ type: "invalid_request_error", code: "tool_use_failed", message: "x" })],
  ["ServerError", undefined, { error: "something broke" }],
  ["ServerError", undefined, undefined],
  ["Overloaded", 200, error({ type: "overloaded_error" })],
  ["RateLimited", 200, { base_resp: { status_code: 1002, status_msg: "x" } }],
  ["MalformedStream", 200, "<html><title>Login</title></html>"],
  ["MalformedStream", 302, ""]
]

describe("classify", () => {
  for (const [tag, status, body] of cases) {
    it(`${status ?? "in a stream"} ${JSON.stringify(body)?.slice(0, 90)} is ${tag}`, () => {
      assert.strictEqual(classify({ status, body })._tag, tag)
      if (typeof body === "object") assert.strictEqual(classify({ status, body: JSON.stringify(body) })._tag, tag)
    })
  }

  it("keeps what the provider said", () => {
    const body = { ...error({ message: "busy\nnow", code: "slow_down", type: "t" }), request_id: "req_body" }
    assert.deepStrictEqual(classify({ status: 503, body, retryAfterMillis: 7 }), {
      _tag: "Overloaded",
      description: 'the provider is overloaded: "busy now"',
      status: 503,
      code: "slow_down",
      retryAfterMillis: 7,
      requestId: "req_body"
    })
    assert.strictEqual(classify({ status: 503, body, requestId: "req_header" }).requestId, "req_header")
  })

  it("reads both ends of a long message, and no more of it", () => {
    const long = "x".repeat(100_000)
    const tagOf = (message: string) => classify({ status: 400, body: error({ message }) })._tag
    for (const said of ["prompt is too long", "insufficient credit", "the model 'm' does not exist"]) {
      const tag = tagOf(said)
      assert.notStrictEqual(tag, "InvalidRequest")
      assert.strictEqual(tagOf(`${said} ${long}`), tag)
      assert.strictEqual(tagOf(`${long} ${said}`), tag)
      assert.strictEqual(tagOf(`${long} ${said} ${long}`), "InvalidRequest")
    }
    // What the cut brings together was never said.
    assert.strictEqual(tagOf(`${"x".repeat(2_035)} prompt is too${long} long${"x".repeat(2_043)}`), "InvalidRequest")
  })

  it("cuts long messages, takes a page's title, and hides keys", () => {
    const said = (body: unknown) => classify({ status: 401, body }).description
    assert.isBelow(said(error({ message: "x".repeat(9000) })).length, 400)
    assert.include(said("<html><title> Bad Gateway </title>"), '"Bad Gateway"')
    assert.notInclude(said(error({ message: "Incorrect API key: sk-proj-abcdefgh123" })), "abcdefgh")
  })
})

describe("the protocol room", () => {
  it("loads no SDK: its types alone are taken, in one module for each", () => {
    const root = new URL("../../src/protocol/", import.meta.url)
    const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"))
    assert.isAbove(files.length, 10)
    for (const file of files) {
      for (const line of readFileSync(new URL(file, root), "utf8").split("\n")) {
        if (!/from "(openai|@anthropic-ai)/.test(line)) continue
        assert.match(file, /^sdk.(anthropic|openai)\.ts$/)
        assert.match(line, /^export type /, file)
      }
    }
  })
})
