/**
 * Providers that are slow and well: by the default deadlines none of their streams may be ended, and none of their pools
 * renewed. Hours pass by the test clock; the sockets are real.
 */
import { Clock, Duration, Effect, Exit, Fiber, Redacted, Stream, TestClock, TestContext } from "effect"
import { AnthropicClient, type ModelRequest, OpenAiClient, type Protocol, Provider } from "effect-redial"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { protocols } from "../../support/protocols.js"

interface World {
  readonly name: string
  readonly request?: Partial<ModelRequest.Options>
  readonly reply: (events: ReadonlyArray<string>, protocol: Protocol.ProtocolId) => Reply.Reply
  /** How long the consumer takes over each event. */
  readonly consumer?: Duration.DurationInput
  /** In the middle of the answer the clock is suddenly this much later, or earlier: the machine slept, or was set. */
  readonly leap?: number
  readonly only?: Protocol.ProtocolId
}

/** Silent for so long in mid-answer, or with signs of life. */
const quiet =
  (time: Duration.DurationInput, signs?: "ping" | "comment", after = 3) =>
  (events: ReadonlyArray<string>): Reply.Reply => {
    if (signs === undefined) return Reply.hold(Reply.stream(events), { afterEvents: after }, time)
    const beats = Array.from({ length: Math.ceil(Duration.toSeconds(time) / 15) }, () =>
      signs === "ping" ? Wire.ping : Wire.comment("processing")
    )
    return Reply.stream([...events.slice(0, after), ...beats, ...events.slice(after)], { every: "15 seconds" })
  }

const late =
  (time: Duration.DurationInput) =>
  (events: ReadonlyArray<string>): Reply.Reply =>
    Reply.make(Reply.wait(time), ...Reply.stream(events).steps)

const tokens = (count: number): string => "word".repeat(count)

const worlds: ReadonlyArray<World> = [
  { name: "a token every 20 seconds", reply: (events) => Reply.stream(events, { every: "20 seconds" }) },
  { name: "a pause of 110 seconds", reply: quiet("110 seconds") },
  { name: "a first event after 170 seconds", reply: late("170 seconds") },
  { name: "comments for 9 minutes", reply: quiet("9 minutes", "comment") },
  { name: "a conversation of 60,000 tokens", request: { prompt: tokens(60_000) }, reply: late("4 minutes") },
  { name: "a conversation of 300,000 tokens", request: { prompt: tokens(300_000) }, reply: late("14 minutes") },
  { name: "reasoning, 9 minutes before it begins", request: { model: "o3" }, reply: late("9 minutes") },
  {
    name: "reasoning, 19 minutes with comments",
    request: { reasoning: { effort: "high" } },
    reply: quiet("19 minutes", "comment")
  },
  {
    name: "reasoning, 19 minutes with pings",
    request: { reasoning: { effort: "high" } },
    reply: quiet("19 minutes", "ping"),
    only: "anthropic-messages"
  },
  { name: "reasoning, 9 silent minutes", request: { model: "gpt-5" }, reply: quiet("9 minutes"), only: "responses" },
  {
    name: "reasoning, 9 silent minutes",
    request: { model: "o3" },
    reply: quiet("9 minutes"),
    only: "chat-completions"
  },
  {
    name: "reasoning that is shown for 25 minutes",
    request: { reasoning: { effort: "high" } },
    reply: (_, protocol) =>
      Reply.stream(Wire.answer(protocol, { reasoning: Array.from({ length: 75 }, (_, i) => `r${i} `), text: "a" }), {
        every: "20 seconds"
      })
  },
  { name: "a consumer that takes an hour", reply: (events) => Reply.stream(events), consumer: "1 hour" },
  {
    name: "a consumer that takes ten minutes, and a token every 20 seconds",
    reply: (events) => Reply.stream(events, { every: "20 seconds" }),
    consumer: "10 minutes"
  },
  {
    name: "a machine that sleeps for a night",
    reply: (events) => Reply.stream(events, { every: "20 seconds" }),
    leap: 9 * 3_600_000
  },
  {
    name: "a machine that sleeps for two minutes",
    reply: (events) => Reply.stream(events, { every: "20 seconds" }),
    leap: 115_000
  },
  {
    name: "a clock that is set back a day",
    reply: (events) => Reply.stream(events, { every: "20 seconds" }),
    leap: -86_400_000
  }
]

export interface Watched {
  readonly name: string
  readonly protocol: Protocol.ProtocolId
  /** What ended it, or made it try again; empty where it was left in peace. */
  readonly killed: string
  /** Generations of its client beyond the first. */
  readonly renewed: number
  /** By the test clock. */
  readonly minutes: number
}

/** What is under way on real sockets gets there, while the test clock stands still. */
const turns = Effect.promise(async () => {
  for (let i = 0; i < 6; i++) await new Promise((resolve) => setImmediate(resolve))
})

const client = (protocol: Protocol.ProtocolId, url: string) => {
  const options = { apiKey: Redacted.make("test-key"), baseUrl: `${url}/v1` }
  switch (protocol) {
    case "anthropic-messages":
      return AnthropicClient.make(options)
    case "chat-completions":
      return OpenAiClient.make(options)
    case "responses":
      return OpenAiClient.makeResponses(options)
  }
}

/** A clock whose sleeps are the test clock's, and whose time can leap. */
const leaping = Effect.map(Effect.clock, (clock) => {
  let by = 0
  const millis = (): number => clock.unsafeCurrentTimeMillis() + by
  const nanos = (): bigint => clock.unsafeCurrentTimeNanos() + BigInt(by) * 1_000_000n
  const leaps: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: millis,
    currentTimeMillis: Effect.sync(millis),
    unsafeCurrentTimeNanos: nanos,
    currentTimeNanos: Effect.sync(nanos),
    sleep: (duration) => clock.sleep(duration)
  }
  return {
    clock: leaps,
    leap: (millis: number): void => {
      by += millis
    }
  }
})

const watch = ({ consumer, leap, name, reply, request }: World, protocol: Protocol.ProtocolId) =>
  Effect.scoped(
    Effect.gen(function* () {
      const events = Wire.answer(protocol, { text: Array.from({ length: 20 }, (_, i) => `t${i} `) })
      const server = yield* FaultServer.make([reply(events, protocol)])
      const made = yield* client(protocol, server.url)
      // A server on this machine would be given more time than one that is far away.
      const provider = yield* Provider.makeFromClient({ ...made, baseUrl: "https://api.vendor.example/v1" })
      const startedAt = yield* Clock.currentTimeMillis
      const leaps = yield* leaping
      let seen = 0
      const fiber = yield* provider.stream({ model: "m", prompt: "go", ...request }).pipe(
        Stream.tap(() =>
          Effect.suspend(() => {
            seen++
            return consumer === undefined ? Effect.void : Effect.sleep(consumer)
          })
        ),
        Stream.runLast,
        Effect.withClock(leaps.clock),
        Effect.fork
      )
      yield* server.awaitStats(({ requests }) => requests === 1)
      let left = leap
      // Small against every deadline that runs; while the consumer is busy, none does.
      const step = consumer === undefined ? Duration.seconds(5) : Duration.times(consumer, 1 / 20)
      while ((yield* Fiber.poll(fiber))._tag === "None") {
        yield* turns
        yield* TestClock.adjust(step)
        if (left !== undefined && seen > 8) {
          leaps.leap(left)
          left = undefined
        }
      }
      const exit = yield* Fiber.await(fiber)
      const last = Exit.isSuccess(exit) && exit.value._tag === "Some" ? exit.value.value : undefined
      const attempts = last?._tag === "Finish" ? last.response.attempts : undefined
      return {
        name,
        protocol,
        killed: attempts === undefined ? String(exit) : (attempts.find(({ error }) => error)?.error?.message ?? ""),
        renewed: (yield* made.connections.stats).acquired - 1,
        minutes: Math.round(((yield* Clock.currentTimeMillis) - startedAt) / 60_000)
      } satisfies Watched
    })
  ).pipe(Effect.orDie, Effect.provide(TestContext.TestContext))

export const healthy: Effect.Effect<ReadonlyArray<Watched>> = Effect.forEach(
  worlds.flatMap((world) =>
    protocols.flatMap((protocol) => (world.only === undefined || world.only === protocol ? [{ world, protocol }] : []))
  ),
  ({ protocol, world }) => watch(world, protocol),
  // The test clock waits a little, in real time, for those who sleep by it.
  { concurrency: 12 }
)

export const figures = (all: ReadonlyArray<Watched>) => ({
  streams: all.length,
  killed: all.filter(({ killed }) => killed !== "").length,
  renewed: all.reduce((sum, { renewed }) => sum + renewed, 0)
})

export const lines = (all: ReadonlyArray<Watched>): ReadonlyArray<string> => [
  "\n  slow and well                                                    protocol              took  renewed",
  ...all.map(({ killed, minutes, name, protocol, renewed }) =>
    [
      killed === "" && renewed === 0 ? " " : "!",
      name.padEnd(64),
      protocol.padEnd(18),
      `${minutes} min`.padStart(8),
      String(renewed).padStart(8),
      killed
    ].join(" ")
  )
]
