/**
 * What is made of what SDKs, undici and sockets throw. No sockets here.
 */
import { inspect } from "node:util"
import { APIError as AnthropicError, APIConnectionError, APIConnectionTimeoutError } from "@anthropic-ai/sdk"
import { assert, describe, it } from "@effect/vitest"
import { APIError as OpenAiError } from "openai"
import { errors } from "undici"
import { NotAnswered } from "../../src/client/internal/answer.js"
import * as RetryAfter from "../../src/client/internal/retryAfter.js"
import * as TransportFault from "../../src/client/internal/transportFault.js"
import { fromFault } from "../../src/model/internal/fromFault.js"

const coded = (code: string, message = "it broke") => Object.assign(new Error(message), { code })
const opening = (error: unknown) => {
  const fault = TransportFault.ofOpening(error, 0)
  assert(fault._tag === "ConnectionFailed", fault._tag)
  return fault
}

describe("a failure before the answer", () => {
  const reasons = {
    refused: ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN", "ENETDOWN"],
    dns: ["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL"],
    timeout: ["ETIMEDOUT", "UND_ERR_CONNECT_TIMEOUT", "UND_ERR_HEADERS_TIMEOUT"],
    reset: ["ECONNRESET", "ECONNABORTED", "EPIPE", "UND_ERR_SOCKET"],
    proxy: ["UND_ERR_PRX_TLS", "UND_ERR_SECURE_PROXY", "UND_ERR_ABORTED"],
    tls: [
      "CERT_HAS_EXPIRED",
      "CERT_NOT_YET_VALID",
      "DEPTH_ZERO_SELF_SIGNED_CERT",
      "SELF_SIGNED_CERT_IN_CHAIN",
      "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
      "ERR_TLS_CERT_ALTNAME_INVALID",
      "ERR_SSL_WRONG_VERSION_NUMBER",
      "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
      "ERR_OSSL_PEM_NO_START_LINE",
      "INVALID_CA",
      "EPROTO"
    ],
    other: ["UND_ERR_DESTROYED", "UND_ERR_CLOSED", "HPE_INVALID_CONSTANT", "UND_ERR_HEADERS_OVERFLOW", "EMFILE", ""]
  } as const
  for (const [reason, codes] of Object.entries(reasons)) {
    for (const code of codes) {
      it(`is ${reason} for the code ${JSON.stringify(code)}, however deep`, () => {
        for (const error of [
          coded(code),
          new TypeError("fetch failed", { cause: coded(code) }),
          new APIConnectionError({ cause: new NotAnswered(coded(code)) }),
          new APIConnectionError({ cause: new NotAnswered(new TypeError("fetch failed", { cause: coded(code) })) }),
          new AggregateError([coded(code), coded("EOTHER")])
        ]) {
          assert.strictEqual(opening(error).reason, reason)
          assert.strictEqual(opening(error).code, code === "" ? undefined : code)
        }
      })
    }
  }

  it("is what undici's own errors are", () => {
    assert.strictEqual(opening(new errors.ConnectTimeoutError("x")).reason, "timeout")
    assert.strictEqual(opening(new errors.SocketError("other side closed")).reason, "reset")
    assert.strictEqual(opening(new errors.RequestAbortedError("Proxy response (407)")).reason, "proxy")
  })

  it("is a timeout where an SDK has forgotten everything else", () => {
    assert.strictEqual(opening(new APIConnectionTimeoutError()).reason, "timeout")
    assert.strictEqual(opening(new Error("the request timed out")).reason, "timeout")
  })

  it("tells what it was, where the reason alone does not", () => {
    assert.strictEqual(
      opening(coded("UND_ERR_ABORTED", "Proxy response (407) !== 200")).description,
      "the proxy did not connect: Proxy response (407) !== 200"
    )
    assert.strictEqual(opening(new Error("odd")).description, "the request could not be sent: odd")
    assert.strictEqual(opening(coded("ECONNREFUSED", "connect 127.0.0.1:1")).description, "the connection was refused")
  })

  for (const thrown of [undefined, null, "text", 7, {}, [], Symbol("x"), Object.create(null)]) {
    it(`is other for ${inspect(thrown)}, which is no error`, () => {
      assert.strictEqual(opening(thrown).reason, "other")
    })
  }

  it("is other for an error whose parts cannot be read as text", () => {
    const hostile = Object.assign(new Error(), { code: 7, name: 7 })
    Object.defineProperty(hostile, "message", { value: Object.create(null) })
    assert.strictEqual(opening(hostile).reason, "other")
  })
})

describe("the chain of causes", () => {
  it("is followed to a bound, also where it bites its own tail", () => {
    const snake = new Error("snake")
    snake.cause = snake
    const fault = opening(snake)
    let depth = 0
    for (let link: unknown = fault.cause; link instanceof Error && depth < 100; link = link.cause) depth++
    assert(depth > 0 && depth <= 6, `${depth} links`)
  })

  it("keeps names, codes and messages, cut to size", () => {
    const fault = opening(new TypeError("fetch failed", { cause: coded("ECONNRESET", "x".repeat(10_000)) }))
    assert(fault.cause instanceof Error && fault.cause.cause instanceof Error)
    assert.strictEqual(fault.cause.name, "TypeError")
    assert.strictEqual(fault.cause.cause.message.length, 500)
    assert.propertyVal(fault.cause.cause, "code", "ECONNRESET")
  })
})

describe("no secret", () => {
  const canary = "sk-canary-0123456789"
  const carrying = (error: Error) =>
    Object.assign(error, {
      headers: new Headers({ authorization: `Bearer ${canary}`, "x-api-key": canary }),
      request: { headers: { authorization: canary } },
      socket: { _httpMessage: { _header: `authorization: ${canary}` } },
      options: { apiKey: canary }
    })
  const headers = new Headers({ "set-cookie": canary, "x-echo": canary, "request-id": "req_1" })
  const thrown = {
    "an error of a socket": carrying(coded("ECONNRESET")),
    "an error with such a cause": new APIConnectionError({ cause: carrying(coded("UND_ERR_SOCKET")) }),
    "an error of several": carrying(new AggregateError([carrying(coded("ECONNREFUSED"))])),
    "an error of the Anthropic SDK": AnthropicError.generate(
      401,
      { error: { message: `no: ${canary}` } },
      "x",
      headers
    ),
    "an error of the OpenAI SDK": OpenAiError.generate(429, { error: { message: `no: ${canary}` } }, "x", headers),
    "an error with a page for a body": AnthropicError.generate(502, undefined, `<p>${canary}</p>`, headers),
    "a redirect": AnthropicError.generate(
      302,
      undefined,
      "x",
      new Headers({ location: `https://me:${canary}@example.com/a?token=${canary}#${canary}` })
    )
  }
  const context = {
    provider: "p",
    protocol: "anthropic-messages",
    model: "m",
    attempt: 1,
    generation: undefined,
    delivered: "nothing",
    attempts: [],
    partial: undefined
  } as const
  for (const [what, error] of Object.entries(thrown)) {
    it(`comes out of ${what}`, () => {
      // Errors with a status come from opening alone.
      const faults = [
        TransportFault.ofOpening(error, 0),
        ...("status" in error && typeof error.status === "number" ? [] : [TransportFault.ofReading(error)])
      ]
      for (const fault of faults) {
        const shown = fromFault(fault, context)
        for (const text of [
          String(shown),
          shown.message,
          shown.stack,
          JSON.stringify(shown),
          inspect(shown, { depth: 10, showHidden: true }),
          inspect(fault, { depth: 10 })
        ]) {
          assert.notInclude(text, canary)
        }
      }
    })
  }
})

describe("an answer with an error's status", () => {
  const tag = (status: number, body: string, headers: Record<string, string> = {}) =>
    TransportFault.ofOpening(AnthropicError.generate(status, undefined, body, new Headers(headers)), 0)

  it("is read as it came, whatever the SDKs put before it", () => {
    assert.strictEqual(
      tag(502, "<html><title>Bad gateway</title></html>").description,
      'the provider failed: "Bad gateway"'
    )
    assert.strictEqual(tag(413, "")._tag, "ContextOverflow")
    assert.strictEqual(tag(500, "").description, "the provider failed")
    assert.strictEqual(tag(500, "500 errors").description, 'the provider failed: "500 errors"')
  })

  it("tells when a used up limit is reset, where it does not say how long to wait", () => {
    const at = (seconds: number) => new Date(seconds * 1000).toISOString()
    const table: ReadonlyArray<readonly [Record<string, string>, number | undefined]> = [
      [{ "anthropic-ratelimit-tokens-remaining": "0", "anthropic-ratelimit-tokens-reset": at(30) }, 30_000],
      [{ "anthropic-ratelimit-tokens-remaining": "5", "anthropic-ratelimit-tokens-reset": at(30) }, undefined],
      [{ "anthropic-ratelimit-tokens-remaining": "0" }, undefined],
      [{ "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s" }, 360_000],
      [{ "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "2m59.56s" }, 179_560],
      [{ "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "120ms" }, 120],
      [{ "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "soon" }, undefined],
      [{ "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "" }, undefined],
      [
        {
          "x-ratelimit-remaining-requests": "0",
          "x-ratelimit-reset-requests": "1s",
          "x-ratelimit-remaining-tokens": "0",
          "x-ratelimit-reset-tokens": "1h0m2s"
        },
        3_602_000
      ],
      [
        {
          "x-ratelimit-remaining-requests": "0",
          "x-ratelimit-reset-requests": `${"9".repeat(400)}s`
        },
        Number.MAX_SAFE_INTEGER
      ],
      [{ "retry-after": "2", "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s" }, 2_000]
    ]
    for (const [headers, expected] of table) {
      const { retryAfterMillis } = tag(429, "slow", headers)
      assert(
        expected === undefined ? retryAfterMillis === undefined : Math.abs((retryAfterMillis ?? 0) - expected) < 1,
        `${JSON.stringify(headers)}: ${retryAfterMillis}`
      )
      if (!("retry-after" in headers)) assert.isUndefined(tag(500, "x", headers).retryAfterMillis)
    }
  })
})

describe("a failure in mid-answer", () => {
  it("is a dropped stream, with its code where that says more than that it was closed", () => {
    const drop = (error: unknown) => TransportFault.ofReading(error).description
    assert.strictEqual(drop(coded("ECONNRESET")), "the connection was closed in the middle of the answer")
    assert.strictEqual(drop(new TypeError("terminated", { cause: coded("UND_ERR_SOCKET") })), drop(coded("ECONNRESET")))
    assert.strictEqual(drop(new Error("x")), drop(coded("ECONNRESET")))
    assert.strictEqual(drop(coded("ETIMEDOUT")), "the connection failed, ETIMEDOUT in the middle of the answer")
    assert.strictEqual(TransportFault.ofReading(undefined)._tag, "StreamDropped")
  })
})

describe("the request id", () => {
  it("is found under the names that vendors give it", () => {
    for (const name of ["request-id", "x-request-id", "X-Generation-Id"]) {
      assert.strictEqual(TransportFault.requestIdOf(new Headers({ [name]: "req_1" })), "req_1")
    }
    assert.isUndefined(TransportFault.requestIdOf(new Headers()))
  })
})

describe("Retry-After", () => {
  const now = Date.parse("Sun, 06 Nov 1994 08:49:00 GMT")
  const table: ReadonlyArray<readonly [Record<string, string>, number | undefined]> = [
    [{}, undefined],
    [{ "retry-after": "2" }, 2000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after": " 3 " }, 3000],
    [{ "retry-after": "0" }, undefined],
    [{ "retry-after": "-5" }, undefined],
    [{ "retry-after": "" }, undefined],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "NaN" }, undefined],
    [{ "retry-after": "Infinity" }, undefined],
    [{ "retry-after": "Sun, 06 Nov 1994 08:49:37 GMT" }, 37_000],
    [{ "retry-after": "Sun, 06 Nov 1994 08:48:00 GMT" }, undefined],
    [{ "retry-after": "1994-11-06T08:49:05Z" }, 5000],
    [{ "retry-after-ms": "30" }, 30],
    [{ "retry-after-ms": "0" }, undefined],
    [{ "retry-after-ms": "-30" }, undefined],
    [{ "retry-after-ms": "soon" }, undefined],
    [{ "retry-after-ms": "1e999" }, undefined],
    // Finite, and JSON can say it.
    [{ "retry-after-ms": "1e308" }, Number.MAX_SAFE_INTEGER],
    [{ "retry-after": "1e308" }, Number.MAX_SAFE_INTEGER],
    [{ "retry-after-ms": "30", "retry-after": "2" }, 30],
    [{ "retry-after-ms": "soon", "retry-after": "2" }, 2000],
    [{ "retry-after-ms": "", "retry-after": "2" }, 2000]
  ]
  for (const [headers, expected] of table) {
    it(`of ${JSON.stringify(headers)} is ${expected ?? "nothing"}${expected === undefined ? "" : " ms"}`, () => {
      assert.strictEqual(RetryAfter.parse(new Headers(headers), now), expected)
    })
  }
})
