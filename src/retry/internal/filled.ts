/** Which retry budgets a provider fills: a hedge that shares one must not fill it a second time for the same answer. */
import type { RetryBudget } from "../RetryBudget.js"

const filled = new WeakSet<RetryBudget>()

/** A provider has this budget, and reports its answers to it. */
export const fills = (budget: RetryBudget): void => void filled.add(budget)

export const isFilled = (budget: RetryBudget): boolean => filled.has(budget)
