/**
 * Answers without data: RFC 4035 §5.4, RFC 5155 §8.4 to §8.7, RFC 9824. What the records prove is
 * found out and told; the rcode, which nobody signs, is only a claim.
 */
import { type Name, parseSoa, type RRset, RRType } from '../wire/index.js';
import { type Bogus, bogus } from './bogus-reasons.js';
import { Failures } from './denial-evidence.js';
import type { Absent, DenialSource, NameStatus, ProofRecord } from './name-status.js';
import { NsecSource } from './nsec-source.js';
import { Nsec3Source } from './nsec3-source.js';
import { isCompactNameError, whyTypeMayExist } from './type-denial.js';
import type { ValidationContext } from './validation-context.js';
import { type Insecure, makeInsecure, makeSecure, type Secure } from './verdicts.js';
import { type ValidatedRRset, validateRRset } from './verify-rrset.js';
import type { ZoneKeys } from './zone-keys.js';

export interface NegativeClaim {
  readonly name: Name;
  readonly type: number;
  /** What the rcode says. */
  readonly kind: 'name error' | 'no data';
}

export interface ValidatedNegative {
  readonly security: Secure | Insecure;
  /**
   * What is proven. It may differ from the claim, and then the claim is false: an empty
   * non-terminal under NXDOMAIN exists, and so may names below it.
   */
  readonly kind: 'name error' | 'no data';
  /**
   * RFC 9824: "no data" of a name that is signed not to exist. Nothing is proven about names below
   * it, so it is no name error in the sense of RFC 8020.
   */
  readonly compactNameError: boolean;
  /** Set when the name itself does not exist. */
  readonly closestEncloser?: Name;
  /** RFC 9077 §3: the least of the TTLs of denial and SOA and the SOA's MINIMUM. 0: no SOA. */
  readonly proofTtlSeconds: number;
  /** The SOA, when there was one, and the records of the proof: all validated. */
  readonly usedRRsets: readonly RRset[];
}

interface Proof {
  readonly kind: 'name error' | 'no data';
  readonly records: readonly ProofRecord[];
  readonly insecure?: Insecure;
  readonly compactNameError?: boolean;
  readonly closestEncloser?: Name;
}

export function validateNegative(
  claim: NegativeClaim,
  authority: readonly RRset[],
  keys: ZoneKeys,
  ctx: ValidationContext,
): ValidatedNegative | Bogus {
  const { name: owner, type } = claim;
  const { zone } = keys;
  if (!owner.isAtOrBelow(zone)) return bogus('owner outside zone', { zone, owner, type });
  // RFC 4035 §3.1.4.1: the child is the wrong one to ask about its DS records.
  if (type === RRType.DS && owner.equals(zone) && !zone.isRoot) {
    return bogus('denial: from the child', { zone, owner, type });
  }
  const soa = judgeSoa(claim, authority, keys, ctx);
  if (soa?.status === 'bogus') return soa;

  const failures = new Failures(zone, owner, type);
  for (const source of denialSources(authority, keys, ctx, failures)) {
    const proof = proveAbsence(claim, source, zone, failures);
    if (proof !== undefined) return conclude(proof, soa, keys);
  }
  return failures.verdict();
}

/** The records of each kind that the section has for this zone; a proof uses one kind only. */
export function denialSources(
  section: readonly RRset[],
  keys: ZoneKeys,
  ctx: ValidationContext,
  failures: Failures,
): DenialSource[] {
  const nsec: RRset[] = [];
  const nsec3: RRset[] = [];
  for (const rrset of section) {
    if (rrset.type !== RRType.NSEC && rrset.type !== RRType.NSEC3) continue;
    // Other zones' records come along when one server answers for several.
    if (!rrset.owner.isAtOrBelow(keys.zone)) continue;
    (rrset.type === RRType.NSEC ? nsec : nsec3).push(rrset);
  }
  const sources: DenialSource[] = [];
  if (nsec.length > 0) sources.push(new NsecSource(nsec, keys, ctx, failures));
  if (nsec3.length > 0) sources.push(new Nsec3Source(nsec3, keys, ctx, failures));
  return sources;
}

interface JudgedSoa {
  readonly status: 'good';
  readonly rrset: RRset;
  readonly validated: ValidatedRRset;
  readonly minimumSeconds: number;
}

function judgeSoa(
  { name: owner, type }: NegativeClaim,
  authority: readonly RRset[],
  keys: ZoneKeys,
  ctx: ValidationContext,
): JudgedSoa | Bogus | undefined {
  const { zone } = keys;
  const all = authority.filter((rrset) => rrset.type === RRType.SOA);
  const rrset = all.find((candidate) => candidate.owner.equals(zone));
  // RFC 2308 §5: without an SOA nothing may be kept, but the denial may hold all the same.
  if (all.length === 0) return undefined;
  // RFC 2308 §2: the SOA is that of the zone that denies.
  if (rrset === undefined) return bogus('SOA of another zone', { zone, owner, type });
  const validated = validateRRset(rrset, keys, ctx);
  if (validated.status === 'bogus') return validated;
  const soa = rrset.rdatas.length === 1 ? parseSoa(rrset.rdatas[0]!) : undefined;
  if (soa === undefined) return bogus('denial: malformed', { zone, owner, type });
  return { status: 'good', rrset, validated, minimumSeconds: soa.minimumSeconds };
}

function proveAbsence(
  { name, type, kind }: NegativeClaim,
  source: DenialSource,
  zone: Name,
  failures: Failures,
): Proof | undefined {
  const tooDear = source.insecure();
  if (tooDear !== undefined) {
    return { kind, insecure: tooDear.security, records: tooDear.records };
  }
  const status = source.statusOf(name, kind === 'no data' ? 'exists' : 'absent');
  if (status === undefined) return undefined;
  if (status.state !== 'absent') return proveNoData(status, type, failures);
  const wildcard = source.statusOfWildcard(status.closestEncloser);
  const proof = proveWithWildcard(status, wildcard, type, failures);
  if (!status.optOut) return proof;
  // A limit never makes anything insecure.
  if (failures.ranOut) return undefined;
  // RFC 5155 §9.2: under opt-out there may be an unsigned delegation: never secure, never AD.
  // RFC 5155 §8.6, with erratum 3441 for types other than DS: nothing signed is denied by it, so
  // even without a word about the wildcard it is "no data" (an empty non-terminal above unsigned
  // delegations has no NSEC3 record of its own).
  const { kind: proven, records } = proof ?? { kind: 'no data' as const, records: status.records };
  const insecure = makeInsecure('opt-out', zone, name.toString());
  return { kind: proven, records, insecure, closestEncloser: status.closestEncloser };
}

/** RFC 4035 §5.4, RFC 5155 §8.5: no data at a name that exists, be it an empty non-terminal. */
function proveNoData(
  status: Exclude<NameStatus, Absent>,
  type: number,
  failures: Failures,
): Proof | undefined {
  const { records } = status;
  if (status.state === 'empty non-terminal') return { kind: 'no data', records };
  const refusal = whyTypeMayExist(status.types, type, status.owner);
  if (refusal !== undefined) {
    failures.refused(refusal);
    return undefined;
  }
  return { kind: 'no data', records, compactNameError: isCompactNameError(status.types) };
}

function proveWithWildcard(
  name: Absent,
  wildcard: NameStatus | undefined,
  type: number,
  failures: Failures,
): Proof | undefined {
  if (wildcard === undefined) return undefined;
  const { closestEncloser } = name;
  const records = [...new Set([...name.records, ...wildcard.records])];
  // RFC 4035 §5.4, RFC 5155 §8.4: name error: neither the name nor a wildcard for it.
  if (wildcard.state === 'absent') return { kind: 'name error', records, closestEncloser };
  // RFC 4035 §3.1.3.4, RFC 5155 §8.7: wildcard no data.
  const proof = proveNoData(wildcard, type, failures);
  return proof && { kind: 'no data', records, closestEncloser };
}

function conclude(
  { kind, records, insecure, compactNameError = false, closestEncloser }: Proof,
  soa: JudgedSoa | undefined,
  keys: ZoneKeys,
): ValidatedNegative {
  let validUntilSeconds = keys.validUntilSeconds;
  let proofTtlSeconds = 0;
  const usedRRsets: RRset[] = [];
  if (soa !== undefined) {
    usedRRsets.push(soa.rrset);
    validUntilSeconds = Math.min(validUntilSeconds, soa.validated.security.validUntilSeconds);
    proofTtlSeconds = Math.min(soa.validated.ttlSeconds, soa.minimumSeconds);
  }
  for (const { rrset, validated } of records) {
    usedRRsets.push(rrset);
    validUntilSeconds = Math.min(validUntilSeconds, validated.security.validUntilSeconds);
    proofTtlSeconds = Math.min(proofTtlSeconds, validated.ttlSeconds);
  }
  return {
    security: insecure ?? makeSecure(keys.zone, validUntilSeconds),
    kind,
    compactNameError,
    ...(closestEncloser === undefined ? {} : { closestEncloser }),
    proofTtlSeconds,
    usedRRsets,
  };
}
