// Holds the subject's reply against those of the peers. What most peers say is the measure; the
// subject has to say the same, or the difference has to be one that explained.ts knows.

import { type Manner, manners } from '../manners.js';
import type { Ask } from './contents.js';
import { type Explanation, explanationOf, zonesTouched } from './explained.js';
import type { View } from './view.js';
import { type PlannedZone, statusOf } from './zone-plan.js';

export interface Asked extends Ask {
  readonly zone: PlannedZone;
  readonly manner: Manner;
}

export const outcomes = ['agrees', 'peers divided', 'explained', 'unexplained'] as const;
export type Outcome = (typeof outcomes)[number];

export interface Judgement {
  readonly outcome: Outcome;
  /** How many of the peers say what the measure says. */
  readonly dissenters: readonly number[];
  readonly explanation?: Explanation;
  readonly fault?: string;
  /** The difference is in AD, or AD is wrong from what is known of the zone. */
  readonly concernsAd: boolean;
}

/** What is compared, as one text; with or without the signatures of the answer. */
function essence(view: View, manner: Manner, withSignatures = true): string {
  const { cd, dnssecOk } = manners[manner];
  // RFC 4035 §3.2.2: with CD set, AD says no more than whether somebody happened to know.
  const ad = view.ad && !cd ? ' AD' : '';
  const signatures = dnssecOk && withSignatures ? view.signatures : [];
  return [`${view.rcode}${ad}`, ...view.answer, ...signatures].join(' | ');
}

/**
 * A peer that says nothing has failed as well; what it may put beside a SERVFAIL (PowerDNS: AD, a
 * part of the chain) means nothing. Of the subject both are looked at.
 */
function withPlainFailure(view: View): View {
  if (view.rcode !== 'SERVFAIL' && view.rcode !== 'silence') return view;
  return { ...view, rcode: 'SERVFAIL', ad: false, answer: [], signatures: [] };
}

function positionsBySaying(sayings: readonly string[]): Map<string, number[]> {
  const positions = new Map<string, number[]>();
  sayings.forEach((saying, at) => positions.set(saying, [...(positions.get(saying) ?? []), at]));
  return positions;
}

/**
 * AD where it can only be false: whatever is at or below a zone that is insecure or bogus. Its DS
 * set is its parent's affair (RFC 4035 §3.1.4.1).
 */
function isFalseAd({ zone, type, name }: Asked, subject: View): boolean {
  const speaksForParent = type === 'DS' && name.toLowerCase() === zone.name;
  return subject.ad && !speaksForParent && statusOf(zone) !== 'secure';
}

export function judge(
  asked: Asked,
  subject: View,
  asReceived: readonly View[],
  zones: readonly PlannedZone[],
): Judgement {
  const peers = asReceived.map(withPlainFailure);
  const mine = essence(subject, asked.manner);
  const sayings = peers.map((view) => essence(view, asked.manner));
  const groups = [...positionsBySaying(sayings)].sort(([, a], [, b]) => b.length - a.length);
  const most = groups[0]![1].length;
  const leading = groups.filter(([, { length }]) => length === most).map(([saying]) => saying);
  // Half of the peers are no measure: then it is enough that one of them says the same.
  const areDivided = 2 * most <= peers.length;
  const measure = leading.includes(mine) ? mine : leading[0]!;
  const dissenters = sayings.flatMap((saying, at) => (saying === measure ? [] : [at]));
  if (isFalseAd(asked, subject)) {
    const fault = `AD on a name of a zone that is ${statusOf(asked.zone)}`;
    return { outcome: 'unexplained', dissenters, fault, concernsAd: true };
  }
  const records = essence(subject, asked.manner, false);
  const isSharedByOne = peers.some((view) => essence(view, asked.manner, false) === records);
  if (areDivided && isSharedByOne) {
    return { outcome: 'peers divided', dissenters, concernsAd: false };
  }
  if (mine === measure) return { outcome: 'agrees', dissenters, concernsAd: false };
  const representative = peers[sayings.indexOf(measure)]!;
  const touched = zonesTouched(asked, [subject, representative], zones);
  const explanation = explanationOf({ asked, subject, peer: representative, touched });
  if (explanation !== undefined) {
    return { outcome: 'explained', dissenters, explanation, concernsAd: false };
  }
  const isSameCode = subject.rcode === representative.rcode;
  const differsInAd = isSameCode ? subject.ad !== representative.ad : subject.ad;
  const concernsAd = differsInAd && !manners[asked.manner].cd;
  const fault = `says ${shortened(mine)}\n      ${most} of ${peers.length} say ${shortened(measure)}`;
  return { outcome: 'unexplained', dissenters, fault, concernsAd };
}

function shortened(text: string): string {
  return text.length > 600 ? `${text.slice(0, 600)}… (${text.length} characters)` : text;
}
