/** One explanation: cause, zone, server, record, since when, and what to do about it. */
import { type Bogus, keyTag } from '../dnssec/index.js';
import type { Report } from '../resolver/index.js';
import {
  type Name,
  parseDs,
  parseRrsig,
  parseSoa,
  RRType,
  type RRset,
  typeMnemonic,
} from '../wire/index.js';
import { type CaseFacts, findSet, zoneAtFault } from './case-facts.js';
import { ADVICE, type Cause, causeOfBogus, causeOfInsecurity } from './causes.js';
import { mailbox } from './contact.js';
import type { Explanation, Since } from './explanation.js';
import { utc } from './utc.js';

export function explain(facts: CaseFacts): Explanation {
  const { resolution } = facts;
  const { security } = resolution;
  const zone = zoneAtFault(facts);
  const question = `${facts.name} ${typeMnemonic(facts.type)}`;
  const base = { question, zone: zone.toString(), contact: contactOf(facts, zone) };
  switch (security.status) {
    case 'secure':
      return {
        ...base,
        ...NOTHING_WRONG,
        sentence: `Nothing is wrong: every record was validated down from a trust anchor.`,
      };
    case 'bogus':
      return { ...base, ...explainBogus(facts, security) };
    case 'insecure': {
      const cause = causeOfInsecurity(security.reason);
      const { reason, section, sentence } = security;
      const servers = resolution.unanswered === true ? silentServers(facts.reports, zone) : [];
      const unanswered =
        resolution.unanswered === true ? ' Its servers did not answer the TLSA question.' : '';
      const found = { ...NOTHING_KNOWN, reason, section, sentence: sentence + unanswered, servers };
      return { ...base, ...found, verdict: 'insecure', ...advice(cause) };
    }
    case 'indeterminate':
      return { ...base, ...explainFailure(facts, zone) };
  }
}

type Found = Omit<Explanation, 'question' | 'zone' | 'contact'>;

const NOTHING_KNOWN = {
  reason: undefined,
  section: undefined,
  record: undefined,
  servers: [],
  since: undefined,
  evidence: [],
} as const;

const NOTHING_WRONG = {
  ...NOTHING_KNOWN,
  verdict: 'secure',
  cause: undefined,
  operator: 'Nothing.',
  owner: 'Nothing.',
} as const;

function advice(cause: Cause): Pick<Explanation, 'cause' | 'operator' | 'owner'> {
  const { operator, owner } = ADVICE[cause];
  return { cause, operator, owner };
}

function explainBogus(facts: CaseFacts, security: Bogus): Found {
  const { reason, section, sentence, zone, server } = security;
  const cause = causeOfBogus(reason);
  const isOfKeys = cause === 'keys and DS disagree' || cause === 'keys unusable';
  const owner = isOfKeys ? zone : security.owner;
  const type = isOfKeys ? RRType.DNSKEY : security.type;
  const set = owner === undefined || type === undefined ? undefined : findSet(facts, owner, type);
  return {
    verdict: 'bogus',
    ...advice(cause),
    reason,
    section,
    sentence,
    record:
      owner === undefined || type === undefined ? undefined : `${owner} ${typeMnemonic(type)}`,
    servers: server === undefined ? [] : [server],
    since: sinceOf(facts, cause, zone, set),
    evidence: [...signatureLines(set, facts.nowSeconds), ...keyLines(facts, zone, isOfKeys)],
  };
}

// --- since when ---

interface Validity {
  readonly inceptionSeconds: number;
  readonly expirationSeconds: number;
  readonly keyTag: number;
}

/** RFC 4034 §3.1.5: serial numbers, on the turn of the wheel that is nearest to now. */
function validities(set: RRset | undefined, nowSeconds: number): Validity[] {
  const nearest = (serial: number): number => nowSeconds + ((serial - nowSeconds) | 0);
  return (set?.signatures ?? []).flatMap((rdata) => {
    const rrsig = parseRrsig(rdata);
    if (rrsig === undefined) return [];
    const inceptionSeconds = nearest(rrsig.inceptionSeconds);
    const expirationSeconds = nearest(rrsig.expirationSeconds);
    return [{ inceptionSeconds, expirationSeconds, keyTag: rrsig.keyTag }];
  });
}

function sinceOf(
  facts: CaseFacts,
  cause: Cause,
  zone: Name,
  set: RRset | undefined,
): Since | undefined {
  const { nowSeconds } = facts;
  const times = validities(set, nowSeconds);
  switch (cause) {
    case 'signatures expired':
      // One signature that holds would be enough: it began when the last of them ended.
      return latest('since', times, ({ expirationSeconds }) => expirationSeconds);
    case 'signatures not yet valid': {
      const [first] = times.map((one) => one.inceptionSeconds).sort((a, b) => a - b);
      return first === undefined ? undefined : { how: 'until', seconds: first };
    }
    case 'keys and DS disagree':
    case 'keys unusable': {
      const ds = validities(findSet(facts, zone, RRType.DS), nowSeconds);
      return latest('at the latest since', [...times, ...ds], (one) => one.inceptionSeconds);
    }
    case 'signatures wrong':
      return latest('at the latest since', times, ({ inceptionSeconds }) => inceptionSeconds);
    default:
      return undefined;
  }
}

function latest(
  how: Since['how'],
  times: readonly Validity[],
  at: (one: Validity) => number,
): Since | undefined {
  const past = times.length === 0 ? undefined : Math.max(...times.map(at));
  return past === undefined ? undefined : { how, seconds: past };
}

// --- what the records say ---

function signatureLines(set: RRset | undefined, nowSeconds: number): string[] {
  return validities(set, nowSeconds).map((one) => {
    const from = utc(one.inceptionSeconds);
    const until = utc(one.expirationSeconds);
    const what = `${set!.owner} ${typeMnemonic(set!.type)}`;
    return `RRSIG over ${what} by key ${one.keyTag}: ${from} to ${until}`;
  });
}

const MOST_LINES = 8;

function keyLines(facts: CaseFacts, zone: Name, isOfKeys: boolean): string[] {
  if (!isOfKeys) return [];
  const keys = findSet(facts, zone, RRType.DNSKEY)?.rdatas ?? [];
  const ds = findSet(facts, zone, RRType.DS)?.rdatas ?? [];
  const dsLines = ds.slice(0, MOST_LINES).flatMap((rdata) => {
    const parsed = parseDs(rdata);
    if (parsed === undefined) return [];
    const { keyTag: tag, algorithm, digestType } = parsed;
    return [`DS at the parent: key ${tag}, algorithm ${algorithm}, digest type ${digestType}`];
  });
  const keyLinesOf = keys.slice(0, MOST_LINES).map((rdata) => {
    const flags = ((rdata[0] ?? 0) << 8) | (rdata[1] ?? 0);
    return `DNSKEY in the zone: key ${keyTag(rdata)}, algorithm ${rdata[3] ?? 0}, flags ${flags}`;
  });
  return [...dsLines, ...(keyLinesOf.length > 0 ? keyLinesOf : ['DNSKEY in the zone: none'])];
}

// --- nobody answered ---

function explainFailure(facts: CaseFacts, zone: Name): Found {
  const { errors, rcode } = facts.resolution;
  const [error] = errors;
  if (rcode === 0 || rcode === 3 || error === undefined) {
    const sentence = `No trust anchor covers ${zone}.`;
    return { ...NOTHING_KNOWN, verdict: 'indeterminate', ...advice('no trust anchor'), sentence };
  }
  const cause = /alias/.test(error.text)
    ? 'aliases broken'
    : /limit/.test(error.text)
      ? 'too much work'
      : 'no server answers';
  const servers = cause === 'no server answers' ? silentServers(facts.reports, zone) : [];
  return {
    ...NOTHING_KNOWN,
    verdict: 'no answer',
    ...advice(cause),
    section: 'RFC 7672 §2.1.1',
    sentence: `${error.text.charAt(0).toUpperCase()}${error.text.slice(1)}.`,
    servers,
    evidence: cause === 'no server answers' ? replyLines(facts.reports, zone) : [],
  };
}

function silentServers(reports: readonly Report[], zone: Name): string[] {
  const asked = reports.flatMap((report) =>
    report.kind === 'query sent' && report.zone.equals(zone) ? [report.address.toString()] : [],
  );
  return [...new Set(asked)];
}

function replyLines(reports: readonly Report[], zone: Name): string[] {
  const lines = reports.flatMap((report) => {
    if (report.kind !== 'reply' || !report.zone.equals(zone)) return [];
    const { address, name, type, outcome } = report;
    return [`${address} answered ${name} ${typeMnemonic(type)}: ${outcome}`];
  });
  return [...new Set(lines)].slice(0, MOST_LINES);
}

function contactOf(facts: CaseFacts, zone: Name): string | undefined {
  const soa = findSet(facts, zone, RRType.SOA)?.rdatas[0];
  const parsed = soa === undefined ? undefined : parseSoa(soa);
  return parsed === undefined ? undefined : mailbox(parsed.rname);
}
