/**
 * Random programs against `Renewable`, on a scheduler that the test owns: it picks which fiber goes on and, if asked to,
 * makes fibers yield between any two steps. A program is settled when the scheduler has nothing left to run, so what
 * should happen "in the end" can be checked without waiting, and every failure can be replayed from its seed.
 */
import { describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import type * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import type * as Scheduler from "effect/Scheduler"
import * as Scope from "effect/Scope"
import * as Renewable from "../../../src/client/Renewable.js"
import type { GenerationId } from "../../../src/model/GenerationId.js"

/** How a build goes: at once or when its gate opens, with which end, and whether it can be interrupted meanwhile. */
interface BuildPlan {
  readonly slow: boolean
  readonly stubborn: boolean
  readonly end: "opens" | "fails" | "dies" | "fails half-way" | "dies half-way"
}

type Command =
  | { readonly do: "lease"; readonly on: number }
  | { readonly do: "leaseAfter"; readonly on: number; readonly pick: number }
  | { readonly do: "return"; readonly pick: number }
  | { readonly do: "renew"; readonly on: number; readonly pick: number }
  | { readonly do: "renewLast"; readonly on: number }
  | { readonly do: "planBuild"; readonly on: number; readonly plan: BuildPlan }
  | { readonly do: "planClosing"; readonly on: number; readonly how: "slow" | "dies" }
  | { readonly do: "openGate"; readonly pick: number }
  | { readonly do: "interrupt"; readonly pick: number }
  | { readonly do: "close"; readonly on: number }

interface Program {
  readonly seed: number
  /** How likely a fiber yields after a step, and how likely the fiber that ran last goes on. */
  readonly yields: number
  readonly sticky: number
  readonly maxDraining: number
  readonly retire: "nothing" | "dies" | "never ends"
  readonly commands: ReadonlyArray<readonly [Command, Pause]>
}

/**
 * What runs between a command and the next one: everything there is, so many tasks, or everything up to a certain step
 * of whichever fiber takes it; that fiber then stands still until the others can do no more.
 */
type Pause = undefined | number | { readonly stopAt: number }

const programs = (maxLength: number, closes: number): FastCheck.Arbitrary<Program> => {
  const on = FastCheck.nat(1)
  const pick = FastCheck.nat(1000)
  const command = (weight: number, arbitrary: FastCheck.Arbitrary<Command>) => ({ weight, arbitrary })
  const record = <T extends Command["do"]>(tag: T, rest: object): FastCheck.Arbitrary<Command> =>
    FastCheck.record({ do: FastCheck.constant(tag), ...rest }) as unknown as FastCheck.Arbitrary<Command>
  const plan = FastCheck.record<BuildPlan>({
    slow: FastCheck.boolean(),
    stubborn: FastCheck.boolean(),
    end: FastCheck.constantFrom("opens", "opens", "opens", "fails", "dies", "fails half-way", "dies half-way")
  })
  const commands = FastCheck.oneof(
    command(8, record("lease", { on })),
    command(4, record("leaseAfter", { on, pick })),
    command(8, record("return", { pick })),
    command(5, record("renew", { on, pick })),
    command(8, record("renewLast", { on })),
    command(4, record("planBuild", { on, plan })),
    command(2, record("planClosing", { on, how: FastCheck.constantFrom("slow", "dies") })),
    command(4, record("openGate", { pick })),
    command(3, record("interrupt", { pick })),
    command(closes, record("close", { on }))
  )
  const steps = FastCheck.oneof(FastCheck.constant(undefined), FastCheck.nat(12))
  return FastCheck.record<Program>({
    seed: FastCheck.nat(),
    yields: FastCheck.constantFrom(0, 0.05, 0.3),
    sticky: FastCheck.constantFrom(0, 0.9),
    maxDraining: FastCheck.nat(3),
    retire: FastCheck.constantFrom("nothing", "dies", "never ends"),
    commands: FastCheck.array(FastCheck.tuple(commands, steps), { minLength: 1, maxLength })
  })
}

/** Runs fibers one step at a time, in an order and with interleavings that follow from the seed. */
class Dice implements Scheduler.Scheduler {
  readonly #tasks: Array<Scheduler.Task> = []
  #stopped: Scheduler.Task | undefined
  #stopping = false
  /** Steps until one fiber is stopped. */
  stopIn = Infinity
  #state: number

  constructor(
    seed: number,
    readonly yields: number,
    readonly sticky: number
  ) {
    this.#state = seed
  }

  /** A number in [0, 1): mulberry32. */
  #roll(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }

  shouldYield(): number | false {
    // A priority would make the yield take steps itself, each of which could yield: it would never end.
    const noPriority = undefined as unknown as number
    if (--this.stopIn === 0) {
      this.#stopping = true
      return noPriority
    }
    return this.yields > 0 && this.#roll() < this.yields ? noPriority : false
  }

  scheduleTask(task: Scheduler.Task): void {
    if (this.#stopping) {
      this.#stopping = false
      this.#stopped = task
    } else this.#tasks.push(task)
  }

  #next(): number {
    if (this.yields === 0) return 0
    return this.#roll() < this.sticky ? this.#tasks.length - 1 : Math.floor(this.#roll() * this.#tasks.length)
  }

  /** Runs so many tasks, or all there are and all that come of them. */
  run(count = 100_000): boolean {
    for (let i = 0; i < count; i++) {
      if (this.#tasks.length > 0) this.#tasks.splice(this.#next(), 1)[0]!()
      else if (this.#stopped !== undefined) {
        this.#tasks.push(this.#stopped)
        this.#stopped = undefined
      } else break
    }
    return this.#tasks.length === 0 && this.#stopped === undefined
  }

  /** Runs until a fiber is stopped, if one is. */
  runUntilStopped(): boolean {
    while (this.#tasks.length > 0 && this.#stopped === undefined) this.#tasks.splice(this.#next(), 1)[0]!()
    this.stopIn = Infinity
    return this.#stopped !== undefined
  }

  fork<A, E>(effect: Effect.Effect<A, E>): Fiber.RuntimeFiber<A, E> {
    return Effect.runFork(Logger.withMinimumLogLevel(effect, LogLevel.None), { scheduler: this })
  }
}

interface Thing {
  /** How often its closing has begun, and whether it has ended. */
  closed: number
  gone: boolean
}

type Request = Fiber.RuntimeFiber<unknown, unknown>

/** One renewable with its owner, its users, and what is known of them. */
class Subject {
  readonly things: Array<Thing> = []
  readonly builds: Array<BuildPlan> = []
  readonly closings: Array<"slow" | "dies"> = []
  /** Leases that their users hold, or are about to return. */
  readonly held = new Set<Renewable.Lease<Thing>>()
  /** The generations that shared leases have named, and those of them that somebody asked to renew. */
  readonly known = new Set<GenerationId>()
  readonly blamed = new Set<GenerationId>()
  readonly scope = Effect.runSync(Scope.make())
  readonly renewable: Renewable.Renewable<Thing, string>
  closing: Request | undefined
  /** Whether the close has surely begun: its fiber has run as far as it could. */
  closed = false
  building = 0
  /** Of these, how many can be interrupted. */
  stoppable = 0
  unsharedWanted = 0
  renewals = 0

  constructor(
    dice: Dice,
    expect: (condition: boolean, law: string) => void,
    readonly gates: Array<Deferred.Deferred<void>>,
    maxDraining: number,
    retire: Program["retire"]
  ) {
    const open = Effect.acquireRelease(
      Effect.sync(() => {
        const thing: Thing = { closed: 0, gone: false }
        this.things.push(thing)
        return thing
      }),
      (thing) =>
        Effect.suspend(() => {
          thing.closed++
          expect(thing.closed === 1, "closed once")
          const leased = [...this.held].some((lease) => lease.value === thing)
          expect(!leased || this.closing !== undefined, "not closed while leased, unless everything closes")
          switch (this.closings.shift()) {
            case "slow":
              return Deferred.await(this.gate())
            case "dies":
              return Effect.die("cannot close")
          }
          return Effect.void
        }).pipe(
          Effect.onExit(() =>
            Effect.sync(() => {
              thing.gone = true
            })
          )
        )
    )
    const acquire = Effect.uninterruptibleMask((restore) => {
      const { slow, stubborn, end } = this.builds.shift() ?? { slow: false, stubborn: false, end: "opens" }
      const stoppable = stubborn ? 0 : 1
      this.building++
      this.stoppable += stoppable
      const stop = Effect.suspend(() => (end.startsWith("fails") ? Effect.fail("no") : Effect.die("a bug")))
      const build = Effect.gen(this, function* () {
        if (slow) yield* Deferred.await(this.gate())
        if (end === "fails" || end === "dies") return yield* stop
        const thing = yield* open
        if (end !== "opens") return yield* stop
        return thing
      })
      return Effect.onExit(stubborn ? build : restore(build), (exit) =>
        Effect.sync(() => {
          this.building--
          this.stoppable -= stoppable
          if (Exit.isSuccess(exit) || !Cause.isInterrupted(exit.cause)) return
          expect(this.closing !== undefined || this.unsharedWanted > 0, "users who leave do not undo a shared build")
        })
      )
    })
    const retirement = { nothing: Effect.void, dies: Effect.die("a bug"), "never ends": Effect.never }[retire]
    const making = dice.fork(
      Renewable.make(acquire, { maxDraining, retire: () => retirement }).pipe(Scope.extend(this.scope))
    )
    dice.run()
    this.renewable = Effect.runSync(Effect.flatten(making.await))
  }

  gate(): Deferred.Deferred<void> {
    const gate = Deferred.unsafeMake<void>(Effect.runSync(Effect.fiberId))
    this.gates.push(gate)
    return gate
  }
}

/** A user who holds a lease, and the signal to return it. */
interface User {
  readonly subject: Subject
  readonly lease: Renewable.Lease<Thing>
  readonly leave: Deferred.Deferred<void>
}

const run = ({ seed, yields, sticky, maxDraining, retire, commands }: Program): boolean => {
  const dice = new Dice(seed, yields, sticky)
  // Collected, as a law may be broken in a finalizer or a fiber that would swallow what it throws.
  const faults: Array<unknown> = []
  const expect = (condition: boolean, law: string) => {
    if (!condition) faults.push(new Error(law))
  }
  const gates: Array<Deferred.Deferred<void>> = []
  const subjects = [
    new Subject(dice, expect, gates, maxDraining, retire),
    new Subject(dice, expect, gates, maxDraining, retire)
  ] as const
  const requests: Array<Request> = []
  const renewers = new Set<Request>()
  /** Renewers who were interrupted. */
  const impatient = new Set<Request>()
  const users: Array<User> = []
  const ids: Array<{ readonly subject: Subject; readonly id: GenerationId }> = []

  const openGates = (which = gates.splice(0)) => {
    for (const gate of which) Deferred.unsafeDone(gate, Effect.void)
  }

  const start = (effect: Effect.Effect<unknown, unknown>) => {
    const request = dice.fork(effect)
    requests.push(request)
    return request
  }

  /** Leases, stays until told to leave, and returns. */
  const use = (subject: Subject, failed?: GenerationId) => {
    const { renewable } = subject
    const closedBefore = subject.closed
    let left = false
    if (failed !== undefined) subject.unsharedWanted++
    const user = Effect.gen(function* () {
      const leasing = failed === undefined ? renewable.lease : renewable.leaseAfter(failed)
      const answered = Effect.sync(() => {
        if (failed !== undefined) subject.unsharedWanted--
      })
      const lease = yield* Effect.uninterruptibleMask((restore) =>
        Effect.tap(restore(Effect.ensuring(leasing, answered)), (lease) => {
          expect(!closedBefore, "no lease after the close")
          expect(lease.value.closed === 0 || subject.closing !== undefined, "a lease is on something open")
          subject.held.add(lease)
          return Effect.addFinalizer(() => Effect.sync(() => subject.held.delete(lease)))
        })
      )
      if (lease.shared) subject.known.add(lease.generation)
      else expect(lease.generation === failed, "an unshared lease names what failed")
      ids.push({ subject, id: lease.generation })
      const leave = yield* Deferred.make<void>()
      users.push({ subject, lease, leave })
      yield* Deferred.await(leave)
      left = true
    }).pipe(
      Effect.scoped,
      Effect.exit,
      Effect.tap((exit) => {
        if (Exit.isSuccess(exit)) return
        expect(!left, "a return never fails")
        const error = Option.getOrUndefined(Cause.failureOption(exit.cause))
        if (error instanceof Renewable.RenewableClosed) expect(subject.closing !== undefined, "closed only if closed")
        else if (!Cause.isInterruptedOnly(exit.cause)) expect(!closedBefore, "after the close a lease fails as closed")
      })
    )
    start(user)
  }

  const renew = (subject: Subject, id: GenerationId, owner: Subject, alone: boolean) => {
    // With nothing else going on until the answer comes, the answer is known.
    const quiet = alone && subject.building === 0 && subject.closing === undefined && dice.run(0)
    const before = Effect.runSync(subject.renewable.stats)
    const closedBefore = subject.closed
    if (owner === subject) subject.blamed.add(id)
    const request = Effect.tap(subject.renewable.renew(id), (renewal) => {
      const stale = owner !== subject || closedBefore || (quiet && before.current !== id)
      if (stale) expect(renewal._tag === "NotCurrent", "a stale or foreign failure renews nothing")
      else if (quiet && before.draining >= maxDraining) expect(renewal._tag === "Saturated", "bounded")
      else if (quiet) expect(renewal._tag === "Renewed" || renewal._tag === "Kept", "a current one is renewed or kept")
      if (renewal._tag === "Renewed") {
        expect(renewal.generation !== id, "a renewal has a new generation")
        if (!subject.known.has(renewal.generation)) subject.known.add(renewal.generation)
      }
      return Effect.void
    })
    renewers.add(start(request))
  }

  /** What holds at any moment. */
  const checkAlways = () => {
    for (const subject of subjects) {
      const { acquired, released, draining, current } = Effect.runSync(subject.renewable.stats)
      expect(draining <= maxDraining, "at most maxDraining are draining")
      expect(released <= acquired, "nothing is released twice")
      expect(subject.building <= 1 + subject.unsharedWanted, "one shared build at a time")
      if (current !== undefined) subject.known.add(current)
      if (subject.closing?.unsafePoll()) {
        expect(subject.building === 0 && subject.things.every((thing) => thing.gone), "the close leaves nothing behind")
      }
    }
  }

  /** What holds once nothing can go on by itself, slow builds and closings apart. */
  const checkSettled = () => {
    for (const subject of subjects) {
      const open = subject.things.filter((thing) => thing.closed === 0)
      const leased = new Set([...subject.held].map((lease) => lease.value))
      const { current, draining } = Effect.runSync(subject.renewable.stats)
      if (subject.closing !== undefined) {
        expect(current === undefined, "nothing is current after the close")
        expect(subject.stoppable === 0, "the close stops what is being built")
        if (gates.length === 0) expect(open.length === 0, "the close releases everything")
        continue
      }
      expect(
        [...leased].every((thing) => thing.closed === 0),
        "drained, not cut"
      )
      const shared = new Set([...subject.held].flatMap((lease) => (lease.shared ? [lease.generation] : [])))
      const currentIsLeased = current !== undefined && shared.has(current)
      if (gates.length === 0) {
        expect(subject.building === 0, "no build hangs")
        const idle = open.filter((thing) => !leased.has(thing)).length
        expect(idle === (current === undefined || currentIsLeased ? 0 : 1), "only the current one is open unused")
        expect(draining === shared.size - (currentIsLeased ? 1 : 0), "draining means retired and in use")
        // Every generation but the first took the place of one that somebody had named.
        const blamed = [...subject.known].filter((id) => subject.blamed.has(id)).length
        expect(subject.known.size <= 1 + blamed, "one build for one failed generation")
      }
    }
  }

  const execute = (command: Command, alone: boolean) => {
    switch (command.do) {
      case "lease":
        return use(subjects[command.on]!)
      case "leaseAfter": {
        const { id } = ids[command.pick % ids.length] ?? {}
        return use(subjects[command.on]!, id)
      }
      case "return": {
        const user = users[command.pick % users.length]
        if (user !== undefined) Deferred.unsafeDone(users.splice(users.indexOf(user), 1)[0]!.leave, Effect.void)
        return
      }
      case "renew": {
        const blamed = ids[command.pick % ids.length]
        return blamed && renew(subjects[command.on]!, blamed.id, blamed.subject, alone)
      }
      case "renewLast": {
        const subject = subjects[command.on]!
        const { current } = Effect.runSync(subject.renewable.stats)
        return current && renew(subject, current, subject, alone)
      }
      case "planBuild":
        return void subjects[command.on]!.builds.push(command.plan)
      case "planClosing":
        return void subjects[command.on]!.closings.push(command.how)
      case "openGate":
        return openGates(gates.splice(command.pick % Math.max(1, gates.length), 1))
      case "interrupt": {
        const request = requests[command.pick % requests.length]
        if (request === undefined) return
        start(request.interruptAsFork(request.id()))
        if (renewers.has(request)) impatient.add(request)
        return
      }
      case "close": {
        const subject = subjects[command.on]!
        if (subject.closing === undefined) subject.closing = dice.fork(Scope.close(subject.scope, Exit.void))
        return
      }
    }
  }

  const settle = () => {
    expect(dice.run(), "it settles")
    for (const subject of subjects) subject.closed = subject.closing !== undefined
    checkAlways()
    checkSettled()
    for (const request of impatient) expect(request.unsafePoll() !== null, "a renewer can leave at any time")
  }
  const stop = () => {
    if (faults.length > 0) throw faults[0]
  }

  let stopped = false
  for (const [command, pause] of commands) {
    if (typeof pause === "object") dice.stopIn = pause.stopAt
    execute(command, pause === undefined)
    if (pause === undefined) settle()
    else {
      if (typeof pause === "object") stopped = dice.runUntilStopped()
      else dice.run(pause)
      checkAlways()
    }
    stop()
  }

  // In the end: builds and closings go on, users leave, and then the owners close.
  const openAllGates = () => {
    do {
      openGates()
      settle()
      stop()
    } while (gates.length > 0)
  }
  openAllGates()
  for (const { leave } of users.splice(0)) Deferred.unsafeDone(leave, Effect.void)
  openAllGates()
  for (const request of requests) expect(request.unsafePoll() !== null, "nobody hangs")
  for (const subject of subjects) execute({ do: "close", on: subjects.indexOf(subject) }, true)
  openAllGates()
  for (const { renewable, things, closing } of subjects) {
    const { acquired, released } = Effect.runSync(renewable.stats)
    expect(Exit.isSuccess(closing?.unsafePoll() ?? Exit.void) && closing?.unsafePoll() !== null, "the close ends")
    expect(acquired === released, "what was acquired was released")
    expect(
      things.every((thing) => thing.closed === 1),
      "every thing was closed once"
    )
  }
  stop()
  return stopped
}

/** Stops the first of two commands at each of its steps in turn, and lets the second run in between. */
const meet = (
  before: ReadonlyArray<Command>,
  first: Command,
  second: Command,
  options: { readonly maxDraining: number; readonly stubborn: boolean }
): number => {
  const plan: BuildPlan = { slow: false, stubborn: options.stubborn, end: "opens" }
  for (let stopAt = 1; ; stopAt++) {
    const commands: Program["commands"] = [
      ...before.map((command) => [command, undefined] as const),
      [{ do: "planBuild", on: 0, plan }, undefined],
      [first, { stopAt }],
      [second, undefined]
    ]
    const { maxDraining } = options
    try {
      if (!run({ seed: 0, yields: 0, sticky: 0, maxDraining, retire: "nothing", commands })) return stopAt
    } catch (error) {
      throw new Error(JSON.stringify({ maxDraining, commands }), { cause: error })
    }
  }
}

describe("Renewable under random programs", () => {
  const property = (programs: FastCheck.Arbitrary<Program>) =>
    FastCheck.property(programs, (program) => {
      run(program)
    })

  it("keeps its laws", { timeout: 60_000 }, () => {
    FastCheck.assert(property(programs(40, 1)), { numRuns: 1200 })
  })

  it("keeps its laws in short programs that often close", { timeout: 60_000 }, () => {
    FastCheck.assert(property(programs(8, 5)), { numRuns: 2500 })
  })
})

describe("Renewable, wherever one command is stopped for another", () => {
  const lease: Command = { do: "lease", on: 0 }
  const after: Command = { do: "leaseAfter", on: 0, pick: 0 }
  const back: Command = { do: "return", pick: 0 }
  const renew: Command = { do: "renewLast", on: 0 }
  const close: Command = { do: "close", on: 0 }
  /** The interruption of the request that was stopped, the `nth` of the story. */
  const interrupt = (nth: number): Command => ({ do: "interrupt", pick: nth })

  const cases: ReadonlyArray<readonly [string, ReadonlyArray<Command>, Command, ReadonlyArray<Command>, number]> = [
    ["a first lease", [], lease, [lease, close, interrupt(0)], 1],
    ["a lease", [lease, back], lease, [renew, close, interrupt(1)], 1],
    ["a renewal", [lease], renew, [renew, lease, back, close, interrupt(1)], 1],
    ["an unshared lease", [lease], after, [close, interrupt(1)], 0],
    ["a return", [lease, renew], back, [close, renew], 1],
    ["a close", [lease], close, [lease, renew, back], 1]
  ]
  for (const [name, before, first, others, maxDraining] of cases) {
    it(`${name} keeps the laws`, { timeout: 60_000 }, () => {
      for (const second of others) {
        for (const stubborn of [false, true]) meet(before, first, second, { maxDraining, stubborn })
      }
    })
  }
})
