/**
 * Records that the attacker signs himself, with keys that are his: those of his own zones, and
 * those that others have lost and withdrawn. He may write whatever he likes into the RRSIG.
 */
import { canonicalRdatas, keyTag, signedData } from '../../src/dnssec/index.js';
import type { HostedZone } from '../../src/lab/hosted-zone.js';
import { concatOctets, uint16Octets, uint32Octets } from '../../src/lab/octets.js';
import { labSigner } from '../../src/runtime/lab-signer.js';
import {
  type Name,
  parseRrsig,
  type ResourceRecord,
  RRClass,
  RRType,
} from '../../src/wire/index.js';
import { privateKeyOf } from './keys.js';

export interface OwnKey {
  readonly rdata: Uint8Array;
  readonly algorithm: number;
  readonly privateKey: unknown;
}

const DAY = 86_400;
const ZONE_KEY_OCTET = 0x01;
const REVOKED = 0x80;
const DNSSEC_PROTOCOL = 3;

export function keysOf(zone: HostedZone): OwnKey[] {
  const published = zone.signed?.signer.publishedKeys() ?? [];
  return published.flatMap((rdata) => {
    const algorithm = rdata[3]!;
    const privateKey = privateKeyOf(algorithm, rdata.subarray(4));
    return privateKey === undefined ? [] : [{ rdata, algorithm, privateKey }];
  });
}

/** Keys of a zone that are published and must not be used. */
export function withdrawnKeysOf(zone: HostedZone): OwnKey[] {
  return keysOf(zone).filter(
    ({ rdata }) =>
      (rdata[0]! & ZONE_KEY_OCTET) === 0 ||
      (rdata[1]! & REVOKED) !== 0 ||
      rdata[2] !== DNSSEC_PROTOCOL,
  );
}

export interface Statement {
  readonly owner: Name;
  readonly type: number;
  readonly rdatas: readonly Uint8Array[];
  readonly signer: Name;
  readonly nowSeconds: number;
  readonly ttlSeconds?: number;
  /** The name that is signed, when it is not the owner: a wildcard. */
  readonly signedOwner?: Name;
}

/** The records with their RRSIG. */
export function sign(key: OwnKey, statement: Statement): ResourceRecord[] {
  const { owner, type, rdatas, signer, nowSeconds, ttlSeconds = 3_600 } = statement;
  const signed = statement.signedOwner ?? owner;
  const labels = signed.labelCount - (signed.isWildcard ? 1 : 0);
  const prefix = concatOctets(
    uint16Octets(type),
    Uint8Array.of(key.algorithm, labels),
    uint32Octets(ttlSeconds),
    uint32Octets(nowSeconds + DAY),
    uint32Octets(nowSeconds - DAY),
    uint16Octets(keyTag(key.rdata)),
    signer.canonicalOctets(),
  );
  const rrsig = parseRrsig(concatOctets(prefix, Uint8Array.of(0)))!;
  const set = { owner: signed, type, class: RRClass.IN, ttlSeconds, rdatas, signatures: [] };
  const data = signedData(set, rrsig, canonicalRdatas(set));
  const signature = labSigner.sign(key.algorithm, key.privateKey, data);
  const at = { owner, class: RRClass.IN, ttlSeconds };
  return [
    ...rdatas.map((rdata) => ({ ...at, type, rdata })),
    { ...at, type: RRType.RRSIG, rdata: concatOctets(prefix, signature) },
  ];
}
