/** Checks RDATA against their type's layout and brings them into canonical form. */
import { LOWER_CASE } from '../name.js';
import { RRType } from '../rr-types.js';
import { fieldEnd, layoutOf } from './layouts.js';
import { uncompressedNameEnd } from './rdata-cursor.js';

/**
 * True when the octets have the form their type prescribes and nothing is left over. Types
 * without a layout are opaque and always well-formed (RFC 3597 §3).
 */
export function rdataIsWellFormed(type: number, rdata: Uint8Array): boolean {
  if (type === RRType.A) return rdata.length === 4;
  if (type === RRType.AAAA) return rdata.length === 16;
  const layout = layoutOf(type);
  if (layout === undefined) return true;
  // RFC 8976 §2.2.4: a digest has at least 12 octets; RFC 7553 §4.4: a target is not empty.
  if (type === RRType.ZONEMD && rdata.length < 18) return false;
  if (type === RRType.URI && rdata.length < 5) return false;
  let at = 0;
  for (const kind of layout.fields) {
    // RFC 4034 §2.1, RFC 2535 §3.1.2: what a key record without a key is worth (old KEY records
    // say so by a flag) is for its reader to say.
    if (at === rdata.length && kind === 'base64' && isKeyType(type)) return true;
    at = fieldEnd(kind, rdata, at);
    if (at < 0) return false;
  }
  return at === rdata.length;
}

function isKeyType(type: number): boolean {
  return type === RRType.DNSKEY || type === RRType.CDNSKEY || type === RRType.KEY;
}

/**
 * Canonical RDATA, RFC 4034 §6.2: names are uncompressed already, and lower-cased for the types
 * listed there, less NSEC and with nothing to do for HINFO (RFC 6840 §5.1). The same array comes
 * back when nothing changes; malformed RDATA are left alone from the fault on.
 */
export function canonicalRdata(type: number, rdata: Uint8Array): Uint8Array {
  if (type === RRType.A6) return canonicalA6(rdata);
  const layout = layoutOf(type);
  if (layout === undefined || !layout.foldsNames) return rdata;
  let canonical = rdata;
  let at = 0;
  for (const kind of layout.fields) {
    const end = fieldEnd(kind, rdata, at);
    if (end < 0) return canonical;
    if (kind === 'name') canonical = foldBetween(rdata, canonical, at, end);
    at = end;
  }
  return canonical;
}

/** RFC 2874 §3.1.1: prefix length, address suffix, and a name unless the prefix is empty. */
function canonicalA6(rdata: Uint8Array): Uint8Array {
  const prefixBits = rdata[0] ?? 129;
  if (prefixBits === 0 || prefixBits > 128) return rdata;
  const at = 1 + ((128 - prefixBits + 7) >> 3);
  const end = uncompressedNameEnd(rdata, at);
  return end < 0 ? rdata : foldBetween(rdata, rdata, at, end);
}

/** Lower-cases a range, copying `original` at the first octet that changes. */
function foldBetween(
  original: Uint8Array,
  current: Uint8Array,
  start: number,
  end: number,
): Uint8Array {
  // Length octets are at most 63, below 'A', so folding every octet cannot change them.
  for (let at = start; at < end; at++) {
    const octet = original[at]!;
    if (LOWER_CASE[octet] === octet) continue;
    if (current === original) current = original.slice();
    current[at] = LOWER_CASE[octet]!;
  }
  return current;
}
