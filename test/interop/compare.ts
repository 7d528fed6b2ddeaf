// Judges one question: what came back from Unbound and from the subject, against what the zone
// was made to show and against each other. A fault is a sentence; no faults, no failure.

import type { Explanation } from './explained.js';
import { referenceGaveUp } from './explained.js';
import { type Manner, manners } from './manners.js';
import type { Expected, Question } from './questions.js';
import type { Reply } from './reply.js';
import { ttlSeconds } from './zone-text.js';

export interface Judgement {
  readonly faults: readonly string[];
  /** The explanation that this question needed, because the two did differ. */
  readonly explanation?: Explanation;
}

/** TTLs of the same data in two caches that were filled within one run. */
const ttlToleranceSeconds = 300;

function againstExpectation(
  who: string,
  reply: Reply,
  expected: Expected,
  manner: Manner,
): string[] {
  const faults: string[] = [];
  const asked = manners[manner];
  // RFC 4035 §3.2.2: with CD set the client judges for itself and also gets bogus data.
  const failureIsHidden = asked.cd && expected.rcode === 'SERVFAIL';
  if (reply.rcode !== expected.rcode && !failureIsHidden) {
    faults.push(`${who}: ${reply.rcode}, not ${expected.rcode}`);
  }
  const mayHaveAd = expected.security === 'secure' || expected.security === 'either';
  if (reply.ad && !mayHaveAd) faults.push(`${who}: AD on data that is not secure`);
  // RFC 6840 §5.7, §5.8: AD only for a client that showed with AD or DO that it understands.
  if (reply.ad && !asked.ad && !asked.dnssecOk)
    faults.push(`${who}: AD to a client without AD or DO`);
  const mustHaveAd = expected.security === 'secure' && (asked.ad || asked.dnssecOk) && !asked.cd;
  if (!reply.ad && mustHaveAd && reply.rcode === expected.rcode) {
    faults.push(`${who}: no AD on secure data`);
  }
  return faults;
}

/** What holds for every reply of a resolver, whatever the data. */
function formFaults(reply: Reply, manner: Manner): string[] {
  if (reply.rcode === 'silence') return [];
  const faults: string[] = [];
  const asked = manners[manner];
  if (!reply.ra) faults.push('RA is clear');
  // RFC 6891 §6.1.1: OPT if and only if the query had one.
  if (reply.edns !== asked.edns) faults.push(reply.edns ? 'OPT unasked' : 'OPT is missing');
  if (reply.cd !== asked.cd) faults.push(`CD is ${reply.cd ? 'set' : 'clear'}`);
  const dnssecTypes = ['RRSIG', 'NSEC', 'NSEC3'];
  // RFC 4035 §3.2.1: no DNSSEC records to a client that did not set DO.
  if (!asked.dnssecOk) {
    const surplus = reply.authorityTypes.some((type) => dnssecTypes.includes(type));
    if (surplus || reply.answerSignatures.length > 0) faults.push('DNSSEC records without DO');
  }
  if (reply.greatestTtlSeconds > ttlSeconds) {
    const isHint = reply.greatestTtlSeconds === 3_600_000;
    faults.push(`TTL ${reply.greatestTtlSeconds}${isHint ? ', as in the hints' : ''}`);
  }
  return faults;
}

/** A secure denial, or expansion of a wildcard, must come with its proof when DO is set. */
function proofFaults(reply: Reply, expected: Expected, manner: Manner): string[] {
  const isAnswered = reply.rcode === expected.rcode && expected.rcode !== 'SERVFAIL';
  if (!manners[manner].dnssecOk || expected.security !== 'secure' || !isAnswered) return [];
  const hasProof = reply.authorityTypes.some((type) => type === 'NSEC' || type === 'NSEC3');
  const isDenial = reply.answer.length === 0 || expected.rcode === 'NXDOMAIN';
  const faults: string[] = [];
  // RFC 4035 §3.1.3: which denials there are, and that each answer includes them.
  if (!hasProof && isDenial) faults.push('a denial without NSEC or NSEC3');
  if (!hasProof && reply.expanded) faults.push('a wildcard expanded without NSEC or NSEC3');
  if (hasProof && !reply.authorityTypes.includes('RRSIG')) faults.push('a proof without RRSIG');
  return faults;
}

function asText(lines: readonly string[]): string {
  return lines.length === 0 ? 'nothing' : lines.join(' | ');
}

function unique(lines: readonly string[]): string[] {
  return [...new Set(lines)];
}

function answerFaults(reply: Reply, other: Reply, question: Question): string[] {
  if (reply.rcode !== other.rcode) return [`${reply.rcode}, Unbound ${other.rcode}`];
  const faults: string[] = [];
  // RFC 2181 §5: an RRset holds no record twice. Unbound gives the DNAME of a YXDOMAIN twice.
  const repeats = (each: Reply): boolean => unique(each.answer).length < each.answer.length;
  if (repeats(reply) && !repeats(other)) faults.push('a record twice');
  const answers = [reply.answer, other.answer].map((lines) => asText(unique(lines)));
  if (answers[0] !== answers[1]) faults.push(`answer ${answers[0]}, Unbound ${answers[1]}`);
  const both = [reply.answerSignatures, other.answerSignatures];
  const signatures = both.map((lines) => asText(unique(lines)));
  if (signatures[0] !== signatures[1]) {
    faults.push(`signatures ${signatures[0]}, Unbound ${signatures[1]}`);
  }
  const negative = reply.answer.length === 0 && question.expected.rcode !== 'SERVFAIL';
  if (negative && other.authorityTypes.includes('SOA') && !reply.authorityTypes.includes('SOA')) {
    faults.push('a negative answer without SOA (RFC 2308 §3)');
  }
  return faults;
}

/** How much shorter (negative) or longer the subject keeps the answer, if that is comparable. */
function ttlGapSeconds(reply: Reply, other: Reply, question: Question): number {
  if (reply.rcode !== other.rcode || reply.answer.length === 0) return 0;
  // Bogus data, to a client that set CD: Unbound shows the time for which it remembers that.
  if (question.expected.rcode === 'SERVFAIL') return 0;
  // RFC 6672 §3.1 gives a synthesised CNAME the TTL of its DNAME; Unbound at first gives it 0.
  if (reply.answer.some((line) => line.includes(' DNAME '))) return 0;
  const gap = reply.leastTtlSeconds - other.leastTtlSeconds;
  return Math.abs(gap) <= ttlToleranceSeconds ? 0 : gap;
}

export function judge(
  question: Question,
  manner: Manner,
  other: Reply,
  reply: Reply,
  explanation: Explanation | undefined,
): Judgement {
  const { expected } = question;
  const wanted = explanation?.subject?.(expected) ?? expected;
  const gaveUp = other.rcode === 'SERVFAIL' && expected.rcode !== 'SERVFAIL';
  if (gaveUp && referenceGaveUp.appliesTo(question)) {
    const faults = [
      ...againstExpectation('subject', reply, wanted, manner),
      ...formFaults(reply, manner),
      ...proofFaults(reply, wanted, manner),
    ];
    return { faults, explanation: referenceGaveUp };
  }
  const faults = [
    ...againstExpectation('Unbound', other, expected, manner),
    ...againstExpectation('subject', reply, wanted, manner),
    ...formFaults(reply, manner),
    ...proofFaults(reply, wanted, manner),
    ...(wanted.rcode === expected.rcode ? answerFaults(reply, other, question) : []),
  ];
  let explained = reply.rcode !== other.rcode || reply.ad !== other.ad;
  // With CD set either may know, or not know, that data is secure.
  const mayDiffer = manners[manner].cd || wanted.security === 'either' || wanted !== expected;
  if (reply.ad !== other.ad && !mayDiffer) {
    faults.push(`AD ${reply.ad ? 1 : 0}, Unbound ${other.ad ? 1 : 0}`);
  }
  const gap = ttlGapSeconds(reply, other, question);
  if (gap < 0 && explanation?.shorterTtl === true) explained = true;
  else if (gap !== 0) {
    faults.push(`least TTL ${reply.leastTtlSeconds}, Unbound ${other.leastTtlSeconds}`);
  }
  return explanation !== undefined && explained ? { faults, explanation } : { faults };
}
