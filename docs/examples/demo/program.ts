/**
 * The demo as one effect: the arguments in, the number of the process's exit out.
 */
import { Effect, Logger, LogLevel } from "effect"
import { type InvalidOptions, type ProviderError, Telemetry } from "effect-redial"
import type { FaultServer } from "effect-redial/testing"
import { type Command, parse, usage } from "./args.js"
import { ask } from "./ask.js"
import type { Mistake } from "./mistake.js"
import { Output } from "./output.js"
import { recorded } from "./recorded.js"
import { scripted } from "./scripted.js"

type Failure = Mistake | ProviderError.ProviderError | InvalidOptions.InvalidOptions | FaultServer.ListenError

const run = (command: Command): Effect.Effect<number, Failure, Output> => {
  switch (command._tag) {
    case "Help":
      return Output.pipe(
        Effect.flatMap((output) => output.write(usage)),
        Effect.as(0)
      )
    case "Scripted":
      return scripted(command.json)
    case "Recorded":
      return recorded(command.directory, command.seed, command.json)
    case "Ask":
      return ask(command)
  }
}

const complain = (text: string, exit: number) =>
  Output.pipe(
    Effect.flatMap((output) => output.note(text)),
    Effect.as(exit)
  )

export const program = (argv: ReadonlyArray<string>): Effect.Effect<number, never, Output> =>
  Effect.flatMap(parse(argv), run).pipe(
    Effect.catchTag("Mistake", ({ message, usage: wanted }: Mistake) =>
      complain(`${message}\n${wanted ? `\n${usage}` : ""}`, 2)
    ),
    Effect.catchAll(({ message }) => complain(`${message}\n`, 1)),
    // The result alone goes to standard output.
    Effect.provide(Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger))),
    // The board says of each redial what there is to see.
    Effect.provide(Telemetry.logs({ redials: LogLevel.None, failures: LogLevel.None }))
  )
