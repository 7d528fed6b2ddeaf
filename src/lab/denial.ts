/**
 * Denial of existence as an authoritative server proves it: which NSEC (RFC 4035 §3.1.3) or NSEC3
 * (RFC 5155 §7.2) records go into which answer, or one made up on the spot (RFC 9824).
 */
import type { CryptoProvider } from '../dnssec/index.js';
import { compareOctets, type Name, parseSoa, RRType, TypeBitmap } from '../wire/index.js';
import { base32hexOctets, concatOctets, uint16Octets } from './octets.js';
import type { Zone, ZoneNode, ZoneRRset } from './zone.js';
import type { DenialSpec } from './zone-signer.js';

/** Proofs by the names that RFC 4035 §3.1.3 and RFC 5155 §7.2 give them. */
export interface Denial {
  /** RFC 9824 §3: compact denial says "no data" where there is no name. */
  readonly nameErrorIsNoData: boolean;
  nameError(name: Name, closestEncloser: Name): readonly ZoneRRset[];
  noData(name: Name): readonly ZoneRRset[];
  wildcardAnswer(name: Name, closestEncloser: Name): readonly ZoneRRset[];
  wildcardNoData(name: Name, closestEncloser: Name): readonly ZoneRRset[];
  referralToUnsigned(cut: Name): readonly ZoneRRset[];
}

export function denialOf(zone: Zone, spec: DenialSpec, crypto: CryptoProvider): Denial {
  if (spec.kind === 'NSEC') return new NsecDenial(zone);
  if (spec.kind === 'compact') return new CompactDenial(zone);
  return new Nsec3Denial(zone, spec, crypto);
}

/** RFC 9077 §3: the lesser of the SOA's MINIMUM and its TTL. */
function denialTtlSeconds(zone: Zone): number {
  const { ttlSeconds, rdatas } = zone.soa;
  return Math.min(ttlSeconds, parseSoa(rdatas()[0]!)?.minimumSeconds ?? ttlSeconds);
}

/** Types for the bit map: at a cut only NS and DS are there (RFC 4034 §4.1.2, RFC 5155 §7.1). */
function typesAt(node: ZoneNode, extra: readonly number[]): TypeBitmap {
  const present = [...node.rrsets.keys()].filter((type) => {
    return node.kind !== 'cut' || type === RRType.NS || type === RRType.DS;
  });
  return TypeBitmap.of([...present, ...extra]);
}

function unique(records: readonly ZoneRRset[]): ZoneRRset[] {
  const seen = new Map(records.map((record) => [record.owner.key, record]));
  return [...seen.values()];
}

class NsecDenial implements Denial {
  readonly nameErrorIsNoData = false;
  readonly #ttlSeconds: number;
  /** Owners in canonical order: empty non-terminals have no NSEC (RFC 4034 §4). */
  readonly #owners: readonly ZoneNode[];

  constructor(zone: Zone) {
    this.#ttlSeconds = denialTtlSeconds(zone);
    this.#owners = zone.nodesInOrder().filter((node) => node.rrsets.size > 0);
  }

  nameError(name: Name, closestEncloser: Name): readonly ZoneRRset[] {
    const wildcard = closestEncloser.wildcard();
    const records = [this.#atOrBefore(name)];
    if (wildcard !== undefined) records.push(this.#atOrBefore(wildcard));
    return unique(records);
  }

  noData(name: Name): readonly ZoneRRset[] {
    return [this.#atOrBefore(name)];
  }

  wildcardAnswer(name: Name): readonly ZoneRRset[] {
    return [this.#atOrBefore(name)];
  }

  wildcardNoData(name: Name, closestEncloser: Name): readonly ZoneRRset[] {
    return unique([this.#atOrBefore(name), this.#atOrBefore(closestEncloser.wildcard()!)]);
  }

  referralToUnsigned(cut: Name): readonly ZoneRRset[] {
    return [this.#atOrBefore(cut)];
  }

  /** The NSEC that matches the name or, when there is none, covers it. */
  #atOrBefore(name: Name): ZoneRRset {
    const owners = this.#owners;
    let low = 0;
    let high = owners.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (owners[middle]!.name.compareCanonical(name) <= 0) low = middle + 1;
      else high = middle;
    }
    const index = low === 0 ? owners.length - 1 : low - 1;
    const node = owners[index]!;
    const next = owners[(index + 1) % owners.length]!.name;
    const types = typesAt(node, [RRType.RRSIG, RRType.NSEC]);
    const rdata = concatOctets(next.octets, types.octets);
    return {
      owner: node.name,
      type: RRType.NSEC,
      ttlSeconds: this.#ttlSeconds,
      rdatas: () => [rdata],
    };
  }
}

interface Hashed {
  readonly hash: Uint8Array;
  readonly node: ZoneNode;
}

class Nsec3Denial implements Denial {
  readonly nameErrorIsNoData = false;
  readonly #zone: Zone;
  readonly #spec: Extract<DenialSpec, { kind: 'NSEC3' }>;
  readonly #crypto: CryptoProvider;
  readonly #ttlSeconds: number;
  /** In the order of their hashes, RFC 5155 §7.1. */
  readonly #ring: readonly Hashed[];

  constructor(zone: Zone, spec: Extract<DenialSpec, { kind: 'NSEC3' }>, crypto: CryptoProvider) {
    this.#zone = zone;
    this.#spec = spec;
    this.#crypto = crypto;
    this.#ttlSeconds = denialTtlSeconds(zone);
    this.#ring = this.#members()
      .map((node) => ({ hash: this.#hash(node.name), node }))
      .sort((a, b) => compareOctets(a.hash, b.hash));
  }

  nameError(name: Name, closestEncloser: Name): readonly ZoneRRset[] {
    const records = this.#closestProvableEncloser(name);
    const wildcard = closestEncloser.wildcard();
    if (wildcard !== undefined) records.push(this.#record(this.#covering(wildcard)));
    return unique(records);
  }

  noData(name: Name): readonly ZoneRRset[] {
    const match = this.#matching(name);
    // RFC 5155 §7.2.4: no match means that the name fell under opt-out.
    return match !== undefined ? [this.#record(match)] : this.#closestProvableEncloser(name);
  }

  wildcardAnswer(name: Name, closestEncloser: Name): readonly ZoneRRset[] {
    return [this.#record(this.#covering(name.suffix(closestEncloser.labelCount + 1)))];
  }

  wildcardNoData(name: Name, closestEncloser: Name): readonly ZoneRRset[] {
    const records = this.#closestProvableEncloser(name);
    const match = this.#matching(closestEncloser.wildcard()!);
    if (match !== undefined) records.push(this.#record(match));
    return unique(records);
  }

  referralToUnsigned(cut: Name): readonly ZoneRRset[] {
    return this.noData(cut);
  }

  /** RFC 5155 §7.1: opt-out leaves out unsigned delegations and what only leads to them. */
  #members(): readonly ZoneNode[] {
    const nodes = this.#zone.nodesInOrder();
    if (!this.#spec.optOut) return nodes;
    const kept = nodes.filter((node) => node.kind !== 'cut' || node.rrsets.has(RRType.DS));
    const leadsToKept = new Set<string>();
    for (const { name, rrsets } of kept) {
      if (rrsets.size === 0) continue;
      for (let labels = name.labelCount; labels > this.#zone.origin.labelCount; labels--) {
        leadsToKept.add(name.suffix(labels).key);
      }
    }
    return kept.filter(({ name, rrsets }) => rrsets.size > 0 || leadsToKept.has(name.key));
  }

  /** RFC 5155 §7.2.1: the encloser that has an NSEC3, and the cover of the next closer name. */
  #closestProvableEncloser(name: Name): ZoneRRset[] {
    for (let labels = name.labelCount - 1; labels >= this.#zone.origin.labelCount; labels--) {
      const match = this.#matching(name.suffix(labels));
      if (match === undefined) continue;
      const nextCloser = name.suffix(labels + 1);
      return unique([this.#record(match), this.#record(this.#covering(nextCloser))]);
    }
    return [];
  }

  #hash(name: Name): Uint8Array {
    const { iterations, salt } = this.#spec;
    return this.#crypto.nsec3Hash(name.canonicalOctets(), salt, iterations);
  }

  #matching(name: Name): number | undefined {
    const hash = this.#hash(name);
    const index = this.#firstAbove(hash) - 1;
    const found = this.#ring[index];
    return found !== undefined && compareOctets(found.hash, hash) === 0 ? index : undefined;
  }

  #covering(name: Name): number {
    const index = this.#firstAbove(this.#hash(name)) - 1;
    return index < 0 ? this.#ring.length - 1 : index;
  }

  #firstAbove(hash: Uint8Array): number {
    let low = 0;
    let high = this.#ring.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareOctets(this.#ring[middle]!.hash, hash) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #record(index: number): ZoneRRset {
    const { hash, node } = this.#ring[index]!;
    const next = this.#ring[(index + 1) % this.#ring.length]!.hash;
    const { iterations, salt, optOut } = this.#spec;
    // RFC 5155 §7.1: RRSIG is set where something is signed, so not at an unsigned delegation.
    const isSigned = node.kind === 'authoritative' || node.rrsets.has(RRType.DS);
    const types = typesAt(node, isSigned && node.rrsets.size > 0 ? [RRType.RRSIG] : []);
    const rdata = concatOctets(
      Uint8Array.of(1, optOut ? 1 : 0),
      uint16Octets(iterations),
      Uint8Array.of(salt.length),
      salt,
      Uint8Array.of(next.length),
      next,
      types.octets,
    );
    return {
      owner: this.#zone.origin.prepend(base32hexOctets(hash))!,
      type: RRType.NSEC3,
      ttlSeconds: this.#ttlSeconds,
      rdatas: () => [rdata],
    };
  }
}

/** RFC 9824: one NSEC that matches the name asked for, from it to its immediate successor. */
class CompactDenial implements Denial {
  readonly nameErrorIsNoData = true;
  readonly #zone: Zone;
  readonly #ttlSeconds: number;

  constructor(zone: Zone) {
    this.#zone = zone;
    this.#ttlSeconds = denialTtlSeconds(zone);
  }

  nameError(name: Name): readonly ZoneRRset[] {
    return [this.#made(name, TypeBitmap.of([RRType.RRSIG, RRType.NSEC, RRType.NXNAME]))];
  }

  noData(name: Name): readonly ZoneRRset[] {
    const node = this.#zone.node(name);
    const extra = [RRType.RRSIG, RRType.NSEC];
    return [this.#made(name, node === undefined ? TypeBitmap.of(extra) : typesAt(node, extra))];
  }

  /** RFC 9824 §3.4: wildcard answers are signed as if the name itself existed. */
  wildcardAnswer(): readonly ZoneRRset[] {
    return [];
  }

  wildcardNoData(name: Name, closestEncloser: Name): readonly ZoneRRset[] {
    const source = this.#zone.node(closestEncloser.wildcard()!)!;
    return [this.#made(name, typesAt(source, [RRType.RRSIG, RRType.NSEC]))];
  }

  referralToUnsigned(cut: Name): readonly ZoneRRset[] {
    return this.noData(cut);
  }

  #made(name: Name, types: TypeBitmap): ZoneRRset {
    const next = name.prepend(Uint8Array.of(0)) ?? this.#zone.origin;
    const rdata = concatOctets(next.octets, types.octets);
    return {
      owner: name,
      type: RRType.NSEC,
      ttlSeconds: this.#ttlSeconds,
      rdatas: () => [rdata],
    };
  }
}
