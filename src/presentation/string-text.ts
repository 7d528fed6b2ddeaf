/** Character-strings in text: escapes of RFC 1035 §5.1; what is not ASCII stands for its UTF-8. */
import { encodeUtf8 } from '../wire/index.js';
import { readEscape } from './name-text.js';

/** The octets a token stands for; undefined for a bad escape. */
export function parseString(text: string): Uint8Array | undefined {
  const octets: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) {
      const escaped = readEscape(text, at);
      if (escaped < 0) return undefined;
      octets.push(escaped & 0xff);
      at += escaped >> 8;
    } else if (code < 0x80) octets.push(code);
    else {
      const character = String.fromCodePoint(text.codePointAt(at)!);
      octets.push(...encodeUtf8(character));
      at += character.length - 1;
    }
  }
  return Uint8Array.from(octets);
}

/** Printable ASCII as it is, quotation mark and backslash escaped, the rest as `\DDD`. */
export function escapeString(octets: Uint8Array): string {
  let text = '';
  for (const octet of octets) {
    if (octet === 0x22 || octet === 0x5c) text += `\\${String.fromCharCode(octet)}`;
    else if (octet >= 0x20 && octet < 0x7f) text += String.fromCharCode(octet);
    else text += `\\${String(octet).padStart(3, '0')}`;
  }
  return text;
}

export function quoteString(octets: Uint8Array): string {
  return `"${escapeString(octets)}"`;
}
