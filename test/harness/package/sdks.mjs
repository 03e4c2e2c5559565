/**
 * Checks what the package does where an SDK is not installed. Both are optional peers: a program needs that of its own
 * protocol, and finds out about the other one by a typed error that names the package and is not retried.
 */
import assert from "node:assert/strict"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Each SDK, and a vendor that needs it. */
const sdks = { "@anthropic-ai/sdk": "anthropic", openai: "openai" }

const program = `
  import { Effect, Logger, LogLevel, Redacted } from "effect"
  import { Provider, Vendors } from "effect-redial"

  const ask = (vendor) =>
    Effect.gen(function* () {
      const provider = yield* Provider.make(Vendors[vendor], { apiKey: Redacted.make("k"), baseUrl: "http://127.0.0.1:1" })
      const error = yield* Effect.flip(provider.generate({ model: "m", prompt: "Hello" }))
      return { reason: error.reason, attempts: error.attempts.length, message: error.message }
    }).pipe(Effect.scoped, Effect.map((found) => [vendor, found]))

  const found = await Effect.runPromise(
    Effect.forEach(["anthropic", "openai"], ask).pipe(Logger.withMinimumLogLevel(LogLevel.None))
  )
  console.log(JSON.stringify(Object.fromEntries(found)))
`

/** Types of either protocol's module, which must compile also where they come from a package that is not there. */
const types = `
  import { AnthropicClient, AnthropicMessages, ChatCompletions, OpenAiClient, Provider, Responses, Vendors } from "effect-redial"
  import { Redacted } from "effect"

  export const providers = [Vendors.anthropic, Vendors.openai, Vendors.groq].map((vendor) =>
    Provider.layer(vendor, { apiKey: Redacted.make("k") })
  )
  export const clients = [AnthropicClient.layer, OpenAiClient.layer]
  export const protocols = [AnthropicMessages.protocol.id, ChatCompletions.protocol.id, Responses.protocol.id]
`

/** `unpack` puts the package into a folder, and `compile` checks the files of one. */
export const checkWithoutSdks = ({ compile, modules, run, unpack }) => {
  for (const installed of [[], ...Object.keys(sdks).map((name) => [name])]) {
    const project = mkdtempSync(join(tmpdir(), "effect-redial-sdks-"))
    try {
      const mine = join(project, "node_modules")
      mkdirSync(join(mine, "@anthropic-ai"), { recursive: true })
      const others = readdirSync(modules).filter((name) => !/^(\.|openai$|@anthropic-ai$|effect-redial$)/.test(name))
      for (const name of [...others, ...installed]) symlinkSync(join(modules, name), join(mine, name))
      unpack(join(mine, "effect-redial"))
      writeFileSync(join(project, "package.json"), JSON.stringify({ type: "module", private: true }))
      writeFileSync(join(project, "program.mjs"), program)
      writeFileSync(join(project, "types.ts"), types)

      if (installed.length === 0) compile(project, "types.ts")
      const found = JSON.parse(run(process.execPath, ["program.mjs"], project))
      for (const [name, vendor] of Object.entries(sdks)) {
        const { attempts, message, reason } = found[vendor]
        if (installed.includes(name)) assert.equal(reason, "refused", message)
        else {
          assert.deepEqual([reason, attempts], ["client", 1], message)
          assert.match(message, new RegExp(`the SDK did not load: add the package \`${name}\` to the program`))
        }
      }
    } finally {
      rmSync(project, { recursive: true })
    }
  }
}
