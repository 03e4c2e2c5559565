/**
 * What is being recorded: exchanges in the order in which their requests were sent, within a bound.
 */
import type { Chunk, Ending, Exchange, Link, Sent } from "./exchange.js"

/** Recording is about a real network, so its times are those of the real clock, whatever clock a test uses. */
const now = (): number => performance.now()

export class Tape {
  readonly takes: Array<Take> = []
  private bytes = 0

  constructor(private readonly maxBytes: number) {}

  begin(request: Sent): Take {
    const take = new Take(request, (bytes) => this.count(bytes))
    this.takes.push(take)
    return take
  }

  /** More came than may be kept. Nothing is kept from then on. */
  get isFull(): boolean {
    return this.bytes > this.maxBytes
  }

  private count(bytes: number): boolean {
    this.bytes += bytes
    return !this.isFull
  }
}

/** One exchange while it is recorded. */
export class Take {
  /** Whether the program waits for the next chunk. */
  waiting = false
  private readonly startedAt = now()
  private response: Exchange["response"]
  private readonly body: Array<Chunk> = []
  private ending: Ending | undefined

  constructor(
    private readonly request: Sent,
    private readonly count: (bytes: number) => boolean
  ) {}

  answered(status: number, headers: Readonly<Record<string, string>>): void {
    this.response = { at: this.at(), status, headers }
  }

  chunk(bytes: Uint8Array): void {
    // Copied: what a pool gives may be a part of a buffer that it uses again.
    if (this.count(bytes.length)) this.body.push({ at: this.at(), bytes: bytes.slice() })
  }

  end(): void {
    this.ending ??= { kind: "end", at: this.at() }
  }

  dropped(error: ReadonlyArray<Link>): void {
    this.ending ??= { kind: "drop", at: this.at(), error }
  }

  /** The program gave the answer up. */
  left(): void {
    this.ending ??= { kind: this.waiting ? "silence" : "left", at: this.at() }
  }

  get exchange(): Exchange {
    const { body, request, response } = this
    return { request, ...(response && { response }), body, ending: this.ending ?? { kind: "left", at: this.at() } }
  }

  private at(): number {
    return Math.round(now() - this.startedAt)
  }
}
