/**
 * What the denial records of one signed zone, each of them validated, say about its names. NSEC
 * and NSEC3 differ in how a name is found among the spans; what follows from it is the same.
 */
import {
  type CryptoProvider,
  isEmptyNonTerminal,
  type Nsec3Record,
  type NsecRecord,
  nsec3Hash,
  nsec3HashBlocks,
  nsec3Matches,
  nsecClosestEncloser,
  nsecMatches,
  type Secure,
  sameNsec3Parameters,
  whyNotBelow,
  whyNsecDoesNotDeny,
} from '../dnssec/index.js';
import { type Name, octetKey, type TypeBitmap } from '../wire/index.js';
import { canonicalSortKey, type Span, SpanTable } from './denial-spans.js';
import { CACHE_LIMITS } from './limits.js';
import { entrySizeOctets } from './packed-rrset.js';
import { type CacheClock, isWithinSignatures } from './ttl.js';

/** A validated RRset, packed, with the end of its use. */
export interface Piece {
  readonly packed: Uint8Array;
  readonly security: Secure;
  readonly expiresAtMs: number;
  /** When its own TTL runs out, which is not before the end of its use: replies show this one. */
  readonly lastsUntilMs: number;
}

export type KnownName =
  | { readonly state: 'exists'; readonly types: TypeBitmap; readonly pieces: readonly Piece[] }
  | { readonly state: 'empty non-terminal'; readonly pieces: readonly Piece[] }
  | {
      readonly state: 'absent';
      readonly closestEncloser: Name;
      /** Proves that the name is absent, the closest encloser included. */
      readonly pieces: readonly Piece[];
      /** The one that covers the name: all that a wildcard answer needs beside itself. */
      readonly cover: Piece;
    };

/** How the spans of a zone are searched. */
export interface ZoneDenials {
  readonly zone: Name;
  readonly sizeOctets: number;
  readonly count: number;
  statusOf(name: Name, now: CacheClock): KnownName | undefined;
  /** The same for the wildcard of an encloser that is known to exist. */
  statusOfWildcard(closestEncloser: Name, now: CacheClock): KnownName | undefined;
  shrink(nowMs: number): boolean;
}

function isCurrent(span: Span<unknown>, now: CacheClock): boolean {
  return now.cacheMs < span.expiresAtMs && isWithinSignatures(span.security, now);
}

/** The record taken apart, with its names, and the two ends. */
function spanSizeOctets(piece: Piece, start: string, end: string): number {
  const ends = start.length + end.length;
  return CACHE_LIMITS.spanOverheadOctets.value + entrySizeOctets(ends, piece.packed);
}

export class NsecDenials implements ZoneDenials {
  readonly zone: Name;
  readonly #spans: SpanTable<NsecRecord>;

  constructor(zone: Name, maxSpans: number) {
    this.zone = zone;
    this.#spans = new SpanTable(maxSpans);
  }

  get sizeOctets(): number {
    return this.#spans.sizeOctets;
  }

  get count(): number {
    return this.#spans.count;
  }

  shrink(nowMs: number): boolean {
    return this.#spans.shrink(nowMs);
  }

  add(record: NsecRecord, piece: Piece, nowMs: number): void {
    const start = canonicalSortKey(record.owner);
    const end = canonicalSortKey(record.nextName);
    const sizeOctets = spanSizeOctets(piece, start, end);
    this.#spans.insert({ ...piece, record, start, end, sizeOctets }, nowMs);
  }

  statusOf(name: Name, now: CacheClock): KnownName | undefined {
    const span = this.#spans.find(canonicalSortKey(name));
    if (span === undefined) return undefined;
    if (!isCurrent(span, now)) {
      this.#spans.remove(span);
      return undefined;
    }
    const { record } = span;
    const pieces = [span];
    if (nsecMatches(record, name)) return { state: 'exists', types: record.types, pieces };
    // RFC 6840 §4.1: what lies below a zone cut or a DNAME is not for this record to deny.
    if (whyNsecDoesNotDeny(record, name) !== undefined) return undefined;
    if (isEmptyNonTerminal(record, name)) return { state: 'empty non-terminal', pieces };
    const closestEncloser = nsecClosestEncloser(record, name);
    return { state: 'absent', closestEncloser, pieces, cover: span };
  }

  statusOfWildcard(closestEncloser: Name, now: CacheClock): KnownName | undefined {
    const wildcard = closestEncloser.wildcard();
    return wildcard === undefined ? undefined : this.statusOf(wildcard, now);
  }
}

export class Nsec3Denials implements ZoneDenials {
  readonly zone: Name;
  readonly #spans: SpanTable<Nsec3Record>;
  readonly #parameters: Nsec3Record;
  readonly #crypto: CryptoProvider;
  readonly #maxHashBlocks: number;
  /** SHA-1 blocks that the answer in hand may still cost. */
  #blocksLeft = 0;
  /** The apex begins every proof of the zone. */
  #apexHash: Uint8Array | undefined;

  constructor(
    zone: Name,
    maxSpans: number,
    parameters: Nsec3Record,
    crypto: CryptoProvider,
    maxHashBlocks: number,
  ) {
    this.zone = zone;
    this.#spans = new SpanTable(maxSpans);
    this.#parameters = parameters;
    this.#crypto = crypto;
    this.#maxHashBlocks = maxHashBlocks;
  }

  get sizeOctets(): number {
    return this.#spans.sizeOctets;
  }

  get count(): number {
    return this.#spans.count;
  }

  shrink(nowMs: number): boolean {
    return this.#spans.shrink(nowMs);
  }

  /** RFC 5155 §8.2: records of another salt or iteration count belong to another chain. */
  hasParametersOf(record: Nsec3Record): boolean {
    return sameNsec3Parameters(this.#parameters, record);
  }

  add(record: Nsec3Record, piece: Piece, nowMs: number): void {
    const start = octetKey(record.ownerHash);
    const end = octetKey(record.nextHash);
    const sizeOctets = spanSizeOctets(piece, start, end);
    this.#spans.insert({ ...piece, record, start, end, sizeOctets }, nowMs);
  }

  /**
   * RFC 5155 §8.3, closest encloser proof, from the apex down: the number of hashes depends on how
   * deep the zone is, and not on how long a name anyone asks for.
   */
  statusOf(name: Name, now: CacheClock): KnownName | undefined {
    this.#blocksLeft = this.#maxHashBlocks;
    let encloser: Span<Nsec3Record> | undefined;
    for (let labels = this.zone.labelCount; labels <= name.labelCount; labels++) {
      const candidate = name.suffix(labels);
      const hash = this.#hashOf(candidate);
      if (hash === undefined) return undefined;
      const span = this.#find(hash, now);
      if (span !== undefined && nsec3Matches(span.record, hash)) {
        if (labels === name.labelCount) {
          return { state: 'exists', types: span.record.types, pieces: [span] };
        }
        encloser = span;
        continue;
      }
      if (encloser !== undefined && span !== undefined) {
        // RFC 5155 §8.3: an encloser above a zone cut or with a DNAME does not tell what is below.
        if (whyNotBelow(encloser.record.types) !== undefined) return undefined;
        const pieces = span === encloser ? [span] : [encloser, span];
        return { state: 'absent', closestEncloser: candidate.parent(), pieces, cover: span };
      }
      encloser = undefined;
    }
    return undefined;
  }

  statusOfWildcard(closestEncloser: Name, now: CacheClock): KnownName | undefined {
    const wildcard = closestEncloser.wildcard();
    const hash = wildcard === undefined ? undefined : this.#hashOf(wildcard);
    const span = hash === undefined ? undefined : this.#find(hash, now);
    if (span === undefined || hash === undefined) return undefined;
    const pieces = [span];
    if (nsec3Matches(span.record, hash)) {
      return { state: 'exists', types: span.record.types, pieces };
    }
    return { state: 'absent', closestEncloser, pieces, cover: span };
  }

  #find(hash: Uint8Array, now: CacheClock): Span<Nsec3Record> | undefined {
    const span = this.#spans.find(octetKey(hash));
    if (span === undefined || isCurrent(span, now)) return span;
    this.#spans.remove(span);
    return undefined;
  }

  /** CVE-2023-50868: no hash before its price is known to be paid. */
  #hashOf(name: Name): Uint8Array | undefined {
    const isApex = name.labelCount === this.zone.labelCount;
    if (isApex && this.#apexHash !== undefined) return this.#apexHash;
    const blocks = nsec3HashBlocks(name, this.#parameters);
    if (blocks > this.#blocksLeft) return undefined;
    this.#blocksLeft -= blocks;
    const hash = nsec3Hash(name, this.#parameters, this.#crypto);
    if (isApex) this.#apexHash = hash;
    return hash;
  }
}
