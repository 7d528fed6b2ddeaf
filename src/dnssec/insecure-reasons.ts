/** Every way in which data may be proven to need no signature. A closed table, one row each. */
import { EdeCode } from '../wire/index.js';

export interface InsecureReasonRow {
  readonly section: string;
  readonly ede: number | undefined;
  sentence(zone: string, detail: string): string;
}

export type InsecureReason =
  | 'no DS'
  | 'opt-out'
  | 'unsupported algorithm'
  | 'unsupported digest'
  | 'unsupported key'
  | 'NSEC3 iterations'
  | 'negative trust anchor';

export const INSECURE_REASONS: Readonly<Record<InsecureReason, InsecureReasonRow>> = {
  'no DS': {
    section: 'RFC 4035 §5.2',
    ede: undefined,
    sentence: (zone) => `The parent of ${zone} proves that it has no DS record.`,
  },
  'opt-out': {
    section: 'RFC 5155 §9.2',
    ede: undefined,
    sentence: (zone, detail) =>
      'An NSEC3 record with the Opt-Out flag covers ' +
      `${detail === '' ? `a name in ${zone}` : detail}.`,
  },
  'unsupported algorithm': {
    section: 'RFC 4035 §5.2',
    ede: EdeCode.UNSUPPORTED_DNSKEY_ALGORITHM,
    sentence: (zone, detail) =>
      `No DS record of ${zone} has an algorithm that is supported here${inBrackets(detail)}.`,
  },
  'unsupported digest': {
    section: 'RFC 6840 §5.2',
    ede: EdeCode.UNSUPPORTED_DS_DIGEST_TYPE,
    sentence: (zone, detail) =>
      `No DS record of ${zone} has a digest type that is supported here${inBrackets(detail)}.`,
  },
  'unsupported key': {
    section: 'RFC 4035 §5.2',
    ede: EdeCode.UNSUPPORTED_DNSKEY_ALGORITHM,
    sentence: (zone, detail) =>
      `Every key that the DS records of ${zone} point to has an unsupported size` +
      `${inBrackets(detail)}.`,
  },
  'NSEC3 iterations': {
    section: 'RFC 9276 §3.2',
    ede: EdeCode.UNSUPPORTED_NSEC3_ITERATIONS,
    sentence: (zone, detail) =>
      `The NSEC3 records of ${zone} ask for more iterations than are computed here` +
      `${inBrackets(detail)}.`,
  },
  'negative trust anchor': {
    section: 'RFC 7646 §2',
    ede: EdeCode.NEGATIVE_TRUST_ANCHOR,
    sentence: (zone) => `A negative trust anchor switches validation off at ${zone}.`,
  },
};

function inBrackets(detail: string): string {
  return detail === '' ? '' : ` (${detail})`;
}
