/**
 * What a consumer of events has in front of it, kept the way the documentation asks for: deltas are added, and what
 * `Superseded` voids is taken away. It shares no code with the library, and a block that comes twice stands there twice,
 * so it can bear witness against the library.
 */
import type { ModelEvent, ModelResponse } from "effect-redial"

export interface ToolCall {
  readonly id: string
  readonly name: string
  /** The parsed JSON; the text itself where it is cut. */
  readonly arguments: unknown
}

export interface Answer {
  readonly text: string
  readonly reasoning: string
  readonly toolCalls: ReadonlyArray<ToolCall>
}

export interface Block {
  readonly kind: "text" | "reasoning" | "tool-call"
  readonly index: number
  readonly id: string
  readonly name: string
  text: string
}

export class Page {
  #blocks: Array<Block>

  constructor(copied?: Page) {
    this.#blocks = copied === undefined ? [] : [...copied.#blocks]
  }

  get blocks(): ReadonlyArray<Block> {
    return this.#blocks
  }

  take(event: ModelEvent.ModelEvent): void {
    switch (event._tag) {
      case "TextStart":
        this.#blocks.push({ kind: "text", index: event.index, id: "", name: "", text: "" })
        return
      case "ReasoningStart":
        this.#blocks.push({ kind: "reasoning", index: event.index, id: "", name: "", text: "" })
        return
      case "ToolCallStart":
        this.#blocks.push({ kind: "tool-call", index: event.index, id: event.id, name: event.name, text: "" })
        return
      case "TextDelta":
      case "ReasoningDelta":
        this.#add(event.index, event.text)
        return
      case "ToolCallDelta":
        this.#add(event.index, event.json)
        return
      case "Superseded":
        this.#blocks = this.#blocks.filter(({ index }) => index < event.fromIndex)
        return
    }
  }

  answer(): Answer {
    const joined = (kind: Block["kind"]) =>
      this.#blocks
        .filter((block) => block.kind === kind)
        .map(({ text }) => text)
        .join("")
    const toolCalls = this.#blocks
      .filter(({ kind }) => kind === "tool-call")
      .map(({ id, name, text }) => ({ id, name, arguments: parsed(text) }))
    return { text: joined("text"), reasoning: joined("reasoning"), toolCalls }
  }

  #add(index: number, text: string): void {
    const block = this.#blocks.findLast((block) => block.index === index)
    if (block !== undefined) block.text += text
  }
}

const parsed = (json: string): unknown => {
  if (json.trim() === "") return {}
  try {
    return JSON.parse(json)
  } catch {
    return json
  }
}

export const answerOf = ({ reasoning, text, toolCalls }: ModelResponse.ModelResponse): Answer => ({
  text,
  reasoning,
  toolCalls: toolCalls.map(({ arguments: value, id, name }) => ({ id, name, arguments: value }))
})

export interface Verdict {
  /** Something that the server meant is missing. */
  readonly lost: boolean
  /** Something is there that the server did not mean, or not as often. */
  readonly duplicated: boolean
}

/** Compares every view of an answer with what was meant. A view that does not exist has lost everything. */
export const compare = (meant: Answer, views: ReadonlyArray<Answer | undefined>): Verdict => ({
  lost: views.some((view) => view === undefined || !holds(view, meant)),
  duplicated: views.some((view) => view !== undefined && !holds(meant, view))
})

/** Whether everything in `part` is also in `whole`, in the same order. */
const holds = (whole: Answer, part: Answer): boolean =>
  isWithin([...part.text], [...whole.text]) &&
  isWithin([...part.reasoning], [...whole.reasoning]) &&
  isWithin(part.toolCalls.map(stable), whole.toolCalls.map(stable))

const isWithin = (part: ReadonlyArray<string>, whole: ReadonlyArray<string>): boolean => {
  let found = 0
  for (const piece of whole) if (piece === part[found]) found++
  return found === part.length
}

/** A call as text, the same whatever the order of its keys. */
const stable = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner
  )
