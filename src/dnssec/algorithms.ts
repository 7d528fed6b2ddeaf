/**
 * DNSSEC algorithms: one row holds all there is to know about one. Below this table nobody names
 * an algorithm. Numbers that have no row are unsupported: RSAMD5 (1), DSA (3, 6) and ECC-GOST (12)
 * must not be validated (RFC 9904, RFC 9906), the rest are unassigned or private.
 */
import type { DigestName } from './crypto-provider.js';
import { bitLength, parseRsaPublicKey } from './rsa-public-key.js';
import type { ValidationContext, ValidationPolicy } from './validation-context.js';

export interface AlgorithmRow {
  readonly number: number;
  readonly mnemonic: string;
  readonly family: 'rsa' | 'ecdsa' | 'eddsa';
  /** Hash of the signed data; EdDSA brings its own. */
  readonly hash: DigestName | undefined;
  readonly curve: 'P-256' | 'P-384' | 'Ed25519' | 'Ed448' | undefined;
  /** Exact sizes; 0 where the key decides (RSA). */
  readonly publicKeyOctets: number;
  readonly signatureOctets: number;
  /** IANA "DNS Security Algorithm Numbers", column "Implement for DNSSEC Validation" (RFC 9904). */
  readonly implementForValidation: 'MUST' | 'RECOMMENDED';
  /** RFC 9905 §2: operators treat it as unsupported, so it is off until switched on. */
  readonly sha1: boolean;
  readonly reference: string;
}

function rsa(number: number, mnemonic: string, hash: DigestName, reference: string): AlgorithmRow {
  return {
    number,
    mnemonic,
    family: 'rsa',
    hash,
    curve: undefined,
    publicKeyOctets: 0,
    signatureOctets: 0,
    implementForValidation: 'MUST',
    sha1: hash === 'sha1',
    reference,
  };
}

const ROWS: readonly AlgorithmRow[] = [
  rsa(5, 'RSASHA1', 'sha1', 'RFC 3110'),
  rsa(7, 'RSASHA1-NSEC3-SHA1', 'sha1', 'RFC 5155 §2'),
  rsa(8, 'RSASHA256', 'sha256', 'RFC 5702 §2.1'),
  rsa(10, 'RSASHA512', 'sha512', 'RFC 5702 §2.2'),
  {
    number: 13,
    mnemonic: 'ECDSAP256SHA256',
    family: 'ecdsa',
    hash: 'sha256',
    curve: 'P-256',
    publicKeyOctets: 64,
    signatureOctets: 64,
    implementForValidation: 'MUST',
    sha1: false,
    reference: 'RFC 6605 §4',
  },
  {
    number: 14,
    mnemonic: 'ECDSAP384SHA384',
    family: 'ecdsa',
    hash: 'sha384',
    curve: 'P-384',
    publicKeyOctets: 96,
    signatureOctets: 96,
    implementForValidation: 'RECOMMENDED',
    sha1: false,
    reference: 'RFC 6605 §4',
  },
  {
    number: 15,
    mnemonic: 'ED25519',
    family: 'eddsa',
    hash: undefined,
    curve: 'Ed25519',
    publicKeyOctets: 32,
    signatureOctets: 64,
    implementForValidation: 'RECOMMENDED',
    sha1: false,
    reference: 'RFC 8080 §3',
  },
  {
    number: 16,
    mnemonic: 'ED448',
    family: 'eddsa',
    hash: undefined,
    curve: 'Ed448',
    publicKeyOctets: 57,
    signatureOctets: 114,
    implementForValidation: 'RECOMMENDED',
    sha1: false,
    reference: 'RFC 8080 §3',
  },
];

export const ALGORITHMS: ReadonlyMap<number, AlgorithmRow> = new Map(
  ROWS.map((row) => [row.number, row]),
);

/** What decides whether an algorithm can be used: the table, the policy and the crypto library. */
export type Means = Pick<ValidationContext, 'crypto' | 'policy'>;

export function algorithmIsSupported(algorithm: number, { crypto, policy }: Means): boolean {
  if (crypto.standsInFor?.has(algorithm) === true) return true;
  const row = ALGORITHMS.get(algorithm);
  return row !== undefined && (!row.sha1 || policy.sha1) && crypto.supports(algorithm);
}

/**
 * Looks at a public key before the crypto library does. 'unsupported' is a sound key that is too
 * weak or too dear to use; 'malformed' is none at all.
 */
export function judgePublicKey(
  algorithm: number,
  publicKey: Uint8Array,
  { crypto, policy }: Means,
): 'good' | 'unsupported' | 'malformed' {
  if (crypto.standsInFor?.has(algorithm) === true) return 'good';
  const row = ALGORITHMS.get(algorithm);
  if (row === undefined) return 'unsupported';
  if (row.family === 'rsa') return judgeRsaKey(publicKey, policy);
  return publicKey.length === row.publicKeyOctets ? 'good' : 'malformed';
}

// The largest Fermat-like exponent in use, 2^32 + 1; longer ones make a check 80 times dearer.
const MAX_RSA_EXPONENT = 0x1_0000_0001;

function judgeRsaKey(
  publicKey: Uint8Array,
  policy: ValidationPolicy,
): 'good' | 'unsupported' | 'malformed' {
  const key = parseRsaPublicKey(publicKey);
  if (key === undefined) return 'malformed';
  const { exponent, modulus } = key;
  // With an even exponent or modulus, or an exponent of 1, it is no RSA key (RFC 8017 §3.1).
  if ((exponent[exponent.length - 1]! & 1) === 0) return 'malformed';
  if ((modulus[modulus.length - 1]! & 1) === 0) return 'malformed';
  if (exponent.length === 1 && exponent[0] === 1) return 'malformed';
  const bits = bitLength(modulus);
  if (bits < policy.rsaMinimumBits || bits > policy.rsaMaximumBits) return 'unsupported';
  let value = 0;
  for (const octet of exponent) value = value * 256 + octet;
  return value > MAX_RSA_EXPONENT ? 'unsupported' : 'good';
}
