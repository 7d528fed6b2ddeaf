/**
 * The security status of data (RFC 4033 §5), one ordered type. A message is as secure as the
 * weakest of its RRsets.
 *
 * "Indeterminate" has two meanings in the RFCs. RFC 4035 §4.3: the resolver could not obtain the
 * records it needed. RFC 4033 §5: no trust anchor covers this part of the tree. The second is the
 * one used here; records that cannot be obtained are a failure (bogus, or no answer), because
 * RFC 7672 §2.1 wants a failed look-up told from an insecure one.
 */
import type { Name } from '../wire/index.js';
import { type Bogus, type BogusReason, bogus } from './bogus-reasons.js';
import type { InsecureReason } from './insecure-reasons.js';
import { Insecure, makeInsecure, Secure } from './verdicts.js';

export type { Insecure, Secure } from './verdicts.js';
export type { Bogus, BogusReason, InsecureReason };
export { bogus };

/** RFC 4033 §5: no trust anchor is configured for the name or anything above it. */
export interface Indeterminate {
  readonly status: 'indeterminate';
  readonly section: string;
  readonly sentence: string;
  readonly zone: Name;
}

export type Security = Secure | Insecure | Bogus | Indeterminate;

export function indeterminate(zone: Name): Indeterminate {
  return {
    status: 'indeterminate',
    section: 'RFC 4033 §5',
    sentence: `No trust anchor covers ${zone.toString()}.`,
    zone,
  };
}

/** RFC 7646 §2: the operator has switched validation off at and below `zone`. */
export function negativeTrustAnchor(zone: Name): Insecure {
  return makeInsecure('negative trust anchor', zone);
}

/** True only for values made by this room after validation: what the AD bit is set from. */
export function isSecure(security: Security): security is Secure {
  return Secure.isProven(security);
}

export function isInsecure(security: Security): security is Insecure {
  return Insecure.isProven(security);
}

// Fails closed: bogus is the weakest of all.
const STRENGTH = { bogus: 0, indeterminate: 1, insecure: 2, secure: 3 } as const;

/** The weaker status; of two secure ones, that which ends sooner; otherwise the first. */
export function weakest(a: Security, b: Security): Security {
  const difference = STRENGTH[b.status] - STRENGTH[a.status];
  if (difference !== 0) return difference < 0 ? b : a;
  if (a.status === 'secure' && b.status === 'secure') {
    return b.validUntilSeconds < a.validUntilSeconds ? b : a;
  }
  return a;
}
