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
  readonly when: 'now' | 'before' | 'later';
}

export interface Scene {
  readonly plan: WorldPlan;
  readonly lab: Lab;
  readonly loot: readonly Loot[];
}

export function buildScene(plan: WorldPlan): Scene {
  const lab = labOf(plan, 'lines');
  const others = labOf(plan, 'otherLines');
  const loot = [
    ...collect(lab, plan, 'now', START_SECONDS),
    ...collect(others, plan, 'before', START_SECONDS - TWO_MONTHS),
    ...collect(others, plan, 'later', START_SECONDS + TWO_MONTHS),
  ];
  return { plan, lab, loot };
}

function labOf(plan: WorldPlan, which: 'lines' | 'otherLines'): Lab {
  const tools = { signer: new KeyDealer(), crypto };
  const lab = buildLab({ world: worldOf(plan, which), tools });
  // All keys now and in the same order: zones that were signed at another time had the same ones.
  Array.from(lab.makeKeys());
  return lab;
}

function worldOf(plan: WorldPlan, which: 'lines' | 'otherLines'): World {
  const zones = plan.zones.map((zone): ZoneSpec => {
    const { origin, servedWith } = zone;
    const signing = signingOf(zone);
    return {
      origin,
      text: zone[which].map((line) => `${line}\n`).join(''),
      ...(signing === undefined ? {} : { signing }),
      ...(zone.hasDs === false && which === 'lines' ? { hasDs: false } : {}),
      ...(zone.leaked === undefined ? {} : { faults: [leaking(zone.leaked)] }),
      servers: [{ name: serverName(servedWith ?? origin) }],
    };
  });
  return { zones, domains: [] };
}

function serverName(origin: string): string {
  return origin === '.' ? 'a.root-servers.' : `ns1.${origin}`;
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

function collect(lab: Lab, plan: WorldPlan, when: Loot['when'], nowSeconds: number): Loot[] {
  const loot: Loot[] = [];
  for (const zonePlan of plan.zones) {
    const hosted = lab.zones.get(nameOf(zonePlan.origin).key)!;
    const { signed, zone } = hosted;
    if (signed === undefined) continue;
    const take = (set: ZoneRRset, isDenial: boolean, chain = ''): void => {
      const { owner, type } = set;
      const signatures = signed.signer.signNow(set, nowSeconds);
      const label = `${zonePlan.origin} ${owner} ${typeMnemonic(type)} ${when}${chain}`;
      const records = [...recordsOf(set), ...recordsOf(set, signatures)];
      loot.push({ label, records, owner, type, zone: zone.origin, isDenial, when });
    };
    for (const node of zone.nodesInOrder()) {
      for (const set of node.rrsets.values()) {
        if (node.kind !== 'cut' || set.type === RRType.DS) take(set, false);
      }
    }
    for (const set of denialsOf(hosted, denialSpec(zonePlan))) take(set, true);
    const second = secondChain(zonePlan);
    if (when !== 'now' || second === undefined) continue;
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
