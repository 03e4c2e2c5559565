/**
 * The vendors by name. A bundle that imports one of them from `effect-redial/Vendors` contains the code of its
 * protocols, and no other vendor. See [docs/providers.md](../../docs/providers.md).
 *
 * @since 0.1.0
 */
export { alibaba, alibabaCn } from "./alibaba.js"
export { anthropic } from "./anthropic.js"
export { azure, azureFoundry } from "./azure.js"
export { all, find, get, type Id, type Known } from "./catalog.js"
export { cerebras } from "./cerebras.js"
export { cloudflare } from "./cloudflare.js"
export { type CustomOptions, custom } from "./custom.js"
export { deepseek } from "./deepseek.js"
export { fireworks } from "./fireworks.js"
export { gemini } from "./gemini.js"
export { groq } from "./groq.js"
export { huggingface } from "./huggingface.js"
export { llamaCpp } from "./llamaCpp.js"
export { lmstudio } from "./lmstudio.js"
export { minimax, minimaxCn } from "./minimax.js"
export { mistral } from "./mistral.js"
export { moonshot, moonshotCn } from "./moonshot.js"
export { nvidia } from "./nvidia.js"
export { ollama } from "./ollama.js"
export { openai } from "./openai.js"
export { openrouter } from "./openrouter.js"
export { perplexity } from "./perplexity.js"
export { together } from "./together.js"
export type { Endpoint, EndpointOf, Field, Fields, Keyless, StructuredOutput, Vendor } from "./Vendor.js"
export { vercel } from "./vercel.js"
export { vllm } from "./vllm.js"
export { xai } from "./xai.js"
export { zai, zhipu } from "./zai.js"
