// Choices that the printed seed repeats.

import { SeededRandom } from '../../../src/lab/index.js';

const consonants = 'bdfgklmnprstvz';
const vowels = 'aeiou';

export class Dice {
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  below(bound: number): number {
    return this.#random.below(bound);
  }

  chance(probability: number): boolean {
    return this.#random.fraction() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.#random.below(items.length)]!;
  }

  /** One of the keys of `weights`, as often as its weight is large. */
  weighted<T extends string | number>(weights: readonly (readonly [T, number])[]): T {
    const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
    let left = this.#random.fraction() * total;
    for (const [item, weight] of weights) {
      left -= weight;
      if (left < 0) return item;
    }
    return weights.at(-1)![0];
  }

  /** `count` different items, or all when there are fewer. */
  some<T>(items: readonly T[], count: number): T[] {
    return this.shuffled(items).slice(0, count);
  }

  shuffled<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let last = result.length - 1; last > 0; last -= 1) {
      const other = this.#random.below(last + 1);
      [result[last], result[other]] = [result[other]!, result[last]!];
    }
    return result;
  }

  /** Something that can be read aloud. */
  word(): string {
    const syllables = 2 + this.#random.below(2);
    let text = '';
    for (let at = 0; at < syllables; at += 1) {
      text += this.pick([...consonants]) + this.pick([...vowels]);
    }
    return text;
  }

  hexOctets(count: number): string {
    let text = '';
    for (let at = 0; at < count; at += 1) {
      text += this.#random.below(256).toString(16).padStart(2, '0');
    }
    return text;
  }
}
