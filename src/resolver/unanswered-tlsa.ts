/**
 * RFC 7672 §2.2.2, on the resolver's side. A mailer has no use for the TLSA records of an unsigned
 * zone, but many a mailer asks all the same, and many an unsigned zone's servers choke on the
 * question; the SERVFAIL that follows keeps mail waiting for nothing. So where a zone is proven to
 * be insecure, "nobody answers" is told as "no data": insecure, without AD, without an SOA record.
 *
 * Whoever silences the servers of a signed zone gains nothing: the proof is the validated denial of
 * the zone's DS records, and no failure, limit or lack of an answer stands in for it.
 */
import { type Insecure, type Security, isInsecure } from '../dnssec/index.js';
import { EdeCode, type ExtendedError, type Name, RRType } from '../wire/index.js';
import type { Machine } from './machine.js';
import type { CutTrust } from './trust-types.js';

/** Why a zone cut, and all that is below it, is known to be insecure. */
export interface ProvenInsecurity {
  readonly security: Insecure;
  readonly expiresAtMs: number;
}

export interface UnansweredTlsa {
  readonly security: Insecure;
  readonly errors: readonly ExtendedError[];
}

export function provenInsecurity(trust: CutTrust): ProvenInsecurity | undefined {
  if (trust.kind !== 'insecure' || !isInsecure(trust.security)) return undefined;
  // RFC 7646: the operator has said so, and nobody has proven it.
  if (trust.security.reason === 'negative trust anchor') return undefined;
  return trust;
}

/**
 * Remembered among the failures, for as long as RFC 9520 lets a failure be remembered and no longer
 * than the proof holds; among the denials it would have no place, since nobody has denied anything.
 */
export function keepUnanswered(
  machine: Machine,
  name: Name,
  proof: ProvenInsecurity,
  failure: { readonly errors: readonly ExtendedError[]; readonly sentence: string },
): UnansweredTlsa {
  const { security, expiresAtMs } = proof;
  const [first, ...others] = failure.errors;
  const code = first?.code ?? EdeCode.NO_REACHABLE_AUTHORITY;
  const errors = [SYNTHESIZED, { code, text: failure.sentence }, ...others];
  machine.failures.put(
    name,
    RRType.TLSA,
    { security, errors, sentence: failure.sentence, notAfterMs: expiresAtMs },
    machine.clock,
  );
  return { security, errors };
}

/** What is remembered of a TLSA question that nobody answered, in a zone proven to be insecure. */
export function recallUnanswered(
  machine: Machine,
  name: Name,
  type: number,
): UnansweredTlsa | undefined {
  if (type !== RRType.TLSA) return undefined;
  const failure = machine.failures.get(name, type, machine.clock);
  if (failure === undefined || !isForgiven(failure.security)) return undefined;
  const errors = [...failure.errors, { code: EdeCode.CACHED_ERROR, text: '' }];
  return { security: failure.security, errors };
}

/** Whether a remembered failure is told as no data. */
export function isForgiven(security: Security): security is Insecure {
  return isInsecure(security);
}

const SYNTHESIZED: ExtendedError = {
  code: EdeCode.SYNTHESIZED,
  text: 'TLSA unanswered, zone proven insecure (RFC 7672 s2.2.2)',
};
