/**
 * What all requests of a fallback know together of one provider: whether it failed lately, and who probes it.
 */

/** Another probe is sent after this, in milliseconds: the consumer of the first may never pull again, nor leave. */
const PROBE_TIMEOUT = 60_000

export class Health {
  /** Skipped until then, in milliseconds since the epoch, and then until a probe was answered. */
  private until: number | undefined
  private probe: { readonly since: number } | undefined
  private failures = 0

  /** How often it failed. An answer tells that it works again only if it did not fail since it was asked. */
  get epoch(): number {
    return this.failures
  }

  /** Whether it may be asked: by anybody while it works, and by one request at a time once its time is over. */
  offer(now: number): "open" | "probe" | "skip" {
    if (this.until === undefined) return "open"
    const isProbed = this.probe !== undefined && now < this.probe.since + PROBE_TIMEOUT
    return now >= this.until && !isProbed ? "probe" : "skip"
  }

  /** Gives what ends the probe, should it never be answered. */
  probing(now: number): () => void {
    const probe = { since: now }
    this.probe = probe
    return () => {
      if (this.probe === probe) this.probe = undefined
    }
  }

  answered(epoch: number): void {
    if (epoch !== this.failures) return
    this.until = undefined
    this.probe = undefined
  }

  /** Whether it worked before. */
  failed(until: number): boolean {
    const worked = this.until === undefined
    this.failures++
    this.probe = undefined
    this.until = Math.max(this.until ?? until, until)
    return worked
  }
}
