/**
 * The eight conversations of the demo: what the server means to say, and what it does instead.
 */
import type { Duration } from "effect"
import type { Protocol } from "effect-redial"
import { Reply, Wire } from "effect-redial/testing"
import type { Answer } from "./page.js"

export interface Scenario {
  /** Sent as the model's name, by which the server knows the conversation again. */
  readonly model: string
  readonly client: "anthropic" | "openai"
  readonly prompt: string
  readonly meant: Answer
  /** What the server will do, for the reader. */
  readonly plan: string
  /** One per attempt; the last one is whole. */
  readonly replies: ReadonlyArray<Reply.Reply>
}

/** How fast everything goes. */
export interface Pace {
  /** Between two pieces of an answer. */
  readonly piece: Duration.DurationInput | undefined
  readonly retryBase: Duration.DurationInput
  readonly retryCap: Duration.DurationInput
  /** After so much silence a connection is taken for dead. */
  readonly idle: Duration.DurationInput
}

/** For eyes, and for machines. */
export const slow: Pace = { piece: "75 millis", retryBase: "900 millis", retryCap: "1000 millis", idle: "1500 millis" }
export const fast: Pace = { piece: undefined, retryBase: "20 millis", retryCap: "50 millis", idle: "400 millis" }

const weather = {
  id: "call_weather",
  name: "get_weather",
  arguments: { city: "Reykjavík", days: [1, 2, 3], unit: "°C" }
}
const booking = {
  id: "call_booking",
  name: "book_table",
  arguments: { restaurant: "Trattoria da Nonna", people: 4, at: "19:30", wishes: ["a window", "no fish"] }
}

const texts = {
  sky: "Sunlight holds every colour. Air scatters the short waves, blue and violet, far more than the long red ones, so blue light reaches the eye from all over the sky, and in the evening, when the way through the air is long, mostly red is left.",
  tides:
    "The moon pulls at the near side of the earth more strongly than at the far side. The sea answers with two bulges, and as the earth turns beneath them most coasts see two high tides a day, each some fifty minutes later than the day before.",
  ships:
    "A ship floats because it pushes away as much water as it weighs. Steel alone would sink, but a hull is mostly air, and steel and air together are lighter than the water whose place they take.",
  bread:
    "Yeast eats sugar and breathes out gas. Kneading has built a net of gluten that holds the bubbles, so the dough rises; in the oven they swell once more, the net sets, and what was gas becomes the holes in the crumb.",
  cats: "A cat that falls turns its front half first, with the legs drawn in, then its back half the other way round. It has nothing to push against and needs nothing: bending in the middle is enough.",
  snow: "Snow is quiet because it is full of air. Sound that enters the small rooms between the flakes is thrown about and turned to heat, so after a fresh fall even a busy street seems to hold its breath."
}

/** In words, so that it reads as if someone was writing. */
const words = (text: string): ReadonlyArray<string> => text.match(/\S+\s*/g) ?? []

interface Draft {
  readonly client: Scenario["client"]
  readonly prompt: string
  readonly text?: string
  readonly reasoning?: string
  readonly toolCalls?: ReadonlyArray<typeof weather | typeof booking>
  readonly plan: string
  readonly faults?: (whole: Reply.Reply, at: (place: Place, share: number) => number) => ReadonlyArray<Reply.Reply>
}

type Place = "text" | "tool-call"

const reset = (whole: Reply.Reply, afterEvents: number) => Reply.cut(whole, { afterEvents, wait: 0 }, "rst")

const drafts: ReadonlyArray<Draft> = [
  { client: "anthropic", prompt: "Why is the sky blue?", text: texts.sky, plan: "breaks nothing" },
  {
    client: "anthropic",
    prompt: "What makes the tides?",
    text: texts.tides,
    plan: "resets in mid-text, twice",
    faults: (whole, at) => [reset(whole, at("text", 0.25)), reset(whole, at("text", 0.5))]
  },
  {
    client: "anthropic",
    prompt: "Will it snow in Reykjavík?",
    reasoning: "They ask about weather that I cannot know. There is a tool for that: three days should be enough.",
    text: "Let me look at the next three days.",
    toolCalls: [weather],
    plan: "resets in mid-tool-call",
    faults: (whole, at) => [reset(whole, at("tool-call", 0.7))]
  },
  {
    client: "anthropic",
    prompt: "Why does a steel ship float?",
    text: texts.ships,
    plan: "falls silent in mid-text",
    faults: (whole, at) => [Reply.cut(whole, { afterEvents: at("text", 0.4) }, "stall")]
  },
  { client: "openai", prompt: "Why does bread have holes?", text: texts.bread, plan: "breaks nothing" },
  {
    client: "openai",
    prompt: "How do cats land on their feet?",
    text: texts.cats,
    plan: "closes in mid-text",
    faults: (whole, at) => [Reply.cut(whole, { afterEvents: at("text", 0.5) }, "fin")]
  },
  {
    client: "openai",
    prompt: "Book us a table for tonight.",
    text: "With pleasure. Four people, half past seven, and I will ask for the window.",
    toolCalls: [booking, weather],
    plan: "ends early in mid-tool-call",
    faults: (whole, at) => [Reply.cut(whole, { afterEvents: at("tool-call", 0.6) }, "clean")]
  },
  {
    client: "openai",
    prompt: "Why is snow so quiet?",
    text: texts.snow,
    plan: "resets before a word, then in mid-text",
    faults: (whole, at) => [Reply.closeBeforeHead("rst"), reset(whole, at("text", 0.6))]
  }
]

export const protocols: Readonly<Record<Scenario["client"], Protocol.ProtocolId>> = {
  anthropic: "anthropic-messages",
  openai: "chat-completions"
}

/** What an event of the wire with a piece of a text or a call has in it, in either protocol. */
const marks: Readonly<Record<Place, RegExp>> = {
  text: /"text_delta"|"content":"[^"]/,
  "tool-call": /"input_json_delta"|"tool_calls":\[/
}

export const scenarios = (pace: Pace): ReadonlyArray<Scenario> =>
  drafts.map(({ client, faults, plan, prompt, reasoning, text, toolCalls = [] }, i) => {
    const events = Wire.answer(protocols[client], {
      reasoning: reasoning === undefined ? undefined : words(reasoning),
      text: text === undefined ? undefined : words(text),
      toolCalls
    })
    const whole = Reply.stream(events, { every: pace.piece })
    const at = (place: Place, share: number): number => {
      const places = events.flatMap((event, n) => (marks[place].test(event) ? [n + 1] : []))
      return places[Math.floor(places.length * share)] ?? 1
    }
    return {
      model: `demo-${i + 1}`,
      client,
      prompt,
      meant: { text: text ?? "", reasoning: reasoning ?? "", toolCalls },
      plan,
      replies: [...(faults?.(whole, at) ?? []), whole]
    }
  })
