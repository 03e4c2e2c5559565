/**
 * Keeps the answers of a provider until they go back to the model.
 *
 * `Chat` builds its history from an answer's texts and calls and drops their metadata, so it lacks signatures,
 * citations and blocks of the vendor. An assistant message with the same content as a remembered answer stands for that
 * answer. This works within one process. A history that is stored needs `content` of the `finish` part: see
 * `metadata.ts`.
 */
import type * as AiPrompt from "@effect/ai/Prompt"
import type { AssistantPart } from "../../model/Prompt.js"
import type { Service } from "../../provider/Provider.js"

/** Bounds of one provider's memory: the least recently used answer is forgotten first. */
export const maxAnswers = 1024
const maxCharacters = 8 * 1024 * 1024

interface Answer {
  readonly content: ReadonlyArray<AssistantPart>
  readonly characters: number
}

/**
 * What an answer and the message made of it have in common: the joined texts, the joined reasoning, and the calls by
 * their ids. A stream ends its parts in another order than the content has.
 */
const keyOf = (parts: Iterable<AssistantPart | AiPrompt.AssistantMessagePart>): string => {
  let text = ""
  let reasoning = ""
  const calls: Array<string> = []
  for (const part of parts) {
    if (part.type === "text") text += part.text
    else if (part.type === "reasoning") reasoning += part.text
    // A call that the vendor ran is a separate part in an answer.
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

  /** The answer behind the message; undefined if no answer has the same content. */
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

/**
 * One memory for each provider: models are often made anew for each call, and answers of one provider must not go to
 * another.
 */
export const memoryOf = (provider: Service): Memory => {
  const known = memories.get(provider)
  if (known !== undefined) return known
  const memory = new Memory()
  memories.set(provider, memory)
  return memory
}

/**
 * Whether a message that `Prompt.fromResponseParts` makes of the answer would contain less than the answer, or in
 * another order.
 */
export const saysMore = (content: ReadonlyArray<AssistantPart>): boolean => {
  let called = false
  for (const part of content) {
    if (part.type === "tool-call") called = true
    else if (part.type !== "text" || called) return true
  }
  return false
}
