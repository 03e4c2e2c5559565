/**
 * Eight streams at once, over two clients, from a server that breaks them.
 */
import { Clock, Effect, Fiber, Redacted, Schedule, type Scope, Stream } from "effect"
import { type ModelClient, Provider, StreamRetry, Vendors } from "effect-redial"
import { FaultServer, Reply } from "effect-redial/testing"
import { Board, type Row } from "./board.js"
import { canvas, Output, paint } from "./output.js"
import { isGood, type Run, report } from "./report.js"
import { fast, type Pace, type Scenario, scenarios, slow } from "./scenario.js"
import { frame, summary } from "./view.js"

/** Says when the server should have seen all connections close; what is open then, is a leak. */
const PATIENCE = "2 seconds"

/** A client of a vendor whose API is at another place. The demo keeps it, to read how its pools are doing. */
export const clientOf = (
  vendor: Vendors.Vendor,
  baseUrl: string,
  { auth, client, headers }: Vendors.Endpoint = vendor.endpoints[0]
) => client({ apiKey: Redacted.make("no-key-is-needed"), provider: vendor.id, baseUrl, auth, headers })

/** Plays to each model the replies that its scenario holds, one per attempt. */
const play = (all: ReadonlyArray<Scenario>) => {
  const attempts = new Map<string, number>()
  let broken = 0
  return {
    broken: () => broken,
    script: ({ model = "" }: FaultServer.ReceivedRequest): Reply.Reply => {
      const replies = all.find((scenario) => scenario.model === model)?.replies ?? []
      const attempt = attempts.get(model) ?? 0
      attempts.set(model, attempt + 1)
      if (attempt < replies.length - 1) broken++
      return replies[Math.min(attempt, replies.length - 1)] ?? Reply.status(404)
    }
  }
}

/** What is shown while it runs: a picture for a person, lines for a log, nothing for a program. */
type Show = "picture" | "lines" | "nothing"

const converse = (
  provider: Provider.Service,
  row: Row,
  board: Board,
  say: (line: string | undefined) => Effect.Effect<void>
): Effect.Effect<Run> =>
  Effect.gen(function* () {
    const { meant, model, prompt } = row.scenario
    let response: Run["response"]
    let attempts: Run["attempts"] = []
    yield* provider.stream({ model, prompt }).pipe(
      Stream.runForEach((event) => {
        if (event._tag === "Finish") {
          response = event.response
          attempts = event.response.attempts
        }
        return Effect.flatMap(Clock.currentTimeMillis, (now) => say(board.event(row, event, now)))
      }),
      Effect.catchAll((error) => {
        attempts = error.attempts
        return Effect.flatMap(Clock.currentTimeMillis, (now) => say(board.failure(row, error, now)))
      })
    )
    return { meant, page: row.page, response, attempts }
  })

/** Runs all conversations over clients of the scope. The watchers of their pools end a little later, in `outer`. */
const conversations = (
  url: string,
  board: Board,
  pace: Pace,
  say: (line: string | undefined) => Effect.Effect<void>,
  outer: Scope.Scope
) =>
  Effect.gen(function* () {
    const anthropic = yield* clientOf(Vendors.minimax, `${url}/anthropic`)
    const openai = yield* clientOf(Vendors.openai, `${url}/v1`)
    const resilience = {
      retry: StreamRetry.standard({ attempts: 6, base: pace.retryBase, cap: pace.retryCap }),
      deadlines: { idle: pace.idle }
    }
    const providers = {
      anthropic: yield* Provider.makeFromClient(anthropic, resilience),
      openai: yield* Provider.makeFromClient(openai, resilience)
    }
    const watch = (name: Scenario["client"], { connections }: ModelClient.ModelClient) =>
      Stream.runForEach(connections.changes, (change) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => say(board.change(name, change, now)))
      ).pipe(Effect.forkIn(outer))
    const watchers = [yield* watch("anthropic", anthropic), yield* watch("openai", openai)]
    // The watchers subscribe before the first pool opens.
    yield* Effect.yieldNow()
    const runs = yield* Effect.forEach(board.rows, (row) => converse(providers[row.scenario.client], row, board, say), {
      concurrency: "unbounded"
    })
    return { runs, anthropic, openai, watchers }
  })

/** Redraws the board until the scope closes. */
const draw = (board: Board) =>
  Effect.gen(function* () {
    const output = yield* Output
    const show = yield* canvas
    const now = Effect.flatMap(Effect.all([Clock.currentTimeMillis, output.size]), ([time, size]) =>
      show(frame(board, time, size))
    )
    yield* Effect.addFinalizer(() => now)
    yield* Effect.forkScoped(Effect.repeat(now, Schedule.spaced("80 millis")))
  })

/** The number of the process's exit: 0 where everything came as it was meant and nothing is left open. */
export const scripted = (json: boolean, given?: Pace) =>
  Effect.gen(function* () {
    const output = yield* Output
    const show: Show = json ? "nothing" : output.live ? "picture" : "lines"
    const pace = given ?? (show === "picture" ? slow : fast)
    const all = scenarios(pace)
    const { broken, script } = play(all)
    const server = yield* FaultServer.make(script)
    const board = new Board(all, yield* Clock.currentTimeMillis)
    const say = (line: string | undefined) =>
      show === "lines" && line !== undefined ? output.write(`${line}\n`) : Effect.void

    const { anthropic, openai, runs } = yield* Effect.gen(function* () {
      if (show === "picture") yield* draw(board)
      const outcome = yield* Effect.scoped(conversations(server.url, board, pace, say, yield* Effect.scope))
      // With its client gone, a watcher has the last changes to read, and then ends.
      yield* Fiber.awaitAll(outcome.watchers)
      return outcome
    }).pipe(Effect.scoped)

    // The clients are gone; the server is not, and has seen them go.
    const quiet = server.awaitStats(({ connectionsOpen }) => connectionsOpen === 0)
    yield* Effect.timeoutOption(quiet, PATIENCE)
    const stats = { anthropic: yield* anthropic.connections.stats, openai: yield* openai.connections.stats }
    const result = report(runs, stats, (yield* server.stats).connectionsOpen)
    if (json) yield* output.write(`${JSON.stringify(result)}\n`)
    else {
      const { columns } = yield* output.size
      const lines = summary(result, broken()).map((line) => paint(line, Math.max(columns, 60), output.color))
      yield* output.write(`\n${lines.join("\n")}\n`)
    }
    return isGood(result) ? 0 : 1
  }).pipe(Effect.scoped)
