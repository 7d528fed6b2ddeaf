/**
 * First step on a reply: throw away everything that the asked server has no say about. What is left
 * belongs to the zone that was asked, or below it, and to the question (RFC 2181 §5.4.1,
 * RFC 5452 §6).
 */
import {
  type Message,
  type Name,
  RRClass,
  RRType,
  type RRset,
  type ResourceRecord,
  groupRRsets,
  rdataIsWellFormed,
} from '../wire/index.js';

/** A reply reduced to what may be used. */
export interface CleanReply {
  readonly rcode: number;
  readonly authoritative: boolean;
  readonly recursionAvailable: boolean;
  readonly answer: readonly RRset[];
  readonly authority: readonly RRset[];
  /** It names the servers of a zone above the one that was asked, which helps nobody. */
  readonly pointsUpward: boolean;
  /** Address records that may serve as glue. */
  readonly glue: readonly ResourceRecord[];
}

/** Types that mean something in an authority section; others would ride along (CVE-2026-42960). */
const AUTHORITY_TYPES: ReadonlySet<number> = new Set([
  RRType.NS,
  RRType.SOA,
  RRType.DS,
  RRType.NSEC,
  RRType.NSEC3,
]);

export function sanitise(message: Message, zone: Name, hardenGlue: boolean): CleanReply {
  const inZone = (record: ResourceRecord): boolean =>
    record.class === RRClass.IN &&
    record.owner.isAtOrBelow(zone) &&
    // RFC 9267 §5: a record that does not have the form of its type is no record.
    (isOpaque(record.type) || rdataIsWellFormed(record.type, record.rdata));
  const answer = kept(message.answer, inZone);
  const authority = kept(message.authority, inZone);
  // Some servers put a signature into another section than what it signs.
  const strays = kept(message.additional, inZone).filter(isSignature);
  return {
    rcode: message.rcode,
    authoritative: message.authoritative,
    recursionAvailable: message.recursionAvailable,
    pointsUpward: message.authority.some(
      (record) => record.type === RRType.NS && zone.isBelow(record.owner),
    ),
    answer: group(answer, strays),
    authority: group(authority, strays).filter((set) => AUTHORITY_TYPES.has(set.type)),
    glue: message.additional.filter(
      (record) =>
        (record.type === RRType.A || record.type === RRType.AAAA) &&
        record.class === RRClass.IN &&
        (!hardenGlue || record.owner.isAtOrBelow(zone)),
    ),
  };
}

/** RFC 9460 §4.3: what is invalid in them is for clients to refuse. */
function isOpaque(type: number): boolean {
  return type === RRType.SVCB || type === RRType.HTTPS;
}

const NOTHING: readonly ResourceRecord[] = [];

function kept(
  records: readonly ResourceRecord[],
  keep: (record: ResourceRecord) => boolean,
): readonly ResourceRecord[] {
  return records.length === 0 ? NOTHING : records.filter(keep);
}

function isSignature(record: ResourceRecord): boolean {
  return record.type === RRType.RRSIG;
}

function group(
  records: readonly ResourceRecord[],
  strays: readonly ResourceRecord[],
): readonly RRset[] {
  return records.length === 0 ? [] : groupRRsets(records, strays);
}
