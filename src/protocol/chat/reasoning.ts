/**
 * How the vendors of Chat Completions are asked to think.
 */
import * as Either from "effect/Either"
import type { ModelRequest, Reasoning } from "../../model/ModelRequest.js"
import { type Encoded, invalid } from "../internal/encode.js"
import type { ReasoningDialect } from "../Quirks.js"

type Fields = Readonly<Record<string, unknown>>

/** The fields that ask for it, in the vendor's dialect. The SDK's types know only `reasoning_effort`. */
export const encodeReasoning = (
  { reasoning }: ModelRequest,
  dialect: ReasoningDialect = "reasoning_effort"
): Encoded<Fields> => {
  if (reasoning === undefined) return Either.right({})
  if (reasoning.summary !== undefined) {
    return invalid("reasoning.summary", "is not supported over Chat Completions: leave it out")
  }
  if (reasoning.budgetTokens !== undefined && !budgeted.includes(dialect)) {
    return invalid("reasoning.budgetTokens", "is not supported by this provider: give an `effort` instead")
  }
  return dialects[dialect](reasoning)
}

/** The dialects that can express a budget. */
const budgeted: ReadonlyArray<ReasoningDialect> = ["enable_thinking", "reasoning"]

const dialects: { readonly [D in ReasoningDialect]: (reasoning: Reasoning) => Encoded<Fields> } = {
  reasoning_effort: ({ effort }) => Either.right(effort === undefined ? {} : { reasoning_effort: effort }),
  thinking: (reasoning) => switched(reasoning, (on) => ({ thinking: thinking(on) })),
  "thinking-effort": ({ effort }) => {
    if (effort === undefined) return Either.right({})
    if (effort === "none") return Either.right({ thinking: thinking(false) })
    return Either.right({ thinking: thinking(true), reasoning_effort: effort })
  },
  enable_thinking: (reasoning) => switched(reasoning, (on) => ({ enable_thinking: on }), "thinking_budget"),
  reasoning: ({ budgetTokens, effort }) => {
    if (budgetTokens === undefined) return Either.right(effort === undefined ? {} : { reasoning: { effort } })
    return effort === undefined
      ? Either.right({ reasoning: { max_tokens: budgetTokens } })
      : invalid("reasoning", "has an `effort` and `budgetTokens`: this provider accepts only one of them")
  },
  chat_template_kwargs: (reasoning) => switched(reasoning, (on) => ({ chat_template_kwargs: { enable_thinking: on } }))
}

const thinking = (on: boolean) => ({ type: on ? "enabled" : "disabled" })

/** Dialects that can only turn thinking on and off: a finer effort would be lost, so it is refused. */
const switched = (
  { budgetTokens, effort }: Reasoning,
  write: (on: boolean) => Fields,
  budgetField?: string
): Encoded<Fields> => {
  if (effort !== undefined && effort !== "none" && effort !== "high") {
    return invalid(
      "reasoning.effort",
      `is \`${effort}\`, but this provider can only turn thinking on or off: use \`high\` or \`none\``
    )
  }
  if (budgetTokens === undefined || budgetField === undefined) {
    return Either.right(effort === undefined ? {} : write(effort !== "none"))
  }
  return effort === "none"
    ? invalid("reasoning", "has `budgetTokens`, but the `effort` turns thinking off: give one of them")
    : Either.right({ ...write(true), [budgetField]: budgetTokens })
}
