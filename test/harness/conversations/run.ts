/**
 * Conversations of `Chat` with tools over real sockets, of whose requests a share is dropped: what is said, what is
 * remembered and what is run must be as without a drop, and every request must be told of.
 */
import { Chat, Tool, Toolkit } from "@effect/ai"
import { Effect, Redacted, Schedule, Schema, Stream } from "effect"
import { Provider, Vendors } from "effect-redial"
import * as Redial from "effect-redial/ai"
import { FaultServer } from "effect-redial/testing"
import { ANSWERS, conversationOf, meant, script } from "./vendor.js"

const LookUp = Tool.make("look_up", { parameters: { key: Schema.String }, success: Schema.String })
const toolkit = Toolkit.make(LookUp)

export interface Figures {
  readonly conversations: number
  readonly requests: number
  readonly drops: number
  readonly handlerRuns: number
  /** What is wrong; empty where nothing is. */
  readonly wrong: ReadonlyArray<string>
}

/** Ids are the vendor's, so two runs have different ones: by their order they can be compared. */
const withoutIds = (history: string): string => {
  const ids: Array<string> = []
  return history.replace(/toolu_[0-9_]+/g, (id) => {
    if (!ids.includes(id)) ids.push(id)
    return `call ${ids.indexOf(id)}`
  })
}

const hold = (conversation: number, ran: Map<string, number>) =>
  Effect.gen(function* () {
    const chat = yield* Chat.empty
    let text = ""
    let attempts = 0
    let drops = 0
    for (let answer = 0; answer < ANSWERS; answer++) {
      const prompt = answer % 2 === 0 ? `Question ${answer} of conversation ${conversation}` : []
      yield* chat.streamText({ prompt, toolkit, concurrency: "unbounded" }).pipe(
        Stream.runForEach((part) =>
          Effect.sync(() => {
            if (part.type === "text-delta") text += part.delta
            if (part.type !== "finish") return
            const told = part.metadata.effectRedial?.attempts ?? []
            attempts += told.length
            drops += told.length - 1
          })
        )
      )
    }
    return { text, attempts, drops, history: withoutIds(yield* chat.exportJson) }
  }).pipe(
    Effect.provide(
      toolkit.toLayer({
        look_up: ({ key }) =>
          Effect.sync(() => `${key} was looked up ${ran.set(key, (ran.get(key) ?? 0) + 1).get(key)} time(s)`)
      })
    )
  )

const all = (count: number, seed: number, share: number) =>
  Effect.gen(function* () {
    const server = yield* FaultServer.make(script(seed, share))
    const provider = yield* Provider.make(Vendors.anthropic, {
      apiKey: Redacted.make("k"),
      baseUrl: server.url,
      retry: Schedule.recurs(50),
      limits: { maxAttempts: 50 }
    })
    const model = Redial.layer({ model: "claude-sonnet-5-5" })
    const ran = new Map<string, number>()
    const held = yield* Effect.forEach(
      Array.from({ length: count }, (_, n) => n),
      (n) => Effect.either(hold(n, ran)),
      { concurrency: 20 }
    ).pipe(Effect.provide(model), Effect.provideService(Provider.Provider, provider))
    return { held, ran, requests: yield* server.requests }
  }).pipe(Effect.scoped)

export const run = (count: number, seed: number, share = 1 / 3) =>
  Effect.gen(function* () {
    const quiet = yield* all(count, seed, 0)
    const broken = yield* all(count, seed, share)
    const wrong: Array<string> = []
    const sent = new Map<number, number>()
    const last = new Map<number, string>()
    for (const request of broken.requests) {
      const conversation = conversationOf(request)
      sent.set(conversation, (sent.get(conversation) ?? 0) + 1)
      last.set(conversation, JSON.stringify(request.json))
    }
    let drops = 0
    let expectedRuns = 0
    for (const [n, ended] of broken.held.entries()) {
      const say = (what: string): void => void wrong.push(`conversation ${n}: ${what}`)
      const without = quiet.held[n]
      if (ended._tag === "Left" || without?._tag !== "Right") {
        say(ended._tag === "Left" ? `failed: ${ended.left.message}` : "failed without a drop")
        continue
      }
      drops += ended.right.drops
      const answers = Array.from({ length: ANSWERS }, (_, answer) => meant(n, answer))
      if (ended.right.text !== answers.map(({ text }) => text).join("")) say(`said ${ended.right.text}`)
      if (ended.right.text !== without.right.text) say("said another thing than without drops")
      if (ended.right.history !== without.right.history) say("remembers another thing than without drops")
      if (ended.right.attempts !== sent.get(n)) say(`told of ${ended.right.attempts} of ${sent.get(n)} requests`)
      for (const { signature } of answers.slice(0, -1)) {
        if (last.get(n)?.includes(signature) === false) say(`did not send ${signature} back`)
      }
      for (const key of answers.flatMap(({ calls }) => calls)) {
        expectedRuns++
        if (broken.ran.get(key) !== 1) say(`ran ${key} ${broken.ran.get(key) ?? 0} times`)
      }
    }
    if (broken.ran.size !== expectedRuns && wrong.length === 0) wrong.push("handlers ran for calls that nobody meant")
    const figures: Figures = {
      conversations: count,
      requests: broken.requests.length,
      drops,
      handlerRuns: [...broken.ran.values()].reduce((sum, runs) => sum + runs, 0),
      wrong
    }
    return figures
  })
