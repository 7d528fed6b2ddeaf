/**
 * How long cached data lives. Time to live is counted in whole seconds of the cache clock: data
 * stored during second s with TTL n is gone when second s + n begins. So what is left is a whole
 * number at every moment, all TTLs of a reply step down together, and no copy of the data further
 * down can outlive the one here.
 *
 * Two clocks, because each fails alone. `cacheMs` never goes back, so a wall clock set back cannot
 * prolong anything: an entry stored for n seconds is gone n seconds later, and n was at most what
 * was left of its signatures. `wallSeconds` is compared with the end of the signatures at every
 * read, so a wall clock set forward ends secure data at once. Data that was proven before the wall
 * clock stepped back behind the inception of its signatures stays until its TTL has run out, at
 * most a day: it was good when it was judged, and a clock that is wrong now says nothing else.
 */
import { isSecure, type Security } from '../dnssec/index.js';
import { parseRrsig, type RRset } from '../wire/index.js';
import { CACHE_LIMITS } from './limits.js';

export interface CacheClock {
  /** Never goes back. */
  readonly cacheMs: number;
  /** Seconds since 1970, as the operating system believes; may step either way. */
  readonly wallSeconds: number;
}

export interface TtlLimits {
  readonly maximumSeconds: number;
  readonly maximumNegativeSeconds: number;
  /** Operators may raise short TTLs of data without signatures; never those of secure data. */
  readonly minimumSeconds: number;
}

export const DEFAULT_TTL_LIMITS: TtlLimits = {
  maximumSeconds: CACHE_LIMITS.ttlSeconds.value,
  maximumNegativeSeconds: CACHE_LIMITS.negativeTtlSeconds.value,
  minimumSeconds: 0,
};

const LARGEST_TTL_SECONDS = 0x7fffffff;

/** RFC 2181 §8: a TTL has 31 bits; with the top bit set, or no number at all, it counts as 0. */
export function soundTtlSeconds(ttlSeconds: number): number {
  return ttlSeconds >= 0 && ttlSeconds <= LARGEST_TTL_SECONDS ? Math.floor(ttlSeconds) : 0;
}

/** The moment on the cache clock at which data of this TTL is gone. */
export function expiryMs(ttlSeconds: number, now: CacheClock): number {
  return (Math.floor(now.cacheMs / 1000) + ttlSeconds) * 1000;
}

/** What is left, in whole seconds; 0 when nothing is. */
export function remainingSeconds(expiresAtMs: number, now: CacheClock): number {
  return Math.max(Math.ceil((expiresAtMs - now.cacheMs) / 1000), 0);
}

/** False once the signatures that made data secure have ended (RFC 4034 §3.1.5: inclusive). */
export function isWithinSignatures(security: Security, now: CacheClock): boolean {
  return !isSecure(security) || now.wallSeconds <= security.validUntilSeconds;
}

/**
 * RFC 4035 §5.3.3: the least of TTL, original TTL and what is left of the signatures, and never
 * above the cap. `judgedTtlSeconds` is what the judge found; without it the least original TTL of
 * all signatures counts.
 */
export function rrsetTtlSeconds(
  rrset: RRset,
  security: Security,
  judgedTtlSeconds: number | undefined,
  limits: TtlLimits,
  now: CacheClock,
): number {
  let ttl = soundTtlSeconds(rrset.ttlSeconds);
  if (!isSecure(security)) {
    if (judgedTtlSeconds !== undefined) ttl = Math.min(ttl, soundTtlSeconds(judgedTtlSeconds));
    return Math.min(Math.max(ttl, limits.minimumSeconds), limits.maximumSeconds);
  }
  const proven = judgedTtlSeconds ?? leastOriginalTtlSeconds(rrset);
  ttl = Math.min(ttl, soundTtlSeconds(proven), limits.maximumSeconds);
  return Math.max(0, Math.min(ttl, Math.floor(security.validUntilSeconds - now.wallSeconds)));
}

/** The least original TTL over the signatures of an RRset. */
function leastOriginalTtlSeconds(rrset: RRset): number {
  let least = LARGEST_TTL_SECONDS;
  for (const signature of rrset.signatures) {
    const rrsig = parseRrsig(signature);
    if (rrsig !== undefined) least = Math.min(least, soundTtlSeconds(rrsig.originalTtlSeconds));
  }
  return least;
}

/** RFC 2308 §5: a denial lives for the lesser of the SOA's TTL and its minimum field. */
export function negativeTtlSeconds(
  soaTtlSeconds: number,
  soaMinimumSeconds: number,
  proofTtlSeconds: number | undefined,
  security: Security,
  limits: TtlLimits,
  now: CacheClock,
): number {
  let ttl = Math.min(
    soundTtlSeconds(soaTtlSeconds),
    soundTtlSeconds(soaMinimumSeconds),
    limits.maximumNegativeSeconds,
  );
  // RFC 9077 §3: nor longer than the NSEC or NSEC3 records that prove it.
  if (proofTtlSeconds !== undefined) ttl = Math.min(ttl, soundTtlSeconds(proofTtlSeconds));
  if (isSecure(security)) ttl = Math.min(ttl, security.validUntilSeconds - now.wallSeconds);
  return Math.max(0, Math.floor(ttl));
}
