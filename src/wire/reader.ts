/**
 * Reads names and records out of a message that anyone may have made. Nothing here throws, no
 * loop runs longer than the message and its pointer budget allow, and every value is a copy.
 */
import { type WireFault, type WireFaultReason, wireFault } from './fault.js';
import { MAX_NAME_OCTETS, Name } from './name.js';
import { layoutOf } from './rdata/layouts.js';
import type { Question, ResourceRecord } from './record.js';

export const HEADER_OCTETS = 12;

// A name of 255 octets has at most 127 labels, so an honest one needs no more hops than that;
// the sum over a message stops records that all refer to one long ladder of pointers.
export const MAX_POINTERS_PER_NAME = 127;
export const MAX_POINTERS_PER_MESSAGE = 4096;

const REMEMBERED_NAMES = 32;

export class MessageReader {
  octets: Uint8Array;
  at = HEADER_OCTETS;
  #fault: WireFaultReason | undefined;
  #faultOffset = 0;
  #pointers = 0;
  // Most owner names are one pointer to a name that was read before: it is handed out again.
  readonly #names: (Name | undefined)[] = new Array(REMEMBERED_NAMES).fill(undefined);
  readonly #offsets = new Int32Array(REMEMBERED_NAMES);
  #remembered = 0;

  constructor(octets: Uint8Array) {
    this.octets = octets;
  }

  /** Makes the reader ready for another message; it must be idle. */
  reset(octets: Uint8Array): void {
    this.octets = octets;
    this.at = HEADER_OCTETS;
    this.#fault = undefined;
    this.#pointers = 0;
    for (let index = 0; index < this.#remembered; index++) this.#names[index] = undefined;
    this.#remembered = 0;
  }

  /** The first fault; valid after a method has returned undefined. */
  get fault(): WireFault {
    return wireFault(this.#fault ?? 'cut off', this.#faultOffset);
  }

  fail(reason: WireFaultReason, offset: number): undefined {
    this.#fault = reason;
    this.#faultOffset = offset;
    return undefined;
  }

  question(): Question | undefined {
    const name = this.name();
    if (name === undefined) return undefined;
    const { octets, at } = this;
    if (at + 4 > octets.length) return this.fail('cut off', at);
    this.at = at + 4;
    return {
      name,
      type: (octets[at]! << 8) | octets[at + 1]!,
      class: (octets[at + 2]! << 8) | octets[at + 3]!,
    };
  }

  /** A record whose owner has been read; the fixed part begins at the current position. */
  record(owner: Name): ResourceRecord | undefined {
    const { octets, at } = this;
    const start = at + 10;
    if (start > octets.length) return this.fail('cut off', at);
    const type = (octets[at]! << 8) | octets[at + 1]!;
    const end = start + ((octets[at + 8]! << 8) | octets[at + 9]!);
    if (end > octets.length) return this.fail('cut off', at);
    let rdata: Uint8Array | undefined;
    if (type < 16 && MAY_BE_COMPRESSED[type] === 1) {
      rdata = this.#names1035(type, start, end);
      if (rdata === undefined) return undefined;
    } else {
      rdata = octets.slice(start, end);
      this.at = end;
    }
    return {
      owner,
      type,
      class: (octets[at + 2]! << 8) | octets[at + 3]!,
      // RFC 2181 §8: a TTL with the top bit set is read as zero.
      ttlSeconds:
        octets[at + 4]! > 0x7f
          ? 0
          : (octets[at + 4]! << 24) |
            (octets[at + 5]! << 16) |
            (octets[at + 6]! << 8) |
            octets[at + 7]!,
      rdata,
    };
  }

  /** The name at the current position, which moves behind it. */
  name(): Name | undefined {
    const { octets, at } = this;
    const first = octets[at];
    if (first === undefined) return this.fail('cut off', at);
    let start = at;
    if (first >= 0xc0) {
      const target = ((first & 0x3f) << 8) | (octets[at + 1] ?? 0);
      const known = this.#nameAt(target);
      // What is remembered was read in full before this place, so the pointer is a good one.
      if (known !== undefined && at + 1 < octets.length) {
        this.at = at + 2;
        return known;
      }
      start = target;
    }
    const size = this.#expand(at, scratch, 0);
    if (size < 0) return undefined;
    const name = Name.fromCheckedOctets(scratch.slice(0, size), expandedLabels);
    if (this.#remembered < REMEMBERED_NAMES) {
      this.#offsets[this.#remembered] = start;
      this.#names[this.#remembered++] = name;
    }
    return name;
  }

  #nameAt(offset: number): Name | undefined {
    for (let index = 0; index < this.#remembered; index++) {
      if (this.#offsets[index] === offset) return this.#names[index];
    }
    return undefined;
  }

  /** RDATA of a type whose names may be compressed (RFC 3597 §4), names expanded. */
  #names1035(type: number, start: number, end: number): Uint8Array | undefined {
    const { octets } = this;
    let size = 0;
    this.at = start;
    for (const kind of layoutOf(type)!.fields) {
      if (kind === 'name') {
        const added = this.#expand(this.at, rdataScratch, size);
        if (added < 0) return undefined;
        size += added;
        continue;
      }
      for (let left = kind === 'u16' ? 2 : 4; left > 0; left--) {
        rdataScratch[size++] = octets[this.at++] ?? 0;
      }
    }
    // RFC 1035 §4.1.3: RDLENGTH counts exactly these octets; a name may not run over it.
    if (this.at !== end) return this.fail('rdata length', start);
    return rdataScratch.slice(0, size);
  }

  /**
   * Copies the name at `start` into `target` without its pointers, moves behind it and returns
   * its size; the number of labels is left in `expandedLabels`.
   */
  #expand(start: number, target: Uint8Array, targetAt: number): number {
    const { octets } = this;
    let at = start;
    let segment = start;
    let resume = -1;
    let hops = 0;
    let labels = 0;
    let to = targetAt;
    for (;;) {
      const length = octets[at];
      if (length === undefined) return this.#failName('name cut off', at);
      if (length === 0) break;
      if (length < 0x40) {
        const next = at + 1 + length;
        if (next > octets.length) return this.#failName('name cut off', at);
        // RFC 1035 §2.3.4: 255 octets with the root octet, for which room must be left.
        if (to - targetAt + length + 2 > MAX_NAME_OCTETS) {
          return this.#failName('name too long', at);
        }
        while (at < next) target[to++] = octets[at++]!;
        labels++;
        continue;
      }
      // RFC 6891 §5: extended label types (0x40) are gone; 0x80 was never assigned.
      if (length < 0xc0) return this.#failName('unknown label type', at);
      if (at + 1 >= octets.length) return this.#failName('name cut off', at);
      const pointed = ((length & 0x3f) << 8) | octets[at + 1]!;
      // RFC 1035 §4.1.4: a prior occurrence, so before everything read for this name so far.
      if (pointed < HEADER_OCTETS || pointed >= segment) {
        return this.#failName('bad pointer', at);
      }
      if (++hops > MAX_POINTERS_PER_NAME || ++this.#pointers > MAX_POINTERS_PER_MESSAGE) {
        return this.#failName('too many pointers', at);
      }
      if (resume < 0) resume = at + 2;
      segment = pointed;
      at = pointed;
    }
    target[to++] = 0;
    this.at = resume < 0 ? at + 1 : resume;
    expandedLabels = labels;
    return to - targetAt;
  }

  #failName(reason: WireFaultReason, offset: number): -1 {
    this.fail(reason, offset);
    return -1;
  }
}

const scratch = new Uint8Array(MAX_NAME_OCTETS + 1);
// The longest such RDATA are SOA's: two names and 20 octets.
const rdataScratch = new Uint8Array(2 * MAX_NAME_OCTETS + 32);
let expandedLabels = 0;

/** The types of RFC 1035 that contain names are all below 16. */
const MAY_BE_COMPRESSED: Uint8Array = (() => {
  const table = new Uint8Array(16);
  for (let type = 0; type < 16; type++) if (layoutOf(type)?.compressible) table[type] = 1;
  return table;
})();
