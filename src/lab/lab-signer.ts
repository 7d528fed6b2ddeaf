/**
 * What the lab needs from a crypto library: keys and signatures. The runtime implements it; the
 * lab never sees a private key, only a handle.
 */

/** Opaque to the lab. */
export type LabPrivateKey = unknown;

export interface LabKeyPair {
  readonly privateKey: LabPrivateKey;
  /** The public key as the DNSKEY RDATA carries it (RFC 3110, 6605, 8080). */
  readonly publicKey: Uint8Array;
}

export interface LabSigner {
  /** A new key for a DNSSEC algorithm number of `LAB_ALGORITHMS`. */
  generateKey(algorithm: number): LabKeyPair;
  /** A signature as the RRSIG RDATA carries it. */
  sign(algorithm: number, privateKey: LabPrivateKey, data: Uint8Array): Uint8Array;
}

/** Algorithms that a LabSigner makes real keys for (IANA "DNS Security Algorithm Numbers"). */
export const LAB_ALGORITHMS = {
  RSASHA1: 5,
  RSASHA1_NSEC3_SHA1: 7,
  RSASHA256: 8,
  RSASHA512: 10,
  ECDSAP256SHA256: 13,
  ECDSAP384SHA384: 14,
  ED25519: 15,
  ED448: 16,
} as const;

const REAL: ReadonlySet<number> = new Set(Object.values(LAB_ALGORITHMS));

/** False for algorithms that the lab only plays: their keys and signatures are filler octets. */
export function isRealAlgorithm(algorithm: number): boolean {
  return REAL.has(algorithm);
}
