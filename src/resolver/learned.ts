/** Puts what was judged into memory, with the rank and life that its status allows. */
import { type CachedNegative, TrustRank } from '../cache/index.js';
import { type Name, Rcode, RRType, type RRset } from '../wire/index.js';
import type { Alias } from './aliases.js';
import type { JudgedNegative, JudgedRRset } from './answer-validation.js';
import type { Machine } from './machine.js';
import type { HeldRRset } from './outcome.js';

type Accepted<T> = Extract<T, { kind: 'accepted' }>;

export function keepRRset(
  machine: Machine,
  set: RRset,
  judged: Accepted<JudgedRRset>,
  authoritative: boolean,
): HeldRRset {
  const { security, ttlSeconds, proof } = judged;
  const rank =
    security.status === 'secure'
      ? TrustRank.SECURE
      : authoritative
        ? TrustRank.ANSWER_AUTHORITATIVE
        : TrustRank.ANSWER_NOT_AUTHORITATIVE;
  machine.failures.recovered(set.owner, set.type);
  machine.negatives.removeStale(set.owner, set.type, machine.clock);
  return machine.rrsets.put(set, { security, rank, proof, ttlSeconds }, machine.clock);
}

/**
 * RFC 6672 §3.4: the CNAME that was made from a DNAME may be kept. Without signatures it is all
 * that is used from memory: one forged DNAME would take along every name below it. Judged for a
 * name below an anchor that does not count at its own owner, it answers no question for itself.
 */
export function keepSynthesised(machine: Machine, { links }: Alias): void {
  const [dname, cname] = [links[0]!, links.at(-1)!];
  const { rrset, security } = cname;
  if (machine.isCutOffFrom(dname.rrset.owner, rrset.owner)) {
    machine.rrsets.remove(dname.rrset.owner, RRType.DNAME);
  }
  const rank = TrustRank.ANSWER_NOT_AUTHORITATIVE;
  const facts = { security, rank, proof: [], ttlSeconds: rrset.ttlSeconds };
  machine.rrsets.put(rrset, facts, machine.clock);
}

export interface HeldDenial {
  readonly rcode: number;
  readonly authority: readonly HeldRRset[];
  readonly security: HeldRRset['security'];
}

export function keepDenial(
  machine: Machine,
  name: Name,
  type: number,
  judged: Accepted<JudgedNegative>,
): HeldDenial {
  const { security, authority, zone, denial } = judged;
  machine.failures.recovered(name, type);
  const soa = authority.find((set) => set.type === RRType.SOA);
  let kept: CachedNegative | undefined;
  // RFC 2308 §5: without an SOA record a denial must not be kept.
  if (soa !== undefined) {
    const proofTtlSeconds = judged.ttlSeconds;
    const facts = { kind: denial, name, type, authority, security, proofTtlSeconds };
    const standing = machine.negatives.put(facts, machine.clock);
    // A better proven one that stands in its way says nothing about this one's life.
    if (standing?.security === security) kept = standing;
    if (judged.proven && machine.config.aggressiveNsec) {
      machine.aggressive.put(
        zone,
        authority.filter((set) => set.type !== RRType.SOA),
        soa,
        { security, ttlSeconds: judged.ttlSeconds },
        machine.clock,
      );
    }
  }
  const expiresAtMs = kept?.expiresAtMs ?? machine.now.cacheMs;
  const originalTtlSeconds = kept?.originalTtlSeconds ?? 0;
  const shown = kept === undefined ? withoutLife(authority) : kept.authority;
  return heldDenial({ kind: denial, authority: shown, security, expiresAtMs, originalTtlSeconds });
}

function withoutLife(authority: readonly RRset[]): RRset[] {
  return authority.map((rrset) => ({ ...rrset, ttlSeconds: 0 }));
}

type Denial = Pick<
  CachedNegative,
  'kind' | 'authority' | 'security' | 'expiresAtMs' | 'originalTtlSeconds'
>;

export function heldDenial(denial: Denial): HeldDenial {
  const { kind, authority, security, expiresAtMs, originalTtlSeconds } = denial;
  const held = authority.map((rrset) => ({
    rrset,
    security,
    expiresAtMs: expiresAtMs + (rrset.ttlSeconds - originalTtlSeconds) * 1000,
    proof: [],
  }));
  return { rcode: rcodeOf(kind), authority: held, security };
}

function rcodeOf(denial: 'name error' | 'no data'): number {
  return denial === 'name error' ? Rcode.NXDOMAIN : Rcode.NOERROR;
}
