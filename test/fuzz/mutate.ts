/**
 * Seeded randomness and the ways to damage a message. Every fuzz test prints its seed; setting
 * ANCHORITE_SEED to it replays the run octet for octet.
 */
import { randomBytes } from 'node:crypto';

/** The seed of this run: from the environment, or a fresh one. */
export function chooseSeed(): number {
  const given = process.env.ANCHORITE_SEED;
  if (given === undefined || given === '') return randomBytes(4).readUInt32BE();
  const seed = Number(given);
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new Error(`ANCHORITE_SEED is no number from 0 to 4294967295: ${given}`);
  }
  return seed;
}

/** xorshift128 (Marsaglia 2003): small, quick, and the same on every machine. */
export class Prng {
  readonly seed: number;
  readonly #state = new Int32Array(4);

  constructor(seed: number) {
    this.seed = seed;
    // Spread the seed over the state by an integer hash, so that near seeds differ at once.
    for (let word = 0; word < 4; word++) {
      let mixed = Math.imul((seed + word * 0x9e3779b9) | 0, 0x85ebca6b);
      mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
      this.#state[word] = mixed ^ (mixed >>> 16) || word + 1;
    }
  }

  uint32(): number {
    const state = this.#state;
    const oldest = state[3]!;
    const newest = state[0]!;
    let next = oldest ^ (oldest << 11);
    next ^= next >>> 8;
    state[3] = state[2]!;
    state[2] = state[1]!;
    state[1] = newest;
    state[0] = next ^ newest ^ (newest >>> 19);
    return state[0]! >>> 0;
  }

  /** From 0 to `count` - 1. */
  below(count: number): number {
    return this.uint32() % count;
  }

  /** From `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  octets(count: number): Uint8Array {
    const octets = new Uint8Array(count);
    for (let at = 0; at < count; at++) octets[at] = this.uint32() >>> 24;
    return octets;
  }
}

export type Mutator = (prng: Prng, octets: Uint8Array, corpus: readonly Uint8Array[]) => Uint8Array;

const INTERESTING_16 = [0, 1, 2, 3, 4, 12, 16, 41, 46, 63, 64, 127, 128, 255, 256, 0x3fff, 0x7fff];
INTERESTING_16.push(0x8000, 0xc000, 0xc00c, 0xff00, 0xfffe, 0xffff);

function at(prng: Prng, octets: Uint8Array): number {
  return prng.below(Math.max(1, octets.length));
}

function write16(octets: Uint8Array, where: number, value: number): Uint8Array {
  octets[where] = value >> 8;
  octets[where + 1] = value & 0xff;
  return octets;
}

function spliced(
  octets: Uint8Array,
  start: number,
  end: number,
  replacement: Uint8Array,
): Uint8Array {
  const result = new Uint8Array(octets.length - (end - start) + replacement.length);
  result.set(octets.subarray(0, start));
  result.set(replacement, start);
  result.set(octets.subarray(end), start + replacement.length);
  return result;
}

/** Each gets a copy of its own to change. Named, so that a finding can say how it came about. */
export const MUTATORS: Readonly<Record<string, Mutator>> = {
  flipBit(prng, octets) {
    octets[at(prng, octets)]! ^= 1 << prng.below(8);
    return octets;
  },
  setOctet(prng, octets) {
    octets[at(prng, octets)] = prng.uint32();
    return octets;
  },
  setLengthField(prng, octets) {
    return write16(octets, at(prng, octets), prng.pick(INTERESTING_16));
  },
  setCount(prng, octets) {
    return write16(octets, 4 + 2 * prng.below(4), prng.pick(INTERESTING_16));
  },
  nudge(prng, octets) {
    octets[at(prng, octets)]! += prng.oneIn(2) ? 1 : 255;
    return octets;
  },
  insertPointer(prng, octets) {
    return write16(octets, at(prng, octets), 0xc000 | prng.below(octets.length + 2));
  },
  truncate(prng, octets) {
    return octets.slice(0, at(prng, octets));
  },
  extend(prng, octets) {
    return spliced(octets, octets.length, octets.length, prng.octets(prng.between(1, 40)));
  },
  insert(prng, octets) {
    const where = at(prng, octets);
    return spliced(octets, where, where, prng.octets(prng.between(1, 12)));
  },
  remove(prng, octets) {
    const where = at(prng, octets);
    const end = Math.min(octets.length, where + prng.between(1, 12));
    return spliced(octets, where, end, new Uint8Array(0));
  },
  repeat(prng, octets) {
    const start = at(prng, octets);
    const end = Math.min(octets.length, start + prng.between(1, 64));
    return spliced(octets, start, start, octets.slice(start, end));
  },
  graft(prng, octets, corpus) {
    const other = prng.pick(corpus);
    const start = at(prng, other);
    const graft = other.slice(start, start + prng.between(1, 80));
    const where = at(prng, octets);
    return spliced(octets, where, Math.min(octets.length, where + graft.length), graft);
  },
};

const MUTATOR_NAMES = Object.keys(MUTATORS);

export interface Mutant {
  readonly octets: Uint8Array;
  readonly history: readonly string[];
}

/** One to four mutations of a message from the corpus, one as a rule. */
export function mutate(prng: Prng, corpus: readonly Uint8Array[]): Mutant {
  let octets = prng.pick(corpus).slice();
  const history: string[] = [];
  for (let left = prng.oneIn(2) ? 1 : prng.between(2, 4); left > 0; left--) {
    const name = prng.pick(MUTATOR_NAMES);
    octets = MUTATORS[name]!(prng, octets, corpus) as Uint8Array<ArrayBuffer>;
    history.push(name);
  }
  return { octets, history };
}

/** The least CPU time of several runs: a busy machine is not taken for slow code. */
export function leastCpuMs(work: () => void, runs = 5): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

/** A bar on a terminal, nothing elsewhere: long runs should show that they are alive. */
export class ProgressBar {
  readonly #title: string;
  readonly #total: number;
  #shown = -1;

  constructor(title: string, total: number) {
    this.#title = title;
    this.#total = total;
  }

  show(done: number): void {
    const percent = Math.floor((100 * done) / this.#total);
    if (!process.stderr.isTTY || percent === this.#shown) return;
    this.#shown = percent;
    const bar = '#'.repeat(percent / 4).padEnd(25, '.');
    process.stderr.write(`\r${this.#title} [${bar}] ${percent} %${percent === 100 ? '\n' : ''}`);
  }
}
