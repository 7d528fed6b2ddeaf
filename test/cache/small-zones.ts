/**
 * Small zones with their whole NSEC or NSEC3 chain, and what is true of each name in them: read
 * from the lab's zone by the search of RFC 1034 §4.3.2, not from any denial record.
 */
import { AggressiveCache } from '../../src/cache/index.js';
import type { CryptoProvider } from '../../src/dnssec/index.js';
import { denialOf } from '../../src/lab/denial.js';
import { Zone } from '../../src/lab/index.js';
import type { DenialSpec } from '../../src/lab/zone-signer.js';
import { NodeCryptoProvider } from '../../src/runtime/crypto.js';
import {
  type Name,
  type ResourceRecord,
  RRClass,
  type RRset,
  RRType,
} from '../../src/wire/index.js';
import { clock, name, rrsig, secure, soaRdata } from './made-up-data.js';

export type NodeState = 'absent' | 'data' | 'alias' | 'cut' | 'signed cut' | 'dname';

export const APEX = name('example.');

export const crypto = new NodeCryptoProvider();
export const NSEC: DenialSpec = { kind: 'NSEC' };
export const NSEC3: DenialSpec = {
  kind: 'NSEC3',
  iterations: 1,
  salt: Uint8Array.of(0xab),
  optOut: false,
};

export function below(text: string): Name {
  return name(`${text}.example.`);
}

export function aggressiveCache(
  options: Partial<ConstructorParameters<typeof AggressiveCache>[0]> = {},
): AggressiveCache {
  return new AggressiveCache({ maxOctets: 4 * 1024 * 1024, crypto, ...options });
}

/** Gives the cache these records of the zone, as if each had been validated. */
export function learn(
  denials: AggressiveCache,
  zone: Zone,
  sets: readonly RRset[],
  now = clock(),
): void {
  denials.put(zone.origin, sets, soaOf(zone), { security: secure(zone.origin) }, now);
}

export function buildZone(states: ReadonlyMap<string, NodeState>, apex = APEX): Zone {
  const records: ResourceRecord[] = [];
  const add = (owner: Name, type: number, rdata: Uint8Array): void => {
    records.push({ owner, type, class: RRClass.IN, ttlSeconds: 300, rdata });
  };
  add(apex, RRType.SOA, soaRdata(apex, 300));
  add(apex, RRType.NS, name('ns.elsewhere.').octets);
  for (const [text, state] of states) {
    const owner = name(`${text}.${apex.toString()}`);
    if (state === 'data') add(owner, RRType.A, Uint8Array.of(192, 0, 2, 1));
    if (state === 'alias') add(owner, RRType.CNAME, name('target.elsewhere.').octets);
    if (state === 'cut' || state === 'signed cut') {
      add(owner, RRType.NS, name('ns.elsewhere.').octets);
    }
    if (state === 'signed cut') add(owner, RRType.DS, new Uint8Array(36).fill(2));
    if (state === 'dname') add(owner, RRType.DNAME, name('target.elsewhere.').octets);
  }
  return new Zone(apex, records);
}

/** Every denial record of the zone; the signatures have their form and sign nothing. */
export function chainOf(zone: Zone, spec: DenialSpec, crypto: CryptoProvider): RRset[] {
  const denial = denialOf(zone, spec, crypto);
  const records = new Map<string, RRset>();
  for (const node of zone.nodesInOrder()) {
    for (const { owner, type, ttlSeconds, rdatas } of denial.noData(node.name)) {
      const signatures = [rrsig(owner, type, ttlSeconds, { signer: zone.origin })];
      const set = { owner, type, class: RRClass.IN, ttlSeconds, rdatas: rdatas(), signatures };
      records.set(owner.key, set);
    }
  }
  return [...records.values()];
}

/** What may be synthesised of a name and type; undefined where only asking can tell. */
export function truth(zone: Zone, owner: Name, type: number): 'name error' | 'no data' | undefined {
  const found = zone.find(owner, type);
  switch (found.kind) {
    case 'name error':
      return 'name error';
    case 'name':
    case 'wildcard': {
      const { rrsets } = found.node;
      return rrsets.has(type) || rrsets.has(RRType.CNAME) ? undefined : 'no data';
    }
    default:
      return undefined;
  }
}

export function soaOf(zone: Zone): RRset {
  const { owner, type, ttlSeconds, rdatas } = zone.soa;
  const signatures = [rrsig(owner, type, ttlSeconds, { signer: owner })];
  return { owner, type, class: RRClass.IN, ttlSeconds, rdatas: rdatas(), signatures };
}

/** All names of up to `depth` labels over the given ones, below the apex and the apex itself. */
export function universe(labels: readonly string[], depth: number, apex = APEX): Name[] {
  let layer = [apex];
  const all = [apex];
  for (let level = 0; level < depth; level++) {
    layer = layer.flatMap((below) =>
      labels.map((label) => {
        const octets = Uint8Array.from(label, (letter) => letter.charCodeAt(0));
        const longer = below.prepend(octets);
        if (longer === undefined) throw new Error('too long');
        return longer;
      }),
    );
    all.push(...layer);
  }
  return all;
}
