/**
 * Does things at an instant, to some hundredths of a millisecond: timers round to whole ones, which
 * over three round trips would be more than what is to be measured. The last stretch is waited for
 * by looking at the clock in each turn of the event loop.
 */
interface Due {
  readonly atMs: number;
  readonly act: () => void;
}

/** A timer may be that much late. */
const STRETCH_MS = 2;

export class Delay {
  /** In order: all delays are of one length while any of them runs. */
  readonly #due: Due[] = [];
  #looking = false;

  until(atMs: number, act: () => void): void {
    this.#due.push({ atMs, act });
    if (!this.#looking) this.#wait();
  }

  #wait(): void {
    const [next] = this.#due;
    this.#looking = next !== undefined;
    if (next === undefined) return;
    const leftMs = next.atMs - performance.now() - STRETCH_MS;
    if (leftMs >= 1) setTimeout(() => this.#look(), leftMs);
    else setImmediate(() => this.#look());
  }

  #look(): void {
    while (this.#due.length > 0 && this.#due[0]!.atMs <= performance.now()) {
      this.#due.shift()!.act();
    }
    this.#wait();
  }
}
