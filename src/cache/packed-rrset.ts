/**
 * RRsets as they are kept: those of one entry in one array of octets. The objects that make an
 * RRset handy (its name, its lists, an array per record) cost several times what is in them, so
 * they are made anew at each reading, which happens seldom: hot questions are answered from whole
 * replies. Nothing here shares memory with the message that the RRsets came in.
 */
import { Name, portion, type RRset } from '../wire/index.js';
import { CACHE_LIMITS } from './limits.js';

/** Type, class, TTL, number of RDATA and of signatures, labels and length of the owner. */
const HEAD_OCTETS = 2 + 2 + 4 + 2 + 2 + 1 + 1;
const LENGTH_OCTETS = 2;

/** The octets of owner, RDATA and signatures. */
export function payloadOctets(rrset: RRset): number {
  let octets = rrset.owner.octets.length;
  for (const rdata of rrset.rdatas) octets += rdata.length;
  for (const signature of rrset.signatures) octets += signature.length;
  return octets;
}

/** What an entry is charged for: its own objects, its key and its buffer. */
export function entrySizeOctets(keyOctets: number, packed: Uint8Array): number {
  const { entryOverheadOctets, bufferOverheadOctets } = CACHE_LIMITS;
  return entryOverheadOctets.value + keyOctets + bufferOverheadOctets.value + packed.length;
}

export function packRRsets(rrsets: readonly RRset[]): Uint8Array {
  let size = 0;
  for (const rrset of rrsets) {
    const parts = rrset.rdatas.length + rrset.signatures.length;
    size += HEAD_OCTETS + payloadOctets(rrset) + parts * LENGTH_OCTETS;
  }
  const packed = new Uint8Array(size);
  let at = 0;
  for (const rrset of rrsets) at = putRRset(packed, at, rrset);
  return packed;
}

/** The RRsets again, as views of `packed`, which must not be changed. */
export function unpackRRsets(packed: Uint8Array): RRset[] {
  const rrsets: RRset[] = [];
  for (let at = 0; at < packed.length;) at = takeRRset(packed, at, rrsets);
  return rrsets;
}

function putRRset(packed: Uint8Array, start: number, rrset: RRset): number {
  const { owner, ttlSeconds, rdatas, signatures } = rrset;
  let at = putU16(packed, start, rrset.type);
  at = putU16(packed, at, rrset.class);
  at = putU16(packed, at, ttlSeconds >>> 16);
  at = putU16(packed, at, ttlSeconds);
  at = putU16(packed, at, rdatas.length);
  at = putU16(packed, at, signatures.length);
  packed[at++] = owner.labelCount;
  packed[at++] = owner.octets.length;
  packed.set(owner.octets, at);
  at += owner.octets.length;
  for (const rdata of rdatas) at = putPart(packed, at, rdata);
  for (const signature of signatures) at = putPart(packed, at, signature);
  return at;
}

function takeRRset(packed: Uint8Array, start: number, into: RRset[]): number {
  const ownerAt = start + HEAD_OCTETS;
  const ownerEnd = ownerAt + packed[ownerAt - 1]!;
  const rdatas: Uint8Array[] = [];
  const rdatasEnd = takeParts(packed, ownerEnd, u16At(packed, start + 8), rdatas);
  const signatures: Uint8Array[] = [];
  const end = takeParts(packed, rdatasEnd, u16At(packed, start + 10), signatures);
  into.push({
    owner: Name.fromCheckedOctets(portion(packed, ownerAt, ownerEnd), packed[ownerAt - 2]!),
    type: u16At(packed, start),
    class: u16At(packed, start + 2),
    ttlSeconds: u16At(packed, start + 4) * 0x10000 + u16At(packed, start + 6),
    rdatas,
    signatures,
  });
  return end;
}

function putPart(packed: Uint8Array, start: number, part: Uint8Array): number {
  const at = putU16(packed, start, part.length);
  packed.set(part, at);
  return at + part.length;
}

function takeParts(packed: Uint8Array, start: number, count: number, into: Uint8Array[]): number {
  let at = start;
  for (let left = count; left > 0; left--) {
    const end = at + LENGTH_OCTETS + u16At(packed, at);
    into.push(portion(packed, at + LENGTH_OCTETS, end));
    at = end;
  }
  return at;
}

function putU16(packed: Uint8Array, at: number, value: number): number {
  packed[at] = (value >> 8) & 0xff;
  packed[at + 1] = value & 0xff;
  return at + 2;
}

function u16At(packed: Uint8Array, at: number): number {
  return (packed[at]! << 8) | packed[at + 1]!;
}
