import { Effect } from "effect"
import { Provider } from "effect-redial"

export const answer = Provider.generate({ model: "claude-sonnet-5-5", prompt: "Why is the sky blue?" }).pipe(
  Effect.map(({ text }) => text),
  // The request is at fault: another one may succeed.
  Effect.catchTag("ContextOverflow", () => Effect.succeed("That conversation is too long for this model.")),
  Effect.catchTag("ContentRefused", () => Effect.succeed("The provider's policy refuses this.")),
  // Everything else: log the message, which says what to do, and keep the text that arrived.
  Effect.catchAll((error) => Effect.as(Effect.logError(error.message), error.partial?.text ?? ""))
)
