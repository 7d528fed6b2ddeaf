// Differences between Anchorite and most of its peers that are meant. Each says why and by which
// section, and recognises exactly what Anchorite does instead; docs/conformance.md lists them.

import { isAtOrBelow } from '../zones.js';
import type { Asked } from './judge.js';
import type { View } from './view.js';
import type { PlannedZone } from './zone-plan.js';

export interface Difference {
  readonly asked: Asked;
  readonly subject: View;
  /** One of those that say what most say. */
  readonly peer: View;
  /** The zones in which the question and its aliases end, and those above them. */
  readonly touched: readonly PlannedZone[];
}

export interface Explanation {
  readonly name: string;
  readonly section: string;
  readonly reason: string;
  readonly applies: (difference: Difference) => boolean;
}

function sameLines(left: readonly string[], right: readonly string[]): boolean {
  return left.join('\n') === right.join('\n');
}

/** Everything that is compared but AD. */
function differOnlyInAd({ subject, peer }: Difference): boolean {
  return subject.rcode === peer.rcode && sameLines(subject.answer, peer.answer);
}

/** Anchorite treats as unsigned what peers validate: no AD, and nothing can be bogus. */
function isTakenForUnsigned(difference: Difference): boolean {
  const { subject, peer } = difference;
  if (subject.ad || subject.rcode === 'SERVFAIL') return false;
  return differOnlyInAd(difference) ? peer.ad : peer.rcode === 'SERVFAIL';
}

/** Above this a denial is insecure here; the peers of Debian 12 draw the line at 150. */
const greatestIterations = 50;

/** Names for which PowerDNS 4.7 answers SERVFAIL, whatever the zone holds. */
const refusedByPowerDns = /\\(?!\.|032|092)|[$]/;

export const explanations: readonly Explanation[] = [
  {
    name: 'SHA-1 is not trusted',
    section: 'RFC 9905 §3',
    reason:
      'Zones whose only algorithms are 5 and 7, and zones below them, are insecure here by ' +
      'default; the peers still validate them.',
    applies: (difference) =>
      difference.touched.some(({ signing }) => (signing?.algorithm ?? 13) < 8) &&
      isTakenForUnsigned(difference),
  },
  {
    name: 'too many NSEC3 iterations',
    section: 'RFC 9276 §3.2, RFC 5155 §10.3',
    reason:
      'Denials with more than 50 iterations are insecure here; the peers, as Debian 12 has them, ' +
      'take up to 150.',
    applies: (difference) =>
      difference.touched.some(
        ({ signing }) =>
          signing?.denial.kind === 'nsec3' && signing.denial.iterations > greatestIterations,
      ) && isTakenForUnsigned(difference),
  },
  {
    name: 'a server that refuses odd names',
    section: 'RFC 2181 §11, RFC 9156 §2.3, RFC 8198 §5',
    reason:
      'PowerDNS 4.7 answers SERVFAIL for names with control characters, parentheses and the ' +
      'like. Who has the denial cached need not ask it; who asks a parent zone there for the ' +
      'whole name, as Anchorite does below the top level, fails where full minimisation gets a ' +
      'referral.',
    applies: ({ asked, subject, peer, touched }) =>
      refusedByPowerDns.test(asked.name) &&
      touched.some(({ hosts }) => hosts.includes('pdns')) &&
      (subject.rcode === 'SERVFAIL') !== (peer.rcode === 'SERVFAIL'),
  },
];

/** The deepest zone that holds `name`, and all zones above it. */
function pathOf(name: string, zones: readonly PlannedZone[]): PlannedZone[] {
  const path: PlannedZone[] = [];
  const deepest = zones
    .filter((zone) => isAtOrBelow(name.toLowerCase(), zone.name))
    .reduce((best, zone) => (zone.name.length > best.name.length ? zone : best));
  for (let at: PlannedZone | undefined = deepest; at !== undefined; at = at.parent) path.push(at);
  return path;
}

/** The question's name, and every name to which an alias in the answers leads. */
export function zonesTouched(
  asked: Asked,
  views: readonly View[],
  zones: readonly PlannedZone[],
): PlannedZone[] {
  const targets = views.flatMap(({ answer }) =>
    answer.flatMap((line) => / [CD]NAME (?<target>\S+)$/.exec(line)?.groups?.target ?? []),
  );
  const names = new Set([asked.name, ...targets]);
  return [...new Set([...names].flatMap((name) => pathOf(name, zones)))];
}

export function explanationOf(difference: Difference): Explanation | undefined {
  return explanations.find(({ applies }) => applies(difference));
}
