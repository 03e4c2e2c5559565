/**
 * What a provider answered, kept for the time when it goes back to the model.
 *
 * `Chat` makes its history of an answer's texts and calls and drops their metadata, so signatures, citations and blocks of
 * the vendor are not in it. An assistant message that says exactly what a remembered answer said stands for that answer.
 * This works within one process. A history that is stored keeps `content` of the `finish` part: see `metadata.ts`.
 */
import type * as AiPrompt from "@effect/ai/Prompt"
import type { AssistantPart } from "../../model/Prompt.js"
import type { Service } from "../../provider/Provider.js"

/** Bounds of one provider's memory: what was used longest ago is forgotten first. */
export const maxAnswers = 1024
const maxCharacters = 8 * 1024 * 1024

interface Answer {
  readonly content: ReadonlyArray<AssistantPart>
  readonly characters: number
}

/**
 * What an answer and the message that is made of it both say: texts and reasoning each joined and calls by their ids, since a
 * stream ends its parts in another order than the content has.
 */
const keyOf = (parts: Iterable<AssistantPart | AiPrompt.AssistantMessagePart>): string => {
  let text = ""
  let reasoning = ""
  const calls: Array<string> = []
  for (const part of parts) {
    if (part.type === "text") text += part.text
    else if (part.type === "reasoning") reasoning += part.text
    // What the vendor itself ran is a part of its own in an answer.
    else if (part.type === "tool-call" && !("providerExecuted" in part && part.providerExecuted)) calls.push(part.id)
  }
  return JSON.stringify([text, reasoning, calls])
}

export class Memory {
  private readonly answers = new Map<string, Answer>()
  private characters = 0

  remember(content: ReadonlyArray<AssistantPart>): void {
    const key = keyOf(content)
    this.forget(key)
    const characters = key.length + JSON.stringify(content).length
    this.answers.set(key, { content, characters })
    this.characters += characters
    for (const oldest of this.answers.keys()) {
      if (this.answers.size <= maxAnswers && this.characters <= maxCharacters) break
      this.forget(oldest)
    }
  }

  /** What the message was made of; undefined where no answer said the same. */
  recall({ content }: AiPrompt.AssistantMessage): ReadonlyArray<AssistantPart> | undefined {
    if (this.answers.size === 0) return undefined
    const key = keyOf(content)
    const answer = this.answers.get(key)
    if (answer === undefined) return undefined
    this.answers.delete(key)
    this.answers.set(key, answer)
    return answer.content
  }

  private forget(key: string): void {
    const answer = this.answers.get(key)
    if (answer === undefined) return
    this.answers.delete(key)
    this.characters -= answer.characters
  }
}

const memories = new WeakMap<Service, Memory>()

/** One memory for each provider: models are often made anew for each call, and nothing that one said goes to another. */
export const memoryOf = (provider: Service): Memory => {
  const known = memories.get(provider)
  if (known !== undefined) return known
  const memory = new Memory()
  memories.set(provider, memory)
  return memory
}

/** Whether a message that `Prompt.fromResponseParts` makes of the answer would say less than the answer, or in another order. */
export const saysMore = (content: ReadonlyArray<AssistantPart>): boolean => {
  let called = false
  for (const part of content) {
    if (part.type === "tool-call") called = true
    else if (part.type !== "text" || called) return true
  }
  return false
}
