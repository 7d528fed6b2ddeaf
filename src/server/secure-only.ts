/**
 * For clients that cannot see the AD bit (the resolvers of Node, Go and Java): on a listener
 * of its own, records that are worth something only when validated are told only when they are.
 * Whatever of them arrives there may be used; the rest looks like no data, as RFC 7672 §2.1.1 has
 * mailers treat insecure TLSA records anyway. Failures stay failures.
 */
import type { Resolution } from '../resolver/index.js';
import { EdeCode, type ExtendedError, RRType } from '../wire/index.js';

/** RFC 6698 §4.1, RFC 4255 §2.4, RFC 8162 §6, RFC 7929 §5.1: to be used with DNSSEC only. */
const WORTHLESS_UNVALIDATED: ReadonlySet<number> = new Set([
  RRType.TLSA,
  RRType.SSHFP,
  RRType.SMIMEA,
  RRType.OPENPGPKEY,
]);

export function needsValidation(type: number): boolean {
  return WORTHLESS_UNVALIDATED.has(type);
}

/** Whether there is anything in it that a secure-only client must not get. */
export function hasUnvalidated({ answer }: Resolution): boolean {
  return answer.some(({ rrset }) => needsValidation(rrset.type));
}

export const WITHHELD: ExtendedError = {
  code: EdeCode.SYNTHESIZED,
  text: 'not validated, so withheld (listen-secure-only)',
};
