/** Views of the DNSSEC types' RDATA: RFC 4034, RFC 5155, RFC 7344, RFC 7477, RFC 8976. */
import type { Name } from '../name.js';
import { portion } from '../octets.js';
import { RdataCursor, uncompressedNameAt } from './rdata-cursor.js';
import { TypeBitmap } from './type-bitmap.js';

/** RFC 4034 §3.1 */
export interface Rrsig {
  readonly typeCovered: number;
  readonly algorithm: number;
  readonly labels: number;
  readonly originalTtlSeconds: number;
  /** Both times are 32-bit serial numbers (RFC 1982), compared as RFC 4034 §3.1.5 says. */
  readonly expirationSeconds: number;
  readonly inceptionSeconds: number;
  readonly keyTag: number;
  readonly signer: Name;
  readonly signature: Uint8Array;
  /** RDATA up to and including the signer's name, case as received. */
  readonly signedPrefix: Uint8Array;
}

const RRSIG_FIXED_OCTETS = 18;

export function parseRrsig(rdata: Uint8Array): Rrsig | undefined {
  if (rdata.length <= RRSIG_FIXED_OCTETS) return undefined;
  const signer = uncompressedNameAt(rdata, RRSIG_FIXED_OCTETS);
  if (signer === undefined) return undefined;
  const prefixEnd = RRSIG_FIXED_OCTETS + signer.octets.length;
  if (prefixEnd === rdata.length) return undefined;
  return {
    typeCovered: (rdata[0]! << 8) | rdata[1]!,
    algorithm: rdata[2]!,
    labels: rdata[3]!,
    originalTtlSeconds: u32At(rdata, 4),
    expirationSeconds: u32At(rdata, 8),
    inceptionSeconds: u32At(rdata, 12),
    keyTag: (rdata[16]! << 8) | rdata[17]!,
    signer,
    signature: portion(rdata, prefixEnd),
    signedPrefix: portion(rdata, 0, prefixEnd),
  };
}

function u32At(octets: Uint8Array, at: number): number {
  return (
    ((octets[at]! << 24) | (octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!) >>> 0
  );
}

/** RFC 4034 §2.1; the same form serves CDNSKEY (RFC 7344 §3.2). */
export interface Dnskey {
  readonly flags: number;
  readonly protocol: number;
  readonly algorithm: number;
  readonly publicKey: Uint8Array;
  readonly rdata: Uint8Array;
}

export const DNSKEY_FLAG_ZONE = 0x0100; // RFC 4034 §2.1.1
export const DNSKEY_FLAG_REVOKE = 0x0080; // RFC 5011 §3
export const DNSKEY_FLAG_SEP = 0x0001; // RFC 4034 §2.1.1

export function parseDnskey(rdata: Uint8Array): Dnskey | undefined {
  if (rdata.length < 4) return undefined;
  return {
    flags: (rdata[0]! << 8) | rdata[1]!,
    protocol: rdata[2]!,
    algorithm: rdata[3]!,
    publicKey: portion(rdata, 4),
    rdata,
  };
}

export function isZoneKey(key: Dnskey): boolean {
  return (key.flags & DNSKEY_FLAG_ZONE) !== 0;
}

export function isSep(key: Dnskey): boolean {
  return (key.flags & DNSKEY_FLAG_SEP) !== 0;
}

export function isRevoked(key: Dnskey): boolean {
  return (key.flags & DNSKEY_FLAG_REVOKE) !== 0;
}

/** RFC 4034 §5.1; the same form serves CDS (RFC 7344 §3.1) and DLV. */
export interface Ds {
  readonly keyTag: number;
  readonly algorithm: number;
  readonly digestType: number;
  readonly digest: Uint8Array;
}

export function parseDs(rdata: Uint8Array): Ds | undefined {
  if (rdata.length < 5) return undefined;
  return {
    keyTag: (rdata[0]! << 8) | rdata[1]!,
    algorithm: rdata[2]!,
    digestType: rdata[3]!,
    digest: portion(rdata, 4),
  };
}

/** RFC 4034 §4.1 */
export interface Nsec {
  readonly nextName: Name;
  readonly types: TypeBitmap;
}

export function parseNsec(rdata: Uint8Array): Nsec | undefined {
  const nextName = uncompressedNameAt(rdata, 0);
  if (nextName === undefined) return undefined;
  const types = TypeBitmap.fromOctets(portion(rdata, nextName.octets.length));
  return types === undefined ? undefined : { nextName, types };
}

/** RFC 5155 §3.1 */
export interface Nsec3 {
  readonly hashAlgorithm: number;
  readonly flags: number;
  readonly iterations: number;
  readonly salt: Uint8Array;
  /** The next hashed owner name as octets, not base32hex. */
  readonly nextHash: Uint8Array;
  readonly types: TypeBitmap;
}

export const NSEC3_FLAG_OPT_OUT = 0x01; // RFC 5155 §3.1.2.1

export function parseNsec3(rdata: Uint8Array): Nsec3 | undefined {
  const cursor = new RdataCursor(rdata);
  const hashAlgorithm = cursor.u8();
  const flags = cursor.u8();
  const iterations = cursor.u16();
  const salt = cursor.characterString();
  const nextHash = cursor.characterString();
  const bitmap = cursor.rest();
  // RFC 5155 §3.1.7: the hash has 1 to 255 octets.
  if (!cursor.finished || nextHash.length === 0) return undefined;
  const types = TypeBitmap.fromOctets(bitmap);
  if (types === undefined) return undefined;
  return { hashAlgorithm, flags, iterations, salt, nextHash, types };
}

/** RFC 5155 §4.2 */
export interface Nsec3Param {
  readonly hashAlgorithm: number;
  readonly flags: number;
  readonly iterations: number;
  readonly salt: Uint8Array;
}

export function parseNsec3Param(rdata: Uint8Array): Nsec3Param | undefined {
  const cursor = new RdataCursor(rdata);
  const hashAlgorithm = cursor.u8();
  const flags = cursor.u8();
  const iterations = cursor.u16();
  const salt = cursor.characterString();
  return cursor.finished ? { hashAlgorithm, flags, iterations, salt } : undefined;
}

/** RFC 7477 §2.1.1 */
export interface Csync {
  readonly soaSerial: number;
  readonly flags: number;
  readonly types: TypeBitmap;
}

export function parseCsync(rdata: Uint8Array): Csync | undefined {
  const cursor = new RdataCursor(rdata);
  const soaSerial = cursor.u32();
  const flags = cursor.u16();
  const bitmap = cursor.rest();
  if (!cursor.finished) return undefined;
  const types = TypeBitmap.fromOctets(bitmap);
  return types === undefined ? undefined : { soaSerial, flags, types };
}

/** RFC 8976 §2.2 */
export interface Zonemd {
  readonly serial: number;
  readonly scheme: number;
  readonly hashAlgorithm: number;
  readonly digest: Uint8Array;
}

export function parseZonemd(rdata: Uint8Array): Zonemd | undefined {
  const cursor = new RdataCursor(rdata);
  const serial = cursor.u32();
  const scheme = cursor.u8();
  const hashAlgorithm = cursor.u8();
  const digest = cursor.rest();
  // RFC 8976 §2.2.4: a digest shorter than 12 octets is malformed.
  if (!cursor.finished || digest.length < 12) return undefined;
  return { serial, scheme, hashAlgorithm, digest };
}
