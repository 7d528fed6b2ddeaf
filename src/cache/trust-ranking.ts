/** How far data may be believed by where in which message they stood: RFC 2181 §5.4.1. */
import { isSecure, type Security } from '../dnssec/index.js';

/** Higher is more trustworthy. The numbers mean nothing but their order. */
export const TrustRank = {
  /** Additional section: glue of a referral, and whatever else a server adds. */
  ADDITIONAL: 1,
  /** Authority section of a reply without AA: the name servers in a referral. */
  AUTHORITY_NOT_AUTHORITATIVE: 2,
  /** Answer section of a reply without AA, and what follows an alias out of the zone. */
  ANSWER_NOT_AUTHORITATIVE: 3,
  /** Authority section of an authoritative reply. */
  AUTHORITY_AUTHORITATIVE: 4,
  /** Answer section of an authoritative reply. */
  ANSWER_AUTHORITATIVE: 5,
  /** RFC 4035 §5: validated. Given by the cache itself to secure data, whatever its section. */
  SECURE: 6,
} as const;

/** The rank that counts: validation outweighs every place in a message, and nothing else does. */
export function effectiveRank(rank: number, security: Security): number {
  if (isSecure(security)) return TrustRank.SECURE;
  return Math.min(rank, TrustRank.ANSWER_AUTHORITATIVE);
}

/** RFC 2181 §5.4.1: the least trustworthy data help to find servers, and are never an answer. */
export function mayAnswer(rank: number): boolean {
  return rank >= TrustRank.ANSWER_NOT_AUTHORITATIVE;
}

/**
 * Whether data of rank `candidate` may take the place of unexpired data of rank `standing`.
 * RFC 2181 §5.4.1: equal or higher does, lower never.
 */
export function mayReplace(candidate: number, standing: number): boolean {
  return candidate >= standing;
}
