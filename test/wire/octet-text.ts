/** Short ways to write octets and names in tests. */
import { parseName } from '../../src/presentation/index.js';
import type { Name, ResourceRecord } from '../../src/wire/index.js';

/** Hexadecimal with spaces; `"text"` inside stands for its ASCII octets. */
export function hex(text: string): Uint8Array {
  const parts = text.split('"');
  const digits = parts.map((part, index) =>
    index % 2 === 1 ? Buffer.from(part, 'latin1').toString('hex') : part.replace(/\s/g, ''),
  );
  return Uint8Array.from(Buffer.from(digits.join(''), 'hex'));
}

export function toHex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}

export function name(text: string): Name {
  const parsed = parseName(text);
  if (parsed === undefined) throw new Error(`the test has a bad name: ${text}`);
  return parsed;
}

export function record(
  owner: string,
  type: number,
  rdata: Uint8Array,
  ttlSeconds = 300,
): ResourceRecord {
  return { owner: name(owner), type, class: 1, ttlSeconds, rdata };
}

/** A header with the given flags and counts. */
export function header(
  flags: number,
  ...counts: readonly [number, number, number, number]
): string {
  return [0x1234, flags, ...counts].map((value) => value.toString(16).padStart(4, '0')).join('');
}
