/** Resource records and RRsets as values: owner and RDATA stay wire octets. */
import { type Name, octetKey } from './name.js';
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
 * No RRset keeps more distinct RDATA, and none more signatures, than this: one above the largest
 * set anyone believes, so that "too many" can be seen and costs nothing to have grouped.
 */
export const MAX_KEPT_RDATAS = 257;

/**
 * Groups records into RRsets in order of first appearance. An RRSIG goes to the RRset it covers;
 * signatures that cover nothing in the section come out as an RRset of type RRSIG.
 */
export function groupRRsets(
  records: readonly ResourceRecord[],
  /** RRSIG records of other sections; they join the RRsets that they cover, and are not sets. */
  strays: readonly ResourceRecord[] = [],
): RRset[] {
  const grouping = new Grouping();
  let signatures = 0;
  for (const record of records) {
    if (record.type === RRType.RRSIG) signatures++;
    else if (record.type !== RRType.OPT) grouping.addData(record);
  }
  for (const record of signatures > 0 ? records : []) {
    if (record.type === RRType.RRSIG) grouping.addSignature(record);
  }
  for (const record of strays) grouping.addStray(record);
  return grouping.sets;
}

class Grouping {
  readonly sets: GrowingRRset[] = [];
  // Records of one RRset stand together as a rule: the set found last is tried first.
  #last: GrowingRRset | undefined;
  #byKey: Map<string, GrowingRRset> | undefined;
  // RDATA seen, for lists too long to be searched from end to end.
  readonly #seen = new Map<Uint8Array[], Set<string>>();

  addData(record: ResourceRecord): void {
    const set = this.#find(record.owner, record.class, record.type);
    if (set === undefined) {
      this.#start(record);
      return;
    }
    // RFC 2181 §5.2: differing TTLs are an error, and the lowest is safe.
    if (record.ttlSeconds < set.ttlSeconds) set.ttlSeconds = record.ttlSeconds;
    this.#addDistinct(set.rdatas, record.rdata);
  }

  addSignature(record: ResourceRecord): void {
    const covered = ((record.rdata[0] ?? 0) << 8) | (record.rdata[1] ?? 0);
    const set = this.#find(record.owner, record.class, covered);
    // RFC 4035 §2.2: there are no signatures over signatures.
    if (set === undefined || covered === RRType.RRSIG) this.addData(record);
    else this.#addDistinct(set.signatures, record.rdata);
  }

  addStray(record: ResourceRecord): void {
    const covered = ((record.rdata[0] ?? 0) << 8) | (record.rdata[1] ?? 0);
    const set = this.#find(record.owner, record.class, covered);
    if (set !== undefined) this.#addDistinct(set.signatures, record.rdata);
  }

  #find(owner: Name, rrClass: number, type: number): GrowingRRset | undefined {
    const last = this.#last;
    if (last !== undefined && isSetOf(last, owner, rrClass, type)) return last;
    const found =
      this.#byKey === undefined
        ? this.sets.find((set) => isSetOf(set, owner, rrClass, type))
        : this.#byKey.get(setKey(owner, rrClass, type));
    this.#last = found;
    return found;
  }

  #start(record: ResourceRecord): void {
    const { owner, type, ttlSeconds, rdata } = record;
    const set: GrowingRRset = {
      owner,
      type,
      class: record.class,
      ttlSeconds,
      rdatas: [rdata],
      signatures: [],
    };
    this.sets.push(set);
    this.#last = set;
    if (this.#byKey !== undefined) this.#byKey.set(setKey(owner, record.class, type), set);
    else if (this.sets.length > FEW_SETS) {
      this.#byKey = new Map(
        this.sets.map((each) => [setKey(each.owner, each.class, each.type), each]),
      );
    }
  }

  #addDistinct(list: Uint8Array[], rdata: Uint8Array): void {
    if (list.length >= MAX_KEPT_RDATAS) return;
    if (list.length < 8) {
      for (const other of list) if (equalOctets(other, rdata)) return;
      list.push(rdata);
      return;
    }
    let seen = this.#seen.get(list);
    if (seen === undefined) {
      seen = new Set(list.map((other) => octetKey(other)));
      this.#seen.set(list, seen);
    }
    const key = octetKey(rdata);
    if (seen.has(key)) return;
    seen.add(key);
    list.push(rdata);
  }
}

// Up to here a search from end to end is cheaper than making keys of all the owners.
const FEW_SETS = 16;

function isSetOf(set: GrowingRRset, owner: Name, rrClass: number, type: number): boolean {
  return set.type === type && set.class === rrClass && set.owner.equals(owner);
}

function setKey(owner: Name, rrClass: number, type: number): string {
  return owner.key + String.fromCharCode(type, rrClass);
}
