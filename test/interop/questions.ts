// The questions of the walk and, from the way each zone was made, the outcome that a correct
// validator must reach. The same names are asked of every domain: existing, nearly existing
// and missing ones; zones add their own.

import type { ZoneSpec } from './zone-spec.js';
import { parentOf, zones } from './zones.js';

export interface Expected {
  readonly rcode: string;
  /**
   * 'none' with SERVFAIL: there is nothing to be secure or insecure. 'either' where the data is
   * secure and resolvers differ in whether they say so.
   */
  readonly security: 'secure' | 'insecure' | 'either' | 'none';
}

export interface Question {
  readonly zone: string;
  readonly name: string;
  readonly type: string;
  readonly expected: Expected;
  /** The answer, or a part of it, is expanded from a wildcard. */
  readonly fromWildcard: boolean;
}

const failure: Expected = { rcode: 'SERVFAIL', security: 'none' };

/** The most NSEC3 iterations with which both resolvers still validate a denial. */
const iterationLimit = 50;

interface Denials {
  readonly nameError: Expected;
  readonly noData: Expected;
}

function lacksDenial(zone: ZoneSpec): boolean {
  return zone.faults?.some((fault) => fault.kind === 'drop type') ?? false;
}

function denialsOf(zone: ZoneSpec): Denials {
  const both = (rcodeSecurity: (rcode: string) => Expected): Denials => ({
    nameError: rcodeSecurity('NXDOMAIN'),
    noData: rcodeSecurity('NOERROR'),
  });
  if (zone.status === 'bogus') return both(() => failure);
  if (zone.status === 'insecure') return both((rcode) => ({ rcode, security: 'insecure' }));
  if (lacksDenial(zone)) return both(() => failure);
  const denial = zone.signing?.denial;
  if (denial?.kind === 'nsec3' && denial.iterations > iterationLimit) {
    return both((rcode) => ({ rcode, security: 'insecure' }));
  }
  const optOut = denial?.kind === 'nsec3' && denial.optOut;
  return {
    // RFC 5155 §9.2: what an opt-out span covers may exist, unsigned.
    nameError: { rcode: 'NXDOMAIN', security: optOut ? 'insecure' : 'secure' },
    noData: { rcode: 'NOERROR', security: 'secure' },
  };
}

function positiveOf(zone: ZoneSpec): Expected {
  return zone.status === 'bogus' ? failure : { rcode: 'NOERROR', security: zone.status };
}

/** DS belongs to the parent, so its outcome is the parent's (RFC 4035 §3.1.4.1). */
function dsOutcome(zone: ZoneSpec): Expected | undefined {
  const parent = parentOf(zone);
  if (parent === undefined) return undefined;
  if (parent.status !== 'secure') return { rcode: 'NOERROR', security: 'insecure' };
  const hasDs = zone.signing !== undefined && zone.ds !== 'none';
  if (hasDs) return { rcode: 'NOERROR', security: 'secure' };
  const denial = parent.signing?.denial;
  const optOut = denial?.kind === 'nsec3' && denial.optOut;
  return { rcode: 'NOERROR', security: optOut ? 'insecure' : 'secure' };
}

const existing = [
  ...['@ A', '@ MX', '@ TXT', 'www A', 'www AAAA', 'WwW A', 'mail A', 'mail AAAA'],
  ...['_25._tcp.mail TLSA', '_25._TCP.Mail TLSA', 'alias A', 'alias AAAA', 'alias CNAME'],
  'host.x.y A',
];

const withoutData = [
  ...['@ CAA', '@ CNAME', '@ TLSA', 'www MX', 'www TLSA', 'www TXT', 'www NS', 'www SOA', 'www DS'],
  ...['mail TXT', 'mail TLSA', '_25._tcp.mail A', '_25._tcp.mail CNAME', 'alias MX', 'alias TLSA'],
  // Empty non-terminals.
  ...['_tcp.mail A', '_tcp.mail TLSA', 'x.y A', 'x.y MX', 'y TXT', 'y NS', 'y DS'],
];

const missing = [
  ...['nope A', 'nope MX', 'nope DS', 'ww A', 'www0 AAAA', 'a.www A', 'a.b.c.nope TXT'],
  ...['_25._tcp.www TLSA', '_25._tcp.alias TLSA', '_25._tcp TLSA', '_25._tcp.nope TLSA'],
  ...['_443._tcp.mail TLSA', '_25._udp.mail TLSA', '_26._tcp.mail TLSA', '_25.mail TLSA'],
  ...['zzz.y A', 'host.x A', 'a.host.x.y A', '0 A', 'zzzz SOA', '\\*.www A', 'mail-1 AAAA'],
];

function absolute(name: string, zone: string): string {
  const plain = name.replace('\\*', '*');
  if (plain.endsWith('.')) return plain;
  if (plain === '@') return zone;
  return zone === '.' ? `${plain}.` : `${plain}.${zone}`;
}

function parseAsk(text: string): [string, Expected] {
  const [name, type, rcode, security] = text.split(' ');
  const known = (['secure', 'insecure', 'either'] as const).find((each) => each === security);
  return [`${name} ${type}`, { rcode: rcode!, security: known ?? 'none' }];
}

function questionsOfZone(zone: ZoneSpec): Question[] {
  const outcomes = new Map<string, Expected>();
  const positive = positiveOf(zone);
  const denials = denialsOf(zone);
  for (const ask of ['@ SOA', '@ NS']) outcomes.set(ask, positive);
  // The child's own addresses of its servers, not the glue above it.
  if (zone.nameServersElsewhere === undefined) outcomes.set('ns1 AAAA', positive);
  const unsigned = zone.signing === undefined;
  const kind = zone.signing?.denial.kind;
  outcomes.set('@ NSEC', kind === 'nsec' && !lacksDenial(zone) ? positive : denials.noData);
  outcomes.set('@ NSEC3PARAM', kind === 'nsec3' ? positive : denials.noData);
  outcomes.set('@ DNSKEY', unsigned ? denials.noData : positive);
  const ds = dsOutcome(zone);
  if (ds !== undefined) outcomes.set('@ DS', ds);
  if (zone.ownQuestionsOnly === true) outcomes.clear();
  else if (zone.bare !== true) {
    for (const ask of existing) outcomes.set(ask, positive);
    for (const ask of withoutData) outcomes.set(ask, denials.noData);
    for (const ask of missing) outcomes.set(ask, denials.nameError);
  }
  const own = zone.asks ?? [];
  for (const ask of own) outcomes.set(...parseAsk(ask));
  const expanded = new Set(
    own.filter((ask) => ask.endsWith(' wildcard')).map((ask) => parseAsk(ask)[0]),
  );
  return [...outcomes].map(([ask, expected]) => {
    const [name, type] = ask.split(' ') as [string, string];
    const fromWildcard = expanded.has(ask);
    return { zone: zone.name, name: absolute(name, zone.name), type, expected, fromWildcard };
  });
}

export const questions: readonly Question[] = zones.flatMap(questionsOfZone);
