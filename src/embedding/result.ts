/** What `query` resolves to. */
import { type Resolution, type Why, whyOf } from '../resolver/index.js';
import { type ExtendedError, rcodeMnemonic } from '../wire/index.js';
import { type DnsRecord, recordsOf, type SecurityStatus } from './records.js';

export { type Why, whyOf };

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
