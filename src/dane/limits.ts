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

  // Looking at servers (`anchorite dane --connect`).
  probedExchanges: limit(
    8,
    'exchanges of a domain that are connected to',
    'large domains have ten, of which mailers use the first few',
    'a domain that makes us connect to hundreds of strangers',
  ),
  probedAddresses: limit(
    4,
    'addresses of an exchange that are tried until one answers',
    'two of each family',
    'the same',
  ),
  smtpMs: limit(
    15_000,
    'ms from connecting to the end of the handshake',
    'servers greet late on purpose, but seldom later than 10 s',
    'servers that never finish a sentence',
  ),
  smtpOctets: limit(
    16_384,
    'octets that a server may say in the clear',
    'an answer to EHLO has some 500',
    'servers that never stop',
  ),

  // Postfix's policy table.
  socketmapOctets: limit(
    1_100,
    'octets of a request',
    'a name has 1,009 characters at most, escapes included',
    'requests that only fill memory',
  ),
  socketmapReasonOctets: limit(
    500,
    'octets of the reason for a temporary failure',
    'Postfix logs it as one line',
    'long text in the mail log',
  ),
  socketmapConnections: limit(
    128,
    'connections at once, each with one request that is being answered',
    'Postfix runs 100 delivery processes, which share connections through proxymap(8)',
    'connection exhaustion',
  ),
  socketmapIdleMs: limit(
    30_000,
    'ms without a whole request',
    'Postfix lets go of an idle connection after 10 s',
    'idle and trickling connections',
  ),
  socketmapDrainMs: limit(
    3_000,
    'ms for answers that are under way when the server ends',
    'as long as DNS clients get',
    'an end that never comes',
  ),
} as const satisfies Record<string, DaneLimit>;
