/**
 * A fleet of processes under one quota: each is a program of its own with its own clients, and one server sees what arrives.
 */
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Effect, Fiber, type Scope } from "effect"
import { FaultServer, Reply, Wire } from "effect-redial/testing"

/** What a process of the fleet is told. */
export interface Job {
  readonly url: string
  readonly redisPort: number
  readonly share: number
  readonly limit: number
  /** In milliseconds, as are all times here. */
  readonly per: number
}

/** What a process of the fleet tells at its end. */
export interface Told {
  readonly succeeded: number
  readonly errors: ReadonlyArray<string>
  /** At INFO and above. */
  readonly logged: ReadonlyArray<string>
  /** Attempts that wait or are permitted, once all have ended. */
  readonly outstanding: number
}

export interface Options {
  readonly processes: number
  readonly redisPort: number
  /** Requests of the whole fleet in any stretch of `per`. */
  readonly limit: number
  readonly per: number
  /** How long the fleet sends. */
  readonly millis: number
  /** Runs beside the fleet, from when it begins to send. */
  readonly meanwhile?: Effect.Effect<void> | undefined
}

export interface Figures {
  /** When requests arrived at the server, from the first one on. */
  readonly arrivals: ReadonlyArray<number>
  readonly told: ReadonlyArray<Told>
}

const program = fileURLToPath(new URL("./worker.ts", import.meta.url))

/** Runs it from its sources, whoever runs this. */
const sources = ["--conditions=effect-redial-source", "--import=tsx"]

interface Worker {
  readonly send: (word: "go" | "stop") => Effect.Effect<void>
  readonly told: Effect.Effect<Told>
}

/** A process of the fleet that is ready. */
const worker = (job: Job): Effect.Effect<Worker, never, Scope.Scope> =>
  Effect.gen(function* () {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => fork(program, [JSON.stringify(job)], { execArgv: sources })),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    const heard = Effect.async<unknown>((resume) => {
      const gone = (code: number | null) => resume(Effect.dieMessage(`a process of the fleet ended with ${code}`))
      child.once("exit", gone)
      child.once("message", (message) => {
        child.off("exit", gone)
        resume(Effect.succeed(message))
      })
    })
    yield* heard
    return {
      send: (word) => Effect.sync(() => void child.send(word)),
      told: Effect.map(heard, (message) => message as Told) // nobody else sends to this process
    }
  })

/** Runs a fleet to its end. What gets it ready is not measured. */
export const run = ({ limit, meanwhile, millis, per, processes, redisPort }: Options): Effect.Effect<Figures> =>
  Effect.scoped(
    Effect.gen(function* () {
      const times: Array<number> = []
      const answer = Reply.stream(Wire.answer("chat-completions", { text: "Hello." }))
      const server = yield* FaultServer.make(() => {
        times.push(performance.now())
        return answer
      }).pipe(Effect.orDie)
      const job: Job = { url: server.url, redisPort, share: 1 / processes, limit, per }
      const workers = yield* Effect.all(
        Array.from({ length: processes }, () => worker(job)),
        {
          concurrency: "unbounded"
        }
      )
      yield* Effect.sleep(per)
      const ready = times.length
      const told = yield* Effect.forkScoped(
        Effect.all(
          workers.map(({ told }) => told),
          { concurrency: "unbounded" }
        )
      )
      yield* Effect.forEach(workers, ({ send }) => send("go"))
      if (meanwhile !== undefined) yield* Effect.forkScoped(meanwhile)
      yield* Effect.sleep(millis)
      yield* Effect.forEach(workers, ({ send }) => send("stop"))
      const all = yield* Fiber.join(told)
      const measured = times.slice(ready)
      return { arrivals: measured.map((at) => at - measured[0]!), told: all }
    })
  )

/** The most arrivals in any closed stretch of this length. */
export const most = (arrivals: ReadonlyArray<number>, length: number): number => {
  let from = 0
  return arrivals.reduce((most, at, i) => {
    while (arrivals[from]! < at - length) from++
    return Math.max(most, i - from + 1)
  }, 0)
}

/** Which part of the quota was used in so many windows from `since` on. */
export const used = (arrivals: ReadonlyArray<number>, { limit, per }: Options, windows: number, since = 0): number =>
  arrivals.filter((at) => at >= since && at < since + windows * per).length / (windows * limit)
