/** What `query` resolves to. */
import { isSecure } from '../dnssec/index.js';
import type { Resolution } from '../resolver/index.js';
import { type ExtendedError, Rcode, rcodeMnemonic } from '../wire/index.js';
import { type DnsRecord, recordsOf, type SecurityStatus } from './records.js';

/** Why the security is what it is. */
export interface Why {
  /** Stable, for programs: 'signature expired', 'no DS', …; 'validated' when secure. */
  readonly code: string;
  /** For people. */
  readonly sentence: string;
  /** Where the rule stands, as in 'RFC 4035 §5.3.1'. */
  readonly section: string;
  /** The zone that is at fault, or that was proven to be insecure. */
  readonly zone: string;
  /** What failed, and the server that said so; for bogus answers, where known. */
  readonly owner?: string;
  readonly server?: string;
}

/** RFC 8914 */
export interface ExtendedDnsError {
  readonly code: number;
  readonly text: string;
}

export interface QueryResult {
  /** Mnemonic of the response code: NOERROR, NXDOMAIN, SERVFAIL… */
  readonly rcode: string;
  /** The weakest of all parts. Only `secure` may be relied on; `bogus` comes without answers. */
  readonly security: SecurityStatus;
  readonly why: Why;
  /** The CNAME and DNAME links in order, then the records asked for. */
  readonly answers: readonly DnsRecord[];
  /** SOA and proof of a denial, or the proof that goes with a wildcard. */
  readonly authority: readonly DnsRecord[];
  readonly ede: readonly ExtendedDnsError[];
  /** The shortest life left among the records; 0 when there are none. */
  readonly ttlSeconds: number;
  readonly fromCache: boolean;
  /** Past its TTL, handed out because no server answered (RFC 8767). Never when secure. */
  readonly stale: boolean;
}

export function resultOf(resolution: Resolution): QueryResult {
  const answers = resolution.answer.flatMap(recordsOf);
  const authority = resolution.authority.flatMap(recordsOf);
  const ttls = [...answers, ...authority].map(({ ttlSeconds }) => ttlSeconds);
  return {
    rcode: rcodeMnemonic(resolution.rcode),
    security: resolution.security.status,
    why: whyOf(resolution),
    answers,
    authority,
    ede: resolution.errors.map(({ code, text }: ExtendedError) => ({ code, text })),
    ttlSeconds: ttls.length === 0 ? 0 : Math.min(...ttls),
    fromCache: resolution.fromCache,
    stale: resolution.stale,
  };
}

export function whyOf({ security, rcode, errors }: Resolution): Why {
  const zone = security.zone.toString();
  if (isSecure(security)) {
    const sentence = `The chain of trust down to ${zone} holds, and every record was validated.`;
    return { code: 'validated', sentence, section: 'RFC 4033 §5', zone };
  }
  const { sentence, section } = security;
  if (security.status === 'indeterminate') {
    // RFC 7672 §2.1.1: a look-up that failed is told apart from one that no anchor covers.
    const [error] = errors;
    if (rcode === Rcode.SERVFAIL && error !== undefined) {
      return { code: 'no answer', sentence: error.text, section: 'RFC 7672 §2.1.1', zone };
    }
    return { code: 'no anchor', sentence, section, zone };
  }
  if (security.status === 'insecure') return { code: security.reason, sentence, section, zone };
  const { reason, owner, server } = security;
  return {
    code: reason,
    sentence,
    section,
    zone,
    ...(owner === undefined ? {} : { owner: owner.toString() }),
    ...(server === undefined ? {} : { server }),
  };
}
