// Plans the zones: who is below whom, who serves and signs each, how it denies names, and what
// is wrong with it. Everything follows from the seed; contents.ts then fills the zones.

import {
  type Denial,
  type DsKind,
  type Fault,
  nsec,
  nsec3,
  type ServerSoftware,
  type Signing,
  type ZoneSpec,
} from '../zone-spec.js';
import type { Dice } from './dice.js';

/** Each has a namespace and an address of its own. */
export const serverNames = ['root', 'top-bind', 'top-knot', 'nsd', 'bind', 'knot', 'pdns'] as const;
export type ServerName = (typeof serverNames)[number];

export const softwareOf: Readonly<Record<ServerName, ServerSoftware>> = {
  root: 'nsd',
  'top-bind': 'bind',
  'top-knot': 'knot',
  nsd: 'nsd',
  bind: 'bind',
  knot: 'knot',
  pdns: 'pdns',
};

/** What is wrong, or odd, about a zone and the chain that leads to it. */
export const troubles = [
  'none',
  'unsigned',
  'signed, no DS',
  'wrong DS',
  'DS of a stranger as well',
  'unknown digest type',
  'unknown algorithm',
  'expired',
  'not yet valid',
  'stripped of all signatures',
  'a false signature',
  'a missing signature',
  'false DNSKEY signature',
  'no denial records',
] as const;
export type Trouble = (typeof troubles)[number];

export interface PlannedZone extends Pick<ZoneSpec, 'name' | 'faults'> {
  readonly parent: PlannedZone | undefined;
  readonly hosts: readonly ServerName[];
  readonly signing: Signing | undefined;
  readonly ds: DsKind;
  readonly trouble: Trouble;
  /** Its name servers are named in a zone beside it, not within it. */
  readonly servedFromElsewhere: boolean;
}

export function isBelow(zone: PlannedZone, ancestor: PlannedZone): boolean {
  for (let at = zone.parent; at !== undefined; at = at.parent) if (at === ancestor) return true;
  return false;
}

/** Under the wrong circumstances nothing below can be validated (or needs to be). */
export function statusOf(zone: PlannedZone): ZoneSpec['status'] {
  const above = zone.parent === undefined ? 'secure' : statusOf(zone.parent);
  if (above !== 'secure') return above;
  switch (zone.trouble) {
    case 'unsigned':
    case 'signed, no DS':
    case 'unknown digest type':
    case 'unknown algorithm':
      return 'insecure';
    case 'wrong DS':
    case 'expired':
    case 'not yet valid':
    case 'stripped of all signatures':
    case 'false DNSKEY signature':
      return 'bogus';
    default:
      return 'secure';
  }
}

interface Upper {
  readonly name: string;
  readonly host: ServerName;
  readonly signing?: Signing;
}

const root: PlannedZone = {
  name: '.',
  parent: undefined,
  hosts: ['root'],
  signing: { signer: 'bind', algorithm: 8, denial: nsec },
  ds: 'sha256',
  trouble: 'none',
  servedFromElsewhere: false,
};

const upper: readonly Upper[] = [
  { name: 'nsec.', host: 'top-bind', signing: { signer: 'bind', algorithm: 13, denial: nsec } },
  { name: 'hash.', host: 'top-knot', signing: { signer: 'knot', algorithm: 13, denial: nsec3() } },
  {
    name: 'optout.',
    host: 'top-bind',
    signing: { signer: 'bind', algorithm: 8, denial: nsec3({ optOut: true }) },
  },
  { name: 'edwards.', host: 'top-knot', signing: { signer: 'ldns', algorithm: 15, denial: nsec } },
  {
    name: 'narrow.',
    host: 'pdns',
    signing: { signer: 'pdns', algorithm: 13, denial: nsec3({ narrow: true }) },
  },
  { name: 'unsigned.', host: 'top-bind' },
];

/** The zone in which those name servers have names that are not within the zones they serve. */
export const hostsZoneName = 'hosts.nsec.';

function planDenial(dice: Dice, signer: Signing['signer']): Denial {
  if (dice.chance(0.4)) return nsec;
  const iterations = dice.weighted([
    [0, 12],
    [1, 2],
    [10, 2],
    [50, 1],
    [100, 0.4],
    [150, 0.4],
  ]);
  const salt = dice.chance(0.35) ? dice.hexOctets(1 + dice.below(8)) : '';
  const narrow = signer === 'pdns' && dice.chance(0.4);
  return nsec3({ iterations, salt, narrow, optOut: !narrow && dice.chance(0.3) });
}

function planSigning(dice: Dice, host: ServerName, trouble: Trouble): Signing {
  const onlyBind = trouble === 'expired' || trouble === 'not yet valid';
  const drawn = dice.pick(['bind', 'bind', 'ldns', 'knot'] as const);
  const signer = host === 'pdns' ? 'pdns' : onlyBind ? 'bind' : drawn;
  const drawnAlgorithm = dice.weighted<Signing['algorithm']>([
    [13, 8],
    [8, 4],
    [10, 2],
    [14, 3],
    [15, 3],
    [16, 2],
    [7, 1],
    [5, 0.5],
  ]);
  // Knot makes no SHA-1 keys any more than is needed, and PowerDNS none by default.
  const noSha1 = (signer === 'pdns' || signer === 'knot') && drawnAlgorithm < 8;
  const algorithm = noSha1 ? 13 : drawnAlgorithm;
  const drawnDenial = planDenial(dice, signer);
  // RFC 5155 §2: algorithm 5 speaks of NSEC only.
  const denial = algorithm === 5 ? nsec : drawnDenial;
  const validity =
    trouble === 'expired' ? 'over' : trouble === 'not yet valid' ? 'not yet' : undefined;
  return { signer, algorithm, denial, ...(validity === undefined ? {} : { validity }) };
}

function dsOf(trouble: Trouble, dice: Dice): DsKind {
  switch (trouble) {
    case 'unsigned':
    case 'signed, no DS':
      return 'none';
    case 'wrong DS':
      return 'wrong digest';
    case 'DS of a stranger as well':
      return 'with a stranger';
    case 'unknown digest type':
    case 'unknown algorithm':
      return trouble;
    default:
      return dice.weighted([
        ['sha256', 6],
        ['sha384', 2],
        ['three digests', 1],
      ]);
  }
}

function faultsOf(trouble: Trouble, signing: Signing | undefined): Fault[] | undefined {
  switch (trouble) {
    case 'a false signature':
      return [{ kind: 'corrupt signature', owner: 'www', type: 'A' }];
    case 'a missing signature':
      return [{ kind: 'drop signature', owner: 'www', type: 'A' }];
    case 'false DNSKEY signature':
      return [{ kind: 'corrupt signature', owner: '@', type: 'DNSKEY' }];
    case 'no denial records':
      return [{ kind: 'drop type', type: signing?.denial.kind === 'nsec' ? 'NSEC' : 'NSEC3' }];
    default:
      return undefined;
  }
}

/** Troubles that are made by changing a signed file, which PowerDNS does not have. */
const madeInTheFile = new Set<Trouble>([
  'expired',
  'not yet valid',
  'stripped of all signatures',
  'a false signature',
  'a missing signature',
  'false DNSKEY signature',
  'no denial records',
]);

function planZone(dice: Dice, name: string, parent: PlannedZone): PlannedZone {
  const drawnServer = dice.weighted<ServerName>([
    ['nsd', 4],
    ['bind', 3],
    ['knot', 3],
    ['pdns', 2.5],
  ]);
  const drawn = dice.weighted<Trouble>([
    ['none', 60],
    ['unsigned', 9],
    ...troubles.slice(2).map((each) => [each, 2] as const),
  ]);
  const trouble = drawnServer === 'pdns' && madeInTheFile.has(drawn) ? 'none' : drawn;
  // Without NSEC records Knot DNS 3.2 crashes, and BIND serves a zone as if it were unsigned.
  const lacksDenial = trouble === 'no denial records';
  const server = lacksDenial ? 'nsd' : drawnServer;
  const signing = trouble === 'unsigned' ? undefined : planSigning(dice, server, trouble);
  const ds = dsOf(trouble, dice);
  const faults = faultsOf(trouble, signing);
  const second = dice.pick(['nsd', 'bind', 'knot'] as const);
  const hasTwo = server !== 'pdns' && server !== second && !lacksDenial && dice.chance(0.3);
  return {
    name,
    parent,
    hosts: hasTwo ? [server, second] : [server],
    signing,
    ds,
    trouble,
    servedFromElsewhere: dice.chance(0.2),
    ...(faults === undefined ? {} : { faults }),
  };
}

/** `count` zones below the top level, parents before children. */
export function planZones(dice: Dice, count: number): PlannedZone[] {
  const top = upper.map(({ name, host, signing }): PlannedZone => ({
    ...root,
    name,
    parent: root,
    hosts: [host],
    signing,
    ds: signing === undefined ? 'none' : 'sha256',
    trouble: signing === undefined ? 'unsigned' : 'none',
  }));
  const hosts: PlannedZone = {
    ...root,
    name: hostsZoneName,
    parent: top[0],
    hosts: ['nsd', 'knot'],
    signing: { signer: 'bind', algorithm: 13, denial: nsec },
  };
  const below: PlannedZone[] = [];
  for (let at = 0; at < count; at += 1) {
    const isDeep = below.length > 10 && dice.chance(0.2);
    const parent = isDeep ? dice.pick(below) : top[at % top.length]!;
    below.push(planZone(dice, `${dice.word()}${at}.${parent.name}`, parent));
  }
  return [root, ...top, hosts, ...below];
}
