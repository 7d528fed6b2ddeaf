/**
 * A plan brought to life: the zones as they are, and everything that a patient reader of the
 * signed zones has in his drawer: all that they say now, said two months ago, and will say in two.
 */
import { denialOf } from '../../src/lab/denial.js';
import type { HostedZone } from '../../src/lab/hosted-zone.js';
import {
  buildLab,
  type DenialSpec,
  type Lab,
  NSEC,
  nsec3,
  type SigningSpec,
  type World,
  type ZoneFault,
  type ZoneSpec,
} from '../../src/lab/index.js';
import type { ZoneRRset } from '../../src/lab/zone.js';
import {
  type Name,
  type ResourceRecord,
  RRClass,
  RRType,
  typeMnemonic,
} from '../../src/wire/index.js';
import { nameOf } from '../support/simulated-world.js';
import { keyTag } from '../../src/dnssec/index.js';
import { KeyDealer, RememberingCrypto } from './keys.js';
import type { LeakedKeys, WorldPlan, ZonePlan } from './plan.js';

/** 2026-03-01T00:00:00Z, where simulated worlds begin. */
export const START_SECONDS = 1_772_323_200;
const TWO_MONTHS = 60 * 86_400;

export const crypto = new RememberingCrypto();

/** One RRset with its signatures, as the zone published it. */
export interface Loot {
  /** Says which one it is, whatever else is there. */
  readonly label: string;
  readonly records: readonly ResourceRecord[];
  readonly owner: Name;
  readonly type: number;
  readonly zone: Name;
  readonly isDenial: boolean;
  readonly when: 'now' | 'before' | 'later' | 'next';
}

export interface Scene {
  readonly plan: WorldPlan;
  readonly lab: Lab;
  /** The same servers at the same addresses, after the change or in the hands of others. */
  readonly second: Lab | undefined;
  /** The world as it was two months ago, with the keys that it had. */
  readonly past: Lab;
  readonly loot: readonly Loot[];
}

export function buildScene(plan: WorldPlan): Scene {
  const lab = labOf(plan, 'lines');
  const second = plan.second === undefined ? undefined : labOf(plan, 'nextLines');
  const past = labOf(plan, 'otherLines');
  const loot = [
    ...collect(lab, plan, 'now', START_SECONDS),
    ...collect(past, plan, 'before', START_SECONDS - TWO_MONTHS),
    ...collect(past, plan, 'later', START_SECONDS + TWO_MONTHS),
  ];
  if (second !== undefined) {
    const when = plan.second === 'after' ? 'next' : 'now';
    loot.push(...collect(second, plan, when, START_SECONDS + changeAfter(plan), ' second'));
  }
  return { plan, lab, second, past, loot };
}

/** When the second world takes over; 0 where it stands beside the first. */
export function changeAfter({ second, changeAfterSeconds = 0 }: WorldPlan): number {
  return second === 'after' ? changeAfterSeconds : 0;
}

type Lines = 'lines' | 'otherLines' | 'nextLines';

/** Far enough that no world has so many keys. */
const OTHER_KEYS = 100;

function labOf(plan: WorldPlan, which: Lines): Lab {
  const others = plan.otherKeys === true && which === 'otherLines';
  const tools = { signer: new KeyDealer(others ? OTHER_KEYS : 0), crypto };
  const lab = buildLab({ world: worldOf(plan, which), tools });
  // All keys now and in the same order: zones that were signed at another time had the same ones.
  Array.from(lab.makeKeys());
  return lab;
}

function worldOf(plan: WorldPlan, which: Lines): World {
  const zones = plan.zones.map((zone): ZoneSpec => {
    const { origin, servedWith, twoSigners, leaked } = zone;
    const isSecond = which === 'nextLines';
    const signing = signingOf(isSecond ? besides(plan, zone) : zone);
    const faults: ZoneFault[] = [];
    if (leaked !== undefined) faults.push(leaking(leaked));
    if (twoSigners === true) faults.push(oneSigner(isSecond));
    const lines = zone[which] ?? zone.lines;
    const server = servedWith ?? origin;
    const isDivided = twoSigners === true && plan.second === 'beside';
    const isShared = isDivided || plan.stale?.includes(server) === true;
    return {
      origin,
      text: lines.map((line) => `${line}\n`).join(''),
      ...(signing === undefined ? {} : { signing }),
      ...(zone.hasDs === false && which !== 'otherLines' ? { hasDs: false } : {}),
      faults,
      servers: [
        { name: serverName(server) },
        ...(isShared ? [{ name: secondServer(server) }] : []),
      ],
    };
  });
  return { zones, domains: [] };
}

function serverName(origin: string): string {
  return origin === '.' ? 'a.root-servers.' : `ns1.${origin}`;
}

function secondServer(origin: string): string {
  return `ns2.${origin}`;
}

/** The zone of which that server has an old copy. */
export function staleZoneOf({ stale }: WorldPlan, server: Name): Name | undefined {
  const origin = stale?.find((one) => nameOf(secondServer(one)).equals(server));
  return origin === undefined ? undefined : nameOf(origin);
}

/** Whether the second world speaks from the server of that name. */
export function isOfSecond(serverName: Name): boolean {
  return serverName.toString().startsWith('ns2.');
}

/** RFC 8901 §5.2: the second provider has a chain of its own; after a change, the salt is new. */
function besides(plan: WorldPlan, zone: ZonePlan): ZonePlan {
  if (zone.twoSigners !== true) return zone;
  const isHashed = zone.denial === 'NSEC3' || zone.denial === 'opt-out';
  if (isHashed) return { ...zone, salt: [...(zone.salt ?? []), 9] };
  return zone.denial === 'NSEC' && plan.second === 'beside' && zone.iterations === 1
    ? { ...zone, denial: 'NSEC3', iterations: 0 }
    : zone;
}

/** Leaves only the signatures of the first set of keys, or of the second. */
function oneSigner(isSecond: boolean): ZoneFault {
  const seen = new Set<string>();
  const first = new Set<number>();
  return {
    keyBeforeSigning: (rdata, role) => {
      if (!seen.has(role)) first.add(keyTag(rdata));
      seen.add(role);
      return rdata;
    },
    signature: (rdata) => {
      const tag = (rdata[16]! << 8) | rdata[17]!;
      return first.has(tag) !== isSecond ? rdata : undefined;
    },
  };
}

function signingOf(zone: ZonePlan): SigningSpec | undefined {
  if (zone.algorithms === undefined) return undefined;
  return {
    algorithms: zone.algorithms,
    keys: zone.split === true ? 'split' : 'single',
    denial: denialSpec(zone),
    ...(zone.digestType === undefined ? {} : { digestType: zone.digestType }),
    ...(zone.lifetimeSeconds === undefined ? {} : { lifetimeSeconds: zone.lifetimeSeconds }),
  };
}

function denialSpec({ denial, iterations = 0, salt = [] }: ZonePlan): DenialSpec {
  switch (denial) {
    case 'NSEC3':
      return nsec3(iterations, salt);
    case 'opt-out':
      return nsec3(iterations, salt, true);
    case 'compact':
      return { kind: 'compact' };
    default:
      return NSEC;
  }
}

/** Spoils the second set of keys: those made after the first of each role. */
function leaking(leaked: LeakedKeys): ZoneFault {
  const seen = new Set<string>();
  return {
    keyBeforeSigning: (rdata, role) => {
      if (!seen.has(role)) {
        seen.add(role);
        return rdata;
      }
      const spoilt = rdata.slice();
      if (leaked === 'revoked') spoilt[1] = spoilt[1]! | 0x80;
      if (leaked === 'no zone key') spoilt[0] = spoilt[0]! & ~0x01;
      if (leaked === 'other protocol') spoilt[2] = 2;
      return spoilt;
    },
  };
}

function collect(
  lab: Lab,
  plan: WorldPlan,
  when: Loot['when'],
  nowSeconds: number,
  version = '',
): Loot[] {
  const loot: Loot[] = [];
  for (const first of plan.zones) {
    const zonePlan = version === '' ? first : besides(plan, first);
    if (version !== '' && first.twoSigners !== true && first.nextLines === undefined) continue;
    const hosted = lab.zones.get(nameOf(zonePlan.origin).key)!;
    const { signed, zone } = hosted;
    if (signed === undefined) continue;
    const { signer } = signed;
    const take = (set: ZoneRRset, isDenial: boolean, chain = ''): void => {
      const { owner, type } = set;
      const label = `${zonePlan.origin} ${owner} ${typeMnemonic(type)} ${when}${version}${chain}`;
      let records: readonly ResourceRecord[] | undefined;
      loot.push({
        label,
        // Most of it is never taken out again, and to sign is dear.
        get records() {
          const signed = (): ResourceRecord[] => recordsOf(set, signer.signNow(set, nowSeconds));
          return (records ??= [...recordsOf(set), ...signed()]);
        },
        owner,
        type,
        zone: zone.origin,
        isDenial,
        when,
      });
    };
    for (const node of zone.nodesInOrder()) {
      for (const set of node.rrsets.values()) {
        if (node.kind !== 'cut' || set.type === RRType.DS) take(set, false);
      }
    }
    for (const set of denialsOf(hosted, denialSpec(zonePlan))) take(set, true);
    const second = secondChain(zonePlan);
    if (when !== 'now' || version !== '' || second === undefined) continue;
    for (const set of denialsOf(hosted, second)) take(set, true, ' second chain');
  }
  return loot;
}

/** RFC 5155 §10.4: while a zone changes its salt it has two chains, and both are true. */
function secondChain(zone: ZonePlan): DenialSpec | undefined {
  const { denial, iterations = 0, salt = [] } = zone;
  if ((denial !== 'NSEC3' && denial !== 'opt-out') || iterations > 50) return undefined;
  return nsec3(iterations, [...salt, 7], denial === 'opt-out');
}

function denialsOf({ zone }: HostedZone, spec: DenialSpec): ZoneRRset[] {
  const denial = denialOf(zone, spec, crypto);
  const sets = new Map<string, ZoneRRset>();
  for (const { name } of zone.nodesInOrder()) {
    const below = name.prepend(Uint8Array.of(0x7e, 0x7e)) ?? name;
    for (const set of [...denial.noData(name), ...denial.nameError(below, name)]) {
      sets.set(set.owner.key, set);
    }
  }
  return [...sets.values()];
}

function recordsOf(set: ZoneRRset, signatures?: readonly Uint8Array[]): ResourceRecord[] {
  const { owner, ttlSeconds } = set;
  const type = signatures === undefined ? set.type : RRType.RRSIG;
  return (signatures ?? set.rdatas()).map((rdata) => {
    return { owner, type, class: RRClass.IN, ttlSeconds, rdata };
  });
}

/** DS records of the zones that have an anchor of their own. */
export function islandAnchors({ plan, lab }: Scene): ResourceRecord[] {
  return plan.islands.flatMap((origin) => {
    const owner = nameOf(origin);
    const rdatas = lab.zones.get(owner.key)!.signed!.signer.dsRdatas();
    return rdatas.map((rdata) => {
      return { owner, type: RRType.DS, class: RRClass.IN, ttlSeconds: 3_600, rdata };
    });
  });
}
