/**
 * Reads the RDATA of one record, whose names are uncompressed. A step over the end sets `failed`
 * and yields zeros from then on, so that a parser asks once, at its end, whether all went well.
 */
import { MAX_LABEL_OCTETS, MAX_NAME_OCTETS, Name } from '../name.js';
import { portion } from '../octets.js';

/** Where the uncompressed name at `at` ends; -1 when there is none. */
export function uncompressedNameEnd(octets: Uint8Array, at: number): number {
  const start = at;
  for (;;) {
    const length = octets[at];
    if (length === undefined || length > MAX_LABEL_OCTETS) return -1;
    at += 1 + length;
    if (at - start > MAX_NAME_OCTETS) return -1;
    if (length === 0) return at;
  }
}

/** The uncompressed name at `start`, which may be followed by other octets. */
export function uncompressedNameAt(octets: Uint8Array, start: number): Name | undefined {
  let at = start;
  let labels = 0;
  for (;;) {
    const length = octets[at];
    if (length === undefined || length > MAX_LABEL_OCTETS) return undefined;
    at += 1 + length;
    if (at - start > MAX_NAME_OCTETS) return undefined;
    if (length === 0) break;
    labels++;
  }
  return Name.fromCheckedOctets(octets.slice(start, at), labels);
}

const EMPTY = new Uint8Array(0);

export class RdataCursor {
  readonly octets: Uint8Array;
  at = 0;
  failed = false;

  constructor(octets: Uint8Array) {
    this.octets = octets;
  }

  /** True when every read succeeded and nothing is left over. */
  get finished(): boolean {
    return !this.failed && this.at === this.octets.length;
  }

  u8(): number {
    const start = this.#take(1);
    return start < 0 ? 0 : this.octets[start]!;
  }

  u16(): number {
    const start = this.#take(2);
    return start < 0 ? 0 : (this.octets[start]! << 8) | this.octets[start + 1]!;
  }

  u32(): number {
    return this.u16() * 0x10000 + this.u16();
  }

  name(): Name {
    const name = this.failed ? undefined : uncompressedNameAt(this.octets, this.at);
    if (name === undefined) {
      this.failed = true;
      return Name.root;
    }
    this.at += name.octets.length;
    return name;
  }

  take(count: number): Uint8Array {
    const start = this.#take(count);
    return start < 0 ? EMPTY : portion(this.octets, start, this.at);
  }

  /** A character-string: a length octet and that many octets (RFC 1035 §3.3). */
  characterString(): Uint8Array {
    return this.take(this.u8());
  }

  rest(): Uint8Array {
    return this.take(this.octets.length - this.at);
  }

  #take(count: number): number {
    const start = this.at;
    if (this.failed || start + count > this.octets.length) {
      this.failed = true;
      return -1;
    }
    this.at = start + count;
    return start;
  }
}
