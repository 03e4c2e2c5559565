/**
 * Addresses that speak only one protocol, whatever an outdated setting says. Host and path must match exactly: an
 * address that only resembles one of these is anyone's server.
 */
import type { ProtocolId } from "../../protocol/Protocol.js"

/**
 * The addresses whose vendor serves another protocol at another address; a test keeps them equal to the vendors' data.
 */
export const addresses: ReadonlyMap<string, ReadonlyArray<ProtocolId>> = new Map([
  ["api.anthropic.com", ["anthropic-messages"]],
  ["api.anthropic.com/v1", ["anthropic-messages", "chat-completions"]],
  ["api.openai.com/v1", ["chat-completions", "responses"]],
  ["api.minimax.io/anthropic", ["anthropic-messages"]],
  ["api.minimaxi.com/anthropic", ["anthropic-messages"]],
  ["dashscope-intl.aliyuncs.com/apps/anthropic", ["anthropic-messages"]],
  ["dashscope.aliyuncs.com/apps/anthropic", ["anthropic-messages"]],
  ["dashscope-intl.aliyuncs.com/compatible-mode/v1", ["chat-completions", "responses"]],
  ["dashscope.aliyuncs.com/compatible-mode/v1", ["chat-completions", "responses"]],
  ["api.moonshot.ai/anthropic", ["anthropic-messages"]],
  ["api.moonshot.cn/anthropic", ["anthropic-messages"]],
  ["api.z.ai/api/anthropic", ["anthropic-messages"]],
  ["open.bigmodel.cn/api/anthropic", ["anthropic-messages"]],
  ["api.deepseek.com/anthropic", ["anthropic-messages"]]
])

const governed: ReadonlySet<string> = new Set([...addresses.values()].flat())

/** Whether an address can be known not to speak a protocol: nothing is known about protocols of your own. */
export const isGoverned = (protocol: string): boolean => governed.has(protocol)

/** The protocols of a known address; undefined for any other, and for what is not a URL. */
export const mandated = (baseUrl: string): ReadonlyArray<string> | undefined => {
  if (!URL.canParse(baseUrl)) return undefined
  const { host, pathname } = new URL(baseUrl)
  const address = host + pathname.replace(/(?<!\/)\/+$/, "")
  return addresses.get(address) ?? addresses.get(address.replace(/\/v1$/, ""))
}
