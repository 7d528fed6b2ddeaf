/** Whether the keys of a zone prove an RRset of that zone: RFC 4035 §5.3. */
import { type Name, RRClass, type RRset, RRType, uncompressedNameAt } from '../wire/index.js';
import { type Bogus, bogus } from './bogus-reasons.js';
import { labelsOfOwner, RRSIG_FIXED_OCTETS } from './signed-data.js';
import type { ValidationContext } from './validation-context.js';
import { makeSecure, type Secure } from './verdicts.js';
import { expirationOf, verifySignatures } from './verify-signatures.js';
import type { ZoneKeys } from './zone-keys.js';

export interface ValidatedRRset {
  readonly status: 'secure';
  readonly security: Secure;
  /** RFC 4035 §5.3.3: the least of TTL, original TTL and what is left of the signature. */
  readonly ttlSeconds: number;
  /**
   * Set when the RRset was made from a wildcard. It is secure only together with the proof that
   * no closer match exists (RFC 4035 §5.3.4), which is for the caller to demand; and it proves
   * nothing about the absence of other names.
   */
  readonly wildcard?: { readonly closestEncloser: Name };
}

export function validateRRset(
  rrset: RRset,
  keys: ZoneKeys,
  ctx: ValidationContext,
): ValidatedRRset | Bogus {
  const refused = refuseRRset(rrset, keys, ctx);
  if (refused !== undefined) return refused;
  const outcome = verifySignatures(rrset, keys.zone, keys.keys, ctx);
  if (outcome.status === 'bogus') return outcome;

  const { rrsig } = outcome;
  const expiration = expirationOf(rrsig, ctx.nowSeconds);
  const security = makeSecure(keys.zone, Math.min(expiration, keys.validUntilSeconds));
  const ttlSeconds = Math.min(
    rrset.ttlSeconds,
    rrsig.originalTtlSeconds,
    Math.max(0, security.validUntilSeconds - ctx.nowSeconds),
  );
  // RFC 4035 §5.3.4: fewer labels than the owner has: the RRset came out of a wildcard.
  if (rrsig.labels < labelsOfOwner(rrset)) {
    const closestEncloser = rrset.owner.suffix(rrsig.labels);
    return { status: 'secure', security, ttlSeconds, wildcard: { closestEncloser } };
  }
  return { status: 'secure', security, ttlSeconds };
}

/** What no signature can mend. */
function refuseRRset(rrset: RRset, keys: ZoneKeys, ctx: ValidationContext): Bogus | undefined {
  const { owner, type } = rrset;
  const { zone } = keys;
  // Keys are as good as the signatures that lead to them; a clock step may have ended these.
  if (keys.validUntilSeconds < ctx.nowSeconds) return bogus('keys expired', { zone, owner, type });
  // RFC 4035 §5.3.1: same class; the only class with a chain of trust is IN.
  if (rrset.class !== RRClass.IN) return bogus('class is not IN', { zone, owner, type });
  if (!owner.isAtOrBelow(zone)) return bogus('owner outside zone', { zone, owner, type });
  // RFC 4034 §5: a DS RRset lies on the parent's side of the cut, so a zone cannot sign its own.
  if (type === RRType.DS && owner.equals(zone)) {
    return bogus('DS from the child', { zone, owner, type });
  }
  const { recordsPerRRset } = ctx.budget.limits;
  if (rrset.rdatas.length > recordsPerRRset) {
    const detail = `${rrset.rdatas.length}, at most ${recordsPerRRset}`;
    return bogus('budget: records per RRset', { zone, owner, type, detail });
  }
  return undefined;
}

/**
 * RFC 4035 §5.3.1: the name that signed an RRset, which says where its zone is before any key is
 * known. Of several signers the deepest at or above the owner; only a hint until validated.
 */
export function signerOf(rrset: RRset): Name | undefined {
  let deepest: Name | undefined;
  for (const signature of rrset.signatures) {
    const signer = uncompressedNameAt(signature, RRSIG_FIXED_OCTETS);
    if (signer === undefined || !rrset.owner.isAtOrBelow(signer)) continue;
    // RFC 4034 §5: only a zone above the owner signs a DS RRset.
    if (rrset.type === RRType.DS && signer.equals(rrset.owner)) continue;
    if (deepest === undefined || signer.labelCount > deepest.labelCount) deepest = signer;
  }
  return deepest;
}
