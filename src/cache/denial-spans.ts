/**
 * The spans of one zone's NSEC or NSEC3 chain that are known, in order, for binary search. A span
 * says that nothing lies between its two ends. Ends are strings whose plain order is the order of
 * the chain: canonical order of names for NSEC, order of hashes for NSEC3.
 */
import type { Secure } from '../dnssec/index.js';
import { LOWER_CASE, type Name, octetKey } from '../wire/index.js';

export interface Span<Record> {
  readonly start: string;
  /** Not after `start` in the last span of the chain, which covers all that follows. */
  readonly end: string;
  readonly record: Record;
  /** The RRset of the record, with its signatures. */
  readonly packed: Uint8Array;
  readonly security: Secure;
  readonly expiresAtMs: number;
  /** When the record's own TTL runs out. */
  readonly lastsUntilMs: number;
  readonly sizeOctets: number;
}

interface Held<Record> extends Span<Record> {
  /** Turn of the table at which it was last used. */
  usedAt: number;
}

/** Of a full table this share goes, the least recently used first. */
const DROPPED_SHARE = 1 / 4;

export class SpanTable<Record> {
  readonly #maxSpans: number;
  #spans: Held<Record>[] = [];
  #sizeOctets = 0;
  #turn = 0;

  constructor(maxSpans: number) {
    this.#maxSpans = maxSpans;
  }

  get sizeOctets(): number {
    return this.#sizeOctets;
  }

  get count(): number {
    return this.#spans.length;
  }

  /** The span that starts at `key`, or else the one that covers it. */
  find(key: string): Span<Record> | undefined {
    const index = this.#floor(key);
    // Before the first start only the last span of a ring can lie around it.
    const span = index >= 0 ? this.#spans[index] : this.#spans[this.#spans.length - 1];
    if (span === undefined || (span.start !== key && !covers(span, key))) return undefined;
    this.#turn++;
    span.usedAt = this.#turn;
    return span;
  }

  /**
   * Adds a span and drops what it contradicts: spans that begin where it says there is nothing,
   * and those that say there is nothing where it begins. The zone has changed, and both cannot be
   * true; the newer proof is believed.
   */
  insert(span: Span<Record>, nowMs: number): void {
    if (this.#spans.length >= this.#maxSpans) this.#dropSome(nowMs);
    const kept = this.#contradictionsRemoved(span);
    this.#turn++;
    this.#spans.splice(kept, 0, { ...span, usedAt: this.#turn });
    this.#sizeOctets += span.sizeOctets;
  }

  /** Makes room: the expired ones, and if there were few, the least recently used. */
  #dropSome(nowMs: number): void {
    const before = this.#spans.length;
    this.#keep((span) => nowMs < span.expiresAtMs);
    if (this.#spans.length <= before * (1 - DROPPED_SHARE)) return;
    const turns = this.#spans.map((span) => span.usedAt).sort((a, b) => a - b);
    const limit = turns[Math.floor(turns.length * DROPPED_SHARE)] ?? 0;
    this.#keep((span) => span.usedAt > limit);
  }

  /** Gives up a share of all spans; false when there was none. */
  shrink(nowMs: number): boolean {
    if (this.#spans.length === 0) return false;
    this.#dropSome(nowMs);
    return true;
  }

  remove(span: Span<Record>): void {
    const index = this.#floor(span.start);
    if (this.#spans[index] === span) this.#removeAt(index);
  }

  /** Returns the index at which the new span belongs. */
  #contradictionsRemoved(span: Span<Record>): number {
    const { start } = span;
    // The span that closes a ring lies before the first start as well.
    while (this.#spans.length > 0) {
      const first = this.#spans[0]!;
      if (first.start >= start || !covers(span, first.start)) break;
      this.#removeAt(0);
    }
    let index = this.#floor(start);
    const around = index < 0 ? this.#spans.length - 1 : index;
    const before = this.#spans[around];
    if (before !== undefined && (before.start === start || covers(before, start))) {
      this.#removeAt(around);
      if (around === index) index--;
    }
    const place = index + 1;
    while (place < this.#spans.length && covers(span, this.#spans[place]!.start)) {
      this.#removeAt(place);
    }
    return place;
  }

  #removeAt(index: number): void {
    const [removed] = this.#spans.splice(index, 1);
    this.#sizeOctets -= removed?.sizeOctets ?? 0;
  }

  #keep(isKept: (span: Held<Record>) => boolean): void {
    this.#spans = this.#spans.filter(isKept);
    this.#sizeOctets = 0;
    for (const span of this.#spans) this.#sizeOctets += span.sizeOctets;
  }

  /** Index of the last span that starts at or before `key`; -1 when there is none. */
  #floor(key: string): number {
    const spans = this.#spans;
    let low = 0;
    let high = spans.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (spans[middle]!.start <= key) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function covers(span: Span<unknown>, key: string): boolean {
  const { start, end } = span;
  if (start < end) return start < key && key < end;
  return key > start || key < end;
}

const scratch = new Uint8Array(2 * 256);

/**
 * A string per name such that plain order of strings is canonical order of names (RFC 4034 §6.1).
 * Labels from the right, each closed by 0; so that nothing inside a label sorts below its end, the
 * octets 0 and 1 are written as 1 1 and 1 2.
 */
export function canonicalSortKey(name: Name): string {
  const { octets } = name;
  let labels = 0;
  for (let at = 0; octets[at] !== 0; at += 1 + octets[at]!) labelStarts[labels++] = at;
  let size = 0;
  for (let index = labels - 1; index >= 0; index--) {
    const start = labelStarts[index]!;
    for (let at = start + 1; at <= start + octets[start]!; at++) {
      const octet = LOWER_CASE[octets[at]!]!;
      if (octet > 1) {
        scratch[size++] = octet;
        continue;
      }
      scratch[size++] = 1;
      scratch[size++] = octet + 1;
    }
    scratch[size++] = 0;
  }
  return octetKey(scratch, 0, size);
}

const labelStarts = new Uint8Array(128);
