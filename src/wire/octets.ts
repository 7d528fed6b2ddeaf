/** Octet strings: portions, comparison, hexadecimal. */

/**
 * The octets from `start` to `end`. V8 keeps arrays of up to 64 octets inside the object, and a
 * view of one would first move it outside: so short ones are copied, long ones are viewed.
 */
export function portion(octets: Uint8Array, start: number, end = octets.length): Uint8Array {
  return octets.length <= 64 ? octets.slice(start, end) : octets.subarray(start, end);
}

/**
 * The same octets as a bare Uint8Array. Subclasses (such as the platform's buffers) may redefine
 * `slice` to share memory, and what is read from the network must be copied.
 */
export function plainOctets(octets: Uint8Array): Uint8Array {
  if (octets.constructor === Uint8Array) return octets;
  return new Uint8Array(octets.buffer, octets.byteOffset, octets.length);
}

export function equalOctets(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** Unsigned octet-string order, shorter first when one is a prefix of the other. */
export function compareOctets(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) {
    const difference = a[at]! - b[at]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function concatOctets(...parts: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const part of parts) size += part.length;
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const HEX = '0123456789abcdef';

/** Lower-case hexadecimal without separators. */
export function formatHex(octets: Uint8Array): string {
  let text = '';
  for (const octet of octets) text += HEX[octet >> 4]! + HEX[octet & 15]!;
  return text;
}
