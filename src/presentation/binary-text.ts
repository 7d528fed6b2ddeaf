/** Octets in text: hexadecimal, base64 (RFC 4648 §4) and base32hex without padding (§7). */

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE32HEX = '0123456789abcdefghijklmnopqrstuv';
const NONE = 0xff;

function decodingTable(alphabet: string, anyCase: boolean): Uint8Array {
  const table = new Uint8Array(128).fill(NONE);
  for (let value = 0; value < alphabet.length; value++) {
    table[alphabet.charCodeAt(value)] = value;
    if (anyCase) table[alphabet.toUpperCase().charCodeAt(value)] = value;
  }
  return table;
}

const FROM_BASE64 = decodingTable(BASE64, false);
const FROM_BASE32HEX = decodingTable(BASE32HEX, true);
const FROM_HEX = decodingTable('0123456789abcdef', true);

/** Undefined when a character is none of the sixteen or their number is odd. */
export function parseHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined;
  const octets = new Uint8Array(text.length / 2);
  for (let at = 0; at < octets.length; at++) {
    const high = FROM_HEX[text.charCodeAt(2 * at)] ?? NONE;
    const low = FROM_HEX[text.charCodeAt(2 * at + 1)] ?? NONE;
    if (high === NONE || low === NONE) return undefined;
    octets[at] = (high << 4) | low;
  }
  return octets;
}

/** Strict: padded to a multiple of four, bits beyond the last octet zero. */
export function parseBase64(text: string): Uint8Array | undefined {
  const { length } = text;
  if (length % 4 !== 0) return undefined;
  let padding = 0;
  while (padding < 2 && padding < length && text[length - 1 - padding] === '=') padding++;
  return regroup(text, length - padding, 6, FROM_BASE64);
}

export function formatBase64(octets: Uint8Array): string {
  const text = spread(octets, 6, BASE64);
  return text + '='.repeat((4 - (text.length % 4)) % 4);
}

export function parseBase32Hex(text: string): Uint8Array | undefined {
  return regroup(text, text.length, 5, FROM_BASE32HEX);
}

export function formatBase32Hex(octets: Uint8Array): string {
  return spread(octets, 5, BASE32HEX);
}

/** Digits of `width` bits each to octets; surplus bits must be zero and less than a digit. */
function regroup(
  text: string,
  digits: number,
  width: number,
  table: Uint8Array,
): Uint8Array | undefined {
  const octets = new Uint8Array((digits * width) >> 3);
  let bits = 0;
  let held = 0;
  let to = 0;
  for (let at = 0; at < digits; at++) {
    const value = table[text.charCodeAt(at)] ?? NONE;
    if (value === NONE) return undefined;
    held = (held << width) | value;
    bits += width;
    if (bits >= 8) {
      bits -= 8;
      octets[to++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  return held === 0 && bits < width ? octets : undefined;
}

function spread(octets: Uint8Array, width: number, alphabet: string): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const octet of octets) {
    held = (held << 8) | octet;
    bits += 8;
    while (bits >= width) {
      bits -= width;
      text += alphabet[held >> bits]!;
      held &= (1 << bits) - 1;
    }
  }
  return bits > 0 ? text + alphabet[held << (width - bits)]! : text;
}
