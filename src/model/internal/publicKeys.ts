/**
 * What everybody knows about keys, so that it is no secret and need not be hidden. Data only.
 */

/**
 * How vendors begin all of their keys, where that is longer than a few characters. Public rules of secret scanners: the
 * configuration of gitleaks (OpenAI, Anthropic, Perplexity, Google) and the detectors of TruffleHog (OpenRouter, NVIDIA,
 * Together).
 */
const prefixes = /^(?:sk-ant-[a-z]{3,5}\d\d-|sk-(?:proj|svcacct|admin)-|sk-or-v\d-|nvapi-|pplx-|AIzaSy|tgp_v\d_)/

/** How many characters of the key are public. */
export const publicLength = (key: string): number => prefixes.exec(key)?.[0].length ?? 0

/**
 * Keys that documentation tells everybody to use where a server checks none: LM Studio (`lm-studio`, earlier
 * `not-needed`), llama.cpp (`sk-no-key-required`), vLLM (`token-abc123`). To redact them would only redact prose.
 */
export const placeholders: ReadonlySet<string> = new Set([
  "lm-studio",
  "not-needed",
  "sk-no-key-required",
  "token-abc123"
])
