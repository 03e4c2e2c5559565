import { Console, Effect } from "effect"
import { Provider } from "effect-redial"
import { ScriptedProvider } from "effect-redial/testing"

const program = Provider.generate({ model: "any", prompt: "Why is the sky blue?" })

const dropsOnce = ScriptedProvider.layer([
  ScriptedProvider.drop({ text: "Because of Rayleigh scattering." }, { afterEvents: 4 }),
  ScriptedProvider.answer({ text: "Because of Rayleigh scattering." })
])

await program.pipe(
  Effect.flatMap(({ attempts, text }) => Console.log(`${text} (${attempts.length} attempts)`)),
  Effect.provide(dropsOnce),
  Effect.runPromise
)
