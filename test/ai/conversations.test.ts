/**
 * Some of the conversations that `npm run conversations` holds.
 */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { run } from "../harness/conversations/run.js"

it.live("conversations with tools are as without drops, and all requests are told of", () =>
  Effect.gen(function* () {
    const { drops, wrong } = yield* run(20, 7)
    assert.deepStrictEqual(wrong, [])
    assert.isAbove(drops, 20)
  })
)
