/** RSASSA-PKCS1-v1_5 verification (RFC 8017 §8.2.2) on BigInt, for where there is no OpenSSL. */
import type { DigestName } from './crypto-provider.js';
import { parseRsaPublicKey } from './rsa-public-key.js';

export interface RsaKeyNumbers {
  readonly exponent: bigint;
  readonly modulus: bigint;
  readonly modulusOctets: number;
}

export function rsaKeyNumbers(publicKey: Uint8Array): RsaKeyNumbers | undefined {
  const key = parseRsaPublicKey(publicKey);
  if (key === undefined) return undefined;
  return {
    exponent: toBigInt(key.exponent),
    modulus: toBigInt(key.modulus),
    modulusOctets: key.modulus.length,
  };
}

// DER of DigestInfo up to the digest itself, RFC 8017 §9.2 note 1.
const DIGEST_INFO: Readonly<Record<DigestName, readonly number[]>> = {
  sha1: [0x30, 0x21, 0x30, 9, 6, 5, 0x2b, 14, 3, 2, 0x1a, 5, 0, 4, 20],
  sha256: [0x30, 0x31, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 32],
  sha384: [0x30, 0x41, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2, 5, 0, 4, 48],
  sha512: [0x30, 0x51, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3, 5, 0, 4, 64],
};

const PADDING_OCTETS_AT_LEAST = 11; // RFC 8017 §9.2: 00 01, eight times FF, 00

export function verifyRsa(
  key: RsaKeyNumbers,
  hash: DigestName,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  // RFC 8017 §8.2.2 step 1: exactly as long as the modulus.
  if (signature.length !== key.modulusOctets) return false;
  const representative = toBigInt(signature);
  // RFC 8017 §5.2.2 step 1.
  if (representative >= key.modulus) return false;
  const info = DIGEST_INFO[hash];
  const padding = key.modulusOctets - info.length - digest.length - 3;
  if (padding + 3 < PADDING_OCTETS_AT_LEAST) return false;
  // RFC 8017 §8.2.2 step 4: the expected encoding is built and compared as a whole, so that there
  // is nothing to parse, and no room for a forger, in what the signature yields.
  const expected = new Uint8Array(key.modulusOctets);
  expected[1] = 1;
  expected.fill(0xff, 2, 2 + padding);
  expected.set(info, 3 + padding);
  expected.set(digest, 3 + padding + info.length);
  return modularPower(representative, key.exponent, key.modulus) === toBigInt(expected);
}

/** Nothing here is secret, so the time it takes may depend on the values. */
function modularPower(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    if (rest > 1n) square = (square * square) % modulus;
  }
  return result;
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, octet) =>
  octet.toString(16).padStart(2, '0'),
);

function toBigInt(octets: Uint8Array): bigint {
  let hex = '0x0';
  for (const octet of octets) hex += HEX[octet]!;
  return BigInt(hex);
}
