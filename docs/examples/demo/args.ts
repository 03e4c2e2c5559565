/**
 * What was asked for on the command line.
 */
import { parseArgs } from "node:util"
import { Either } from "effect"
import { type ProviderName, providers } from "./ask.js"
import { Mistake } from "./mistake.js"

export type Command =
  | { readonly _tag: "Help" }
  | { readonly _tag: "Scripted"; readonly json: boolean }
  | {
      readonly _tag: "Recorded"
      readonly json: boolean
      readonly directory: string
      readonly seed: number | undefined
    }
  | {
      readonly _tag: "Ask"
      readonly json: boolean
      readonly provider: ProviderName
      readonly model: string
      readonly baseUrl: string | undefined
      readonly prompt: string
    }

const names = Object.keys(providers).join("|")

export const usage = `Usage: npm run demo -- [options]

  (no options)          8 streams over both protocols, from a server on this machine that breaks most of them
  --recorded DIR        recorded streams instead, each once whole and once broken at a random byte
  --seed N              with --recorded: where they break; the seed of a run is printed
  --provider ${names}
                        asks the real vendor instead; its key is read from the environment
  --model M "prompt"    with --provider: what to ask, and of which model
  --base-url URL        with --provider: another server of the same protocol
  --json                one JSON object in place of everything else
  --help                this text
`

const options = {
  json: { type: "boolean" },
  recorded: { type: "string" },
  seed: { type: "string" },
  provider: { type: "string" },
  model: { type: "string" },
  "base-url": { type: "string" },
  help: { type: "boolean", short: "h" }
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>["values"]

const mistake = (message: string) => Either.left(new Mistake({ message, usage: true }))

const isProvider = (name: string): name is ProviderName => Object.hasOwn(providers, name)

/** Those of the flags that were given although they mean nothing here. */
const stray = (values: Values, flags: ReadonlyArray<keyof Values>): string | undefined =>
  flags.find((flag) => values[flag] !== undefined)

export const parse = (argv: ReadonlyArray<string>): Either.Either<Command, Mistake> =>
  Either.flatMap(
    Either.try({
      try: () => parseArgs({ args: [...argv], options, allowPositionals: true }),
      catch: (error) =>
        // The first sentence; the rest is about how to write positional arguments.
        new Mistake({ message: String(error instanceof Error ? error.message : error).split(". ")[0]!, usage: true })
    }),
    ({ positionals, values }): Either.Either<Command, Mistake> => {
      const json = values.json === true
      if (values.help === true) return Either.right({ _tag: "Help" })
      if (values.provider !== undefined) return ask(values, positionals, json)
      if (positionals.length > 0) return mistake(`A prompt needs --provider: ${JSON.stringify(positionals[0])}`)
      const odd = stray(values, ["model", "base-url"])
      if (odd !== undefined) return mistake(`--${odd} needs --provider`)
      if (values.recorded !== undefined) return recorded(values.recorded, values.seed, json)
      return values.seed === undefined ? Either.right({ _tag: "Scripted", json }) : mistake("--seed needs --recorded")
    }
  )

const recorded = (directory: string, text: string | undefined, json: boolean): Either.Either<Command, Mistake> => {
  if (directory === "") return mistake("--recorded needs a directory")
  const seed = text === undefined ? undefined : Number(text)
  return seed === undefined || (/^\d+$/.test(text ?? "") && Number.isSafeInteger(seed))
    ? Either.right({ _tag: "Recorded", json, directory, seed })
    : mistake(`--seed takes a whole number, and was given ${JSON.stringify(text)}`)
}

const ask = (values: Values, positionals: ReadonlyArray<string>, json: boolean): Either.Either<Command, Mistake> => {
  const { model, provider = "" } = values
  const prompt = positionals.join(" ")
  if (!isProvider(provider)) return mistake(`--provider takes ${names}, and was given ${JSON.stringify(provider)}`)
  const odd = stray(values, ["recorded", "seed"])
  if (odd !== undefined) return mistake(`--${odd} and --provider do not go together`)
  if (model === undefined || model === "") return mistake("--provider needs --model")
  if (prompt.trim() === "") return mistake('--provider needs a prompt, as in: --provider openai --model M "Hello"')
  return Either.right({ _tag: "Ask", json, provider, model, baseUrl: values["base-url"], prompt })
}
