// Delays between attempts to connect: doubling, capped, with jitter so that many browsers do not come back at once.
export class Backoff {
  private failures = 0;

  constructor(
    private readonly firstMs = 500,
    private readonly mostMs = 15_000,
    private readonly random: () => number = Math.random,
  ) {}

  // After a failure: how long to wait. The first is short; later ones are between half and all of the doubled delay.
  next(): number {
    const delay = Math.min(this.mostMs, this.firstMs * 2 ** Math.min(this.failures, 30));
    this.failures += 1;
    return delay / 2 + (delay / 2) * this.random();
  }

  reset(): void {
    this.failures = 0;
  }
}
