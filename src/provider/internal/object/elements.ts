/**
 * A list, element by element: each is decoded when it is complete in the text, and emitted once.
 *
 * No emitted element can be taken back, so after a drop the rule for text holds for elements: no join without proof.
 * The list is requested again, and the emitted elements must come again, one by one and character by character; then
 * the stream continues behind them. Otherwise the two attempts wrote two different lists: the stream reads the second
 * one to its end and fails with it.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { InvalidOutput } from "../../../model/InvalidOutput.js"
import type { ModelEvent } from "../../../model/ModelEvent.js"
import type { ModelResponse } from "../../../model/ModelResponse.js"
import type { ProviderError } from "../../../model/ProviderError.js"
import { stringify } from "../../../protocol/internal/json.js"
import { events as eventsOf } from "../../../retry/internal/held.js"
import { type Pull, toStream, unwrap } from "../../../retry/internal/pull.js"
import type { Delivery } from "../../../retry/Recovery.js"
import type { ElementOptions, ObjectRequest, TextOptions } from "../callOptions.js"
import type { OpenEvents } from "../service.js"
import type { Service } from "../tag.js"
import { decoder } from "./form.js"
import { wantedOf } from "./generate.js"
import { type Asked, found, invalid, misfit } from "./judge.js"
import type { UsualWay } from "./ways.js"
import { Written } from "./written.js"

export const streamElements =
  (
    provider: string,
    usual: UsualWay,
    events: OpenEvents,
    /** What other providers gave of the list, to which this one adds what it gives. */
    given?: Array<string>
  ): Service["streamElements"] =>
  <A, I, R>(request: ObjectRequest, { element, ...object }: ElementOptions<A, I, R>, options?: TextOptions) =>
    unwrap(
      Effect.gen(function* () {
        const wanted = yield* wantedOf(provider, usual, request, { ...object, schema: Schema.Array(element) })
        const context = yield* Effect.context<R>()
        const { document, name, way } = wanted
        const decode = decoder(element)
        const asked = { provider, way, name, repairs: [] }
        const decoded = (json: unknown) => Effect.provide(decode(json), context)
        return toStream((scope) =>
          Effect.gen(function* () {
            const list = new List(asked, wanted.isWrapped, decoded, given ?? [])
            if (options?.from !== undefined) yield* list.begin(eventsOf(options.from))
            const call = { ...options, delivery: deliveryOf(options) }
            return list.pull(yield* events(way.ask(request, name, document), call)(scope))
          })
        )
      })
    )

/** JSON is never continued by asking, so `resume` means to start over and compare. */
const deliveryOf = (options: TextOptions | undefined): Delivery =>
  options?.delivery === undefined || options.delivery === "resume" ? "restart" : options.delivery

/** The list in one answer, over all of its attempts. */
class List<A> {
  private readonly written: Written
  /** The complete elements that wait to be decoded. */
  private waiting: Array<unknown> = []
  /**
   * The list that the elements were last read from: each attempt has its own, and so has a field that is written twice.
   */
  private list: ReadonlyArray<unknown> = []
  /** How many of its elements equal emitted ones. */
  private same = 0
  /** Why nothing more is emitted. The end reports it, with the whole answer. */
  private stopped: Parameters<typeof invalid>[2] | undefined
  private response: ModelResponse | undefined
  private isDone = false

  constructor(
    private readonly asked: Asked,
    isWrapped: boolean,
    private readonly decode: (json: unknown) => Effect.Effect<A, string>,
    /** What was given, as JSON. */
    private readonly given: Array<string>
  ) {
    this.written = new Written(asked.way, asked.name, isWrapped)
  }

  begin(events: ReadonlyArray<ModelEvent>): Effect.Effect<void> {
    return Effect.asVoid(this.written.take(events))
  }

  pull(events: Pull<ModelEvent, ProviderError>): Pull<A, ProviderError | InvalidOutput> {
    const next: Pull<A, ProviderError | InvalidOutput> = (fiber) => {
      if (this.waiting.length > 0)
        return Effect.flatMap(this.decodeNext(), (out) => (out.length > 0 ? Effect.succeed(out) : next(fiber)))
      if (this.isDone) return Effect.succeed(undefined)
      if (this.response !== undefined)
        return Effect.zipRight(
          this.end(this.response),
          Effect.suspend(() => next(fiber))
        )
      return Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(restore(events(fiber)), (pieces) =>
          Effect.zipRight(this.read(pieces ?? []), restore(Effect.suspend(() => next(fiber))))
        )
      )
    }
    return next
  }

  private read(events: ReadonlyArray<ModelEvent>): Effect.Effect<void> {
    return Effect.map(this.written.take(events), ({ finished, voided }) => {
      // What was wrong with an attempt is void together with it.
      if (voided !== undefined) this.stopped = undefined
      this.response = finished
      const { list, whole } = this.written.elements()
      if (list !== this.list) {
        this.list = list
        this.same = 0
        this.waiting = []
      }
      this.compare(list, whole)
    })
  }

  /** Looks at the new elements of the list. */
  private compare(list: ReadonlyArray<unknown>, whole: number): void {
    for (let at = this.same + this.waiting.length; at < whole && this.stopped === undefined; at++) {
      const before = this.given[at]
      if (before === undefined) this.waiting.push(list[at])
      else if (stringify(list[at]) === before) this.same += 1
      else this.stopped = { ...changed, text: "", issue: `Element ${at} was given as ${before}.` }
    }
  }

  /** Decodes the waiting elements, up to the first that does not fit. An interrupted pull decodes it again. */
  private decodeNext(): Effect.Effect<ReadonlyArray<A>> {
    const out: Array<A> = []
    const texts: Array<string> = []
    const all = this.waiting
    return Effect.forEach(
      all,
      (json, at) =>
        Effect.suspend(() => {
          if (out.length < at) return Effect.void
          return Effect.match(this.decode(json), {
            onFailure: (issue) => {
              this.stopped = { ...misfit, text: "", issue: `Element ${this.given.length + at}: ${issue}` }
            },
            onSuccess: (value) => {
              texts.push(stringify(json) ?? "")
              out.push(value)
            }
          })
        }),
      { discard: true }
    ).pipe(
      Effect.map(() => {
        this.given.push(...texts)
        this.same += texts.length
        this.waiting = []
        return out
      })
    )
  }

  /** The end of the answer, which decides: what the text did not show, and whether it is a list at all. */
  private end(response: ModelResponse): Effect.Effect<void, InvalidOutput> {
    return Effect.flatMap(found(this.asked, response), ({ json, text }) => {
      const list: unknown = typeof json === "object" && json !== null && "value" in json ? json.value : undefined
      if (this.stopped !== undefined) return Effect.fail(invalid(this.asked, response, { ...this.stopped, text }))
      if (!Array.isArray(list)) {
        const issue = "It has no list in its field `value`."
        return Effect.fail(invalid(this.asked, response, { ...misfit, text, issue }))
      }
      this.same = 0
      this.compare(list, list.length)
      if (this.stopped === undefined && list.length < this.given.length) {
        this.stopped = {
          ...changed,
          text,
          issue: `${this.given.length} elements were given, and it has ${list.length}.`
        }
      }
      // New elements are emitted first, and then the end looks again.
      if (this.waiting.length === 0 && this.stopped === undefined) this.isDone = true
      return this.waiting.length === 0 && this.stopped !== undefined
        ? Effect.fail(invalid(this.asked, response, { ...this.stopped, text }))
        : Effect.void
    })
  }
}

const changed = {
  reason: "changed",
  description: "the model wrote a list that differs from the elements already given"
} as const
