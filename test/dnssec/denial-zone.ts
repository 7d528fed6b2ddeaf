/**
 * Signed zones for tests of denial: names with their types in, the chain of NSEC or NSEC3 records
 * out, each record to be had by the name it stands for. Hashes and order are computed here anew.
 */
import { createHash } from 'node:crypto';
import type { ZoneKeys } from '../../src/dnssec/index.js';
import {
  type Name,
  type RRset,
  RRType,
  TypeBitmap,
  typeFromMnemonic,
} from '../../src/wire/index.js';
import {
  makeKey,
  name,
  octets,
  type SignatureFields,
  signed,
  type TestKey,
  unsigned,
  zoneKeys,
} from './signed-zone.js';
import { base32hex } from './small-zone.js';

export interface Nsec3Spec {
  readonly iterations?: number;
  readonly salt?: Uint8Array;
  readonly flags?: number;
  readonly hashAlgorithm?: number;
}

export const typesOf = (text: string): number[] =>
  text === '' ? [] : text.split(' ').map((mnemonic) => typeFromMnemonic(mnemonic)!);

export function nsecRdata(next: Name, types: string): Uint8Array {
  return octets(next.octets, TypeBitmap.of(typesOf(types)).octets);
}

export function nsec3Rdata(next: Uint8Array, types: string, spec: Nsec3Spec = {}): Uint8Array {
  const { iterations = 0, salt = new Uint8Array(0), flags = 0, hashAlgorithm = 1 } = spec;
  return octets(
    [hashAlgorithm, flags, iterations >> 8, iterations & 0xff, salt.length],
    salt,
    [next.length],
    next,
    TypeBitmap.of(typesOf(types)).octets,
  );
}

export function soaRdata(minimumSeconds: number): Uint8Array {
  const words = [1, 3600, 600, 86_400, minimumSeconds];
  return octets(
    [0, 0],
    ...words.map((word) => [word >>> 24, (word >>> 16) & 0xff, (word >>> 8) & 0xff, word & 0xff]),
  );
}

export function hashOf(owner: Name, spec: Nsec3Spec = {}): Uint8Array {
  const { iterations = 0, salt = new Uint8Array(0) } = spec;
  let hash = Buffer.from(owner.octets.map((o) => (o >= 0x41 && o <= 0x5a ? o + 0x20 : o)));
  for (let round = 0; round <= iterations; round++) {
    hash = createHash('sha1').update(hash).update(salt).digest();
  }
  // Not a Buffer: its slices would share memory.
  return new Uint8Array(hash);
}

/** Canonical order by labels from the right, RFC 4034 §6.1. */
function byCanonicalOrder(a: Name, b: Name): number {
  const [left, right] = [a.labels().reverse(), b.labels().reverse()];
  for (let at = 0; at < left.length && at < right.length; at++) {
    const order = Buffer.compare(left[at]!, right[at]!);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

export class DenialZone {
  readonly origin: Name;
  readonly key: TestKey;
  readonly keys: ZoneKeys;
  readonly soa: RRset;
  readonly #names: readonly Name[];
  readonly #types = new Map<string, string>();

  /** `contents`: names relative to the origin (`@` for it) and their types. */
  constructor(origin: string, contents: Readonly<Record<string, string>>, key = makeKey(13)) {
    this.origin = name(origin);
    this.key = key;
    this.keys = zoneKeys(this.origin, [key]);
    for (const [owner, types] of Object.entries(contents)) {
      this.#types.set(this.name(owner).key, types);
    }
    const names = Object.keys(contents).map((owner) => this.name(owner));
    this.#names = names.sort(byCanonicalOrder);
    this.soa = this.sign(unsigned(this.origin, RRType.SOA, [soaRdata(300)]));
  }

  name(relative: string): Name {
    if (relative === '@') return this.origin;
    return this.origin.isRoot ? name(relative) : name(`${relative}.${this.origin.toString()}`);
  }

  sign(rrset: RRset, fields: SignatureFields = {}): RRset {
    return signed(rrset, this.key, this.origin, fields);
  }

  /** The NSEC record of the chain at that name. */
  nsec(relative: string): RRset {
    const owner = this.name(relative);
    const index = this.#names.findIndex((each) => each.equals(owner));
    const next = this.#names[(index + 1) % this.#names.length]!;
    return this.madeNsec(relative, next, `${this.#types.get(owner.key)!} RRSIG NSEC`);
  }

  /** A signed NSEC record of any content. */
  madeNsec(relative: string, next: Name | string, types: string, fields?: SignatureFields): RRset {
    const nextName = typeof next === 'string' ? this.name(next) : next;
    const rdata = nsecRdata(nextName, types);
    return this.sign(unsigned(this.name(relative), RRType.NSEC, [rdata], 600), fields);
  }

  /** The ring of RFC 5155 §7.1: all names and the empty non-terminals above them. */
  nsec3Ring(spec: Nsec3Spec): Nsec3Ring {
    return new Nsec3Ring(this, this.#names, this.#types, spec);
  }
}

interface Hashed {
  readonly hash: Uint8Array;
  readonly types: string;
}

export class Nsec3Ring {
  readonly spec: Nsec3Spec;
  readonly #zone: DenialZone;
  readonly #ring: readonly Hashed[];

  constructor(
    zone: DenialZone,
    names: readonly Name[],
    types: ReadonlyMap<string, string>,
    spec: Nsec3Spec,
  ) {
    this.#zone = zone;
    this.spec = spec;
    const members = new Map<string, Hashed>();
    for (const owner of names) {
      const own = types.get(owner.key)!;
      // RFC 5155 §6: opt-out leaves out unsigned delegations.
      if (spec.flags === 1 && own === 'NS') continue;
      for (let at = owner; at.isAtOrBelow(zone.origin); at = at.parent()) {
        const there = types.get(at.key);
        const signedTypes =
          there === undefined || there === 'NS' ? (there ?? '') : `${there} RRSIG`;
        members.set(at.key, { hash: hashOf(at, spec), types: signedTypes });
        if (at.isRoot) break;
      }
    }
    this.#ring = [...members.values()].sort((a, b) => Buffer.compare(a.hash, b.hash));
  }

  get hashes(): string[] {
    return this.#ring.map(({ hash }) => base32hex(hash));
  }

  matching(relative: string): RRset {
    const hash = hashOf(this.#zone.name(relative), this.spec);
    const index = this.#ring.findIndex((each) => Buffer.compare(each.hash, hash) === 0);
    if (index < 0) throw new Error(`no NSEC3 matches ${relative}`);
    return this.#record(index);
  }

  covering(relative: string): RRset {
    const hash = hashOf(this.#zone.name(relative), this.spec);
    const above = this.#ring.findIndex((each) => Buffer.compare(each.hash, hash) > 0);
    const index = above <= 0 ? this.#ring.length - 1 : above - 1;
    if (Buffer.compare(this.#ring[index]!.hash, hash) === 0) throw new Error(`matches ${relative}`);
    return this.#record(index);
  }

  #record(index: number): RRset {
    const { hash, types } = this.#ring[index]!;
    const next = this.#ring[(index + 1) % this.#ring.length]!.hash;
    return madeNsec3(this.#zone, hash, next, types, this.spec);
  }
}

/** A signed NSEC3 record of any content. */
export function madeNsec3(
  zone: DenialZone,
  hash: Uint8Array,
  next: Uint8Array,
  types: string,
  spec: Nsec3Spec = {},
): RRset {
  const rdata = nsec3Rdata(next, types, spec);
  return zone.sign(unsigned(zone.name(base32hex(hash)), RRType.NSEC3, [rdata], 600));
}

/** RFC 4034 §5: other content under the same signature. */
export function altered(rrset: RRset, change: (rdata: Uint8Array) => Uint8Array): RRset {
  return { ...rrset, rdatas: rrset.rdatas.map(change) };
}

export const stripped = (rrset: RRset): RRset => ({ ...rrset, signatures: [] });
