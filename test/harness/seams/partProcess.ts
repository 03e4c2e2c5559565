/**
 * Plays a part in a process of its own. Its parent gives it the options.
 */
import { Effect } from "effect"
import { quiet } from "../../support/quiet.js"
import { type Options, part } from "./part.js"

// Thousands of errors are made here, and nobody reads where.
Error.stackTraceLimit = 0

const options = JSON.parse(process.argv[2] ?? "") as Options // nobody else starts it

process.send?.(await Effect.runPromise(quiet(part(options))))
