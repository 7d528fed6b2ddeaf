/**
 * What a parent zone says about a zone cut: RFC 4035 §5.2, RFC 5155 §8.9, RFC 6840 §4.4. Serves
 * referrals and replies to DS questions alike: only signed records of the parent are looked at.
 */
import { type Name, type RRset, RRType, type TypeBitmap } from '../wire/index.js';
import { type Bogus, bogus } from './bogus-reasons.js';
import { denialSources } from './denial.js';
import { Failures } from './denial-evidence.js';
import { checkDnameSynthesis } from './dname.js';
import { type DsSet, makeDsSet } from './ds-set.js';
import type { DenialSource, NameStatus, ProofRecord } from './name-status.js';
import { isCompactNameError } from './type-denial.js';
import type { ValidationContext } from './validation-context.js';
import { type Insecure, makeInsecure, makeSecure, type Secure } from './verdicts.js';
import { unsupportedDs } from './verify-dnskeys.js';
import { type ValidatedRRset, validateRRset } from './verify-rrset.js';
import { validateWildcardAnswer } from './wildcard.js';
import type { ZoneKeys } from './zone-keys.js';

export type DelegationVerdict =
  | {
      readonly kind: 'signed';
      readonly ds: DsSet;
      readonly security: Secure;
      readonly ttlSeconds: number;
      readonly proof: readonly RRset[];
    }
  | {
      /** Proven to need no signatures from here on down. */
      readonly kind: 'unsigned';
      readonly security: Insecure;
      readonly ttlSeconds: number;
      readonly proof: readonly RRset[];
    }
  | {
      /** Proven that no zone begins here: the parent's zone goes on, or ends. */
      readonly kind: 'not a delegation';
      /** Proven, too, that neither the name nor a wildcard for it exists. */
      readonly nameError: boolean;
      readonly security: Secure;
      readonly ttlSeconds: number;
      readonly proof: readonly RRset[];
    }
  /** The records are silent about DS: it has to be asked for. */
  | { readonly kind: 'missing' }
  | Bogus;

export function delegationFromReferral(
  child: Name,
  sections: readonly RRset[],
  parentKeys: ZoneKeys,
  ctx: ValidationContext,
): DelegationVerdict {
  const { zone } = parentKeys;
  const type = RRType.DS;
  if (!child.isBelow(zone)) return bogus('owner outside zone', { zone, owner: child, type });
  const ds = sections.find((rrset) => rrset.type === type && rrset.owner.equals(child));
  if (ds !== undefined) return judgeDs(ds, parentKeys, ctx);
  const alias = judgeAlias(child, sections, parentKeys, ctx);
  if (alias !== undefined) return alias;

  const failures = new Failures(zone, child, type);
  const sources = denialSources(sections, parentKeys, ctx, failures);
  if (sources.length === 0) return { kind: 'missing' };
  for (const source of sources) {
    const verdict = judgeDenial(child, source, parentKeys, failures);
    if (verdict !== undefined) return verdict;
  }
  return failures.verdict();
}

/** RFC 4035 §5.2: a DS RRset signed by the parent. */
function judgeDs(rrset: RRset, parentKeys: ZoneKeys, ctx: ValidationContext): DelegationVerdict {
  const validated = validateRRset(rrset, parentKeys, ctx);
  if (validated.status === 'bogus') return validated;
  const { security, ttlSeconds } = validated;
  const proof = [rrset];
  if (validated.wildcard !== undefined) {
    const { owner, type } = rrset;
    return bogus('DS from a wildcard', { zone: parentKeys.zone, owner, type });
  }
  const ds = makeDsSet(rrset, security, ttlSeconds);
  // RFC 4035 §5.2: if none of its algorithms is supported, there is no way into the child.
  const unsupported = unsupportedDs(ds, ctx);
  if (unsupported !== undefined) {
    return { kind: 'unsigned', security: unsupported, ttlSeconds, proof };
  }
  return { kind: 'signed', ds, security, ttlSeconds, proof };
}

/**
 * RFC 1034 §3.6.2, RFC 6672 §2.4: no zone begins at a name that is an alias, or below a DNAME. The
 * reply to a DS question then is the alias; it proves that only when it validates.
 */
function judgeAlias(
  child: Name,
  sections: readonly RRset[],
  parentKeys: ZoneKeys,
  ctx: ValidationContext,
): DelegationVerdict | undefined {
  const { zone } = parentKeys;
  const cname = sections.find((set) => set.type === RRType.CNAME && set.owner.equals(child));
  const dname = sections.find(
    (set) => set.type === RRType.DNAME && child.isBelow(set.owner) && set.owner.isAtOrBelow(zone),
  );
  const signedAlias = cname !== undefined && cname.signatures.length > 0;
  const rrset = signedAlias ? cname : (dname ?? cname);
  if (rrset === undefined) return undefined;
  const validated = validateRRset(rrset, parentKeys, ctx);
  if (validated.status === 'bogus') return validated;
  if (rrset.type === RRType.DNAME) {
    const target = checkDnameSynthesis(rrset, child, cname);
    return typeof target !== 'string' && 'status' in target ? target : notACut(rrset, validated);
  }
  if (validated.wildcard === undefined) return notACut(rrset, validated);
  const { closestEncloser } = validated.wildcard;
  const expansion = validateWildcardAnswer(
    child,
    RRType.CNAME,
    closestEncloser,
    sections,
    parentKeys,
    ctx,
  );
  if (expansion.status === 'bogus') return expansion;
  if (expansion.status === 'secure') return notACut(rrset, validated);
  const { ttlSeconds } = validated;
  return { kind: 'unsigned', security: expansion, ttlSeconds, proof: [rrset] };
}

function notACut(rrset: RRset, { security, ttlSeconds }: ValidatedRRset): DelegationVerdict {
  return { kind: 'not a delegation', nameError: false, security, ttlSeconds, proof: [rrset] };
}

function judgeDenial(
  child: Name,
  source: DenialSource,
  parentKeys: ZoneKeys,
  failures: Failures,
): DelegationVerdict | undefined {
  const tooDear = source.insecure();
  if (tooDear !== undefined) return unsigned(tooDear.security, tooDear.records);
  const status = source.statusOf(child, 'exists');
  if (status === undefined) return undefined;
  switch (status.state) {
    case 'exists':
      return judgeTypes(child, status.types, status.records, parentKeys, failures);
    case 'empty non-terminal':
      return notADelegation(status.records, false, parentKeys);
    case 'absent': {
      // RFC 5155 §8.6, §8.9: an unsigned delegation may be there, a signed one may not; all that
      // is below is as unsigned.
      if (status.optOut) {
        const security = makeInsecure('opt-out', child, child.toString());
        return unsigned(security, status.records);
      }
      const wildcard: NameStatus | undefined = source.statusOfWildcard(status.closestEncloser);
      const records = [...new Set([...status.records, ...(wildcard?.records ?? [])])];
      return notADelegation(records, wildcard?.state === 'absent', parentKeys);
    }
  }
}

function judgeTypes(
  child: Name,
  types: TypeBitmap,
  records: readonly ProofRecord[],
  parentKeys: ZoneKeys,
  failures: Failures,
): DelegationVerdict | undefined {
  // RFC 6840 §4.4, RFC 4035 §5.2: an apex record is the child's own, and does not know of DS.
  if (types.has(RRType.SOA)) {
    failures.refused('denial: from the child');
    return undefined;
  }
  // RFC 4035 §5.2, RFC 5155 §8.9: the DS bit is clear.
  if (types.has(RRType.DS)) {
    failures.refused('DS withheld');
    return undefined;
  }
  // RFC 6840 §4.4: only the NS bit makes it a delegation. Without it, data from here on down is
  // still the parent's, and still signed.
  if (!types.has(RRType.NS)) return notADelegation(records, isCompactNameError(types), parentKeys);
  return unsigned(makeInsecure('no DS', child), records);
}

function unsigned(security: Insecure, records: readonly ProofRecord[]): DelegationVerdict {
  return { kind: 'unsigned', security, ...summary(records) };
}

function notADelegation(
  records: readonly ProofRecord[],
  nameError: boolean,
  parentKeys: ZoneKeys,
): DelegationVerdict {
  let validUntilSeconds = parentKeys.validUntilSeconds;
  for (const { validated } of records) {
    validUntilSeconds = Math.min(validUntilSeconds, validated.security.validUntilSeconds);
  }
  const security = makeSecure(parentKeys.zone, validUntilSeconds);
  return { kind: 'not a delegation', nameError, security, ...summary(records) };
}

function summary(records: readonly ProofRecord[]): { ttlSeconds: number; proof: RRset[] } {
  let ttlSeconds = 0x7fff_ffff;
  for (const { validated } of records) ttlSeconds = Math.min(ttlSeconds, validated.ttlSeconds);
  return { ttlSeconds, proof: records.map(({ rrset }) => rrset) };
}
