/**
 * Sends reasoning back in the field that its vendor expects. None of these fields is part of OpenAI's protocol, so the
 * SDK's types do not know them, and OpenAI refuses them. Each is written only for a vendor that is known to accept it.
 */
import type * as Prompt from "../../model/Prompt.js"
import { object, string } from "../internal/json.js"
import type { ChatCompletions as Quirks } from "../Quirks.js"

type Content = ReadonlyArray<Prompt.AssistantPart>

/** The fields beside the content of a message. */
export const replayed = (
  content: Content,
  reasoning: string,
  callsTools: boolean,
  { replay }: Quirks
): Readonly<Record<string, unknown>> => {
  switch (replay) {
    case undefined:
      return {}
    case "reasoning_content":
      return reasoning === "" ? {} : { reasoning_content: reasoning }
    case "tool-calls":
      return reasoning === "" && !callsTools ? {} : { reasoning_content: reasoning }
    case "reasoning_details": {
      const details = content.find((part) => isNamed(part, "reasoning_details"))
      return details?.type === "provider" ? { reasoning_details: details.value } : {}
    }
    case "extra_content":
      return extraOf(content, undefined)
  }
}

/** The fields beside one call of a message. */
export const replayedCall = (content: Content, id: string, { replay }: Quirks): Readonly<Record<string, unknown>> =>
  replay === "extra_content" ? extraOf(content, id) : {}

const isNamed = (part: Prompt.AssistantPart, name: string): boolean => part.type === "provider" && part.name === name

const extraOf = (content: Content, call: string | undefined): Readonly<Record<string, unknown>> => {
  for (const part of content) {
    if (part.type !== "provider" || part.name !== "extra_content") continue
    const beside = object(part.value)
    if (beside !== undefined && string(beside.call) === call) return { extra_content: beside.value }
  }
  return {}
}
