/** Public parts of keys, which are not secret and need not be redacted. Data only. */

/**
 * How all keys of a vendor begin, if that is longer than a few characters. From the public rules of secret scanners:
 * the configuration of gitleaks (OpenAI, Anthropic, Perplexity, Google) and the detectors of TruffleHog (OpenRouter,
 * NVIDIA, Together).
 */
const prefixes = /^(?:sk-ant-[a-z]{3,5}\d\d-|sk-(?:proj|svcacct|admin)-|sk-or-v\d-|nvapi-|pplx-|AIzaSy|tgp_v\d_)/

/** How many leading characters of the key are public. */
export const publicLength = (key: string): number => prefixes.exec(key)?.[0].length ?? 0

/**
 * Placeholder keys from documentation of servers that check none: LM Studio (`lm-studio`, earlier `not-needed`),
 * llama.cpp (`sk-no-key-required`), vLLM (`token-abc123`). Redacting them would only redact prose.
 */
export const placeholders: ReadonlySet<string> = new Set([
  "lm-studio",
  "not-needed",
  "sk-no-key-required",
  "token-abc123"
])
