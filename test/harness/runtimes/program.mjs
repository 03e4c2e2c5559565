/**
 * What is run on each runtime that has sockets: a drop is healed, then the layer ends while the program goes on, so that the
 * server can say whether the pool was really closed. Prints what it found as JSON.
 */
import { Effect, Exit, Logger, LogLevel, Redacted, Scope } from "effect"
import { Provider, Vendors } from "effect-redial"

const [baseUrl, control] = globalThis.Deno?.args ?? process.argv.slice(2)

const openAtServer = Effect.promise(async () => (await (await fetch(`${control}/stats`)).json()).connectionsOpen)

const program = Effect.gen(function* () {
  const scope = yield* Scope.make()
  const provider = yield* Provider.make(Vendors.anthropic, { apiKey: Redacted.make("k"), baseUrl }).pipe(
    Scope.extend(scope)
  )
  const { attempts, text } = yield* provider.generate({ model: "m", prompt: "Why is the sky blue?" })
  const before = yield* openAtServer
  yield* Scope.close(scope, Exit.void)
  // The server hears of it by the network. Ten seconds at most, on a machine that has other things to do.
  const after = yield* openAtServer.pipe(
    Effect.delay("20 millis"),
    Effect.repeat({ until: (open) => open === 0, times: 500 })
  )
  return { text, attempts: attempts.length, before, after }
})

console.log(JSON.stringify(await Effect.runPromise(program.pipe(Logger.withMinimumLogLevel(LogLevel.None)))))
