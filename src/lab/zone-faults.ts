/**
 * The classic ways to break a signed zone, as edits of what a correct signer makes. Each fault
 * names the hooks that it needs; a zone may have several, applied in order.
 */
import { concatOctets } from './octets.js';

export type KeyRole = 'KSK' | 'ZSK' | 'CSK';

export interface SignatureTimes {
  readonly inceptionSeconds: number;
  readonly expirationSeconds: number;
}

export interface DenialRecord {
  readonly ownerLabel: Uint8Array | undefined;
  readonly rdata: Uint8Array;
}

export interface ZoneFault {
  /** Validity of a signature over `covered`, changed before it is made. */
  readonly times?: (times: SignatureTimes, covered: number) => SignatureTimes;
  /** RRSIG RDATA over `covered` after it was made; undefined leaves it out. */
  readonly signature?: (
    rdata: Uint8Array,
    covered: number,
    role: KeyRole,
  ) => Uint8Array | undefined;
  /** DNSKEY RDATA before the keys are signed; the private key stays the same. */
  readonly keyBeforeSigning?: (rdata: Uint8Array, role: KeyRole) => Uint8Array;
  /** DNSKEY RDATA after the keys were signed; undefined leaves the key out. */
  readonly keyAfterSigning?: (rdata: Uint8Array, role: KeyRole) => Uint8Array | undefined;
  /** DS RDATA before the parent signs them. */
  readonly ds?: (rdata: Uint8Array) => Uint8Array | undefined;
  /** RDATA of an NSEC or NSEC3 record after signing; undefined leaves the record out. */
  readonly denialRdata?: (rdata: Uint8Array) => Uint8Array | undefined;
  /** First label of an NSEC3 owner after signing. */
  readonly denialOwnerLabel?: (label: Uint8Array) => Uint8Array;
}

const DAY = 86_400;

type Types = readonly number[] | 'all';

const covers = (types: Types, covered: number): boolean => {
  return types === 'all' || types.includes(covered);
};

function shifted(types: Types, from: number, to: number): ZoneFault {
  return {
    times: (times, covered) => {
      if (!covers(types, covered)) return times;
      return {
        inceptionSeconds: times.inceptionSeconds + from,
        expirationSeconds: times.expirationSeconds + to,
      };
    },
  };
}

/** Signatures that ended a month before they are looked at. */
export const expired = (types: Types = 'all'): ZoneFault => shifted(types, -90 * DAY, -60 * DAY);

/** Signatures that begin a month later. */
export const notYetValid = (types: Types = 'all'): ZoneFault => shifted(types, 60 * DAY, 90 * DAY);

/** Signatures that end a year before they begin. */
export function expiredBeforeInception(types: Types = 'all'): ZoneFault {
  return {
    times: (times, covered) => {
      if (!covers(types, covered)) return times;
      const { inceptionSeconds } = times;
      return { inceptionSeconds, expirationSeconds: inceptionSeconds - 365 * DAY };
    },
  };
}

export function missingSignatures(types: Types = 'all', role?: KeyRole): ZoneFault {
  return {
    signature: (rdata, covered, by) => {
      const hit = covers(types, covered) && (role === undefined || role === by);
      return hit ? undefined : rdata;
    },
  };
}

/** Flips one bit in the middle of the signature proper. */
export function corruptSignatures(types: Types = 'all', role?: KeyRole): ZoneFault {
  return {
    signature: (rdata, covered, by) => {
      if (!covers(types, covered) || (role !== undefined && role !== by)) return rdata;
      return withFlippedBit(rdata, rdata.length - 12);
    },
  };
}

/** Rewrites the algorithm octet of signatures: a downgrade attempt (RFC 6840 §5.11). */
export function signatureAlgorithm(algorithm: number, types: Types): ZoneFault {
  return {
    signature: (rdata, covered) => {
      return covers(types, covered) ? withOctet(rdata, 2, algorithm) : rdata;
    },
  };
}

export function missingDenial(): ZoneFault {
  return { denialRdata: () => undefined };
}

/** NSEC3 owners that are the hash of nothing. */
export function wrongNsec3Owner(): ZoneFault {
  return { denialOwnerLabel: (label) => rotated(label) };
}

/** Flips a bit of the next hashed owner (RFC 5155 §3.2: it follows the salt and its own length). */
export function wrongNsec3Next(): ZoneFault {
  return { denialRdata: (rdata) => withFlippedBit(rdata, 5 + rdata[4]! + 2) };
}

export function keyFlags(role: KeyRole | 'all', flags: number): ZoneFault {
  return {
    keyAfterSigning: (rdata, by) => {
      if (role !== 'all' && role !== by) return rdata;
      return withOctet(withOctet(rdata, 0, flags >> 8), 1, flags & 0xff);
    },
  };
}

/** The key is published with the REVOKE bit and signs with it (RFC 5011 §2.1). */
export function revokedKey(role: KeyRole): ZoneFault {
  return {
    keyBeforeSigning: (rdata, by) => (role === by ? withOctet(rdata, 1, rdata[1]! | 0x80) : rdata),
  };
}

export function keyAlgorithm(role: KeyRole, algorithm: number): ZoneFault {
  return {
    keyAfterSigning: (rdata, by) => (role === by ? withOctet(rdata, 3, algorithm) : rdata),
  };
}

export function corruptKey(role: KeyRole): ZoneFault {
  return {
    keyAfterSigning: (rdata, by) => (role === by ? withFlippedBit(rdata, 10) : rdata),
  };
}

export function missingKey(role: KeyRole | 'all'): ZoneFault {
  return {
    keyAfterSigning: (rdata, by) => (role === 'all' || role === by ? undefined : rdata),
  };
}

/** DNSKEY protocol other than 3 (RFC 4034 §2.1.2), before signing. */
export function keyProtocol(protocol: number): ZoneFault {
  return { keyBeforeSigning: (rdata) => withOctet(rdata, 2, protocol) };
}

export function dsKeyTag(tag: number): ZoneFault {
  return { ds: (rdata) => withOctet(withOctet(rdata, 0, tag >> 8), 1, tag & 0xff) };
}

export function dsAlgorithm(algorithm: number): ZoneFault {
  return { ds: (rdata) => withOctet(rdata, 2, algorithm) };
}

export function dsDigestType(digestType: number): ZoneFault {
  return { ds: (rdata) => withOctet(rdata, 3, digestType) };
}

export function wrongDsDigest(): ZoneFault {
  return { ds: (rdata) => withFlippedBit(rdata, 4) };
}

function withOctet(octets: Uint8Array, at: number, value: number): Uint8Array {
  const copy = octets.slice();
  copy[at] = value;
  return copy;
}

function withFlippedBit(octets: Uint8Array, at: number): Uint8Array {
  return withOctet(octets, at, octets[at]! ^ 0x10);
}

function rotated(label: Uint8Array): Uint8Array {
  return concatOctets(label.subarray(5), label.subarray(0, 5));
}
