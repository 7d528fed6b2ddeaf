/** What an explanation is made of: the resolution, its walk, and a few more questions. */
import type { Report, Resolution } from '../resolver/index.js';
import { type Name, RRType, type RRset } from '../wire/index.js';

export interface CaseFacts {
  readonly name: Name;
  readonly type: number;
  readonly resolution: Resolution;
  /** The walk, with the resolver reporting every step. */
  readonly reports: readonly Report[];
  /** Answers to the follow-ups, in their order; asked with CD, so nothing of it is believed. */
  readonly answers: readonly Resolution[];
  readonly nowSeconds: number;
}

export interface FollowUp {
  readonly name: Name;
  readonly type: number;
}

/** What else to ask, with CD set: the zone's contact, its keys, what its parent says of them. */
export function followUps(facts: Omit<CaseFacts, 'answers'>): readonly FollowUp[] {
  if (facts.resolution.security.status === 'secure') return [];
  const zone = zoneAtFault(facts);
  const asked = [{ name: zone, type: RRType.SOA }];
  if (facts.resolution.security.status !== 'bogus' || zone.isRoot) return asked;
  return [...asked, { name: zone, type: RRType.DNSKEY }, { name: zone, type: RRType.DS }];
}

export function zoneAtFault({ resolution, reports }: Omit<CaseFacts, 'answers'>): Name {
  const { security } = resolution;
  if (security.status !== 'indeterminate') return security.zone;
  // Nothing was judged: the zone whose servers were asked last is the one that did not answer.
  const sent = reports.findLast((report) => report.kind === 'query sent');
  return sent?.kind === 'query sent' ? sent.zone : security.zone;
}

/** An RRset of the case, validated or not; that which was received first. */
export function findSet(facts: CaseFacts, name: Name, type: number): RRset | undefined {
  for (const { answer, authority, unchecked } of [facts.resolution, ...facts.answers]) {
    const sets = [
      ...answer.map(({ rrset }) => rrset),
      ...(unchecked?.answer ?? []),
      ...authority.map(({ rrset }) => rrset),
      ...(unchecked?.authority ?? []),
    ];
    const found = sets.find((set) => set.type === type && set.owner.equals(name));
    if (found !== undefined) return found;
  }
  return undefined;
}
