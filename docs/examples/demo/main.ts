/**
 * A demo that needs no key and no network. `npm run demo -- --help` says what else it can do.
 */
import { Cause, Effect, Exit } from "effect"
import { live } from "./output.js"
import { program } from "./program.js"

const fiber = Effect.runFork(Effect.provide(program(process.argv.slice(2)), live))

// Ctrl-C reaches this process once from the terminal and once more through npm. Later ones mean it.
let asked = 0
const stop = () => {
  const now = Date.now()
  if (asked === 0) fiber.unsafeInterruptAsFork(fiber.id())
  else if (now - asked > 1000) process.exit(130)
  asked ||= now
}
process.on("SIGINT", stop)
process.on("SIGTERM", stop)

fiber.addObserver((exit) => {
  if (Exit.isFailure(exit) && !Cause.isInterruptedOnly(exit.cause)) console.error(Cause.pretty(exit.cause))
  process.exitCode = Exit.match(exit, {
    onSuccess: (code) => code,
    onFailure: (cause) => (Cause.isInterruptedOnly(cause) ? 130 : 1)
  })
})
