/** Type bit maps of NSEC, NSEC3 and CSYNC: RFC 4034 §4.1.2. */
import { compareOctets } from '../octets.js';

/** True when `start`..`end` is a sequence of blocks in ascending order that fills it exactly. */
export function typeBitmapIsWellFormed(octets: Uint8Array, start: number, end: number): boolean {
  let previous = -1;
  for (let at = start; at < end;) {
    if (at + 2 > end) return false;
    const window = octets[at]!;
    const length = octets[at + 1]!;
    // RFC 4034 §4.1.2: blocks in increasing order, 1 to 32 octets each. Trailing zero octets,
    // which a sender must omit, change nothing and are tolerated.
    if (window <= previous || length === 0 || length > 32 || at + 2 + length > end) return false;
    previous = window;
    at += 2 + length;
  }
  return true;
}

/** A checked bit map. */
export class TypeBitmap {
  readonly octets: Uint8Array;

  private constructor(octets: Uint8Array) {
    this.octets = octets;
  }

  static fromOctets(octets: Uint8Array): TypeBitmap | undefined {
    const wellFormed = typeBitmapIsWellFormed(octets, 0, octets.length);
    return wellFormed ? new TypeBitmap(octets) : undefined;
  }

  static of(types: Iterable<number>): TypeBitmap {
    const sorted = [...new Set(types)].sort((a, b) => a - b);
    const octets: number[] = [];
    for (let index = 0; index < sorted.length;) {
      const window = sorted[index]! >> 8;
      const block: number[] = [];
      for (; index < sorted.length && sorted[index]! >> 8 === window; index++) {
        const low = sorted[index]! & 0xff;
        while (block.length <= low >> 3) block.push(0);
        block[low >> 3]! |= 0x80 >> (low & 7);
      }
      octets.push(window, block.length, ...block);
    }
    return new TypeBitmap(Uint8Array.from(octets));
  }

  has(type: number): boolean {
    const { octets } = this;
    const window = type >> 8;
    const place = (type & 0xff) >> 3;
    for (let at = 0; at < octets.length; at += 2 + octets[at + 1]!) {
      if (octets[at]! < window) continue;
      if (octets[at]! > window || place >= octets[at + 1]!) return false;
      return (octets[at + 2 + place]! & (0x80 >> (type & 7))) !== 0;
    }
    return false;
  }

  /** All types present, ascending. */
  types(): number[] {
    const { octets } = this;
    const types: number[] = [];
    for (let at = 0; at < octets.length; at += 2 + octets[at + 1]!) {
      const base = octets[at]! << 8;
      for (let bit = 0; bit < octets[at + 1]! * 8; bit++) {
        if ((octets[at + 2 + (bit >> 3)]! & (0x80 >> (bit & 7))) !== 0) types.push(base + bit);
      }
    }
    return types;
  }

  equals(other: TypeBitmap): boolean {
    return compareOctets(this.octets, other.octets) === 0;
  }
}
