/** Putting octets together: the lab builds RDATA by hand, so that it can build it wrong. */

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

export function uint16Octets(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value & 0xff);
}

export function uint32Octets(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

/** ASCII text as octets; the lab writes its own names and texts, all of them ASCII. */
export function asciiOctets(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function hexText(octets: Uint8Array): string {
  let text = '';
  for (const octet of octets) text += octet.toString(16).padStart(2, '0');
  return text;
}

const BASE32HEX = asciiOctets('0123456789abcdefghijklmnopqrstuv');

/** Base32 with the extended hex alphabet and no padding, RFC 5155 §3.3 and RFC 4648 §7. */
export function base32hexOctets(octets: Uint8Array): Uint8Array {
  const digits = new Uint8Array(Math.ceil((octets.length * 8) / 5));
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const octet of octets) {
    held = ((held << 8) | octet) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      digits[at++] = BASE32HEX[(held >>> bits) & 31]!;
    }
  }
  if (bits > 0) digits[at] = BASE32HEX[(held << (5 - bits)) & 31]!;
  return digits;
}
