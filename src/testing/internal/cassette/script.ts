/**
 * What is being replayed: recordings, each of which answers one request.
 */
import type { Match } from "../../Cassette.js"
import { type Exchange, type Sent, titleOf } from "./exchange.js"
import { explain, find, type Matching } from "./matching.js"

export class Script {
  private readonly used = new Set<number>()
  private readonly matching: Matching
  private asked = 0
  /** Why a program cannot read beyond what was recorded. */
  readonly beyond: string

  constructor(
    private readonly path: string,
    private readonly exchanges: ReadonlyArray<Exchange>,
    { ignore = [], order = "any" }: Match
  ) {
    this.matching = { exchanges, order, ignored: ignore.map((path) => path.split(".")), used: this.used }
    this.beyond =
      `the program reads on where the one that was recorded in ${path} stopped reading: ` +
      "record again, by deleting the file"
  }

  /** The recording that answers a request, which answers no other one; or why there is none. */
  readonly take = (sent: Sent): Exchange | string => {
    this.asked++
    const at = find(this.matching, sent)
    const found = at === undefined ? undefined : this.exchanges[at]
    if (at === undefined || found === undefined) {
      const what = `no recording in ${this.path} answers request ${this.asked}, ${titleOf(sent)}`
      const advice = "Put what may differ into `match.ignore`, or record again, by deleting the file"
      return `${what}: ${explain(this.matching, sent)}\n${advice}`
    }
    this.used.add(at)
    return found
  }

  get unused(): ReadonlyArray<string> {
    return this.exchanges.filter((_, at) => !this.used.has(at)).map(({ request }) => titleOf(request))
  }
}
