/**
 * Plays a part in a process of its own. Its parent gives it the options.
 */
import { Effect } from "effect"
import { type Options, part } from "./part.js"

const options = JSON.parse(process.argv[2] ?? "") as Options // nobody else starts it

process.send?.(await Effect.runPromise(part(options)))
