/**
 * First step on a reply: throw away everything that the asked server has no say about. What is left
 * belongs to the zone that was asked, or below it, and to the question (RFC 2181 §5.4.1, RFC 5452 §6).
 */
import { type Message, type Name, RRClass, RRType, type RRset, type ResourceRecord, groupRRsets } from '../wire/index.js';

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
    record.class === RRClass.IN && record.owner.isAtOrBelow(zone);
  return {
    rcode: message.rcode,
    authoritative: message.authoritative,
    recursionAvailable: message.recursionAvailable,
    pointsUpward: message.authority.some(
      (record) => record.type === RRType.NS && zone.isBelow(record.owner),
    ),
    answer: message.answer.length === 0 ? NOTHING : groupRRsets(message.answer.filter(inZone)),
    authority:
      message.authority.length === 0
        ? NOTHING
        : groupRRsets(message.authority.filter(inZone)).filter((set) =>
            AUTHORITY_TYPES.has(set.type),
          ),
    glue: message.additional.filter(
      (record) =>
        (record.type === RRType.A || record.type === RRType.AAAA) &&
        record.class === RRClass.IN &&
        (!hardenGlue || record.owner.isAtOrBelow(zone)),
    ),
  };
}

const NOTHING: readonly RRset[] = [];
