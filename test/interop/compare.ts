// Judges one question: what came back from Unbound and from the subject, against what the zone
// was made to show and against each other. A fault is a sentence; no faults, no failure.

import type { Explanation } from './explained.js';
import { type Expected, type Manner, manners, type Question } from './questions.js';
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

function between(reply: Reply, other: Reply, question: Question): string[] {
  const faults: string[] = [];
  if (reply.rcode !== other.rcode) {
    faults.push(`${reply.rcode}, Unbound ${other.rcode}`);
    return faults;
  }
  if (asText(reply.answer) !== asText(other.answer)) {
    faults.push(`answer ${asText(reply.answer)}, Unbound ${asText(other.answer)}`);
  }
  const signatures = asText(reply.answerSignatures);
  if (signatures !== asText(other.answerSignatures)) {
    faults.push(`signatures ${signatures}, Unbound ${asText(other.answerSignatures)}`);
  }
  const negative = reply.answer.length === 0 && question.expected.rcode !== 'SERVFAIL';
  if (negative && other.authorityTypes.includes('SOA') && !reply.authorityTypes.includes('SOA')) {
    faults.push('a negative answer without SOA (RFC 2308 §3)');
  }
  // RFC 6672 §3.1 gives a synthesised CNAME the TTL of its DNAME; Unbound at first gives it 0.
  if (reply.answer.some((line) => line.includes(' DNAME '))) return faults;
  const gap = Math.abs(reply.leastTtlSeconds - other.leastTtlSeconds);
  if (reply.answer.length > 0 && gap > ttlToleranceSeconds) {
    faults.push(`least TTL ${reply.leastTtlSeconds}, Unbound ${other.leastTtlSeconds}`);
  }
  return faults;
}

export function judge(
  question: Question,
  manner: Manner,
  other: Reply,
  reply: Reply,
  explanation: Explanation | undefined,
): Judgement {
  const { expected } = question;
  const wanted = explanation?.subject(expected) ?? expected;
  const faults = [
    ...againstExpectation('Unbound', other, expected, manner),
    ...againstExpectation('subject', reply, wanted, manner),
    ...formFaults(reply, manner),
    ...proofFaults(reply, wanted, manner),
    ...(wanted.rcode === expected.rcode ? between(reply, other, question) : []),
  ];
  const differs = reply.ad !== other.ad || reply.rcode !== other.rcode;
  // With CD set either may know, or not know, that data is secure.
  const mayDiffer = manners[manner].cd || expected.security === 'either';
  if (differs && explanation === undefined && reply.rcode === other.rcode && !mayDiffer) {
    faults.push(`AD ${reply.ad ? 1 : 0}, Unbound ${other.ad ? 1 : 0}`);
  }
  return explanation !== undefined && differs ? { faults, explanation } : { faults };
}
