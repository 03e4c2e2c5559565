/**
 * All vendors in one list, for names that are known only at run time. It is the only module that imports them all, so a
 * program that names its vendor does not load it.
 */
import * as Option from "effect/Option"
import { alibaba, alibabaCn } from "./alibaba.js"
import { anthropic } from "./anthropic.js"
import { azure, azureFoundry } from "./azure.js"
import { cerebras } from "./cerebras.js"
import { cloudflare } from "./cloudflare.js"
import { deepseek } from "./deepseek.js"
import { fireworks } from "./fireworks.js"
import { gemini } from "./gemini.js"
import { groq } from "./groq.js"
import { huggingface } from "./huggingface.js"
import { llamaCpp } from "./llamaCpp.js"
import { lmstudio } from "./lmstudio.js"
import { minimax, minimaxCn } from "./minimax.js"
import { mistral } from "./mistral.js"
import { moonshot, moonshotCn } from "./moonshot.js"
import { nvidia } from "./nvidia.js"
import { ollama } from "./ollama.js"
import { openai } from "./openai.js"
import { openrouter } from "./openrouter.js"
import { perplexity } from "./perplexity.js"
import { together } from "./together.js"
import { vercel } from "./vercel.js"
import { vllm } from "./vllm.js"
import { xai } from "./xai.js"
import { zai, zhipu } from "./zai.js"

/**
 * Every named vendor, in the order of the documentation; `custom` makes others.
 *
 * @since 0.1.0
 * @category catalog
 */
export const all = [
  anthropic,
  openai,
  azure,
  azureFoundry,
  minimax,
  minimaxCn,
  alibaba,
  alibabaCn,
  openrouter,
  moonshot,
  moonshotCn,
  zai,
  zhipu,
  deepseek,
  xai,
  groq,
  mistral,
  together,
  fireworks,
  cerebras,
  perplexity,
  nvidia,
  huggingface,
  gemini,
  vercel,
  cloudflare,
  ollama,
  lmstudio,
  vllm,
  llamaCpp
] as const

/**
 * A vendor of the list.
 *
 * @since 0.1.0
 * @category catalog
 */
export type Known = (typeof all)[number]

/**
 * The ids of all vendors.
 *
 * @since 0.1.0
 * @category catalog
 */
export type Id = Known["id"]

const byId: ReadonlyMap<string, Known> = new Map(all.map((vendor) => [vendor.id, vendor]))

/**
 * The vendor of an id. For an id that is known only at run time, the vendor is one of several: what some of them
 * require (`Provider.layer` of Azure requires a `resource`) is then checked when the layer is built.
 *
 * @example
 * ```ts
 * import { Provider, Vendors } from "effect-redial"
 *
 * const live = (id: Vendors.Id) => Provider.layerFromEnv(Vendors.get(id))
 * ```
 *
 * @since 0.1.0
 * @category catalog
 */
export const get = <const I extends Id>(id: I): Extract<Known, { readonly id: I }> =>
  // The keys are the ids of the list, so each is found, and has the type of its own entry.
  byId.get(id) as Extract<Known, { readonly id: I }>

/**
 * The vendor of any text, if there is one: for settings, or arguments of a program.
 *
 * @since 0.1.0
 * @category catalog
 */
export const find = (id: string): Option.Option<Known> => Option.fromNullable(byId.get(id))
