/**
 * Least-recently-used maps bounded by octets. Thin: lru-cache does the work; this is the one place
 * that decides how it is set up. Life times are not its business (each cache checks its own, by
 * two clocks and with rules for staleness), so it is never told about them.
 */
import { LRUCache } from 'lru-cache';
import { Name } from '../wire/index.js';

export interface Sized {
  /** Everything the entry is charged for. */
  readonly sizeOctets: number;
}

export type OctetBoundedMap<Value extends Sized> = LRUCache<string, Value>;

/** The tables grow with what is in them: allocated for the most they would take, a start costs. */
export function octetBoundedMap<Value extends Sized>(maxOctets: number): OctetBoundedMap<Value> {
  return new LRUCache<string, Value>({
    maxSize: Math.max(1, Math.floor(maxOctets)),
    sizeCalculation: (value) => value.sizeOctets,
  });
}

/** A map bounded by the number of entries, for entries of one size. */
export function countBoundedMap<Value extends object>(maxEntries: number): LRUCache<string, Value> {
  return new LRUCache<string, Value>({
    maxSize: Math.max(1, Math.floor(maxEntries)),
    sizeCalculation: () => 1,
  });
}

/**
 * Key of a name and a type: the name's wire octets end with its root label, so what follows cannot
 * be taken for a part of it. Two characters below 256, because one above would make V8 store the
 * whole key with two octets per character.
 */
export function typedKey(nameKey: string, type: number): string {
  return nameKey + String.fromCharCode(type >> 8, type & 0xff);
}

/** The type behind the name in a key of `typedKey`. */
export function typeOfKey(key: string): number {
  return key.charCodeAt(key.length - 2) * 0x100 + key.charCodeAt(key.length - 1);
}

/** The name, in lower case, that a key was made from: `nameKey`, or one with a type behind it. */
export function nameOfKey(key: string): Name {
  let end = 0;
  let labels = 0;
  for (; key.charCodeAt(end) !== 0; labels++) end += 1 + key.charCodeAt(end);
  const octets = new Uint8Array(end + 1);
  for (let at = 0; at < end; at++) octets[at] = key.charCodeAt(at);
  return Name.fromCheckedOctets(octets, labels);
}

/** The key of the name's parent, cut from the name's own; that of the root is its own parent. */
export function parentKey(nameKey: string): string {
  const length = nameKey.charCodeAt(0);
  return length === 0 ? nameKey : nameKey.slice(1 + length);
}
