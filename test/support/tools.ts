/**
 * Tools that several suites give.
 */
import * as Schema from "effect/Schema"
import { Tool } from "effect-redial"

export const weather = Tool.make("weather", {
  parameters: Schema.Struct({ city: Schema.String, on: Schema.DateFromString })
})
