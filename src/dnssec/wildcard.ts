/** Wildcard answers: RFC 4035 §5.3.4, RFC 5155 §8.8. */
import type { Name, RRset } from '../wire/index.js';
import { type Bogus, bogus } from './bogus-reasons.js';
import { denialSources } from './denial.js';
import { Failures } from './denial-evidence.js';
import type { ProofRecord } from './name-status.js';
import type { ValidationContext } from './validation-context.js';
import { type Insecure, makeInsecure, makeSecure, type Secure } from './verdicts.js';
import type { ZoneKeys } from './zone-keys.js';

export interface WildcardProof {
  readonly security: Secure | Insecure;
  /** The validated records that deny a closer match: the only ones that may go with the answer. */
  readonly usedRRsets: readonly RRset[];
}

export function validateWildcardAnswer(
  ...claim: Parameters<typeof proveWildcardAnswer>
): Secure | Insecure | Bogus {
  const proof = proveWildcardAnswer(...claim);
  return 'usedRRsets' in proof ? proof.security : proof;
}

/**
 * Whether `name` may be answered from the wildcard at `closestEncloser`, which the RRSIG of the
 * answer tells by its label count: only if no name of the zone is a closer match. Secure until the
 * end of this proof only; the answer's own verdict is to be joined with it.
 */
export function proveWildcardAnswer(
  name: Name,
  type: number,
  closestEncloser: Name,
  authority: readonly RRset[],
  keys: ZoneKeys,
  ctx: ValidationContext,
): WildcardProof | Bogus {
  const { zone } = keys;
  if (!name.isBelow(closestEncloser) || !closestEncloser.isAtOrBelow(zone)) {
    return bogus('owner outside zone', { zone, owner: name, type });
  }
  // RFC 5155 §1.3: the next closer name, one label longer than the closest encloser. If that does
  // not exist, neither does the name, nor a wildcard between the two.
  const nextCloser = name.suffix(closestEncloser.labelCount + 1);
  const failures = new Failures(zone, name, type);
  for (const source of denialSources(authority, keys, ctx, failures)) {
    const tooDear = source.insecure();
    if (tooDear !== undefined) {
      return { security: tooDear.security, usedRRsets: rrsetsOf(tooDear.records) };
    }
    const status = source.statusOfNextCloser(nextCloser);
    if (status === undefined) continue;
    if (status.state !== 'absent') {
      failures.refused('denial: closer match exists');
      continue;
    }
    // RFC 5155 §9.2: an unsigned delegation may be there, which would have been the answer.
    const usedRRsets = rrsetsOf(status.records);
    if (status.optOut) {
      return { security: makeInsecure('opt-out', zone, nextCloser.toString()), usedRRsets };
    }
    let validUntilSeconds = keys.validUntilSeconds;
    for (const { validated } of status.records) {
      validUntilSeconds = Math.min(validUntilSeconds, validated.security.validUntilSeconds);
    }
    return { security: makeSecure(zone, validUntilSeconds), usedRRsets };
  }
  return failures.verdict();
}

function rrsetsOf(records: readonly ProofRecord[]): RRset[] {
  return records.map(({ rrset }) => rrset);
}
