/**
 * Unpredictable numbers from the operating system's generator by way of node:crypto, drawn in
 * blocks: one call for two octets costs as much as one for thousands.
 */
import { randomFillSync } from 'node:crypto';
import type { Entropy } from '../resolver/index.js';

const POOL_OCTETS = 4_096;

export class SystemEntropy implements Entropy {
  readonly #pool = new Uint8Array(POOL_OCTETS);
  readonly #refill: (octets: Uint8Array) => void;
  #at = POOL_OCTETS;

  constructor(refill: (octets: Uint8Array) => void = (octets) => void randomFillSync(octets)) {
    this.#refill = refill;
  }

  uint16(): number {
    const at = this.#take(2);
    const pool = this.#pool;
    const value = (pool[at]! << 8) | pool[at + 1]!;
    this.#wipe(at, 2);
    return value;
  }

  uint32(): number {
    const at = this.#take(4);
    const pool = this.#pool;
    const upper = (pool[at]! << 8) | pool[at + 1]!;
    const lower = (pool[at + 2]! << 8) | pool[at + 3]!;
    this.#wipe(at, 4);
    return upper * 0x10000 + lower;
  }

  fill(octets: Uint8Array): void {
    this.#refill(octets);
  }

  #take(count: number): number {
    if (this.#at + count > POOL_OCTETS) {
      this.#refill(this.#pool);
      this.#at = 0;
    }
    const at = this.#at;
    this.#at += count;
    return at;
  }

  /** What was handed out must not be found in memory later, nor handed out twice. */
  #wipe(at: number, count: number): void {
    for (let index = at; index < at + count; index++) this.#pool[index] = 0;
  }
}

/** A whole number from `low` to `high`, each with the same probability. */
export function randomBetween(entropy: Entropy, low: number, high: number): number {
  const span = high - low + 1;
  // Values above the last whole multiple of the span would favour the low end.
  const usable = 0x10000 - (0x10000 % span);
  for (;;) {
    const drawn = entropy.uint16();
    if (drawn < usable) return low + (drawn % span);
  }
}
