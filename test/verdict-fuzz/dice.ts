/**
 * Choices that stay the same when other things are taken away: each candidate gets its own hash
 * with the seed, and the lowest wins. So a case keeps its meaning while it shrinks.
 */
import { SeededRandom } from '../../src/lab/index.js';

/** FNV-1a with a final mix, of 32 bits. */
export function hashOf(text: string, seed = 0): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  return hash >>> 0;
}

export class Dice {
  readonly #random: SeededRandom;

  constructor(seed: number) {
    // Small seeds lie close together; their first draws should not.
    this.#random = new SeededRandom(hashOf('', Math.imul(seed, 0x9e3779b1)));
  }

  below(bound: number): number {
    return this.#random.below(bound);
  }

  /** True once in so many times. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  /** For lists that are the same in every world. */
  one<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  seed(): number {
    return this.#random.uint32();
  }

  /** For lists that shrink: the choice depends on the labels, not on the places. */
  pick<T extends { readonly label: string }>(list: readonly T[]): T | undefined {
    const seed = this.seed();
    let best: T | undefined;
    let lowest = Number.POSITIVE_INFINITY;
    for (const candidate of list) {
      const hash = hashOf(candidate.label, seed);
      if (hash >= lowest) continue;
      best = candidate;
      lowest = hash;
    }
    return best;
  }

  some<T extends { readonly label: string }>(list: readonly T[], most: number): T[] {
    const chosen = new Set<T>();
    for (let count = 1 + this.below(most); count > 0; count--) {
      const one = this.pick(list);
      if (one !== undefined) chosen.add(one);
    }
    return [...chosen];
  }
}
