/**
 * Draws docs/trace.svg of a real trace: `npm run trace`.
 */
import { writeFileSync } from "node:fs"
import { Effect } from "effect"
import { quiet } from "../../support/quiet.js"
import { exported } from "../../support/telemetry/exported.js"
import { draw } from "./svg.js"

const once = quiet(Effect.scoped(exported))

// The first request of a process loads an SDK, which takes longer than all of the rest.
const { spans } = await Effect.runPromise(Effect.zipRight(once, once))
writeFileSync(new URL("../../../docs/trace.svg", import.meta.url), draw(spans))
