/**
 * The state of one RFC 5011 trust point as a text file. It decides what is trusted after a restart,
 * so reading is all or nothing: a file that was cut short, edited or mixed up is an error, and the
 * caller then keeps what it has.
 */
import {
  type Ds,
  formatHex,
  isRevoked,
  isZoneKey,
  Name,
  parseDnskey,
  parseDs,
} from '../wire/index.js';
import { keyTag } from './key-tag.js';
import { dsRdata, type Rfc5011State, type TrackedKey } from './rfc5011.js';

export interface Rfc5011StateFault {
  /** Counted from 1. */
  readonly line: number;
  readonly message: string;
}

export type ParsedRfc5011State =
  | { readonly ok: true; readonly state: Rfc5011State }
  | { readonly ok: false; readonly error: Rfc5011StateFault };

const FIRST_LINE = 'anchorite-rfc5011-state 1';
const MAX_LINES = 512;
const STATES: ReadonlySet<string> = new Set(['ADDPEND', 'VALID', 'MISSING', 'REVOKED', 'REMOVED']);

/** Names, keys and DS records are hexadecimal wire octets; what follows a `;` is a note. */
export function serialiseRfc5011State(state: Rfc5011State): string {
  const lines = [
    FIRST_LINE,
    `zone ${formatHex(state.zone.canonicalOctets())}`,
    `ttl ${state.originalTtlSeconds}`,
    `expiration ${state.expirationSeconds}`,
  ];
  for (const {
    key,
    tag,
    state: keyState,
    sinceSeconds,
    seenSeconds,
    acceptSeconds,
  } of state.keys) {
    const times = `${sinceSeconds} ${seenSeconds} ${acceptSeconds}`;
    lines.push(`key ${keyState} ${times} ${formatHex(key.rdata)} ; key tag ${tag}`);
  }
  for (const ds of state.ds) lines.push(`ds ${formatHex(dsRdata(ds))} ; key tag ${ds.keyTag}`);
  const body = `${lines.join('\n')}\n`;
  return `${body}end ${lines.length} ${checksum(body)}\n`;
}

export function parseRfc5011State(text: string): ParsedRfc5011State {
  const lines = text.split('\n');
  // The last line ends in a line feed too; without it the file was cut short.
  if (lines.pop() !== '') return fault(lines.length + 1, 'the file does not end in a line feed');
  if (lines.length > MAX_LINES) return fault(MAX_LINES, 'the file is too long');
  if (lines[0] !== FIRST_LINE) return fault(1, `the file does not begin with '${FIRST_LINE}'`);
  const count = lines.length - 1;
  const body = `${lines.slice(0, count).join('\n')}\n`;
  if (lines[count] !== `end ${count} ${checksum(body)}`) {
    return fault(count + 1, 'the last line does not fit what is before it');
  }
  const reading = new Reading();
  for (let index = 1; index < count; index++) {
    const message = reading.take(lines[index]!);
    if (message !== undefined) return fault(index + 1, message);
  }
  const state = reading.finish();
  return typeof state === 'string' ? fault(count, state) : { ok: true, state };
}

function fault(line: number, message: string): ParsedRfc5011State {
  return { ok: false, error: { line, message } };
}

class Reading {
  #zone: Name | undefined;
  readonly #numbers = new Map<string, number>();
  readonly #keys: TrackedKey[] = [];
  readonly #ds: Ds[] = [];
  readonly #seen = new Set<string>();

  /** What is wrong with the line; undefined when it was taken in. */
  take(line: string): string | undefined {
    const [word, ...fields] = line.split(' ; ', 1)[0]!.split(' ');
    switch (word) {
      case 'zone':
        return this.#takeZone(fields);
      case 'ttl':
      case 'expiration':
        return this.#takeNumber(word, fields);
      case 'key':
        return this.#takeKey(fields);
      case 'ds':
        return this.#takeDs(fields);
      default:
        return `unknown word '${printable(word ?? '')}'`;
    }
  }

  finish(): Rfc5011State | string {
    const originalTtlSeconds = this.#numbers.get('ttl');
    const expirationSeconds = this.#numbers.get('expiration');
    if (this.#zone === undefined) return 'there is no zone';
    if (originalTtlSeconds === undefined || expirationSeconds === undefined) {
      return 'there is no ttl or no expiration';
    }
    const common = { zone: this.#zone, originalTtlSeconds, expirationSeconds };
    return { ...common, keys: this.#keys, ds: this.#ds };
  }

  #takeZone(fields: readonly string[]): string | undefined {
    const octets = fields.length === 1 ? parseHex(fields[0]!) : undefined;
    const zone = octets && Name.fromOctets(octets);
    if (zone === undefined || this.#zone !== undefined) return 'not a zone, or a second one';
    this.#zone = zone;
    return undefined;
  }

  #takeNumber(word: string, fields: readonly string[]): string | undefined {
    const value = fields.length === 1 ? parseNumber(fields[0]!) : undefined;
    if (value === undefined || this.#numbers.has(word)) return `not a ${word}, or a second one`;
    this.#numbers.set(word, value);
    return undefined;
  }

  #takeKey(fields: readonly string[]): string | undefined {
    const [state = '', since = '', seen = '', accept = '', hex = ''] = fields;
    if (fields.length !== 5 || !STATES.has(state)) return 'not a key in a known state';
    const sinceSeconds = parseNumber(since);
    const seenSeconds = parseNumber(seen);
    const acceptSeconds = parseNumber(accept);
    if (sinceSeconds === undefined || seenSeconds === undefined || acceptSeconds === undefined) {
      return 'not a time';
    }
    // A key that waits has to know until when, or it would be accepted at once.
    if ((state === 'ADDPEND') !== acceptSeconds > 0) return 'not the times of such a key';
    const rdata = parseHex(hex);
    const key = rdata && parseDnskey(rdata);
    if (key === undefined || !isZoneKey(key) || isRevoked(key) || key.protocol !== 3) {
      return 'not a zone key';
    }
    if (!this.#isNew(hex)) return 'the key is there twice';
    const tag = keyTag(key.rdata);
    const keyState = state as TrackedKey['state'];
    this.#keys.push({ key, tag, state: keyState, sinceSeconds, seenSeconds, acceptSeconds });
    return undefined;
  }

  #takeDs(fields: readonly string[]): string | undefined {
    const rdata = fields.length === 1 ? parseHex(fields[0]!) : undefined;
    const ds = rdata && parseDs(rdata);
    if (ds === undefined) return 'not a DS record';
    if (!this.#isNew(fields[0]!)) return 'the DS record is there twice';
    this.#ds.push(ds);
    return undefined;
  }

  #isNew(hex: string): boolean {
    if (this.#seen.has(hex)) return false;
    this.#seen.add(hex);
    return true;
  }
}

function parseNumber(text: string): number | undefined {
  if (text.length === 0 || text.length > 15) return undefined;
  let value = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

function parseHex(text: string): Uint8Array | undefined {
  if (text.length === 0 || text.length % 2 !== 0) return undefined;
  const octets = new Uint8Array(text.length / 2);
  for (let at = 0; at < text.length; at++) {
    const value = '0123456789abcdef'.indexOf(text[at]!);
    if (value < 0) return undefined;
    octets[at >> 1] = (octets[at >> 1]! << 4) | value;
  }
  return octets;
}

/** FNV-1a: finds accidents. Who can write the file can write its checksum too. */
function checksum(text: string): string {
  let hash = 0x811c_9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193) >>> 0;
  }
  return hash.toString(16).padStart(8, '0');
}

/** For an error message: nothing that could move a terminal's cursor. */
function printable(text: string): string {
  let shown = '';
  for (const character of text.slice(0, 20)) {
    shown += character >= ' ' && character <= '~' ? character : '?';
  }
  return shown;
}
