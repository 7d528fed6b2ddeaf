/**
 * Repeatable random numbers (Mulberry32): the same seed gives the same run. Never for anything
 * that must not be guessed; it also serves as the resolver's entropy in simulations.
 */
export class SeededRandom {
  readonly seed: number;
  #state: number;

  constructor(seed: number) {
    this.seed = seed >>> 0;
    this.#state = this.seed;
  }

  uint32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  uint16(): number {
    return this.uint32() >>> 16;
  }

  /** At least 0, below 1. */
  fraction(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** An integer of at least 0 and below `bound`. */
  below(bound: number): number {
    return Math.floor(this.fraction() * bound);
  }

  fill(octets: Uint8Array): void {
    for (let at = 0; at < octets.length; at++) octets[at] = this.uint32() >>> 24;
  }
}
