/**
 * What all requests of a fallback know together of one provider: whether it failed lately, and who probes it.
 */
export class Health {
  /** Skipped until then, in milliseconds since the epoch, and then until a probe was answered. */
  private until: number | undefined
  private probe: object | undefined
  private failures = 0

  /** How often it failed. An answer tells that it works again only if it did not fail since it was asked. */
  get epoch(): number {
    return this.failures
  }

  /** Whether it may be asked: by anybody while it works, and by one request at a time once its time is over. */
  offer(now: number): "open" | "probe" | "skip" {
    if (this.until === undefined) return "open"
    return now >= this.until && this.probe === undefined ? "probe" : "skip"
  }

  /** Gives what ends the probe, should it never be answered. */
  probing(): () => void {
    const probe = {}
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
