// Differences between the subject and Unbound that are meant. Each says why and by which
// section, and exactly what the subject does instead: anything else still fails the walk.

import type { Expected, Question } from './questions.js';

export interface Explanation {
  readonly name: string;
  readonly reason: string;
  readonly section: string;
  readonly appliesTo: (question: Question) => boolean;
  /** What is expected of the subject; the reference keeps what the zone says. */
  readonly subject: (expected: Expected) => Expected;
}

const sha1Zones = new Set(['sha1nsec.org.', 'sha1nsec3.org.']);

/** Those that hold for Anchorite as the subject; Unbound as the subject has none. */
export const explanations: readonly Explanation[] = [
  {
    name: 'SHA-1 is not trusted',
    reason:
      'A zone whose only algorithms are RSASHA1 or RSASHA1-NSEC3-SHA1 is insecure here by ' +
      'default; Unbound 1.17 still validates it.',
    section: 'RFC 9905 §3',
    // The DS set is the parent's, and the parent is signed with something better.
    appliesTo: ({ zone, type, name }) => sha1Zones.has(zone) && !(type === 'DS' && name === zone),
    subject: ({ rcode }) => ({ rcode, security: 'insecure' }),
  },
];

export function explanationOf(question: Question): Explanation | undefined {
  return explanations.find((explanation) => explanation.appliesTo(question));
}
