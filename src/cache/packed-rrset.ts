/**
 * RRsets as they are kept: one buffer per RRset instead of one per record, because the fixed cost
 * of a buffer is many times the size of a typical record. And what they are charged for.
 */
import { Name, type RRset } from '../wire/index.js';
import { CACHE_LIMITS } from './limits.js';

const { entryOverheadOctets, arrayOverheadOctets } = CACHE_LIMITS;

/** V8 keeps arrays up to this size inside the object: cheaper alone than as views of a buffer. */
const INLINE_OCTETS = 64;

/** The octets of owner, RDATA and signatures. */
export function payloadOctets(rrset: RRset): number {
  let octets = rrset.owner.octets.length;
  for (const rdata of rrset.rdatas) octets += rdata.length;
  for (const signature of rrset.signatures) octets += signature.length;
  return octets;
}

/** What one RRset is charged for, the overhead of its objects included. */
export function rrsetSizeOctets(rrset: RRset): number {
  const arrays = rrset.rdatas.length + rrset.signatures.length;
  return (
    entryOverheadOctets.value +
    arrays * arrayOverheadOctets.value +
    payloadOctets(rrset) +
    // The owner's key, made when the name is compared.
    rrset.owner.octets.length
  );
}

/** The sum over several RRsets, such as those of a proof. */
export function rrsetsSizeOctets(rrsets: readonly RRset[]): number {
  let octets = 0;
  for (const rrset of rrsets) octets += rrsetSizeOctets(rrset);
  return octets;
}

/**
 * A copy that shares no memory with the message it came in: neither its buffer nor the chain of
 * parents that a question's name gathers on its way.
 */
export function packRRset(rrset: RRset): RRset {
  const { owner, type, rdatas, signatures, ttlSeconds } = rrset;
  const total = payloadOctets(rrset);
  const buffer = total > INLINE_OCTETS ? new Uint8Array(total) : undefined;
  let at = 0;
  const keep = (octets: Uint8Array): Uint8Array => {
    if (buffer === undefined) return octets.slice();
    buffer.set(octets, at);
    at += octets.length;
    return buffer.subarray(at - octets.length, at);
  };
  return {
    owner: Name.fromCheckedOctets(keep(owner.octets), owner.labelCount),
    type,
    class: rrset.class,
    ttlSeconds,
    rdatas: rdatas.map(keep),
    signatures: signatures.length === 0 ? NO_SIGNATURES : signatures.map(keep),
  };
}

const NO_SIGNATURES: readonly Uint8Array[] = [];
