/**
 * The second crypto provider: all of it in JavaScript, for machines without OpenSSL or with a
 * policy that forbids what DNSSEC needs. Some ten to thirty times slower than the first.
 */
import { ed448 } from '@noble/curves/ed448.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256, p384 } from '@noble/curves/nist.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { ALGORITHMS, type AlgorithmRow } from './algorithms.js';
import type { CryptoProvider, DigestName, ImportedKey } from './crypto-provider.js';
import { type RsaKeyNumbers, rsaKeyNumbers, verifyRsa } from './rsa-verification.js';

const HASHES = { sha1, sha256, sha384, sha512 } as const;

export class NobleCryptoProvider implements CryptoProvider {
  readonly name = 'noble';

  supports(algorithm: number): boolean {
    return ALGORITHMS.has(algorithm);
  }

  importKey(algorithm: number, publicKey: Uint8Array): ImportedKey | undefined {
    const row = ALGORITHMS.get(algorithm);
    if (row === undefined) return undefined;
    const native = row.family === 'rsa' ? rsaKeyNumbers(publicKey) : curveKey(row, publicKey);
    return native === undefined ? undefined : { algorithm, native };
  }

  verify(algorithm: number, key: ImportedKey, data: Uint8Array, signature: Uint8Array): boolean {
    const row = ALGORITHMS.get(algorithm);
    if (row === undefined || key.algorithm !== algorithm) return false;
    if (row.family === 'rsa') {
      const hash = row.hash!;
      return verifyRsa(key.native as RsaKeyNumbers, hash, HASHES[hash](data), signature);
    }
    if (signature.length !== row.signatureOctets) return false;
    try {
      return verifyOnCurve(row, key.native as Uint8Array, data, signature);
    } catch {
      // The library throws on points and scalars that are none.
      return false;
    }
  }

  digest(hash: DigestName, data: Uint8Array): Uint8Array {
    return HASHES[hash](data);
  }

  nsec3Hash(name: Uint8Array, salt: Uint8Array, iterations: number): Uint8Array {
    // RFC 5155 §5: IH(salt, x, 0) = H(x || salt), IH(salt, x, k) = H(IH(salt, x, k-1) || salt).
    const first = new Uint8Array(name.length + salt.length);
    first.set(name);
    first.set(salt, name.length);
    let hash: Uint8Array = sha1(first);
    const next = new Uint8Array(hash.length + salt.length);
    next.set(salt, hash.length);
    for (let round = 0; round < iterations; round++) {
      next.set(hash);
      hash = sha1(next);
    }
    return hash;
  }
}

/** The key in the library's encoding; undefined when it is no point of an ECDSA curve. */
function curveKey(row: AlgorithmRow, publicKey: Uint8Array): Uint8Array | undefined {
  if (publicKey.length !== row.publicKeyOctets) return undefined;
  if (row.family === 'eddsa') return publicKey;
  // RFC 6605 §4: x | y, which is the uncompressed form of SEC 1 without its first octet.
  const point = new Uint8Array(1 + publicKey.length);
  point[0] = 4;
  point.set(publicKey, 1);
  const curve = row.curve === 'P-256' ? p256 : p384;
  return curve.utils.isValidPublicKey(point) ? point : undefined;
}

function verifyOnCurve(
  row: AlgorithmRow,
  key: Uint8Array,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  switch (row.curve) {
    case 'P-256':
      return p256.verify(signature, data, key, ECDSA_OPTIONS);
    case 'P-384':
      return p384.verify(signature, data, key, ECDSA_OPTIONS);
    case 'Ed25519':
      return ed25519.verify(signature, data, key, EDDSA_OPTIONS);
    case 'Ed448':
      return ed448.verify(signature, data, key);
    default:
      return false;
  }
}

// RFC 6605 knows no rule that of the two valid forms of a signature only the low one is good.
const ECDSA_OPTIONS = { prehash: true, lowS: false } as const;
// RFC 8032 §5.1.7, not the wider rules of ZIP 215.
const EDDSA_OPTIONS = { zip215: false } as const;
