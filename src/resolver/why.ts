/** Why an answer has the security that it has: one form for programs, operators and mailers. */
import { isSecure } from '../dnssec/index.js';
import { Rcode } from '../wire/index.js';
import type { Resolution } from './resolution-types.js';

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

export function whyOf({
  security,
  rcode,
  errors,
}: Pick<Resolution, 'security' | 'rcode' | 'errors'>): Why {
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
