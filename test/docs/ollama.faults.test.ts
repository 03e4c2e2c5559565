/**
 * The example protocol under the faults of `npm run faults`, but for those that are about silence, which take seconds, and
 * those of the world around the server, which no protocol has a part in.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { faults } from "../harness/faults/catalogue.js"
import { run, waysOf } from "../harness/faults/run.js"

const wanted = faults.filter(
  ({ expect, name, protocols = ["ollama-chat"], world }) =>
    protocols.includes("ollama-chat") && world === undefined && expect !== "StreamStalled" && name !== "giant_line"
)

describe("over Ollama's chat, without retry and with it,", () => {
  it("there are many faults", () => assert.isAbove(wanted.length, 70))

  for (const fault of wanted) {
    it.live(`${fault.name} ends as it must`, () =>
      Effect.gen(function* () {
        for (const way of waysOf(fault)) {
          if (way.protocol !== "ollama-chat" || way.delivery !== "restart") continue
          const { detail, expected, outcome, socketsLeft } = yield* run(fault, way)
          assert.deepStrictEqual([outcome, socketsLeft], [expected, 0], detail)
        }
      })
    )
  }
})
