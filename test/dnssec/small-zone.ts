/**
 * Tiny zones read by brute force: what is true in them, and the NSEC or NSEC3 chain that an honest
 * signer would make. Names are arrays of plain labels, leftmost first, relative to the apex `z.`;
 * nothing here uses the code under test but to put octets together.
 */
import { createHash } from 'node:crypto';
import type { CryptoProvider, ImportedKey, ZoneKeys } from '../../src/dnssec/index.js';
import { makeZoneKeys, ZoneKey } from '../../src/dnssec/zone-keys.js';
import {
  type Name,
  octetKey,
  parseDnskey,
  RRClass,
  type RRset,
  RRType,
  TypeBitmap,
} from '../../src/wire/index.js';
import { NOW, name, octets } from './signed-zone.js';

export type Labels = readonly string[];

const { A, NS, CNAME, SOA, DS, DNAME, RRSIG, NSEC, DNSKEY } = RRType;

/** What stands at a name of a tiny zone. */
export const CONTENTS = {
  nothing: [],
  address: [A],
  alias: [CNAME],
  redirection: [DNAME],
  'unsigned cut': [NS],
  'signed cut': [NS, DS],
} as const satisfies Record<string, readonly number[]>;

export type Content = keyof typeof CONTENTS;

export type Truth =
  | 'answer'
  | 'alias'
  | 'redirection'
  | 'unsigned referral'
  | 'signed referral'
  | 'no data'
  | 'wildcard answer'
  | 'wildcard alias'
  | 'wildcard no data'
  | 'name error';

export const ZONE = name('z');
const APEX: Labels = [];

export const keyOf = (labels: Labels): string => labels.join('.');
const parentOf = (labels: Labels): Labels => labels.slice(1);
const isAtOrBelow = (labels: Labels, above: Labels): boolean =>
  labels.length >= above.length &&
  keyOf(labels.slice(labels.length - above.length)) === keyOf(above);

/** Every name from the apex (left out) down to the name itself. */
function pathTo(labels: Labels): Labels[] {
  return labels.map((_, index) => labels.slice(labels.length - 1 - index));
}

const names = new Map<string, Name>();

export function absolute(labels: Labels): Name {
  const key = keyOf(labels);
  let known = names.get(key);
  if (known === undefined) {
    known = name([...labels, 'z'].join('.'));
    names.set(key, known);
  }
  return known;
}

export class SmallZone {
  /** Authoritative contents only: what lies below a cut or a DNAME is not the zone's. */
  readonly nodes = new Map<
    string,
    { readonly labels: Labels; readonly types: readonly number[] }
  >();

  constructor(contents: ReadonlyArray<readonly [Labels, Content]>) {
    this.nodes.set('', { labels: APEX, types: [SOA, NS, DNSKEY] });
    const filled = contents.filter(([, content]) => content !== 'nothing');
    const closed = new Set(
      filled
        .filter(([, content]) => content.endsWith('cut') || content === 'redirection')
        .map(([labels]) => keyOf(labels)),
    );
    for (const [labels, content] of filled) {
      if (pathTo(parentOf(labels)).some((above) => closed.has(keyOf(above)))) continue;
      this.nodes.set(keyOf(labels), { labels, types: CONTENTS[content] });
    }
  }

  typesAt(labels: Labels): readonly number[] {
    return this.nodes.get(keyOf(labels))?.types ?? [];
  }

  /** RFC 4592 §2.2.2: a name exists when it, or a name below it, has data. */
  exists(labels: Labels): boolean {
    return [...this.nodes.values()].some((node) => isAtOrBelow(node.labels, labels));
  }

  closestEncloser(labels: Labels): Labels {
    let encloser = labels;
    do encloser = parentOf(encloser);
    while (!this.exists(encloser));
    return encloser;
  }

  /** The cut or DNAME at or above a name; not the apex. */
  boundaryOf(labels: Labels, atItself: boolean): Labels | undefined {
    return pathTo(atItself ? labels : parentOf(labels)).find((above) => {
      const types = this.typesAt(above);
      return types.includes(NS) || (types.includes(DNAME) && above.length < labels.length);
    });
  }

  /** RFC 1034 §4.3.2 with RFC 4592, RFC 6672 and RFC 4035 §3.1.4.1. */
  truth(labels: Labels, type: number): Truth {
    const boundary = this.boundaryOf(labels, type !== DS);
    if (boundary !== undefined) {
      const types = this.typesAt(boundary);
      if (!types.includes(NS)) return 'redirection';
      return types.includes(DS) ? 'signed referral' : 'unsigned referral';
    }
    if (this.exists(labels)) {
      const types = this.typesAt(labels);
      if (types.includes(type)) return 'answer';
      return types.includes(CNAME) ? 'alias' : 'no data';
    }
    const wildcard = ['*', ...this.closestEncloser(labels)];
    if (!this.exists(wildcard)) return 'name error';
    const types = this.typesAt(wildcard);
    if (types.includes(type)) return 'wildcard answer';
    return types.includes(CNAME) ? 'wildcard alias' : 'wildcard no data';
  }
}

/** Canonical order, RFC 4034 §6.1, of lower-case ASCII labels. */
function compare(a: Labels, b: Labels): number {
  for (let back = 1; ; back++) {
    const left = a[a.length - back];
    const right = b[b.length - back];
    if (left === undefined || right === undefined) return a.length - b.length;
    if (left !== right) return left < right ? -1 : 1;
  }
}

/** A denial record with what an honest server needs to find it. */
export interface Link {
  readonly rrset: RRset;
  matches(labels: Labels): boolean;
  covers(labels: Labels): boolean;
}

export type Chain = 'NSEC' | 'NSEC3' | 'NSEC3 opt-out';

export function chainOf(zone: SmallZone, chain: Chain): Link[] {
  return chain === 'NSEC' ? nsecChain(zone) : nsec3Chain(zone, chain === 'NSEC3 opt-out');
}

function nsecChain(zone: SmallZone): Link[] {
  const nodes = [...zone.nodes.values()].sort((a, b) => compare(a.labels, b.labels));
  return nodes.map(({ labels, types }, index) => {
    const next = nodes[(index + 1) % nodes.length]!.labels;
    const bitmap = TypeBitmap.of([...types, RRSIG, NSEC]);
    const rdata = octets(absolute(next).octets, bitmap.octets);
    return {
      rrset: signedRRset(absolute(labels), NSEC, rdata),
      matches: (asked) => compare(asked, labels) === 0,
      covers: (asked) =>
        compare(asked, labels) > 0 && (next.length === 0 || compare(asked, next) < 0),
    };
  });
}

function nsec3Chain(zone: SmallZone, optOut: boolean): Link[] {
  const members = new Map<string, readonly number[]>();
  for (const { labels, types } of zone.nodes.values()) {
    // RFC 5155 §6: opt-out leaves out unsigned delegations, and what only leads to them.
    if (optOut && labels.length > 0 && types.includes(NS) && !types.includes(DS)) continue;
    members.set(keyOf(labels), types);
    for (const above of pathTo(parentOf(labels))) {
      if (!members.has(keyOf(above))) members.set(keyOf(above), zone.typesAt(above));
    }
  }
  const ring = [...members]
    .map(([key, types]) => ({ hash: hashOf(key === '' ? [] : key.split('.')), types }))
    .sort((a, b) => Buffer.compare(a.hash, b.hash));
  return ring.map(({ hash, types }, index) => {
    const next = ring[(index + 1) % ring.length]!.hash;
    const isSigned = types.some((type) => type !== NS);
    const bitmap = TypeBitmap.of(isSigned ? [...types, RRSIG] : types);
    const rdata = octets([1, optOut ? 1 : 0, 0, 0, 0, 20], next, bitmap.octets);
    const owner = ZONE.prepend(new Uint8Array(Buffer.from(base32hex(hash))))!;
    const wraps = Buffer.compare(hash, next) >= 0;
    return {
      rrset: signedRRset(owner, RRType.NSEC3, rdata),
      matches: (asked) => Buffer.compare(hashOf(asked), hash) === 0,
      covers: (asked) => {
        const above = Buffer.compare(hashOf(asked), hash) > 0;
        const below = Buffer.compare(hashOf(asked), next) < 0;
        return wraps ? above || below : above && below;
      },
    };
  });
}

const hashes = new Map<string, Buffer>();

/** RFC 5155 §5 without salt and without iterations. */
function hashOfOctets(canonical: Uint8Array): Buffer {
  const key = octetKey(canonical);
  let known = hashes.get(key);
  if (known === undefined) {
    known = createHash('sha1').update(canonical).digest();
    hashes.set(key, known);
  }
  return known;
}

const hashOf = (labels: Labels): Buffer => hashOfOctets(absolute(labels).octets);

/** RFC 4648 §7, by way of a number. */
export function base32hex(hash: Uint8Array): string {
  return BigInt(`0x${Buffer.from(hash).toString('hex')}`)
    .toString(32)
    .padStart((hash.length * 8) / 5, '0');
}

/**
 * The records that an honest server sends with an answer of this kind: RFC 4035 §3.1.3, RFC 5155
 * §7.2. Undefined when the answer carries none.
 */
export function honestProof(
  zone: SmallZone,
  links: readonly Link[],
  chain: Chain,
  labels: Labels,
  truth: Truth,
): RRset[] {
  const matching = (asked: Labels): Link | undefined => links.find((link) => link.matches(asked));
  const covering = (asked: Labels): Link | undefined => links.find((link) => link.covers(asked));
  const wanted: Array<Link | undefined> = [];
  const match = matching(labels);
  const nameExists = truth === 'no data' || truth.endsWith('referral');
  if (nameExists && match !== undefined) wanted.push(match);
  else if (chain === 'NSEC') wanted.push(covering(labels));
  else {
    // RFC 5155 §7.2.1; under opt-out the closest *provable* encloser.
    let encloser = parentOf(labels);
    while (matching(encloser) === undefined) encloser = parentOf(encloser);
    wanted.push(matching(encloser));
    wanted.push(covering(labels.slice(labels.length - encloser.length - 1)));
  }
  if (truth === 'name error' || truth.startsWith('wildcard')) {
    const wildcard = ['*', ...zone.closestEncloser(labels)];
    wanted.push(matching(wildcard) ?? covering(wildcard));
  }
  return [...new Set(wanted.filter((link) => link !== undefined))].map((link) => link.rrset);
}

/**
 * A provider whose "signatures" are checksums: millions of verdicts in seconds. What real ones do
 * is tested elsewhere; here the question is what validated records prove.
 */
export const checksumCrypto: CryptoProvider = {
  name: 'checksum',
  supports: () => true,
  importKey: (algorithm: number): ImportedKey => ({ algorithm, native: undefined }),
  verify: (_algorithm, _key, data, signature) =>
    signature.length === 4 && readChecksum(signature) === checksumOf(data),
  digest: (hash, data) => createHash(hash).update(data).digest(),
  nsec3Hash: (canonical) => hashOfOctets(canonical),
};

function checksumOf(data: Uint8Array): number {
  let sum = 0x811c_9dc5;
  for (let at = 0; at < data.length; at++) sum = Math.imul(sum ^ data[at]!, 0x0100_0193);
  return sum >>> 0;
}

const readChecksum = (at: Uint8Array): number =>
  ((at[0]! << 24) | (at[1]! << 16) | (at[2]! << 8) | at[3]!) >>> 0;

const KEY_RDATA = octets([1, 0, 3, 13], new Uint8Array(64));
const TAG = 0x0a0b;

export const smallKeys: ZoneKeys = makeZoneKeys({
  zone: ZONE,
  rrset: { owner: ZONE, type: DNSKEY, class: 1, ttlSeconds: 60, rdatas: [], signatures: [] },
  keys: [new ZoneKey(parseDnskey(KEY_RDATA)!, TAG, undefined)],
  validUntilSeconds: NOW + 86_400,
  ttlSeconds: 60,
});

const u32 = (value: number): number[] => [
  value >>> 24,
  (value >>> 16) & 0xff,
  (value >>> 8) & 0xff,
  value & 0xff,
];

export function signedRRset(owner: Name, type: number, rdata: Uint8Array): RRset {
  const labels = owner.labelCount - (owner.isWildcard ? 1 : 0);
  const ttl = u32(60);
  const prefix = octets(
    [type >> 8, type & 0xff, 13, labels],
    ttl,
    u32(NOW + 3_600),
    u32(NOW - 3_600),
    [TAG >> 8, TAG & 0xff],
    ZONE.octets,
  );
  const record = octets(
    owner.octets,
    [type >> 8, type & 0xff, 0, 1],
    ttl,
    [rdata.length >> 8, rdata.length & 0xff],
    rdata,
  );
  const signature = octets(prefix, u32(checksumOf(octets(prefix, record))));
  const set = { owner, type, class: RRClass.IN, ttlSeconds: 60 };
  return { ...set, rdatas: [rdata], signatures: [signature] };
}
