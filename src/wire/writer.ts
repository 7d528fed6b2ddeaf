/**
 * Writes messages with name compression in linear time. Suffixes that were written stand in a
 * hash table of fixed size; both the look-ups per message and the probes per look-up are bounded,
 * so that no set of names makes compressing it expensive (CVE-2024-8508).
 */
import { LOWER_CASE } from './name.js';
import { fieldEnd, layoutOf } from './rdata/layouts.js';
import type { ResourceRecord } from './record.js';

export const MAX_COMPRESSION_LOOKUPS = 256;
const MAX_PROBES = 8;
const TABLE_SLOTS = 1024; // power of two; at most MAX_COMPRESSION_LOOKUPS of them get used
const MAX_POINTER_TARGET = 0x3fff;
const MAX_MESSAGE_OCTETS = 0xffff;

export class MessageWriter {
  readonly octets = new Uint8Array(MAX_MESSAGE_OCTETS);
  at = 0;
  /** Where records must end; at most MAX_MESSAGE_OCTETS. */
  #limit = 0;
  #lookupsLeft = 0;
  // Message offset and upper hash bits per slot; offset 0 is the header, so it means empty.
  readonly #slotOffsets = new Uint16Array(TABLE_SLOTS);
  readonly #slotTags = new Uint16Array(TABLE_SLOTS);
  // The owner written last: the records of an RRset share one object.
  #lastOwner: Uint8Array | undefined;
  #lastOwnerAt = 0;

  reset(limit: number, compress: boolean): void {
    this.at = 0;
    this.#limit = limit;
    this.#lookupsLeft = compress ? MAX_COMPRESSION_LOOKUPS : 0;
    this.#slotOffsets.fill(0);
    this.#lastOwner = undefined;
  }

  u16(value: number): void {
    this.octets[this.at++] = value >> 8;
    this.octets[this.at++] = value & 0xff;
  }

  hasRoomFor(octets: number): boolean {
    return this.at + octets <= this.#limit;
  }

  /** Forgets what was written from `at` on. */
  rewind(at: number): void {
    // Suffixes written behind `at` would be dangling targets; nothing is written after a
    // truncation except OPT, whose owner is the root, so it is enough to stop compressing.
    this.at = at;
    this.#lookupsLeft = 0;
    this.#lastOwner = undefined;
  }

  /** False, with nothing kept, when the record does not fit below the limit. */
  record(record: ResourceRecord): boolean {
    const { owner, type, rdata } = record;
    const start = this.at;
    // The longest a record can get is its uncompressed form: no check within when that fits.
    const largest = start + owner.octets.length + 10 + rdata.length;
    if (largest > MAX_MESSAGE_OCTETS) return false;
    if (owner.octets === this.#lastOwner) this.u16(0xc000 | this.#lastOwnerAt);
    else this.#owner(owner.octets);
    const { octets, at } = this;
    octets[at] = type >> 8;
    octets[at + 1] = type & 0xff;
    octets[at + 2] = record.class >> 8;
    octets[at + 3] = record.class & 0xff;
    octets[at + 4] = record.ttlSeconds >>> 24;
    octets[at + 5] = (record.ttlSeconds >> 16) & 0xff;
    octets[at + 6] = (record.ttlSeconds >> 8) & 0xff;
    octets[at + 7] = record.ttlSeconds & 0xff;
    this.at = at + 10;
    if (type < 16 && layoutOf(type)?.compressible) this.#rdataWithNames(type, rdata);
    else this.#copy(rdata, 0, rdata.length);
    const rdataLength = this.at - at - 10;
    octets[at + 8] = rdataLength >> 8;
    octets[at + 9] = rdataLength & 0xff;
    if (this.at <= this.#limit) return true;
    this.rewind(start);
    return false;
  }

  #owner(name: Uint8Array): void {
    const start = this.at;
    this.name(name, 0, name.length, false);
    if (this.#lookupsLeft === 0 || name.length === 1) return;
    // A lone pointer is repeated as it is; otherwise the name just written is the target.
    const first = this.octets[start]!;
    const target = first >= 0xc0 ? ((first & 0x3f) << 8) | this.octets[start + 1]! : start;
    if (target > MAX_POINTER_TARGET) return;
    this.#lastOwner = name;
    this.#lastOwnerAt = target;
  }

  #rdataWithNames(type: number, rdata: Uint8Array): void {
    let at = 0;
    for (const kind of layoutOf(type)!.fields) {
      const end = fieldEnd(kind, rdata, at);
      // Malformed RDATA never come from decodeMessage; what a caller built is passed on as is.
      if (end < 0) break;
      if (kind === 'name') this.name(rdata, at, end, true);
      else this.#copy(rdata, at, end);
      at = end;
    }
    this.#copy(rdata, at, rdata.length);
  }

  /**
   * Writes the uncompressed name `start`..`end`, using a pointer where its tail was written
   * before. An owner may take the letter case of that tail (RFC 4343 §4), RDATA keep their own.
   */
  name(name: Uint8Array, start: number, end: number, exactCase: boolean): void {
    if (this.#lookupsLeft === 0 || end - start === 1) {
      this.#copy(name, start, end);
      return;
    }
    const labels = hashSuffixes(name, start);
    const written = this.at;
    for (let index = 0; index < labels; index++) {
      const from = start + labelStarts[index]!;
      const target = this.#lookUp(suffixHashes[index]!, name, from, exactCase, written);
      if (target === 0) {
        this.#copy(name, from, from + 1 + name[from]!);
        continue;
      }
      this.u16(0xc000 | target);
      return;
    }
    this.octets[this.at++] = 0;
  }

  /**
   * The offset of an equal suffix before `written`, where the name in hand begins (its own octets
   * are not complete yet); 0 after noting that the suffix will stand at the current position.
   */
  #lookUp(hash: number, name: Uint8Array, from: number, exact: boolean, written: number): number {
    if (this.#lookupsLeft === 0) return 0;
    this.#lookupsLeft--;
    const tag = hash >>> 16;
    const here = this.at;
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      const slot = (hash + probe) & (TABLE_SLOTS - 1);
      const offset = this.#slotOffsets[slot]!;
      if (offset === 0) {
        if (here <= MAX_POINTER_TARGET) {
          this.#slotOffsets[slot] = here;
          this.#slotTags[slot] = tag;
        }
        return 0;
      }
      if (offset >= written || this.#slotTags[slot] !== tag) continue;
      if (this.#equalsAt(offset, name, from, exact)) return offset;
    }
    return 0;
  }

  #equalsAt(offset: number, name: Uint8Array, from: number, exact: boolean): boolean {
    const { octets } = this;
    for (;;) {
      let length = octets[offset]!;
      // Pointers were written here, backwards, each behind at least one label: this ends.
      while (length >= 0xc0) {
        offset = ((length & 0x3f) << 8) | octets[offset + 1]!;
        length = octets[offset]!;
      }
      if (length !== name[from]) return false;
      if (length === 0) return true;
      for (let index = 1; index <= length; index++) {
        const mine = name[from + index]!;
        const theirs = octets[offset + index]!;
        if (mine === theirs) continue;
        if (exact || LOWER_CASE[mine] !== LOWER_CASE[theirs]) return false;
      }
      offset += 1 + length;
      from += 1 + length;
    }
  }

  #copy(source: Uint8Array, start: number, end: number): void {
    const { octets, at } = this;
    const size = end - start;
    if (size > 48) octets.set(start === 0 ? source : source.subarray(start, end), at);
    else for (let index = 0; index < size; index++) octets[at + index] = source[start + index]!;
    this.at = at + size;
  }
}

const labelStarts = new Uint8Array(128);
const suffixHashes = new Int32Array(128);

/** Fills `labelStarts` and `suffixHashes` for the name at `start`; returns its label count. */
function hashSuffixes(name: Uint8Array, start: number): number {
  let labels = 0;
  let at = start;
  for (; name[at] !== 0; at += 1 + name[at]!) labelStarts[labels++] = at - start;
  let hash = 0x811c9dc5 | 0;
  for (let index = labels - 1; index >= 0; index--) {
    const from = start + labelStarts[index]!;
    // FNV-1a over the lower-cased label, its length first, from the root outwards.
    for (let octet = from; octet <= from + name[from]!; octet++) {
      hash = Math.imul(hash ^ LOWER_CASE[name[octet]!]!, 0x01000193);
    }
    suffixHashes[index] = hash ^ (hash >>> 15);
  }
  return labels;
}
