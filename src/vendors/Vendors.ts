/**
 * The vendors by name. Importing one brings the code of its protocols, not of all.
 *
 * @since 0.1.0
 */
export { alibaba } from "./alibaba.js"
export { anthropic } from "./anthropic.js"
export { custom } from "./custom.js"
export { minimax } from "./minimax.js"
export { openai } from "./openai.js"
export type { Endpoint, StructuredOutput, Vendor } from "./Vendor.js"
