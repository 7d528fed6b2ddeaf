/**
 * One row per record type: the fields of its RDATA in order, and what may be done with the names
 * among them. Reading, checking, canonical form and text form all walk this table, so a type is
 * known everywhere or nowhere (then RFC 3597 treats it as opaque octets).
 */
import { RRType } from '../rr-types.js';
import { uncompressedNameEnd } from './rdata-cursor.js';
import { typeBitmapIsWellFormed } from './type-bitmap.js';

export type FieldKind =
  | 'u8'
  | 'u16'
  | 'u32'
  | 'algorithm' // u8, a mnemonic may stand for it in text
  | 'certificate' // u16, a mnemonic may stand for it in text (RFC 4398 §2.1)
  | 'type' // u16, a type mnemonic in text
  | 'time' // u32, YYYYMMDDHHmmSS in text (RFC 4034 §3.2)
  | 'period' // u32, seconds; TTL units allowed in text
  | 'ipv4'
  | 'ipv6'
  | 'name'
  | 'string' // character-string
  | 'strings' // one or more character-strings up to the end
  | 'tag' // character-string, unquoted letters and digits (RFC 8659 §4.1)
  | 'text' // octets to the end, one quoted string in text
  | 'hex' // octets to the end, at least one
  | 'base64' // octets to the end, at least one
  | 'opaque' // octets to the end that have no text form of their own
  | 'salt' // length octet and octets, hexadecimal or "-"
  | 'hash' // length octet and octets, base32hex
  | 'bitmap'
  | 'params' // SvcParams, RFC 9460 §2.2
  | 'locator64' // 64 bits in four groups of hexadecimal (RFC 6742)
  | 'eui48'
  | 'eui64'
  | 'location' // LOC, RFC 1876 §2
  | 'nsap' // octets to the end, RFC 1706 §7
  | 'prefixes' // APL, RFC 3123 §4
  | 'gateway' // IPSECKEY from its precedence to its gateway, RFC 4025 §2
  | 'hip'; // HIP up to its public key, RFC 8005 §5

export interface RdataLayout {
  readonly fields: readonly FieldKind[];
  /** RFC 3597 §4: only the types of RFC 1035 may carry compressed names. */
  readonly compressible: boolean;
  /** RFC 4034 §6.2 (3) as corrected by RFC 6840 §5.1: names are lower-cased. */
  readonly foldsNames: boolean;
}

const layouts = new Map<number, RdataLayout>();

function define(
  fields: readonly FieldKind[],
  types: readonly number[],
  treatment: 'plain' | 'folded' | 'RFC 1035' = 'plain',
): void {
  const compressible = treatment === 'RFC 1035';
  const foldsNames = treatment !== 'plain';
  for (const type of types) layouts.set(type, { fields, compressible, foldsNames });
}

const { NS, MD, MF, CNAME, MB, MG, MR, PTR, SOA, MINFO, MX } = RRType;
define(['name'], [NS, MD, MF, CNAME, MB, MG, MR, PTR], 'RFC 1035');
define(['name', 'name', 'u32', 'period', 'period', 'period', 'period'], [SOA], 'RFC 1035');
define(['name', 'name'], [MINFO], 'RFC 1035');
define(['u16', 'name'], [MX], 'RFC 1035');

define(['name'], [RRType.DNAME], 'folded');
define(['name', 'name'], [RRType.RP], 'folded');
define(['u16', 'name'], [RRType.AFSDB, RRType.RT, RRType.KX], 'folded');
define(['u16', 'name', 'name'], [RRType.PX], 'folded');
define(['u16', 'u16', 'u16', 'name'], [RRType.SRV], 'folded');
define(['u16', 'u16', 'string', 'string', 'string', 'name'], [RRType.NAPTR], 'folded');
define(
  ['type', 'algorithm', 'u8', 'u32', 'time', 'time', 'u16', 'name', 'base64'],
  [RRType.RRSIG, RRType.SIG],
  'folded',
);
define(['name', 'opaque'], [RRType.NXT], 'folded');

// RFC 6840 §5.1: the next domain name of NSEC keeps its case. Types younger than RFC 4034 are
// never folded (RFC 4034 §6.2, RFC 3597 §7).
define(['name', 'bitmap'], [RRType.NSEC]);
define(['name', 'name'], [RRType.TALINK]);
define(['u16', 'name'], [RRType.LP]);
define(['u16', 'name', 'params'], [RRType.SVCB, RRType.HTTPS]);

define(['ipv4'], [RRType.A]);
define(['ipv6'], [RRType.AAAA]);
define(['string', 'string'], [RRType.HINFO]);
define(['strings'], [RRType.TXT, RRType.SPF, RRType.NINFO, RRType.AVC, RRType.RESINFO]);
define(['strings'], [RRType.WALLET, RRType.ISDN]);
define(['string'], [RRType.X25]);
define(['string', 'string', 'string'], [RRType.GPOS]);
define(['location'], [RRType.LOC]);
define(['nsap'], [RRType.NSAP]);
define(['certificate', 'u16', 'algorithm', 'base64'], [RRType.CERT]);
define(['prefixes'], [RRType.APL]);
define(['u16', 'algorithm', 'u8', 'hex'], [RRType.DS, RRType.CDS, RRType.DLV, RRType.TA]);
define(['algorithm', 'u8', 'hex'], [RRType.SSHFP]);
define(['gateway', 'base64'], [RRType.IPSECKEY]);
define(['u16', 'u8', 'algorithm', 'base64'], [RRType.DNSKEY, RRType.CDNSKEY, RRType.RKEY]);
define(['u16', 'u8', 'algorithm', 'base64'], [RRType.KEY]);
define(['base64'], [RRType.DHCID, RRType.OPENPGPKEY]);
define(['u8', 'u8', 'u16', 'salt', 'hash', 'bitmap'], [RRType.NSEC3]);
define(['u8', 'u8', 'u16', 'salt'], [RRType.NSEC3PARAM]);
define(['u8', 'u8', 'u8', 'hex'], [RRType.TLSA, RRType.SMIMEA]);
define(['hip'], [RRType.HIP]);
define(['u32', 'u16', 'bitmap'], [RRType.CSYNC]);
define(['u32', 'u8', 'u8', 'hex'], [RRType.ZONEMD]);
define(['u16', 'locator64'], [RRType.NID, RRType.L64]);
define(['u16', 'ipv4'], [RRType.L32]);
define(['eui48'], [RRType.EUI48]);
define(['eui64'], [RRType.EUI64]);
define(['u16', 'u16', 'text'], [RRType.URI]);
define(['u8', 'tag', 'text'], [RRType.CAA]);

/** The layout of a type, undefined when its RDATA are opaque to us. */
export function layoutOf(type: number): RdataLayout | undefined {
  return layouts.get(type);
}

/** Every type with a layout, ascending. */
export function typesWithLayout(): number[] {
  return [...layouts.keys()].sort((a, b) => a - b);
}

/** Octets of the fixed-size fields. */
const FIXED_OCTETS: Partial<Record<FieldKind, number>> = {
  u8: 1,
  algorithm: 1,
  u16: 2,
  certificate: 2,
  type: 2,
  u32: 4,
  time: 4,
  period: 4,
  ipv4: 4,
  ipv6: 16,
  locator64: 8,
  eui48: 6,
  eui64: 8,
};

/** Where the field of this kind at `at` ends; -1 when the octets are no such field. */
export function fieldEnd(kind: FieldKind, rdata: Uint8Array, at: number): number {
  const end = rdata.length;
  const fixed = FIXED_OCTETS[kind];
  if (fixed !== undefined) return at + fixed <= end ? at + fixed : -1;
  switch (kind) {
    case 'name':
      return uncompressedNameEnd(rdata, at);
    case 'string':
    case 'salt':
      return stringEnd(rdata, at);
    case 'tag':
    case 'hash':
      return rdata[at] === 0 ? -1 : stringEnd(rdata, at);
    case 'strings':
      do at = stringEnd(rdata, at);
      while (at >= 0 && at < end);
      return at;
    case 'text':
    case 'opaque':
      return end;
    case 'hex':
    case 'base64':
    case 'nsap':
      return at < end ? end : -1;
    case 'bitmap':
      return typeBitmapIsWellFormed(rdata, at, end) ? end : -1;
    case 'params':
      return paramsEnd(rdata, at);
    case 'location':
      // RFC 1876 §2: other versions than 0 have an unknown size.
      return at + 16 === end && rdata[at] === 0 ? end : -1;
    case 'prefixes':
      return prefixesEnd(rdata, at);
    case 'gateway':
      return gatewayEnd(rdata, at);
    case 'hip':
      return hipEnd(rdata, at);
    default:
      return -1;
  }
}

function stringEnd(rdata: Uint8Array, at: number): number {
  const length = rdata[at];
  if (length === undefined || at + 1 + length > rdata.length) return -1;
  return at + 1 + length;
}

function paramsEnd(rdata: Uint8Array, at: number): number {
  let previous = -1;
  while (at < rdata.length) {
    if (at + 4 > rdata.length) return -1;
    const key = (rdata[at]! << 8) | rdata[at + 1]!;
    if (key <= previous) return -1;
    previous = key;
    at += 4 + ((rdata[at + 2]! << 8) | rdata[at + 3]!);
  }
  return at === rdata.length ? at : -1;
}

function prefixesEnd(rdata: Uint8Array, at: number): number {
  while (at < rdata.length) {
    if (at + 4 > rdata.length) return -1;
    const family = (rdata[at]! << 8) | rdata[at + 1]!;
    const width = family === 1 ? 4 : family === 2 ? 16 : 127;
    const length = rdata[at + 3]! & 0x7f;
    if (length > width || ((family === 1 || family === 2) && rdata[at + 2]! > width * 8)) return -1;
    at += 4 + length;
  }
  return at === rdata.length ? at : -1;
}

function gatewayEnd(rdata: Uint8Array, at: number): number {
  const gatewayType = rdata[at + 1];
  const gateway = at + 3;
  if (gatewayType === undefined || gateway > rdata.length) return -1;
  if (gatewayType === 3) return uncompressedNameEnd(rdata, gateway);
  const size = gatewayType === 0 ? 0 : gatewayType === 1 ? 4 : gatewayType === 2 ? 16 : -1;
  return size >= 0 && gateway + size <= rdata.length ? gateway + size : -1;
}

function hipEnd(rdata: Uint8Array, at: number): number {
  if (at + 4 > rdata.length) return -1;
  const tagLength = rdata[at]!;
  const keyLength = (rdata[at + 2]! << 8) | rdata[at + 3]!;
  at += 4 + tagLength + keyLength;
  if (tagLength === 0 || keyLength === 0 || at > rdata.length) return -1;
  while (at >= 0 && at < rdata.length) at = uncompressedNameEnd(rdata, at);
  return at;
}
