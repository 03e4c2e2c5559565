/**
 * Where we differ from the official SDKs on purpose. docs/protocols.md has the same list.
 */
import type { Accepted, Field } from "./outcome.js"

export interface Difference {
  readonly fields: ReadonlyArray<Field>
  readonly why: string
  readonly applies: (ours: Accepted, expected: Accepted, body: string) => boolean
}

interface Event {
  readonly type?: unknown
  readonly delta?: unknown
  readonly response?: { readonly output?: unknown }
}

/** The events of a Responses stream of one type. */
const eventsOf = (body: string, type: string): ReadonlyArray<Event> =>
  Array.from(body.matchAll(/^data: ?(.*)$/gm), ([, data = ""]) => data).flatMap((data) => {
    if (!data.includes(type)) return []
    try {
      const event: Event = JSON.parse(data)
      return event.type === type ? [event] : []
    } catch {
      return []
    }
  })

/** What the events of a Responses stream carried of the text, piece by piece. */
const textDeltas = (body: string): string =>
  eventsOf(body, "response.output_text.delta")
    .map(({ delta }) => delta)
    .join("")

const endsWithoutOutput = (body: string): boolean => {
  const output = eventsOf(body, "response.completed").at(-1)?.response?.output
  return Array.isArray(output) && output.length === 0
}

/** Both accept the stream, and make another thing of it. */
export const differences: ReadonlyArray<Difference> = [
  {
    fields: ["usage"],
    why: "the helper overlooks where this vendor reports usage",
    applies: (_, expected) => expected.usage === null
  },
  {
    fields: ["toolCalls"],
    why: "the helper completes arguments that were cut; we hand them out as they came, as an incomplete call",
    applies: (ours) => ours.finish === "max_tokens" && ours.toolCalls.some((call) => typeof call.arguments === "string")
  },
  {
    fields: ["text"],
    why: "the final event has another text than the deltas; what was delivered is not taken back",
    applies: (ours, _, body) => ours.text === textDeltas(body)
  },
  {
    fields: ["text", "reasoning", "toolCalls"],
    why: "the final event has no output, so the helper forgets what was streamed",
    applies: (_, expected, body) => expected.text === "" && endsWithoutOutput(body)
  }
]

export interface Refusal {
  /** What the SDK says. */
  readonly error: RegExp
  readonly why: string
}

/** The SDK refuses the stream, and we read it. */
export const refusals: ReadonlyArray<Refusal> = [
  {
    error: /got message_start before receiving/,
    why: "the same answer is announced twice before it begins, as some gateways do"
  },
  {
    error: /^APIError/,
    why: "an error that comes after the proof of the end does not undo the answer"
  },
  {
    error: /missing role/,
    why: "some vendors never send the role, and only assistants answer"
  },
  {
    error: /invalid tool call index/,
    why: "some vendors give no index; the id tells calls apart"
  },
  {
    error: /Unhandled response stream event/,
    why: "event types that are new must not break a stream"
  },
  {
    error: /expected 'response.created' event/,
    why: "the rest of a background response begins later; its final event is whole"
  },
  {
    error: /identity changed|expected (item_id|output item)|duplicate output item|missing (output|content) at index/,
    why: "gateways give ids and places of their own; the final event proves the answer"
  }
]
