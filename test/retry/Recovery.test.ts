/**
 * The table of what the next attempt does, whole: every shape of what was delivered, every promise, every ability.
 */
import { assert, describe, it } from "@effect/vitest"
import { type PartialResponse, Recovery } from "effect-redial"

type Block = PartialResponse.Block

const text = (open: boolean, content = "Let me look."): Block => ({ type: "text", text: content, open })
const reasoning = (open: boolean): Block => ({ type: "reasoning", text: "Hm.", open })
const call = (open: boolean, json = "{}"): Block => ({ type: "tool-call", id: "call_1", name: "look", json, open })
const server: Block = { type: "provider", name: "web_search_tool_result", value: {}, open: false }

const citation: Block = { type: "citation", title: "A", value: {}, open: false }

const open = true
const closed = false

/**
 * R: begin anew; P and A: prefill and ask, from this block on; G: give up. The columns of `restart` and `resume`
 * are what the provider can do: nothing, prefill, ask, both.
 */
const table: ReadonlyArray<{
  readonly shape: string
  readonly blocks: ReadonlyArray<Block>
  readonly restart: string
  readonly resume: string
  readonly hold: string
  readonly fail: string
}> = [
  { shape: "nothing", blocks: [], restart: "R R R R", resume: "R R R R", hold: "R", fail: "R" },
  {
    shape: "white space",
    blocks: [text(open, " \n")],
    restart: "R R R R",
    resume: "R R R R",
    hold: "R",
    fail: "R"
  },
  { shape: "reasoning", blocks: [reasoning(open)], restart: "R R R R", resume: "R R R R", hold: "R", fail: "R" },
  {
    shape: "closed reasoning, white space",
    blocks: [reasoning(closed), text(open, " ")],
    restart: "R R R R",
    resume: "R R R R",
    hold: "R",
    fail: "R"
  },
  { shape: "open text", blocks: [text(open)], restart: "R R R R", resume: "G P1 A1 P1", hold: "R", fail: "G" },
  { shape: "closed text", blocks: [text(closed)], restart: "R R R R", resume: "G P1 A1 P1", hold: "R", fail: "G" },
  {
    shape: "reasoning, open text",
    blocks: [reasoning(closed), text(open)],
    restart: "R R R R",
    resume: "G P2 A2 P2",
    hold: "R",
    fail: "G"
  },
  {
    shape: "closed text, open reasoning",
    blocks: [text(closed), reasoning(open)],
    restart: "R R R R",
    resume: "G P1 A1 P1",
    hold: "R",
    fail: "G"
  },
  {
    shape: "closed text, open tool call",
    blocks: [text(closed), call(open, '{"qu')],
    restart: "R P1 R P1",
    resume: "G P1 A1 P1",
    hold: "R",
    fail: "G"
  },
  {
    shape: "closed text, closed tool call",
    blocks: [text(closed), call(closed)],
    restart: "R P1 R P1",
    resume: "G P1 A1 P1",
    hold: "R",
    fail: "G"
  },
  {
    shape: "closed tool call, open text",
    blocks: [call(closed), text(open)],
    restart: "R R R R",
    resume: "G G A2 A2",
    hold: "R",
    fail: "G"
  },
  {
    shape: "open tool call, open text",
    blocks: [call(open), text(open)],
    restart: "R R R R",
    resume: "G G G G",
    hold: "R",
    fail: "G"
  },
  {
    shape: "a closed tool call that is not JSON, open text",
    blocks: [call(closed, '{"qu'), text(open)],
    restart: "R R R R",
    resume: "G G G G",
    hold: "R",
    fail: "G"
  },
  {
    shape: "parallel tool calls",
    blocks: [call(closed), call(open, '{"qu')],
    restart: "R R R R",
    resume: "R R R R",
    hold: "R",
    fail: "G"
  },
  {
    shape: "closed text, parallel tool calls",
    blocks: [text(closed), call(closed), call(open, "{")],
    restart: "R P1 R P1",
    resume: "G P1 A1 P1",
    hold: "R",
    fail: "G"
  },
  {
    shape: "open text, citations",
    blocks: [text(open), citation, citation],
    restart: "R R R R",
    resume: "G P3 A3 P3",
    hold: "R",
    fail: "G"
  },
  {
    shape: "closed text, citation, open tool call, citation",
    blocks: [text(closed), citation, call(open), citation],
    restart: "R P2 R P2",
    resume: "G P2 A2 P2",
    hold: "R",
    fail: "G"
  },
  {
    shape: "server tool, open text",
    blocks: [text(closed), server, text(open)],
    restart: "R R R R",
    resume: "G P3 A3 P3",
    hold: "R",
    fail: "G"
  },
  {
    shape: "text, server tool",
    blocks: [text(closed), server],
    restart: "R R R R",
    resume: "G P1 A1 P1",
    hold: "R",
    fail: "G"
  },
  { shape: "server tool alone", blocks: [server], restart: "R R R R", resume: "R R R R", hold: "R", fail: "R" }
]

const abilities = [
  { prefill: false, ask: false },
  { prefill: true, ask: false },
  { prefill: false, ask: true },
  { prefill: true, ask: true }
]

const short = (decision: Recovery.Decision): string => {
  switch (decision._tag) {
    case "Restart":
      return "R"
    case "Cursor":
      return "C"
    case "Prefill":
      return `P${decision.fromIndex}`
    case "Ask":
      return `A${decision.fromIndex}`
    case "GiveUp":
      return "G"
  }
}

describe("Recovery.decide", () => {
  for (const { blocks, shape, ...rows } of table) {
    for (const delivery of ["restart", "resume", "hold", "fail"] as const) {
      const row = rows[delivery].split(" ")
      it(`${shape}, ${delivery}: ${rows[delivery]}`, () => {
        for (const [at, able] of abilities.entries()) {
          const expected = row.length === 1 ? row[0] : row[at]
          const decide = (cursor: boolean) => short(Recovery.decide({ delivery, blocks, can: { ...able, cursor } }))
          assert.strictEqual(decide(false), expected)
          // A server that keeps the answer is asked for the rest of it, unless no second request is wanted.
          assert.strictEqual(decide(true), delivery === "fail" && expected === "G" ? "G" : "C")
        }
      })
    }
  }
})
