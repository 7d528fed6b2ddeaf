/**
 * NSEC3 records (RFC 5155) as statements about hashes: which they match, which they cover. Pure
 * predicates on records that have already been validated; also what RFC 8198 needs.
 */
import {
  compareOctets,
  equalOctets,
  type Name,
  NSEC3_FLAG_OPT_OUT,
  type Nsec3,
  parseNsec3,
  type RRset,
} from '../wire/index.js';
import type { BogusReason } from './bogus-reasons.js';
import type { CryptoProvider } from './crypto-provider.js';

const NSEC3_SHA1 = 1; // IANA "DNSSEC NSEC3 Hash Algorithms"
const SHA1_OCTETS = 20;
const SHA1_BLOCK_OCTETS = 64;
const SHA1_PADDING_OCTETS = 9; // at least: one for the end mark, eight for the length
const BASE32HEX_OCTETS = 32; // of a SHA-1 hash

export type Nsec3Parameters = Pick<Nsec3, 'hashAlgorithm' | 'iterations' | 'salt'>;

export interface Nsec3Record extends Nsec3 {
  /** The hash in the owner name. */
  readonly ownerHash: Uint8Array;
  readonly optOut: boolean;
}

/** The one NSEC3 of an RRset, if it can be a record of `zone`; otherwise what is wrong with it. */
export function readNsec3(rrset: RRset, zone: Name): Nsec3Record | BogusReason {
  const ownerHash = nsec3OwnerHash(rrset.owner, zone);
  if (ownerHash === undefined) return 'denial: NSEC3 owner';
  const nsec3 = rrset.rdatas.length === 1 ? parseNsec3(rrset.rdatas[0]!) : undefined;
  if (nsec3 === undefined) return 'denial: malformed';
  // RFC 5155 §8.1 and §8.2: unknown hash algorithms and unknown flags make it a record to ignore.
  if (nsec3.hashAlgorithm !== NSEC3_SHA1) return 'denial: NSEC3 hash algorithm';
  if ((nsec3.flags & ~NSEC3_FLAG_OPT_OUT) !== 0) return 'denial: NSEC3 flags';
  if (nsec3.nextHash.length !== SHA1_OCTETS) return 'denial: malformed';
  return { ...nsec3, ownerHash, optOut: nsec3.flags === NSEC3_FLAG_OPT_OUT };
}

/**
 * RFC 5155 §3: the owner is the hash in base32hex as one label before the zone's name. One label
 * more, and the record is of a child zone whose hashes may look like ours (CVE-2026-10723).
 */
export function nsec3OwnerHash(owner: Name, zone: Name): Uint8Array | undefined {
  if (owner.labelCount !== zone.labelCount + 1 || !owner.isAtOrBelow(zone)) return undefined;
  return owner.octets[0] === BASE32HEX_OCTETS ? decodeBase32hex(owner.label(0)) : undefined;
}

/** RFC 4648 §7 in either case and without padding (RFC 5155 §3.3); 32 octets give 20. */
function decodeBase32hex(text: Uint8Array): Uint8Array | undefined {
  const hash = new Uint8Array(SHA1_OCTETS);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let index = 0; index < text.length; index++) {
    const value = base32hexValue(text[index]!);
    if (value < 0) return undefined;
    held = (held << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      hash[at++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  return hash;
}

function base32hexValue(octet: number): number {
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30;
  const letter = (octet | 0x20) - 0x61;
  return octet >= 0x41 && letter >= 0 && letter < 22 ? letter + 10 : -1;
}

export function nsec3Matches(nsec3: Nsec3Record, hash: Uint8Array): boolean {
  return equalOctets(nsec3.ownerHash, hash);
}

/** Whether `hash` lies strictly between owner and next hash on the ring of RFC 5155 §3.1.7. */
export function nsec3Covers(nsec3: Nsec3Record, hash: Uint8Array): boolean {
  const { ownerHash, nextHash } = nsec3;
  const afterOwner = compareOctets(hash, ownerHash) > 0;
  const beforeNext = compareOctets(hash, nextHash) < 0;
  // The last record of the ring points back to the first; a ring of one to itself, and then it
  // covers everything but its own hash.
  const wraps = compareOctets(ownerHash, nextHash) >= 0;
  return wraps ? afterOwner || beforeNext : afterOwner && beforeNext;
}

export function sameNsec3Parameters(a: Nsec3Parameters, b: Nsec3Parameters): boolean {
  return (
    a.hashAlgorithm === b.hashAlgorithm &&
    a.iterations === b.iterations &&
    equalOctets(a.salt, b.salt)
  );
}

/** What hashing one name costs, in blocks of SHA-1: RFC 5155 §5, RFC 9276 §2.3. */
export function nsec3HashBlocks(name: Name, { iterations, salt }: Nsec3Parameters): number {
  const first = sha1Blocks(name.octets.length + salt.length);
  return first + iterations * sha1Blocks(SHA1_OCTETS + salt.length);
}

function sha1Blocks(octets: number): number {
  return Math.ceil((octets + SHA1_PADDING_OCTETS) / SHA1_BLOCK_OCTETS);
}

export function nsec3Hash(
  name: Name,
  { salt, iterations }: Nsec3Parameters,
  crypto: CryptoProvider,
): Uint8Array {
  return crypto.nsec3Hash(name.canonicalOctets(), salt, iterations);
}
