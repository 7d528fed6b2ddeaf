/** Second step on a reply: which of a handful of things it says. Whether it is true comes later. */
import { type Name, Rcode, RRType, type RRset } from '../wire/index.js';
import { rrsetAt } from './sections.js';
import type { CleanReply } from './sanitise.js';

export type Classified =
  /** Data, or an alias, for the asked name. */
  | { readonly kind: 'answer' }
  | { readonly kind: 'referral'; readonly child: Name; readonly nameServers: RRset }
  | { readonly kind: 'no data' }
  | { readonly kind: 'name error' }
  /** The server cannot or will not speak for the zone: ask another one. */
  | { readonly kind: 'unusable'; readonly why: Unusable };

export type Unusable =
  'refused' | 'server failure' | 'format error' | 'not implemented' | 'lame' | 'other rcode';

export function classify(
  reply: CleanReply,
  zone: Name,
  name: Name,
  type: number,
  forwarding: boolean,
): Classified {
  const refusal = refusalOf(reply.rcode);
  if (refusal !== undefined) return { kind: 'unusable', why: refusal };
  // A server that offers recursion and does not claim authority is somebody's resolver (RFC 1912
  // §2.8, TsuKing): its answers are not the zone's. Without RA, a missing AA bit is tolerated.
  if (!forwarding && !reply.authoritative && reply.recursionAvailable) {
    return { kind: 'unusable', why: 'lame' };
  }
  // RFC 6672 §2.2: YXDOMAIN goes with a DNAME; with anything else it is nonsense.
  if (reply.rcode === Rcode.YXDOMAIN && dnameAbove(reply.answer, name) === undefined) {
    return { kind: 'unusable', why: 'other rcode' };
  }
  if (hasAnswerFor(reply, name, type)) return { kind: 'answer' };
  if (reply.rcode === Rcode.NXDOMAIN) return { kind: 'name error' };
  if (reply.authority.some((set) => set.type === RRType.SOA)) return { kind: 'no data' };
  const delegation = reply.authority.find(
    (set) => set.type === RRType.NS && name.isAtOrBelow(set.owner),
  );
  if (delegation === undefined && reply.pointsUpward) return { kind: 'unusable', why: 'lame' };
  if (delegation === undefined || forwarding) return { kind: 'no data' };
  if (delegation.owner.isBelow(zone)) {
    return { kind: 'referral', child: delegation.owner, nameServers: delegation };
  }
  // NS of the zone itself and no data: it knows the zone by name only.
  return reply.authoritative ? { kind: 'no data' } : { kind: 'unusable', why: 'lame' };
}

function refusalOf(rcode: number): Unusable | undefined {
  switch (rcode) {
    case Rcode.NOERROR:
    case Rcode.NXDOMAIN:
    case Rcode.YXDOMAIN: // RFC 6672 §2.2: a DNAME that would make the name too long
      return undefined;
    case Rcode.REFUSED:
    case Rcode.NOTAUTH:
      return 'refused';
    case Rcode.SERVFAIL:
      return 'server failure';
    case Rcode.FORMERR:
    case Rcode.BADVERS:
      return 'format error';
    case Rcode.NOTIMP:
      return 'not implemented';
    default:
      return 'other rcode';
  }
}

function hasAnswerFor(reply: CleanReply, name: Name, type: number): boolean {
  if (rrsetAt(reply.answer, name, type) !== undefined) return true;
  if (rrsetAt(reply.answer, name, RRType.CNAME) !== undefined) return true;
  return dnameAbove(reply.answer, name) !== undefined;
}

/** The DNAME in a section that redirects `name`: its owner is strictly above (RFC 6672 §2.3). */
export function dnameAbove(section: readonly RRset[], name: Name): RRset | undefined {
  return section.find((set) => set.type === RRType.DNAME && name.isBelow(set.owner));
}
