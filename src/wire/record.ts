/** Resource records and RRsets as values: owner and RDATA stay wire octets. */
import type { Name } from './name.js';
import { equalOctets } from './octets.js';
import { RRType } from './rr-types.js';

export interface Question {
  readonly name: Name;
  readonly type: number;
  readonly class: number;
}

export interface ResourceRecord {
  readonly owner: Name;
  readonly type: number;
  readonly class: number;
  /** RFC 2181 §8: 31 bits; a larger value was read as 0. */
  readonly ttlSeconds: number;
  /** RDATA octets, names inside uncompressed, case as received; a copy, never a view. */
  readonly rdata: Uint8Array;
}

/** Records of one owner, class and type (RFC 2181 §5) with the RRSIG RDATA that cover them. */
export interface RRset {
  readonly owner: Name;
  readonly type: number;
  readonly class: number;
  /** The lowest TTL of the records (RFC 2181 §5.2). */
  readonly ttlSeconds: number;
  /** Distinct RDATA (RFC 2181 §5: duplicates are suppressed), order as received. */
  readonly rdatas: readonly Uint8Array[];
  /** RDATA of the RRSIG records over this type at this owner; empty when unsigned. */
  readonly signatures: readonly Uint8Array[];
}

interface GrowingRRset {
  owner: Name;
  type: number;
  class: number;
  ttlSeconds: number;
  rdatas: Uint8Array[];
  signatures: Uint8Array[];
}

/**
 * Groups records into RRsets in order of first appearance. An RRSIG goes to the RRset it covers;
 * signatures that cover nothing in the section come out as an RRset of type RRSIG.
 */
export function groupRRsets(records: readonly ResourceRecord[]): RRset[] {
  const sets = new Map<string, GrowingRRset>();
  for (const record of records) {
    if (record.type === RRType.RRSIG || record.type === RRType.OPT) continue;
    addRecord(sets, record);
  }
  for (const record of records) {
    if (record.type !== RRType.RRSIG) continue;
    const covered = ((record.rdata[0] ?? 0) << 8) | (record.rdata[1] ?? 0);
    const set = sets.get(setKey(record.owner, record.class, covered));
    if (set === undefined || covered === RRType.RRSIG) addRecord(sets, record);
    else if (!includesOctets(set.signatures, record.rdata)) set.signatures.push(record.rdata);
  }
  return [...sets.values()];
}

function setKey(owner: Name, rrClass: number, type: number): string {
  return owner.key + String.fromCharCode(type, rrClass);
}

function addRecord(sets: Map<string, GrowingRRset>, record: ResourceRecord): void {
  const key = setKey(record.owner, record.class, record.type);
  const set = sets.get(key);
  if (set === undefined) {
    const { owner, type, ttlSeconds, rdata } = record;
    sets.set(key, {
      owner,
      type,
      class: record.class,
      ttlSeconds,
      rdatas: [rdata],
      signatures: [],
    });
    return;
  }
  if (record.ttlSeconds < set.ttlSeconds) set.ttlSeconds = record.ttlSeconds;
  if (!includesOctets(set.rdatas, record.rdata)) set.rdatas.push(record.rdata);
}

function includesOctets(list: readonly Uint8Array[], octets: Uint8Array): boolean {
  // Long sets are sorted out elsewhere (the limit on records per RRset); here n is small.
  for (const other of list) if (equalOctets(other, octets)) return true;
  return false;
}
