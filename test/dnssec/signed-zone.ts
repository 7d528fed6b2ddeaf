/**
 * Keys and signatures for tests, written apart from the code under test: signed data are put
 * together here from RFC 4034 §3.1.8.1 once more, with strings where speed does not matter.
 */
import { createHash, type KeyObject, sign } from 'node:crypto';
import { makeDsSet } from '../../src/dnssec/ds-set.js';
import type {
  CryptoProvider,
  DsSet,
  TrustAnchors,
  ValidationContext,
  ValidationPolicy,
  WorkLimits,
  ZoneKeys,
} from '../../src/dnssec/index.js';
import { validateDnskeys, WorkBudget } from '../../src/dnssec/index.js';
import { makeSecure } from '../../src/dnssec/verdicts.js';
import { NodeCryptoProvider } from '../../src/runtime/crypto.js';
import { Name, RRClass, type RRset, RRType } from '../../src/wire/index.js';
import { type KeyPair, newKeyPair } from '../../src/runtime/key-pairs.js';

/** Plain names only: labels between dots, no escapes. */
export function name(text: string): Name {
  if (text === '.') return Name.root;
  const labels = text.replace(/\.$/, '').split('.');
  const made = Name.fromLabels(labels.map((label) => new Uint8Array(Buffer.from(label, 'latin1'))));
  if (made === undefined) throw new Error(`no name: ${text}`);
  return made;
}

export function octets(...parts: ReadonlyArray<Uint8Array | readonly number[]>): Uint8Array {
  return new Uint8Array(Buffer.concat(parts.map((part) => Uint8Array.from(part))));
}

export function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));
}

export function base64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}

const u16 = (value: number): number[] => [(value >> 8) & 0xff, value & 0xff];
const u32 = (value: number): number[] => [...u16(Math.floor(value / 65_536)), ...u16(value)];

export const NOW = 1_800_000_000;
export const DAY = 86_400;

export const LIMITS: WorkLimits = {
  signatureChecks: 32,
  failedSignatureChecks: 4,
  signaturesPerRRset: 8,
  signatureChecksPerRRset: 4,
  keysPerTag: 2,
  dnskeysPerRRset: 32,
  dsPerRRset: 8,
  dsMismatches: 4,
  recordsPerRRset: 256,
  nsec3Records: 8,
  nsec3HashesPerProof: 128,
  nsec3HashesPerQuestion: 600,
};

export const POLICY: ValidationPolicy = {
  sha1: false,
  nsec3MaxIterations: 50,
  inceptionSkewSeconds: 60,
  rsaMinimumBits: 1024,
  rsaMaximumBits: 4096,
};

const nodeCrypto = new NodeCryptoProvider();

export interface ContextOptions {
  readonly nowSeconds?: number;
  readonly policy?: Partial<ValidationPolicy>;
  readonly limits?: Partial<WorkLimits>;
  readonly crypto?: CryptoProvider;
}

export function context(options: ContextOptions = {}): ValidationContext {
  return {
    nowSeconds: options.nowSeconds ?? NOW,
    crypto: options.crypto ?? nodeCrypto,
    budget: new WorkBudget({ ...LIMITS, ...options.limits }),
    policy: { ...POLICY, ...options.policy },
  };
}

interface Scheme {
  readonly hash: string | null;
  generate(): KeyPair;
}

const rsa = (hash: string, modulusLength = 2048): Scheme => ({
  hash,
  generate: () => newKeyPair({ kind: 'rsa', modulusLength }),
});
const ec = (namedCurve: string, hash: string): Scheme => ({
  hash,
  generate: () => newKeyPair({ kind: 'ec', namedCurve }),
});

const SCHEMES: Readonly<Record<number, Scheme>> = {
  5: rsa('sha1'),
  7: rsa('sha1'),
  8: rsa('sha256', 1024),
  10: rsa('sha512'),
  13: ec('prime256v1', 'sha256'),
  14: ec('secp384r1', 'sha384'),
  15: { hash: null, generate: () => newKeyPair({ kind: 'ed25519' }) },
  16: { hash: null, generate: () => newKeyPair({ kind: 'ed448' }) },
};

export interface TestKey {
  readonly algorithm: number;
  readonly rdata: Uint8Array;
  readonly tag: number;
  readonly privateKey: KeyObject;
}

export const ZSK = 256;
export const KSK = 257;
const REVOKE = 0x80;

export function makeKey(algorithm = 13, flags = ZSK, protocol = 3): TestKey {
  const scheme = SCHEMES[algorithm]!;
  return withOwnTag(() => keyOf(algorithm, flags, protocol, scheme.generate()));
}

export function makeRsaKey(modulusLength: number, publicExponent = 65_537): TestKey {
  return withOwnTag(() => {
    return keyOf(8, KSK, 3, newKeyPair({ kind: 'rsa', modulusLength, publicExponent }));
  });
}

/** Of the keys made here, those that tests forge, and the root's real ones. */
const knownTags = new Set<number>([0, 4711, 20_326, 38_696]);

/**
 * Two random keys share a tag once in 65,536 times, and tests that tell them apart by it would fail
 * as often; those which want the same tag make it so. Nor is it what another tag becomes when the
 * key is revoked or loses its zone key flag, or a bit of the tag is forged.
 */
function withOwnTag(make: () => TestKey): TestKey {
  for (;;) {
    const key = make();
    const { tag } = key;
    const reflagged = [REVOKE, ZSK].flatMap((flag) => [
      (tag + flag) % 0xffff,
      (tag + 0xffff - flag) % 0xffff,
    ]);
    if ([tag, tag ^ 1, tag ^ 3, ...reflagged].some((near) => knownTags.has(near))) continue;
    knownTags.add(tag);
    return key;
  }
}

function keyOf(
  algorithm: number,
  flags: number,
  protocol: number,
  { privateKey, publicKey }: KeyPair,
): TestKey {
  const { n, e, x, y } = publicKey.export({ format: 'jwk' });
  const part = (text: string | undefined) => Buffer.from(text ?? '', 'base64url');
  const field =
    n === undefined ? octets(part(x), part(y)) : octets([part(e).length], part(e), part(n));
  const rdata = octets(u16(flags), [protocol, algorithm], field);
  return { algorithm, rdata, tag: tagOf(rdata), privateKey };
}

/** The same key with other flags or another protocol. */
export function withFlags(key: TestKey, flags: number, protocol = 3): TestKey {
  const rdata = octets(u16(flags), [protocol], key.rdata.subarray(3));
  return { ...key, rdata, tag: tagOf(rdata) };
}

/** RFC 4034 Appendix B, the slow way. */
export function tagOf(rdata: Uint8Array): number {
  let sum = 0;
  rdata.forEach((octet, index) => {
    sum += index % 2 === 0 ? octet * 256 : octet;
  });
  return (sum + Math.floor(sum / 65_536)) % 65_536;
}

export interface SignatureFields {
  typeCovered?: number;
  algorithm?: number;
  labels?: number;
  originalTtl?: number;
  expiration?: number;
  inception?: number;
  keyTag?: number;
  signer?: Name;
  /** The owner name that is signed, when not that of the RRset. */
  signedOwner?: Name;
}

const lower = (octetsOfName: Uint8Array): Uint8Array =>
  octetsOfName.map((octet) => (octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet));

/** RRSIG RDATA over `rrset`, whose RDATA have to be in canonical form (not order) already. */
export function signature(
  rrset: RRset,
  key: TestKey,
  zone: Name,
  fields: SignatureFields = {},
): Uint8Array {
  const owner = fields.signedOwner ?? rrset.owner;
  const ownLabels = owner.labelCount - (owner.isWildcard ? 1 : 0);
  const prefix = octets(
    u16(fields.typeCovered ?? rrset.type),
    [fields.algorithm ?? key.algorithm, fields.labels ?? ownLabels],
    u32(fields.originalTtl ?? rrset.ttlSeconds),
    u32(fields.expiration ?? NOW + 7 * DAY),
    u32(fields.inception ?? NOW - DAY),
    u16(fields.keyTag ?? key.tag),
  );
  const signer = fields.signer ?? zone;
  const sorted = [...rrset.rdatas].sort((a, b) => Buffer.compare(a, b));
  const records = sorted.map((rdata) =>
    octets(
      lower(owner.octets),
      u16(rrset.type),
      u16(rrset.class),
      u32(fields.originalTtl ?? rrset.ttlSeconds),
      u16(rdata.length),
      rdata,
    ),
  );
  const data = octets(prefix, lower(signer.octets), ...records);
  const { hash } = SCHEMES[key.algorithm]!;
  const signed = sign(hash, data, { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return octets(prefix, signer.octets, signed);
}

export function unsigned(
  owner: Name | string,
  type: number,
  rdatas: readonly Uint8Array[],
  ttlSeconds = 3600,
): RRset {
  const ownerName = typeof owner === 'string' ? name(owner) : owner;
  return { owner: ownerName, type, class: RRClass.IN, ttlSeconds, rdatas, signatures: [] };
}

export function signed(
  rrset: RRset,
  key: TestKey,
  zone: Name,
  fields: SignatureFields = {},
): RRset {
  return { ...rrset, signatures: [...rrset.signatures, signature(rrset, key, zone, fields)] };
}

export function dnskeySet(
  zone: Name,
  keys: readonly TestKey[],
  signers: readonly TestKey[],
): RRset {
  let rrset = unsigned(
    zone,
    RRType.DNSKEY,
    keys.map((key) => key.rdata),
  );
  for (const signer of signers) rrset = signed(rrset, signer, zone);
  return rrset;
}

export function dsRdata(zone: Name, key: TestKey, digestType = 2): Uint8Array {
  const hash = { 1: 'sha1', 2: 'sha256', 4: 'sha384' }[digestType] ?? 'sha256';
  const digest = createHash(hash).update(lower(zone.octets)).update(key.rdata).digest();
  return octets(u16(key.tag), [key.algorithm, digestType], digest);
}

/** A DS set as if its RRset had been validated. */
export function dsSet(
  zone: Name,
  rdatas: readonly Uint8Array[],
  validUntilSeconds = NOW + 30 * DAY,
  ttlSeconds = 3600,
): DsSet {
  const rrset = unsigned(zone, RRType.DS, rdatas, ttlSeconds);
  return makeDsSet(rrset, makeSecure(zone.parent(), validUntilSeconds), ttlSeconds);
}

/** Validated keys of a zone whose first key is the entry point and signs the set. */
export function zoneKeys(
  zone: Name,
  keys: readonly TestKey[],
  vouching: DsSet | TrustAnchors = dsSet(zone, [dsRdata(zone, keys[0]!)]),
  ctx: ValidationContext = context(),
): ZoneKeys {
  const verdict = validateDnskeys(zone, dnskeySet(zone, keys, [keys[0]!]), vouching, ctx);
  if (verdict.status !== 'secure') throw new Error(`${verdict.status}: ${verdict.sentence}`);
  return verdict.keys;
}
