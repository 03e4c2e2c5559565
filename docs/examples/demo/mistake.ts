import { Data } from "effect"

/** Something that the person at the keyboard can put right. */
export class Mistake extends Data.TaggedError("Mistake")<{
  readonly message: string
  /** Whether to say how the demo is used. */
  readonly usage: boolean
}> {}
