/**
 * The zones of the benchmark: a signed root and top-level domain, and below it as many mail domains
 * as there are cold questions to ask, each on a server of its own. IPv4 only, so that every
 * resolver has one address to ask and none is slowed down by its choice of family; two kinds of
 * domain differ, and show what a dead server and an unroutable address family cost.
 */
import {
  type ServerSpec,
  singleKey,
  splitKeys,
  type World,
  type ZoneSpec,
  zoneFaults,
} from '../src/lab/index.js';
import { RRType } from '../src/wire/index.js';
import type { Question } from './client.js';

export const KINDS = [
  'p256',
  'rsa',
  'ed25519',
  'unsigned',
  /** The DS record is that of another key. */
  'bogus',
  /** The signature of the TLSA record does not verify. */
  'corrupt',
  /** Two servers, of which the second swallows everything. */
  'half-dead',
  /** One server with an IPv4 and an IPv6 address. */
  'dual',
] as const;
export type Kind = (typeof KINDS)[number];

const P256 = 13;
const ALGORITHM: Partial<Record<Kind, number>> = { rsa: 8, ed25519: 15 };

/** How many domains of each kind; every cold question uses one up. */
export type Supply = Readonly<Record<Kind, number>>;

export const NO_DOMAINS = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Supply;

export const TLD = 'bench';
/** The second address that the lab gives away; the first is the root's. */
export const TLD_SERVER = '11.53.0.2';
/** One zone with many names, for the measurement of memory. */
export const LARGE_ZONE = `large.${TLD}`;

export function domainName(kind: Kind, index: number): string {
  return `${kind}-${index}.${TLD}`;
}

export function largeZoneName(index: number): string {
  return `h${index}.${LARGE_ZONE}`;
}

/** The question of every cold measurement. */
export const tlsa = (domain: string): Question => [`_25._tcp.mx.${domain}`, 'TLSA'];

/** Each with two names that are asked for again and again. */
export const HIT_DOMAINS = 20;

export function hitQuestions(): readonly Question[] {
  const domains = Array.from({ length: HIT_DOMAINS }, (_, index) => domainName('p256', index));
  return domains.flatMap((domain): readonly Question[] => [tlsa(domain), [`mx.${domain}`, 'A']]);
}

const DIGEST = '8a9b1c2d3e4f50617283940a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e';

function mailDomain(kind: Kind, index: number): ZoneSpec {
  const name = domainName(kind, index);
  const text = `@ MX 10 mx
mx A 11.25.${index >> 8}.${index & 0xff || 1}
mx AAAA 3025::${(index + 1).toString(16)}
_25._tcp.mx TLSA 3 1 1 ${DIGEST}
`;
  const zone: ZoneSpec = { origin: `${name}.`, text, servers: serversOf(kind, name) };
  if (kind === 'unsigned') return zone;
  const signed = { ...zone, signing: singleKey(ALGORITHM[kind] ?? P256) };
  if (kind === 'bogus') return { ...signed, faults: [zoneFaults.wrongDsDigest()] };
  if (kind === 'corrupt') {
    return { ...signed, faults: [zoneFaults.corruptSignatures([RRType.TLSA])] };
  }
  return signed;
}

function serversOf(kind: Kind, name: string): readonly ServerSpec[] {
  const first: ServerSpec = { name: `ns1.${name}.`, families: kind === 'dual' ? [4, 6] : [4] };
  if (kind !== 'half-dead') return [first];
  return [first, { name: `ns2.${name}.`, families: [4], behaviours: [{ kind: 'silent' }] }];
}

export function benchWorld(supply: Supply, largeZoneNames: number): World {
  const zones: ZoneSpec[] = [
    {
      origin: '.',
      signing: splitKeys(13),
      servers: [{ name: 'a.root-servers.', families: [4] }],
      ttlSeconds: 86_400,
    },
    {
      origin: `${TLD}.`,
      signing: splitKeys(13),
      servers: [{ name: `ns1.${TLD}.`, families: [4] }],
    },
  ];
  for (const kind of KINDS) {
    for (let index = 0; index < supply[kind]; index++) zones.push(mailDomain(kind, index));
  }
  if (largeZoneNames > 0) zones.push(largeZone(largeZoneNames));
  return { zones, domains: [] };
}

function largeZone(names: number): ZoneSpec {
  const lines: string[] = [];
  for (let index = 0; index < names; index++) {
    lines.push(`h${index} A 11.${64 + (index >> 16)}.${(index >> 8) & 0xff}.${index & 0xff}`);
  }
  return {
    origin: `${LARGE_ZONE}.`,
    text: lines.join('\n'),
    signing: singleKey(13),
    servers: [{ name: `ns1.${LARGE_ZONE}.`, families: [4] }],
  };
}
