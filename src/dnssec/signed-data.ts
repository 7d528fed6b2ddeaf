/** The octets that an RRSIG signs, RFC 4034 §3.1.8.1. */
import { LOWER_CASE, type RRset, type Rrsig } from '../wire/index.js';

export const RRSIG_FIXED_OCTETS = 18; // RFC 4034 §3.1: all of the RDATA before the signer's name

// One buffer for all signatures, as a check ends before the next begins. It grows to the largest
// RRset seen: at most 256 records and one message.
let buffer = new Uint8Array(4096);

/**
 * Signed data of `rrset` for one signature; `rdatas` are in canonical form and order. A view of a
 * buffer that the next call overwrites.
 */
export function signedData(rrset: RRset, rrsig: Rrsig, rdatas: readonly Uint8Array[]): Uint8Array {
  const owner = rrset.owner.octets;
  let size = rrsig.signedPrefix.length;
  for (const rdata of rdatas) size += owner.length + 12 + rdata.length;
  if (size > buffer.length) buffer = new Uint8Array(Math.max(size, buffer.length * 2));

  // RFC 4034 §3.1.8.1: the RRSIG RDATA without the signature, its signer's name in lower case.
  const prefix = rrsig.signedPrefix;
  for (let at = 0; at < RRSIG_FIXED_OCTETS; at++) buffer[at] = prefix[at]!;
  for (let at = RRSIG_FIXED_OCTETS; at < prefix.length; at++) buffer[at] = LOWER_CASE[prefix[at]!]!;

  let end = prefix.length;
  for (const rdata of rdatas) {
    end = writeSignedName(rrset, rrsig.labels, end);
    buffer[end++] = rrset.type >> 8;
    buffer[end++] = rrset.type & 0xff;
    buffer[end++] = rrset.class >> 8;
    buffer[end++] = rrset.class & 0xff;
    // RFC 4034 §3.1.8.1: the original TTL, not the one that a cache has counted down.
    for (let at = 4; at < 8; at++) buffer[end++] = prefix[at]!;
    buffer[end++] = rdata.length >> 8;
    buffer[end++] = rdata.length & 0xff;
    buffer.set(rdata, end);
    end += rdata.length;
  }
  return buffer.subarray(0, end);
}

/** RFC 4035 §5.3.2: the owner name in lower case, or the wildcard that it was made from. */
function writeSignedName(rrset: RRset, labels: number, at: number): number {
  const { octets } = rrset.owner;
  let from = 0;
  let end = at;
  if (labels < labelsOfOwner(rrset)) {
    // What is left are the `labels` rightmost labels, under an asterisk.
    for (let surplus = rrset.owner.labelCount - labels; surplus > 0; surplus--) {
      from += 1 + octets[from]!;
    }
    buffer[end++] = 1;
    buffer[end++] = 0x2a;
  }
  for (; from < octets.length; from++) buffer[end++] = LOWER_CASE[octets[from]!]!;
  return end;
}

/** RFC 4034 §3.1.3: labels of the owner name without the root and without a leftmost `*`. */
export function labelsOfOwner(rrset: RRset): number {
  return rrset.owner.isWildcard ? rrset.owner.labelCount - 1 : rrset.owner.labelCount;
}
