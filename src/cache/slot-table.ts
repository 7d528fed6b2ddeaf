/**
 * From a key to the number of a slot, and what is kept with each slot in flat arrays: some 40
 * octets for an entry, where an object and its place in a map take several hundred. Grows with what
 * is in it. Keys are compared by the owner, who knows where they are.
 */
import type { Security } from '../dnssec/index.js';

const FIRST_SLOTS = 16;
/** What a verdict takes as V8 lays it out, where no two entries share one. */
const VERDICT_OCTETS = 56;

export class SlotTable {
  /** Slot number plus one, found by linear probing; 0 where there is none. */
  #table = new Int32Array(2 * FIRST_SLOTS);
  #hash = new Int32Array(FIRST_SLOTS);
  block = new Uint16Array(FIRST_SLOTS);
  start = new Uint32Array(FIRST_SLOTS);
  expiresAtMs = new Float64Array(FIRST_SLOTS);
  ttlSeconds = new Uint32Array(FIRST_SLOTS);
  /** The owner's own. */
  tag = new Uint8Array(FIRST_SLOTS);
  /** How often it was asked for lately, up to 3. */
  uses = new Uint8Array(FIRST_SLOTS);
  readonly security: (Security | undefined)[] = [];
  readonly #free: number[] = [];
  #next = 0;
  count = 0;

  /** Everything here, used or not, and the verdicts. */
  get sizeOctets(): number {
    const { length } = this.#hash;
    if (this.count === 0 && length === FIRST_SLOTS) return 0;
    const each = 4 + 2 + 4 + 8 + 4 + 1 + 1 + 8;
    return length * each + this.#table.byteLength + this.count * VERDICT_OCTETS;
  }

  hashOf(slot: number): number {
    return this.#hash[slot]!;
  }

  /** The slot with this hash that `isIt` knows; -1 when there is none. */
  find(hash: number, isIt: (slot: number) => boolean): number {
    const table = this.#table;
    const mask = table.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const slot = table[at]! - 1;
      if (slot < 0) return -1;
      if (this.#hash[slot] === hash && isIt(slot)) return slot;
    }
  }

  add(hash: number): number {
    const slot = this.#free.pop() ?? this.#next++;
    if (slot >= this.#hash.length) this.#grow();
    this.#hash[slot] = hash;
    this.uses[slot] = 0;
    this.count++;
    this.#link(slot);
    return slot;
  }

  remove(slot: number): void {
    this.#unlink(slot);
    this.security[slot] = undefined;
    this.#free.push(slot);
    this.count--;
  }

  #link(slot: number): void {
    const table = this.#table;
    const mask = table.length - 1;
    let at = this.#hash[slot]! & mask;
    while (table[at] !== 0) at = (at + 1) & mask;
    table[at] = slot + 1;
  }

  /** Closes the gap, so that every entry stays reachable from where its hash points. */
  #unlink(slot: number): void {
    const table = this.#table;
    const mask = table.length - 1;
    let gap = this.#hash[slot]! & mask;
    while (table[gap] !== slot + 1) gap = (gap + 1) & mask;
    for (let at = (gap + 1) & mask; table[at] !== 0; at = (at + 1) & mask) {
      const home = this.#hash[table[at]! - 1]! & mask;
      if (((at - home) & mask) >= ((at - gap) & mask)) {
        table[gap] = table[at]!;
        gap = at;
      }
    }
    table[gap] = 0;
  }

  #grow(): void {
    const old = this.#hash.length;
    const length = old + (old >> 1);
    this.#hash = larger(Int32Array, this.#hash, length);
    this.block = larger(Uint16Array, this.block, length);
    this.start = larger(Uint32Array, this.start, length);
    this.expiresAtMs = larger(Float64Array, this.expiresAtMs, length);
    this.ttlSeconds = larger(Uint32Array, this.ttlSeconds, length);
    this.tag = larger(Uint8Array, this.tag, length);
    this.uses = larger(Uint8Array, this.uses, length);
    // At most three quarters of the table are in use.
    if (length * 4 <= this.#table.length * 3) return;
    const linked = this.#table;
    this.#table = new Int32Array(2 * linked.length);
    for (const slot of linked) if (slot > 0) this.#link(slot - 1);
  }
}

type Flat = Int32Array | Uint32Array | Uint16Array | Uint8Array | Float64Array;

function larger<T extends Flat>(make: new (length: number) => T, old: T, length: number): T {
  const grown = new make(length);
  grown.set(old);
  return grown;
}
