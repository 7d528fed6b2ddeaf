/** Views of addresses, names, mail and service records: RFC 1035 §3.3 and its successors. */
import { IpAddress } from '../ip-address.js';
import type { Name } from '../name.js';
import { RRType } from '../rr-types.js';
import { RdataCursor, uncompressedNameAt } from './rdata-cursor.js';

/** The address of an A (RFC 1035 §3.4.1) or AAAA (RFC 3596 §2.2) record. */
export function addressOfRdata(type: number, rdata: Uint8Array): IpAddress | undefined {
  const size = type === RRType.A ? 4 : type === RRType.AAAA ? 16 : -1;
  return rdata.length === size ? IpAddress.fromOctets(rdata) : undefined;
}

/** The one name that is the whole RDATA of NS, CNAME, PTR and DNAME. */
export function nameOfRdata(type: number, rdata: Uint8Array): Name | undefined {
  switch (type) {
    case RRType.NS:
    case RRType.CNAME:
    case RRType.PTR:
    case RRType.DNAME: {
      const name = uncompressedNameAt(rdata, 0);
      return name?.octets.length === rdata.length ? name : undefined;
    }
    default:
      return undefined;
  }
}

/** RFC 1035 §3.3.13; all intervals are seconds. */
export interface Soa {
  readonly mname: Name;
  readonly rname: Name;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimumSeconds: number;
}

export function parseSoa(rdata: Uint8Array): Soa | undefined {
  const cursor = new RdataCursor(rdata);
  const mname = cursor.name();
  const rname = cursor.name();
  const serial = cursor.u32();
  const refresh = cursor.u32();
  const retry = cursor.u32();
  const expire = cursor.u32();
  const minimumSeconds = cursor.u32();
  if (!cursor.finished) return undefined;
  return { mname, rname, serial, refresh, retry, expire, minimumSeconds };
}

/** RFC 1035 §3.3.9 */
export interface Mx {
  readonly preference: number;
  readonly exchange: Name;
}

export function parseMx(rdata: Uint8Array): Mx | undefined {
  const cursor = new RdataCursor(rdata);
  const preference = cursor.u16();
  const exchange = cursor.name();
  return cursor.finished ? { preference, exchange } : undefined;
}

/** RFC 1035 §3.3.14: one or more character-strings. */
export interface Txt {
  readonly strings: readonly Uint8Array[];
}

export function parseTxt(rdata: Uint8Array): Txt | undefined {
  const cursor = new RdataCursor(rdata);
  const strings: Uint8Array[] = [];
  do strings.push(cursor.characterString());
  while (!cursor.failed && cursor.at < rdata.length);
  return cursor.finished ? { strings } : undefined;
}

/** RFC 2782 */
export interface Srv {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: Name;
}

export function parseSrv(rdata: Uint8Array): Srv | undefined {
  const cursor = new RdataCursor(rdata);
  const priority = cursor.u16();
  const weight = cursor.u16();
  const port = cursor.u16();
  const target = cursor.name();
  return cursor.finished ? { priority, weight, port, target } : undefined;
}

/** RFC 3403 §4.1 */
export interface Naptr {
  readonly order: number;
  readonly preference: number;
  readonly flags: Uint8Array;
  readonly services: Uint8Array;
  readonly regexp: Uint8Array;
  readonly replacement: Name;
}

export function parseNaptr(rdata: Uint8Array): Naptr | undefined {
  const cursor = new RdataCursor(rdata);
  const order = cursor.u16();
  const preference = cursor.u16();
  const flags = cursor.characterString();
  const services = cursor.characterString();
  const regexp = cursor.characterString();
  const replacement = cursor.name();
  if (!cursor.finished) return undefined;
  return { order, preference, flags, services, regexp, replacement };
}

/** RFC 1035 §3.3.2 */
export interface Hinfo {
  readonly cpu: Uint8Array;
  readonly os: Uint8Array;
}

export function parseHinfo(rdata: Uint8Array): Hinfo | undefined {
  const cursor = new RdataCursor(rdata);
  const cpu = cursor.characterString();
  const os = cursor.characterString();
  return cursor.finished ? { cpu, os } : undefined;
}

/** RFC 1183 §2.2 */
export interface Rp {
  readonly mailbox: Name;
  readonly text: Name;
}

export function parseRp(rdata: Uint8Array): Rp | undefined {
  const cursor = new RdataCursor(rdata);
  const mailbox = cursor.name();
  const text = cursor.name();
  return cursor.finished ? { mailbox, text } : undefined;
}

/** RFC 7553 §4.5 */
export interface Uri {
  readonly priority: number;
  readonly weight: number;
  readonly target: Uint8Array;
}

export function parseUri(rdata: Uint8Array): Uri | undefined {
  const cursor = new RdataCursor(rdata);
  const priority = cursor.u16();
  const weight = cursor.u16();
  const target = cursor.rest();
  // RFC 7553 §4.4: the target must not be empty.
  return cursor.finished && target.length > 0 ? { priority, weight, target } : undefined;
}

export interface SvcParam {
  readonly key: number;
  readonly value: Uint8Array;
}

/** SVCB and HTTPS, RFC 9460 §2.2. */
export interface Svcb {
  readonly priority: number;
  readonly target: Name;
  readonly params: readonly SvcParam[];
}

export function parseSvcb(rdata: Uint8Array): Svcb | undefined {
  const cursor = new RdataCursor(rdata);
  const priority = cursor.u16();
  const target = cursor.name();
  const params: SvcParam[] = [];
  let previous = -1;
  while (!cursor.failed && cursor.at < rdata.length) {
    const key = cursor.u16();
    const value = cursor.take(cursor.u16());
    // RFC 9460 §2.2: keys in strictly increasing order.
    if (key <= previous) return undefined;
    previous = key;
    params.push({ key, value });
  }
  return cursor.finished ? { priority, target, params } : undefined;
}
