// Differences between the subject and Unbound that are meant. Each says why and by which
// section, and exactly what the subject does instead: anything else still fails the walk.

import type { Expected, Question } from './questions.js';

export interface Explanation {
  readonly name: string;
  readonly reason: string;
  readonly section: string;
  readonly appliesTo: (question: Question) => boolean;
  /** What is expected of the subject instead; the reference keeps what the zone says. */
  readonly subject?: (expected: Expected) => Expected;
  /** The subject may keep the answer for a shorter time than Unbound does. */
  readonly shorterTtl?: boolean;
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
  {
    name: 'A wildcard lives as long as its proof',
    reason:
      'An answer expanded from a wildcard is only as good as the denial that comes with it, so ' +
      'its TTL is cut to that of the NSEC or NSEC3 records; Unbound drops the whole message at ' +
      'that time, but shows the longer TTL until then.',
    section: 'RFC 4035 §5.3.4, RFC 8198 §5.4',
    appliesTo: ({ fromWildcard }) => fromWildcard,
    shorterTtl: true,
  },
];

/**
 * One of the zone's two servers gives false signatures. Unbound does not always come to ask the
 * other one again before it gives up; RFC 4035 §5.5 leaves that to the resolver. What is right is
 * known from how the zone was built, so the subject is held against that alone.
 */
export const referenceGaveUp: Explanation = {
  name: 'Unbound gave up on a zone with one bad server',
  reason: 'It answered SERVFAIL where the good server has the answer; the subject found it.',
  section: 'RFC 4035 §5.5',
  appliesTo: ({ zone }) => zone === 'halb.se.',
};

export function explanationOf(question: Question): Explanation | undefined {
  return explanations.find((explanation) => explanation.appliesTo(question));
}
