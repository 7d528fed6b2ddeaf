/**
 * Signed denial records that came with a reply beyond those that its verdict needed, such as the
 * denial of DS records on the way to the target of an alias (RFC 4035 §3.1.4): a validating client
 * may need them. They are passed on when they validate, and decide nothing here.
 */
import { validateRRset } from '../dnssec/index.js';
import { type RRset, RRType } from '../wire/index.js';
import type { Effort } from './effort.js';
import type { UsableReply } from './exchange-types.js';
import { LIMITS } from './limits.js';
import type { Machine } from './machine.js';
import type { HeldRRset } from './outcome.js';
import type { ZoneCut } from './zone-cut.js';

/** A reply that was accepted, and the cut whose keys it was judged by. */
export interface Source {
  readonly cut: ZoneCut;
  readonly usable: UsableReply;
}

export function passedOn(
  machine: Machine,
  effort: Effort,
  sources: readonly Source[],
  shown: readonly RRset[],
): HeldRRset[] {
  const passed: HeldRRset[] = [];
  let left = LIMITS.denialsPassedOn.value;
  for (const { cut, usable } of sources) {
    const trust = cut.trust?.value;
    if (trust?.kind !== 'secure') continue;
    for (const rrset of usable.reply.authority) {
      if (!isSignedDenial(rrset) || [...shown, ...passed.map(setOf)].some(sameAs(rrset))) continue;
      if (left-- <= 0) return passed;
      const verdict = validateRRset(rrset, trust.keys, machine.validation(effort));
      if (verdict.status !== 'secure' || verdict.wildcard !== undefined) continue;
      const expiresAtMs = machine.now.cacheMs + verdict.ttlSeconds * 1000;
      passed.push({ rrset, security: verdict.security, expiresAtMs, proof: [] });
    }
  }
  return passed;
}

function isSignedDenial({ type, signatures }: RRset): boolean {
  return (type === RRType.NSEC || type === RRType.NSEC3) && signatures.length > 0;
}

function setOf({ rrset }: HeldRRset): RRset {
  return rrset;
}

function sameAs(rrset: RRset): (other: RRset) => boolean {
  return (other) => other.type === rrset.type && other.owner.equals(rrset.owner);
}
