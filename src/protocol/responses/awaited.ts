/**
 * Calls of OpenAI's own tools that the program must run, not the vendor: a response that ends with one waits for it.
 */
import { string } from "../internal/json.js"
import type { Item, Items } from "./item.js"

/** The calls, each with the item that answers it. What the vendor runs in its own container has that item already. */
const answers = new Map([
  ["apply_patch_call", "apply_patch_call_output"],
  ["computer_call", "computer_call_output"],
  ["local_shell_call", "local_shell_call_output"],
  ["mcp_approval_request", "mcp_approval_response"],
  ["shell_call", "shell_call_output"],
  ["tool_search_call", "tool_search_output"]
])

/** Whether a call of this kind has no answer. */
export const awaitsCaller = ({ items }: Items): boolean => {
  const calls = items.filter(({ type }) => answers.has(type))
  if (calls.length === 0) return false
  const answered = new Set(items.map((item) => `${item.type} ${idOf(item)}`))
  return calls.some((call) => !runByVendor(call) && !answered.has(`${answers.get(call.type)} ${idOf(call)}`))
}

const idOf = ({ final, value }: Item): string | undefined => string((final ?? value).call_id)

/** Only this kind says who runs it. */
const runByVendor = ({ final, type, value }: Item): boolean =>
  type === "tool_search_call" && (final ?? value).execution !== "client"
