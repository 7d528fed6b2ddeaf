/**
 * Every bound on what a domain's records, a server's certificates or a policy client can make us
 * do, in one table. What exceeds one is deferred or refused; it never lowers the security.
 */

export interface DaneLimit {
  readonly value: number;
  readonly unit: string;
  /** Why the number is what it is. */
  readonly reason: string;
  /** The attack or accident that it stops. */
  readonly stops: string;
}

function limit(value: number, unit: string, reason: string, stops: string): DaneLimit {
  return { value, unit, reason, stops };
}

export const DANE_LIMITS = {
  // Decisions.
  exchanges: limit(
    32,
    'exchanges of a domain that are looked at; the others are deferred',
    'large domains have ten, and mailers try no more than the first few',
    'MX sets of thousands of names, each of which costs look-ups',
  ),
  decisionMs: limit(
    20_000,
    'ms per decision; look-ups beyond it count as failed',
    'four steps of look-ups; Postfix waits 100 s for a table',
    'decisions held open by one silent server after the other',
  ),

  // Certificates.
  certificates: limit(
    16,
    'certificates of a chain',
    'real chains have five at most',
    'chains of hundreds of certificates',
  ),
  certificateOctets: limit(
    65_536,
    'octets of one certificate',
    'real ones stay below 10 KB, even with post-quantum keys',
    'certificates of megabytes, hashed for every record',
  ),
  issuerChecks: limit(
    64,
    'signature checks while a path is looked for',
    'each certificate of the longest chain is checked four times',
    'cross-signed certificates with exponentially many paths',
  ),
} as const satisfies Record<string, DaneLimit>;
