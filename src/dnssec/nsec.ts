/**
 * NSEC records (RFC 4034 §4) as statements about names: which name they match, which they cover.
 * Pure predicates on records that have already been validated; also what RFC 8198 needs.
 */
import { type Name, type Nsec, parseNsec, type RRset } from '../wire/index.js';
import type { BogusReason } from './bogus-reasons.js';
import { whyNotBelow } from './type-denial.js';

export interface NsecRecord extends Nsec {
  readonly owner: Name;
}

/** The one NSEC of an RRset, if it can be a record of `zone`; otherwise what is wrong with it. */
export function readNsec(rrset: RRset, zone: Name): NsecRecord | BogusReason {
  // RFC 4034 §4: a name has one NSEC record, so a set of several is no link of a chain.
  const nsec = rrset.rdatas.length === 1 ? parseNsec(rrset.rdatas[0]!) : undefined;
  if (nsec === undefined) return 'denial: malformed';
  // RFC 4034 §4.1.1: the chain stays inside the zone; one that leaves it would "cover" the names
  // of other zones (CVE-2026-13321).
  if (!nsec.nextName.isAtOrBelow(zone)) return 'denial: next name outside zone';
  return { owner: rrset.owner, nextName: nsec.nextName, types: nsec.types };
}

export function nsecMatches(nsec: NsecRecord, name: Name): boolean {
  return nsec.owner.equals(name);
}

/**
 * Whether `name` lies strictly between owner and next name in the canonical order of the zone.
 * It may still be an empty non-terminal, or lie below a zone cut: see `whyNsecDoesNotDeny`.
 */
export function nsecCovers(nsec: NsecRecord, name: Name, zone: Name): boolean {
  const { owner, nextName } = nsec;
  if (!name.isAtOrBelow(zone) || owner.compareCanonical(name) >= 0) return false;
  // RFC 4034 §4.1.1: only the last record points back, and it points to the apex.
  if (nextName.equals(zone)) return true;
  return name.compareCanonical(nextName) < 0;
}

/** A covered name with names below it: it exists, without data (RFC 4592 §2.2.2). */
export function isEmptyNonTerminal(nsec: NsecRecord, name: Name): boolean {
  return nsec.nextName.isBelow(name);
}

/** Why a record that covers `name` says nothing about it; undefined when it may be used. */
export function whyNsecDoesNotDeny(nsec: NsecRecord, name: Name): BogusReason | undefined {
  return name.isBelow(nsec.owner) ? whyNotBelow(nsec.types) : undefined;
}

/**
 * The deepest ancestor of a covered name that exists: both ends of the span do, and with them all
 * that is above them.
 */
export function nsecClosestEncloser(nsec: NsecRecord, name: Name): Name {
  const before = name.commonAncestor(nsec.owner);
  const after = name.commonAncestor(nsec.nextName);
  return after.labelCount > before.labelCount ? after : before;
}
