/** The error that `Renewable` and its implementation share. */
import * as Data from "effect/Data"

/**
 * The scope of a renewable has closed: nothing can be leased from it any more.
 *
 * @since 0.1.0
 * @category errors
 */
export class RenewableClosed extends Data.TaggedError("RenewableClosed")<{ readonly name: string }> {
  override get message(): string {
    return `The renewable "${this.name}" is closed: lease inside the scope that made it.`
  }
}
