/**
 * A second reading of RFC 1035 §4 and RFC 6891 §6.1, written for clearness alone and sharing no
 * line with the product: says whether octets are a message, so that fuzzing can ask whether the
 * reader accepts exactly those.
 */

class Malformed extends Error {}

const COMPRESSIBLE: Readonly<Record<number, string>> = {
  2: 'n',
  3: 'n',
  4: 'n',
  5: 'n',
  6: 'nn44444',
  7: 'n',
  8: 'n',
  9: 'n',
  12: 'n',
  14: 'nn',
  15: '2n',
};

export function isMessage(octets: Uint8Array): boolean {
  try {
    return scan(new DataView(octets.buffer, octets.byteOffset, octets.length));
  } catch (error) {
    // A DataView throws RangeError for reads beyond its end.
    if (error instanceof Malformed || error instanceof RangeError) return false;
    throw error;
  }
}

function scan(message: DataView): boolean {
  let at = 12;
  let opts = 0;
  const [questions, ...sections] = [4, 6, 8, 10].map((place) => message.getUint16(place));
  for (let count = questions!; count > 0; count--) {
    at = nameEnd(message, at) + 4;
    if (at > message.byteLength) throw new Malformed();
  }
  for (const [section, records] of sections.entries()) {
    for (let count = records; count > 0; count--) {
      const fixed = nameEnd(message, at);
      const type = message.getUint16(fixed);
      const end = fixed + 10 + message.getUint16(fixed + 8);
      if (end > message.byteLength) throw new Malformed();
      if (type === 41) {
        opts++;
        const root = nameLength(message, at, message.byteLength) === 1;
        if (section !== 2 || opts > 1 || !root) throw new Malformed();
        scanOptions(message, fixed + 10, end);
      }
      scanNames(message, COMPRESSIBLE[type] ?? '', fixed + 10, end);
      at = end;
    }
  }
  return at === message.byteLength;
}

function scanOptions(message: DataView, start: number, end: number): void {
  let at = start;
  let options = 0;
  for (; at < end; options++) {
    if (at + 4 > end) throw new Malformed();
    at += 4 + message.getUint16(at + 2);
  }
  if (at !== end || options > 32) throw new Malformed();
}

function scanNames(message: DataView, layout: string, start: number, end: number): void {
  if (layout === '') return;
  let at = start;
  for (const part of layout) at = part === 'n' ? nameEnd(message, at) : at + Number(part);
  if (at !== end) throw new Malformed();
}

/** Where the name's own octets end, after checking all that it refers to. */
function nameEnd(message: DataView, start: number): number {
  if (nameLength(message, start, start + 1) > 255) throw new Malformed();
  for (let at = start; ; at += 1 + message.getUint8(at)) {
    if (message.getUint8(at) === 0) return at + 1;
    if (message.getUint8(at) >= 0xc0) return at + 2;
  }
}

/** Expanded size of the name at `at`, which must lie before `bound` as a pointer's target does. */
function nameLength(message: DataView, at: number, bound: number): number {
  if (at < 12 || at >= bound) throw new Malformed();
  let size = 0;
  for (let next = at; ;) {
    const length = message.getUint8(next);
    if (length >= 0xc0) {
      return size + nameLength(message, message.getUint16(next) & 0x3fff, at);
    }
    if (length > 63) throw new Malformed();
    if (next + length >= message.byteLength) throw new Malformed();
    size += 1 + length;
    // Names that have become too long need not be followed to their end.
    if (length === 0 || size > 255) return size;
    next += 1 + length;
  }
}
