/**
 * Runs the calls of a proven response. Each call becomes one effect that returns what the model is told. The loop runs
 * those that have no result yet.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { ModelResponse } from "../../../model/ModelResponse.js"
import * as Prompt from "../../../model/Prompt.js"
import { isVendorTool, type Tool, type VendorTool } from "../../../model/Tool.js"
import type { InvalidToolArguments, ToolCall, Toolkit } from "../../../model/Toolkit.js"
import type { Handler, Refusal, Settings } from "./handlers.js"

type AnyCall = ToolCall<string, unknown>

/**
 * One effect for each call of a response, in order: it runs the call's handler and returns what the model is told.
 *
 * @since 0.1.0
 * @category models
 */
export type Calls<E, R> = (
  response: ModelResponse
) => Effect.Effect<ReadonlyArray<Effect.Effect<Prompt.ToolResultPart, E, R>>, never, R>

/** The errors and requirements of the handlers are unknown here: `ToolLoop.make` types them. */
export const prepare = (
  toolkit: Toolkit<Tool | VendorTool>,
  handlers: Readonly<Record<string, Handler<AnyCall> | undefined>>
): Calls<unknown, unknown> => {
  const prepared = new Map(
    Object.entries(handlers).flatMap(([name, handler]) =>
      handler === undefined ? [] : [[name, settingsOf(name, handler)] as const]
    )
  )
  check(toolkit, new Set(prepared.keys()))
  return (response) =>
    Effect.map(toolkit.decodeEach(response), (decoded) => {
      const turns = new Map(Array.from(prepared, ([name, settings]) => [name, turnsOf(settings)]))
      return decoded.map((call) => {
        if (Either.isLeft(call)) return Effect.succeed(told(call.left, call.left.message))
        const settings = prepared.get(call.right.name)
        const inTurn = turns.get(call.right.name)
        return settings === undefined || inTurn === undefined
          ? Effect.succeed(told(call.right, `No program runs the tool "${call.right.name}".`))
          : inTurn(answer(settings, call.right))
      })
    })
}

/** For programs without types. */
const check = (toolkit: Toolkit<Tool | VendorTool>, names: ReadonlySet<string>): void => {
  const known = new Set(toolkit.tools.map(({ name }) => name))
  for (const tool of toolkit.tools) {
    if (!isVendorTool(tool) && !names.has(tool.name)) throw wrong(tool.name, "has no handler: give one")
  }
  for (const name of names) {
    if (!known.has(name)) throw wrong(name, "is not in the toolkit: add the tool, or leave its handler out")
  }
}

const settingsOf = (name: string, handler: Handler<AnyCall>): Settings<AnyCall> => {
  const settings = typeof handler === "function" ? { run: handler } : handler
  const { concurrency = 1, timeout } = settings
  // With zero every call would wait for ever.
  if (!(concurrency >= 1)) throw wrong(name, `has the concurrency ${concurrency}: it must be a number from 1 on`)
  if (timeout !== undefined && Option.isNone(Duration.decodeUnknown(timeout))) {
    throw wrong(name, "has a `timeout` that is not a duration")
  }
  return settings
}

const wrong = (name: string, problem: string) => new TypeError(`ToolLoop.make: the tool "${name}" ${problem}.`)

type InTurn = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

const turnsOf = ({ concurrency }: Settings<AnyCall>): InTurn =>
  concurrency === undefined || concurrency === Number.POSITIVE_INFINITY
    ? (effect) => effect
    : Effect.unsafeMakeSemaphore(Math.floor(concurrency)).withPermits(1)

const answer = (settings: Settings<AnyCall>, call: AnyCall): Effect.Effect<Prompt.ToolResultPart, unknown, unknown> => {
  const run = Effect.flatMap(approval(settings, call), (approved) =>
    approved === true ? runOnce(settings, call) : Effect.succeed(told(call, refusalOf(approved)))
  )
  return Effect.withSpan(run, `execute_tool ${call.name}`, {
    attributes: {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": call.name,
      "gen_ai.tool.call.id": call.id
    },
    captureStackTrace: false
  })
}

const approval = ({ approve }: Settings<AnyCall>, call: AnyCall): Effect.Effect<boolean | Refusal, unknown, unknown> =>
  approve === undefined ? Effect.succeed(true) : Effect.suspend(() => approve(call.arguments, call))

const refusalOf = (refused: false | Refusal): string =>
  refused === false ? "This call was not approved, and was not run." : refused.reason

const runOnce = (
  { onFailure, result, run, timeout }: Settings<AnyCall>,
  call: AnyCall
): Effect.Effect<Prompt.ToolResultPart, unknown, unknown> => {
  // A value that its own schema does not encode is a mistake of the program, which no model can correct.
  const encode = result === undefined ? Effect.succeed : encodeWith(result)
  const ran = Effect.suspend(() => run(call.arguments, call)).pipe(
    Effect.matchEffect({
      onSuccess: (value) => Effect.map(encode(value), (encoded) => resultOf(call, encoded)),
      onFailure: (error) => (onFailure === "fail" ? Effect.fail(error) : Effect.succeed(told(call, textOf(error))))
    })
  )
  return timeout === undefined
    ? ran
    : Effect.map(
        Effect.timeoutOption(ran, timeout),
        Option.getOrElse(() => told(call, `The tool was stopped: it took longer than ${Duration.format(timeout)}.`))
      )
}

const encodeWith = (schema: Schema.Schema.All): ((value: unknown) => Effect.Effect<unknown, never, unknown>) => {
  const encode = Schema.encodeUnknown(Schema.asSchema(schema))
  return (value) => Effect.orDie(encode(value))
}

const told = (call: AnyCall | InvalidToolArguments, text: string): Prompt.ToolResultPart =>
  Prompt.toolResult(call, text, { isError: true })

const resultOf = (call: AnyCall, value: unknown): Prompt.ToolResultPart => {
  if (typeof value === "string") return Prompt.toolResult(call, value)
  if (isResult(value)) return { ...value, id: call.id }
  // JSON cannot express undefined, functions or symbols.
  return Prompt.toolResult(call, JSON.stringify(value) ?? "")
}

const isResult = Schema.is(Prompt.ToolResultPart)

/** What the model is told of a failure: its message, else its tag. */
const textOf = (error: unknown): string => {
  if (typeof error === "string") return error
  if (error instanceof Error && error.message !== "") return error.message
  return Predicate.hasProperty(error, "_tag") && typeof error._tag === "string" ? error._tag : String(error)
}
