/**
 * One request on the wire: lease, send, read, decode, until the end is proven or a fault ends it. Closing its scope frees
 * its connection: for reuse after a proven end, else by closing it.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import type * as Tracer from "effect/Tracer"
import type { ByteSource } from "../../client/internal/byteSource.js"
import { keptHeaders } from "../../client/internal/keptHeaders.js"
import type { Keys } from "../../client/internal/keys.js"
import * as TransportFault from "../../client/internal/transportFault.js"
import type { Line, PreparedCall } from "../../client/ModelClient.js"
import type { GenerationId } from "../../model/GenerationId.js"
import type { Deadline, Fault } from "../../model/internal/fault.js"
import { type Scrub, scrubber } from "../../model/internal/scrub.js"
import type { ModelEvent } from "../../model/ModelEvent.js"
import type { Credential } from "../../model/ModelResponse.js"
import { classify } from "../../protocol/internal/classify.js"
import type { Decoder, Join } from "../../protocol/internal/decoder.js"
import type { Deadlines } from "../Deadlines.js"
import { type Budget, type Progress, Watchdog } from "./watchdog.js"

/** How long usage is waited for once the end is proven. */
const USAGE_MILLIS = 1_000

/** The most that is read of a good answer that is no stream, to say what it was. */
const ODD_BODY_BYTES = 64 * 1024

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
  /** Takes the key out of what is told of the attempt. */
  readonly hidden: Scrub
  /** The next events, at least one; the last of a good attempt is `Finish`. */
  readonly pull: Effect.Effect<Array<ModelEvent>, Fault>
}

export interface Options {
  readonly call: PreparedCall
  /** Given where this attempt goes on with the output of a broken one. */
  readonly join: Join | undefined
  readonly keys: Keys
  readonly number: number
  /** The generation that failed this request before. */
  readonly failed: GenerationId | undefined
  readonly deadlines: Deadlines
  readonly budget: Budget
  /** What happens while the answer is opened stands below it. */
  readonly span: Tracer.Span
}

export const make = ({
  budget,
  call,
  deadlines,
  failed,
  join,
  keys,
  number,
  span
}: Options): Effect.Effect<Attempt, never, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const scope = yield* Effect.scope
    const controller = new AbortController()
    const watchdog = new Watchdog(clock, deadlines, budget)
    let line: Line | undefined
    let credential: Credential | undefined
    let hidden: Scrub = (value) => value
    let requestId: string | undefined
    let headers: Readonly<Record<string, string>> | undefined
    let source: ByteSource | undefined
    let decoder: Decoder | undefined
    let tripped: Fault | undefined
    let output = false
    let provenAt: number | undefined

    /** Ends whatever is waited for, and the connection with it. */
    const giveUp = (): void => {
      controller.abort()
      source?.destroy()
    }

    yield* Effect.addFinalizer(() => {
      if (source !== undefined && line !== undefined && decoder?.verdict === "Finished") {
        return line.pool.finished(source)
      }
      return Effect.sync(giveUp)
    })

    const guard = Effect.flatMap(watchdog.run, ({ deadline, silent }) =>
      Effect.sync(() => {
        tripped = stalled(deadline, silent, deadlines)
        giveUp()
      })
    )

    const open: Effect.Effect<void, Fault> = Effect.gen(function* () {
      const chosen = yield* keys.next
      credential = chosen.credential
      const leased = yield* Effect.mapError(call.connect(failed, chosen.key), TransportFault.ofConnecting)
      line = leased
      if (leased.key !== undefined) hidden = scrubber(Redacted.value(leased.key))
      yield* Effect.forkIn(guard, scope)
      yield* leased.pool.settled
      watchdog.waiting()
      const response = yield* Effect.tryPromise({
        try: () => leased.send(controller.signal),
        catch: (error) => {
          headers = hidden(keptHeaders(TransportFault.headersOf(error)))
          return tripped ?? TransportFault.ofOpening(error, clock.unsafeCurrentTimeMillis())
        }
      })
      requestId = hidden(TransportFault.requestIdOf(response.headers))
      headers = hidden(keptHeaders(response.headers))
      source = leased.pool.source(response)
      if (/\b(json|html|xml)\b/.test(response.headers.get("content-type") ?? "")) {
        return yield* Effect.flatMap(text(source), (body) =>
          Effect.fail(classify({ status: response.status, body, requestId }))
        )
      }
      decoder = call.decoder({ attempt: number, generation: leased.generation, requestId }, join)
    }).pipe(Effect.provideService(Scope.Scope, scope), Effect.withParentSpan(span))

    const text = (from: ByteSource): Effect.Effect<unknown, Fault> => {
      const utf8 = new TextDecoder()
      const more = (soFar: string): Effect.Effect<string, unknown> =>
        Effect.flatMap(from.read, (chunks) => {
          const all = chunks.reduce((out, chunk) => out + utf8.decode(chunk, { stream: true }), soFar)
          return chunks.length === 0 || all.length > ODD_BODY_BYTES ? Effect.succeed(all) : more(all)
        })
      return Effect.mapBoth(more(""), {
        onFailure: (error) => tripped ?? TransportFault.ofReading(error),
        onSuccess: parsed
      })
    }

    /** Takes what was read; undefined asks for more. */
    const take = (reader: Decoder, chunks: ReadonlyArray<Uint8Array>): Array<ModelEvent> | undefined => {
      if (chunks.length === 0) return reader.end()
      let events: Array<ModelEvent> | undefined
      const before = reader.count
      for (const chunk of chunks) {
        const more = reader.push(chunk)
        if (events === undefined || events.length === 0) events = more
        else for (const event of more) events.push(event)
      }
      watchdog.arrived(progress(events ?? [], reader.count > before))
      return events
    }

    const progress = (events: ReadonlyArray<ModelEvent>, came: boolean): Progress => {
      if (!came) return "bytes"
      // Events that came and are not there are text that is held back.
      output ||= events.length === 0 || events.some(({ _tag }) => _tag === "TextDelta" || _tag === "ToolCallStart")
      return output ? "output" : "reasoning"
    }

    const next = (reader: Decoder, from: ByteSource): Effect.Effect<Array<ModelEvent>, Fault> => {
      // What came before a fault was given first; now it is the fault's turn.
      if (reader.fault !== undefined) return Effect.fail(reader.fault)
      watchdog.waiting()
      return Effect.matchEffect(reader.verdict === "Proven" ? briefly(from.read) : from.read, {
        onFailure: (error) => {
          if (reader.verdict === "Proven") return Effect.succeed(reader.end())
          return Effect.fail(tripped ?? TransportFault.ofReading(error))
        },
        onSuccess: (chunks) => {
          if (chunks.length === 0 && tripped !== undefined && reader.verdict === "Open") return Effect.fail(tripped)
          const events = take(reader, chunks)
          // Some vendors give a finish reason early: what comes after it shows that it was not the end.
          if (chunks.length > 0 && events !== undefined && events.length > 0) provenAt = undefined
          return events === undefined || events.length === 0 ? next(reader, from) : Effect.succeed(events)
        }
      })
    }

    const briefly = (read: ByteSource["read"]): ByteSource["read"] =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        provenAt ??= now
        return Effect.timeoutTo(read, {
          duration: Math.max(0, provenAt + USAGE_MILLIS - now),
          onSuccess: (chunks) => chunks,
          onTimeout: () => []
        })
      })

    const pull: Attempt["pull"] = Effect.suspend(() =>
      decoder === undefined || source === undefined ? Effect.zipRight(open, pull) : next(decoder, source)
    )

    return {
      number,
      startedAt: clock.unsafeCurrentTimeMillis(),
      generation: () => line?.generation,
      credential: () => credential,
      requestId: () => requestId,
      headers: () => headers,
      decoder: () => decoder,
      hidden: (value) => hidden(value),
      pull
    }
  })

const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}

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
