/**
 * An attempt that admissions are asked about.
 */
import { type Admission, Prompt } from "effect-redial"

export const info: Admission.AttemptInfo = {
  provider: "vendor",
  protocol: "anthropic-messages",
  model: "m",
  attempt: 1,
  request: { model: "m", prompt: Prompt.text("hi") }
}
