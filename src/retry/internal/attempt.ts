/**
 * One request on the wire: lease, send, read, decode, until the end is proven or a fault ends it. Closing its scope frees
 * its connection: for reuse after a proven end, else by closing it.
 *
 * A pull that is interrupted undoes nothing: the next one finds the key, the connection and the request that it left.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { Chosen, Keys } from "../../client/credentials/keys.js"
import { keptHeaders } from "../../client/internal/keptHeaders.js"
import * as TransportFault from "../../client/internal/transportFault.js"
import type { Line, PreparedCall } from "../../client/ModelClient.js"
import type { ByteSource } from "../../client/pool/byteSource.js"
import type { GenerationId } from "../../model/GenerationId.js"
import type { Deadline, Fault } from "../../model/internal/fault.js"
import type { Secrets } from "../../model/internal/scrub.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import type { Credential } from "../../model/ModelResponse.js"
import type { Decoder, Target } from "../../protocol/internal/decoder.js"
import type { Deadlines } from "../Deadlines.js"
import type { Admitting } from "./admitting.js"
import type * as Pulling from "./pull.js"
import type { AttemptReport } from "./report.js"
import { type Progress, type Waiting, Watchdog } from "./watchdog.js"

/** How long usage is waited for once the end is proven. */
const USAGE_MILLIS = 1_000

export interface Attempt {
  readonly number: number
  readonly startedAt: number
  /** Known once a connection is leased. */
  readonly generation: () => GenerationId | undefined
  /** Known once a key is chosen, where there are several. */
  readonly credential: () => Credential | undefined
  readonly requestId: () => string | undefined
  /** Those of the answer that are kept. */
  readonly headers: () => Readonly<Record<string, string>> | undefined
  /** Known once the answer began. */
  readonly decoder: () => Decoder | undefined
  /** The next events, at least one; the last of a good attempt is `Finish`. */
  readonly pull: Effect.Effect<Array<ModelEvent>, Fault>
  /** Says who pulls next. Time in which nobody does counts for no deadline. */
  readonly pulledBy: (fiber: Pulling.Fiber) => void
  /** Frees the connection; to be run when the scope closes. */
  readonly release: Effect.Effect<void>
}

export interface Options {
  /** Of this attempt: holds the lease. */
  readonly scope: Scope.Scope
  readonly clock: Clock.Clock
  readonly call: PreparedCall
  /** What its events are read into, where that is more than an empty answer. */
  readonly target: Target | undefined
  readonly trust: "shown" | "vendor"
  /** Whether the events of the wire are given, too. */
  readonly raw: boolean
  /** Asked before a key is chosen. */
  readonly admitting: Admitting | undefined
  readonly keys: Keys
  /** Learns the key that the attempt is sent with, which is taken out of all that is told of it. */
  readonly secrets: Secrets
  readonly number: number
  /** The generation that failed this request before. */
  readonly failed: GenerationId | undefined
  readonly deadlines: Deadlines
  /** The time that all attempts of the request spent waiting. */
  readonly waiting: Waiting
  /** Learns when events come. The building of a client stands below its span. */
  readonly report: Pick<AttemptReport, "span" | "arrived">
}

export const make = ({
  admitting,
  call,
  clock,
  deadlines,
  failed,
  keys,
  number,
  raw,
  report,
  scope,
  secrets,
  target,
  trust,
  waiting
}: Options): Attempt => {
  const controller = new AbortController()
  const watchdog = new Watchdog(clock, deadlines, waiting)
  let chosen: Chosen | undefined
  let line: Line | undefined
  let settled = false
  let answered: Promise<Response> | undefined
  let requestId: string | undefined
  let headers: Readonly<Record<string, string>> | undefined
  let source: ByteSource | undefined
  let decoder: Decoder | undefined
  let guarding: Fiber.RuntimeFiber<void> | undefined
  let tripped: Fault | undefined
  let output = false
  let provenAt: number | undefined
  /** Raw events since the proof. They wait for what follows it: a pull that ended with them would begin the wait for usage anew. */
  let late: ReadonlyArray<ModelEvent> = []
  let puller: Pulling.Fiber | undefined

  /** A fiber that ends waits no longer, whether it was interrupted or has what it waited for. */
  const left = (): void => watchdog.paused()

  const pulledBy = (fiber: Pulling.Fiber): void => {
    if (fiber === puller) return
    puller?.removeObserver(left)
    puller = fiber
    fiber.addObserver(left)
  }

  /** Ends whatever is waited for, and the connection with it. */
  const giveUp = (): void => {
    controller.abort()
    source?.destroy()
  }

  const release = Effect.suspend(() => {
    // SDKs keep the signal of a request until its answer is collected, and by its reason they keep this attempt.
    answered = undefined
    puller?.removeObserver(left)
    // Not waited for: it was asleep.
    guarding?.unsafeInterruptAsFork(FiberId.none)
    if (source !== undefined && line !== undefined && decoder?.verdict === "Finished") {
      return line.pool.finished(source)
    }
    giveUp()
    return Effect.void
  })

  const guard = Effect.flatMap(watchdog.run, ({ deadline, silent }) =>
    Effect.sync(() => {
      tripped = stalled(deadline, silent, deadlines)
      giveUp()
    })
  )

  /** Without a gap in which it could be lost: it would go on for minutes. */
  const watch = Effect.forkDaemon(Effect.interruptible(guard)).pipe(
    Effect.flatMap((fiber) =>
      Effect.sync(() => {
        guarding = fiber
      })
    ),
    Effect.uninterruptible
  )

  /** Each step is made once, whoever pulls: what an interrupted pull began is what the next one waits for. */
  const open: Effect.Effect<Attempt["pull"], Fault> = Effect.gen(function* () {
    if (admitting !== undefined) yield* admitting.admitted
    chosen ??= yield* keys.next
    if (line === undefined) {
      const leased = yield* Effect.mapError(
        call.connect({ scope, failed, parent: report.span }, chosen.key),
        TransportFault.ofConnecting
      )
      line = leased
      if (leased.key !== undefined) secrets.add(Redacted.value(leased.key))
    }
    const leased = line
    if (guarding === undefined) yield* watch
    if (!settled) {
      // Waited for once: a pull that is shorter than this wait would never get beyond it.
      settled = true
      yield* leased.pool.settled
    }
    watchdog.waiting()
    const response = yield* Effect.tryPromise({
      try: () => (answered ??= leased.send(controller.signal)),
      catch: (error) => {
        headers = secrets.hide(keptHeaders(TransportFault.headersOf(error)))
        return tripped ?? TransportFault.ofOpening(error, clock.unsafeCurrentTimeMillis())
      }
    })
    requestId = secrets.hide(TransportFault.requestIdOf(response.headers))
    headers = secrets.hide(keptHeaders(response.headers))
    source ??= leased.pool.source(response)
    decoder ??= call.decoder(
      { attempt: number, generation: leased.generation, requestId },
      { target, trust, raw, contentType: response.headers.get("content-type") }
    )
    return next(decoder, source)
  })

  /** Takes what was read; no events ask for more. */
  const take = (reader: Decoder, chunks: ReadonlyArray<Uint8Array>): Array<ModelEvent> => {
    if (chunks.length === 0) return reader.end()
    const before = reader.count
    const events = reader.push(chunks[0]!)
    for (let i = 1; i < chunks.length; i++) for (const event of reader.push(chunks[i]!)) events.push(event)
    const waited = watchdog.arrived(progress(events, reader.count > before))
    if (waited !== undefined) report.arrived(waited)
    return events
  }

  const progress = (events: ReadonlyArray<ModelEvent>, came: boolean): Progress => {
    if (!came) return "bytes"
    // Events that came and are not there are text that is held back.
    output ||= events.every(isRaw) || events.some(({ _tag }) => _tag === "TextDelta" || _tag === "ToolCallStart")
    return output ? "output" : "reasoning"
  }

  const next = (reader: Decoder, from: ByteSource): Effect.Effect<Array<ModelEvent>, Fault> => {
    const more: Effect.Effect<Array<ModelEvent>, Fault> = Effect.matchEffect(
      Effect.suspend(() => {
        watchdog.waiting()
        return reader.verdict === "Proven" ? briefly(from.read) : from.read
      }),
      {
        onFailure: (error) => {
          if (reader.verdict !== "Proven") return Effect.fail(tripped ?? TransportFault.ofReading(error))
          const events = withLate(reader.end())
          return reader.fault === undefined || events.length > 0 ? Effect.succeed(events) : Effect.fail(reader.fault)
        },
        onSuccess: (chunks) => {
          if (chunks.length === 0 && tripped !== undefined && reader.verdict === "Open") return Effect.fail(tripped)
          const events = take(reader, chunks)
          if (reader.verdict === "Proven" && events.every(isRaw)) {
            late = events.length === 0 ? late : [...late, ...events]
            return more
          }
          // Some vendors give a finish reason early: what comes after it shows that it was not the end.
          if (chunks.length > 0 && events.length > 0) provenAt = undefined
          if (events.length > 0) return Effect.succeed(withLate(events))
          return reader.fault === undefined ? more : Effect.fail(reader.fault)
        }
      }
    )
    return Effect.suspend(() => {
      // Usage is waited for while somebody pulls.
      provenAt = undefined
      // What came before a fault was given first; now it is the fault's turn.
      return reader.fault === undefined ? more : Effect.fail(reader.fault)
    })
  }

  const withLate = (events: Array<ModelEvent>): Array<ModelEvent> => {
    if (late.length === 0) return events
    const all = [...late, ...events]
    late = []
    return all
  }

  const briefly = (read: ByteSource["read"]): ByteSource["read"] =>
    Effect.suspend(() => {
      const now = clock.unsafeCurrentTimeMillis()
      provenAt ??= now
      // Also where the caller cannot be interrupted: a timeout has no power over a read that cannot be either.
      return Effect.timeoutTo(Effect.interruptible(read), {
        duration: Math.max(0, provenAt + USAGE_MILLIS - now),
        onSuccess: (chunks) => chunks,
        onTimeout: () => []
      })
    })

  let reading: Attempt["pull"] | undefined
  const pull: Attempt["pull"] = Effect.suspend(() => reading ?? Effect.flatMap(open, (opened) => (reading = opened)))

  return {
    number,
    startedAt: clock.unsafeCurrentTimeMillis(),
    generation: () => line?.generation,
    credential: () => chosen?.credential,
    requestId: () => requestId,
    headers: () => headers,
    decoder: () => decoder,
    pull,
    pulledBy,
    release
  }
}

/** What a proxy sees of the wire says nothing of the answer. */
const isRaw = ({ _tag }: ModelEvent): boolean => _tag === "Raw"

const stalled = (deadline: Deadline, silent: boolean, limits: Deadlines): Fault => {
  const seconds = Math.round(limits[deadline] / 100) / 10
  const what: Readonly<Record<Deadline, string>> = {
    firstEvent: `no event came in the first ${seconds} s`,
    idle: `not one byte came for ${seconds} s`,
    stuck: `only signs of life came for ${seconds} s`,
    reasoning: `the model reasoned for ${seconds} s without an answer`,
    total: `the request took more than ${seconds} s of waiting`
  }
  return { _tag: "StreamStalled", deadline, silent, description: what[deadline] }
}
