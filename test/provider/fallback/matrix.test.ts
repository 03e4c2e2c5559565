/**
 * A program cannot tell a combination of providers from a plain one: the same programs run against each, over real sockets,
 * and must see the same.
 */
import { assert, describe } from "@effect/vitest"
import { Effect, Fiber, Schedule, Schema, type Scope, Stream } from "effect"
import {
  type Admission,
  Fallback,
  type InvalidOptions,
  ModelEvent,
  Provider,
  Router,
  Tool,
  Toolkit,
  ToolLoop
} from "effect-redial"
import { FaultServer, Reply, ScriptedProvider, Wire } from "effect-redial/testing"
import { down, model, pieces, quietly, request, text, usage, vendor } from "../../support/provider/fallback.js"

type Made = Effect.Effect<Provider.Service, InvalidOptions.InvalidOptions, Scope.Scope>

interface World {
  /** The provider that the program talks to in the end. */
  readonly live: (options?: Partial<Provider.ServiceOptions>) => Made
  /** One that always fails. */
  readonly dead: Made
}

const scripted: Made = Effect.map(
  ScriptedProvider.make([ScriptedProvider.status(529)], { retry: Schedule.stop }),
  ({ provider }) => provider
)

const open: Admission.Admission = { admit: () => Effect.succeed({ settle: () => Effect.void }) }

const fallback = (...members: readonly [Made, ...Array<Made>]): Made =>
  Effect.flatMap(Effect.all(members), ([first, ...others]) =>
    Fallback.make([{ provider: first! }, ...others.map((provider) => ({ provider }))], { firstEvent: "30 seconds" })
  )

const router = (provider: Made): Made =>
  Effect.map(provider, (live) => Router.make({ live }, Router.byModel({ "*": "live" })))

const around = (provider: Made): Made =>
  Effect.map(provider, (inner) =>
    Provider.fromStream({ id: "vendor", stream: (request, options) => inner.stream(request, options) })
  )

const needNot = "a fallback that need not"

/** Each is compared with the first. A combinator of providers has a row here. */
const combinations: Readonly<Record<string, (world: World) => Made>> = {
  plain: ({ live }) => live(),
  "with an admission": ({ live }) => live({ admission: Effect.succeed(open) }),
  "from a stream": ({ live }) => around(live()),
  "a router": ({ live }) => router(live()),
  "a fallback of one": ({ live }) => fallback(live()),
  [needNot]: ({ dead, live }) => fallback(live(), dead),
  "a fallback": ({ dead, live }) => fallback(dead, live()),
  "a fallback of a script": ({ live }) => fallback(scripted, live()),
  "a fallback in a fallback": ({ dead, live }) => fallback(dead, fallback(dead, live())),
  "a fallback of dead fallbacks": ({ dead, live }) => fallback(fallback(dead, scripted), live()),
  "a router of fallbacks": ({ dead, live }) => router(fallback(dead, live())),
  "a fallback of routers": ({ dead, live }) => fallback(router(dead), router(live())),
  "a fallback of streams": ({ dead, live }) => fallback(around(dead), around(live())),
  "a stream around a fallback": ({ dead, live }) => around(fallback(dead, live())),
  "a fallback with an admission": ({ dead, live }) => fallback(dead, live({ admission: Effect.succeed(open) })),
  "a fallback that is made by hand": ({ dead, live }) =>
    fallback(
      dead,
      Effect.map(live(), (made) => ({ ...made }))
    )
}

const protocol = "anthropic-messages"
const answer: Wire.Answer = { text: pieces, usage }
const whole = Reply.stream(Wire.answer(protocol, answer))
const broken = Reply.cut(whole, { afterEvents: 6 }, "rst")
const weather = Tool.make("weather", { parameters: { city: Schema.String } })
const Trip = Schema.Struct({ city: Schema.String, pack: Schema.Array(Schema.String) })
const trip = { city: "Oslo", pack: ["coat", "boots"] }
const written = (value: unknown) =>
  Reply.stream(Wire.answer(protocol, { toolCalls: [{ id: "call_1", name: "answer", arguments: value }], usage }))
const brokenOf = (reply: Reply.Reply) => Reply.cut(reply, { afterEvents: 4 }, "rst")

/** What differs from run to run, or says how often others were asked, is left out. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (key, field: unknown) =>
    ["attempt", "attempts", "generation", "requestId", "startedAt", "endedAt", "retryAt", "message"].includes(key)
      ? undefined
      : field
  )

const seen = <A, E>(stream: Stream.Stream<A, E>) =>
  Effect.gen(function* () {
    const all: Array<A> = []
    const result = yield* stream.pipe(
      Stream.runForEach((a) => Effect.sync(() => void all.push(a))),
      Effect.either
    )
    return { all, error: result._tag === "Left" ? errorOf(result.left) : undefined }
  })

const errorOf = (error: unknown) => {
  const { _tag, delivered, partial, provider } = error as {
    readonly _tag: string
    readonly provider: string
    readonly delivered?: string
    readonly partial?: { readonly text: string }
  }
  return { _tag, delivered, text: partial?.text, provider }
}

interface Program {
  readonly script: FaultServer.Script
  readonly run: (service: Provider.Service) => Effect.Effect<unknown, unknown, Scope.Scope>
  /** The provider fails at last: a combination that has another one after it asks that one. */
  readonly isFailure?: boolean
}

const loop = ToolLoop.make(Toolkit.make(weather), { weather: ({ city }) => Effect.succeed(`18 in ${city}`) })

const deliveries = ["restart", "resume", "hold", "fail"] as const

const programs: Readonly<Record<string, Program>> = {
  "a whole answer": { script: [whole], run: (service) => service.generate(request) },
  "a whole answer after a drop": { script: [broken, whole], run: (service) => service.generate(request) },
  "text after a drop": {
    script: (received) => (received.index === 1 ? broken : model(protocol)(received)),
    run: (service) => seen(service.streamText(request))
  },
  "text that cannot be gone on with": {
    script: [broken, whole],
    run: (service) => seen(service.streamText(request)),
    isFailure: true
  },
  ...Object.fromEntries(
    deliveries.map((delivery): [string, Program] => [
      `events after a drop, with ${delivery}`,
      {
        script: (received) => (received.index === 1 ? broken : model(protocol)(received)),
        run: (service) => seen(service.stream(request, { delivery }))
      }
    ])
  ),
  "raw events": { script: [whole], run: (service) => seen(service.stream(request, { raw: true })) },
  "an answer that goes on from a checkpoint": {
    script: model(protocol),
    run: (service) =>
      Effect.gen(function* () {
        const from = {
          ...ModelEvent.fold([
            { _tag: "TextStart", index: 0 },
            { _tag: "TextDelta", index: 0, text: text.slice(0, 40) }
          ]),
          attempts: [],
          seams: []
        }
        return [yield* seen(service.streamText(request, { from })), (yield* service.generate(request, { from })).text]
      })
  },
  "a tool loop": {
    script: ({ index }) =>
      index === 1
        ? Reply.stream(
            Wire.answer(protocol, {
              toolCalls: [{ id: "call_1", name: "weather", arguments: { city: "Oslo" } }],
              usage
            })
          )
        : whole,
    run: (service) => Effect.provideService(ToolLoop.generate(loop, request), Provider.Provider, service)
  },
  "an object": { script: [written(trip)], run: (service) => service.generateObject(request, { schema: Trip }) },
  "an object after a drop": {
    script: [brokenOf(written(trip)), written(trip)],
    run: (service) => seen(service.streamObject(request, { schema: Trip }))
  },
  "an object that is corrected": {
    script: [written({ city: 1 }), written(trip)],
    run: (service) => service.generateObject(request, { schema: Trip, repair: 1 })
  },
  "an object that does not fit": {
    script: [written({ city: 1 })],
    run: (service) => Effect.map(Effect.flip(service.generateObject(request, { schema: Trip })), errorOf)
  },
  "a list after a drop": {
    script: [brokenOf(written({ value: trip.pack })), written({ value: trip.pack })],
    run: (service) => seen(service.streamElements(request, { element: Schema.String }))
  },
  "a bad request": {
    script: [Reply.status(400, { body: Wire.errorBody(protocol, { type: "invalid_request_error" }) })],
    run: (service) => Effect.map(Effect.flip(service.generate(request)), errorOf)
  },
  "a request that cannot be written": {
    script: [whole],
    // Nobody can write it, so it is refused by the first that is asked.
    run: (service) =>
      Effect.map(Effect.flip(service.generate({ ...request, seed: 1 })), (error) => ({
        ...errorOf(error),
        provider: "any"
      }))
  }
}

const world = (url: string, dead: string): World => ({
  live: (options) => vendor({ url }, protocol, { retry: Schedule.recurs(1), structuredOutput: "tool", ...options }),
  dead: vendor({ url: dead }, protocol, { id: "dead" })
})

const outcome = (combination: (world: World) => Made, { run, script }: Program) =>
  Effect.scoped(
    Effect.gen(function* () {
      const server = yield* FaultServer.make(script)
      const dead = yield* FaultServer.make([down(protocol)])
      const service = yield* combination(world(server.url, dead.url))
      const result = plain(yield* run(service))
      return { result, asked: (yield* server.requests).length }
    })
  )

const [, ...others] = Object.entries(combinations)

for (const [what, program] of Object.entries(programs)) {
  describe(`a program sees the same of ${what}`, () => {
    quietly("from every combination of providers", () =>
      Effect.gen(function* () {
        const expected = yield* outcome(({ live }) => live(), program)
        for (const [name, combination] of others) {
          if (program.isFailure === true && name === needNot) continue
          const actual = yield* outcome(combination, program)
          assert.deepStrictEqual({ name, ...actual }, { name, ...expected })
        }
      })
    )
  })
}

describe("a consumer that stops", () => {
  for (const [name, combination] of Object.entries(combinations)) {
    quietly(`after any event frees all sockets: ${name}`, () =>
      Effect.gen(function* () {
        const stalls = Reply.cut(whole, { afterEvents: 5 }, "stall")
        for (let events = 0; events < 5; events++) {
          const server = yield* FaultServer.make([stalls])
          const dead = yield* FaultServer.make([Reply.cut(whole, { afterEvents: 0 }, "rst")])
          const service = yield* combination(world(server.url, dead.url))
          let count = 0
          const fiber = yield* service.stream(request).pipe(
            Stream.rechunk(1),
            Stream.runForEach(() => Effect.suspend(() => (++count > events ? Effect.never : Effect.void))),
            Effect.fork
          )
          yield* server.awaitStats(({ requests }) => requests === 1)
          yield* Fiber.interrupt(fiber)
          yield* server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
          yield* dead.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
          assert.strictEqual((yield* server.requests).length, 1)
        }
      })
    )
  }
})
