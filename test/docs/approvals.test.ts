/**
 * The published example that answers what OpenAI's own tools ask of a program, run as a reader would run it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { FaultServer, Reply, Wire } from "effect-redial/testing"
import { run } from "../support/docs.js"

const ask = (id: string, name: string) => ({
  type: "mcp_approval_request",
  id,
  name,
  server_label: "calendar",
  arguments: "{}"
})

/** A response of nothing but these items. */
const items = (...output: ReadonlyArray<object>) => {
  const response = (status: string, fields: object) => ({ id: "resp_1", model: "gpt-5", status, output: [], ...fields })
  return Reply.stream([
    Wire.event({ type: "response.created", response: response("in_progress", {}) }, "response.created"),
    ...output.map((item, at) =>
      Wire.event({ type: "response.output_item.done", output_index: at, item }, "response.output_item.done")
    ),
    Wire.event({ type: "response.completed", response: response("completed", { output }) }, "response.completed")
  ])
}

describe("approvals of docs/requests.md", () => {
  it.scopedLive("approves what reads and nothing else, in the item's own terms, and ends with the answer", () =>
    Effect.gen(function* () {
      const asked = [ask("mcpr_1", "read_events"), ask("mcpr_2", "delete_event")]
      const server = yield* FaultServer.make([
        items(...asked),
        Reply.stream(Wire.answer("responses", { text: "At noon." }))
      ])
      const { code, err, out } = yield* run("approvals", { OPENAI_API_KEY: "k", OPENAI_BASE_URL: `${server.url}/v1` })
      assert.deepStrictEqual([code, out, err], [0, "At noon.\n", ""])
      const requests = yield* server.requests
      assert.deepStrictEqual(
        requests.map(({ headers }) => headers["x-turn"]),
        ["1", "2"]
      )
      assert.deepInclude(requests[1]?.json, {
        input: [
          { role: "user", content: "When is my next meeting?" },
          ...asked,
          { type: "mcp_approval_response", approval_request_id: "mcpr_1", approve: true },
          { type: "mcp_approval_response", approval_request_id: "mcpr_2", approve: false }
        ]
      })
    })
  )
})
