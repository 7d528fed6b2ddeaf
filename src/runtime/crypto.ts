/** The first crypto provider: OpenSSL by way of node:crypto. */
import {
  createPublicKey,
  hash as hashOnce,
  type JsonWebKey,
  type KeyObject,
  verify,
} from 'node:crypto';
import {
  ALGORITHMS,
  type AlgorithmRow,
  type CryptoProvider,
  type DigestName,
  GoodSignatures,
  type ImportedKey,
  ImportedKeyCache,
  LayeredCryptoProvider,
  parseRsaPublicKey,
} from '../dnssec/index.js';
import { CRYPTO_PROBES, PROBED_DATA } from './crypto-probes.js';

/** What crypto.verify takes; made once per key, so that a check allocates nothing. */
type NativeKey = KeyObject | { readonly key: KeyObject; readonly dsaEncoding: 'ieee-p1363' };

const SHA1_OCTETS = 20;
// A few hundred zones stay warm; a key and its string are some 2 KB.
const CACHED_KEYS = 2_048;
// Some 500 octets each.
const REMEMBERED_SIGNATURES = 2_048;

export class NodeCryptoProvider implements CryptoProvider {
  readonly name = 'node';
  readonly #supported = new Map<number, boolean>();
  readonly #keys = new ImportedKeyCache(CACHED_KEYS);
  readonly #good = new GoodSignatures(REMEMBERED_SIGNATURES);
  #nsec3Input = Buffer.alloc(512);

  /** Tried with a known signature at first use: a system policy may forbid what OpenSSL knows. */
  supports(algorithm: number): boolean {
    let supported = this.#supported.get(algorithm);
    if (supported === undefined) {
      supported = this.#probe(algorithm);
      this.#supported.set(algorithm, supported);
    }
    return supported;
  }

  #probe(algorithm: number): boolean {
    const probe = CRYPTO_PROBES.find((candidate) => candidate.algorithm === algorithm);
    if (probe === undefined) return false;
    const key = importKey(algorithm, Buffer.from(probe.publicKey, 'base64'));
    const signature = Buffer.from(probe.signature, 'base64');
    return key !== undefined && this.verify(algorithm, key, Buffer.from(PROBED_DATA), signature);
  }

  importKey(algorithm: number, publicKey: Uint8Array): ImportedKey | undefined {
    return this.#keys.get(algorithm, publicKey, importKey);
  }

  verify(algorithm: number, key: ImportedKey, data: Uint8Array, signature: Uint8Array): boolean {
    const row = ALGORITHMS.get(algorithm);
    if (row === undefined || key.algorithm !== algorithm) return false;
    if (row.signatureOctets !== 0 && signature.length !== row.signatureOctets) return false;
    try {
      return this.#good.isGood(key, data, signature, () =>
        verify(row.hash, data, key.native as NativeKey, signature),
      );
    } catch {
      // OpenSSL refuses some keys only when they are used.
      return false;
    }
  }

  digest(hash: DigestName, data: Uint8Array): Uint8Array {
    return hashOnce(hash, data, 'buffer');
  }

  nsec3Hash(name: Uint8Array, salt: Uint8Array, iterations: number): Uint8Array {
    const input = this.#nsec3Input;
    // RFC 5155 §5: a name has at most 255 octets, and so has a salt.
    input.set(name);
    input.set(salt, name.length);
    let hash = hashOnce('sha1', input.subarray(0, name.length + salt.length), 'buffer');
    if (iterations === 0) return hash;
    const next = input.subarray(0, SHA1_OCTETS + salt.length);
    next.set(salt, SHA1_OCTETS);
    for (let round = 0; round < iterations; round++) {
      next.set(hash);
      hash = hashOnce('sha1', next, 'buffer');
    }
    return hash;
  }
}

function importKey(algorithm: number, publicKey: Uint8Array): ImportedKey | undefined {
  const row = ALGORITHMS.get(algorithm);
  const jwk = row === undefined ? undefined : jwkOf(row, publicKey);
  if (row === undefined || jwk === undefined) return undefined;
  try {
    // As JWK: for RSA and EdDSA some 10 to 25 times cheaper than building and parsing DER.
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const native: NativeKey = row.family === 'ecdsa' ? { key, dsaEncoding: 'ieee-p1363' } : key;
    return { algorithm, native };
  } catch {
    return undefined;
  }
}

function jwkOf(row: AlgorithmRow, publicKey: Uint8Array): JsonWebKey | undefined {
  if (row.family === 'rsa') {
    const rsa = parseRsaPublicKey(publicKey);
    return rsa && { kty: 'RSA', n: base64url(rsa.modulus), e: base64url(rsa.exponent) };
  }
  if (publicKey.length !== row.publicKeyOctets || row.curve === undefined) return undefined;
  if (row.family === 'eddsa') return { kty: 'OKP', crv: row.curve, x: base64url(publicKey) };
  const half = publicKey.length >> 1;
  const x = base64url(publicKey.subarray(0, half));
  const y = base64url(publicKey.subarray(half));
  return { kty: 'EC', crv: row.curve, x, y };
}

function base64url(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('base64url');
}

export interface CryptoChoice {
  /** 'auto': OpenSSL, and the JavaScript implementation for what OpenSSL does not do here. */
  readonly implementation: 'auto' | 'node' | 'noble';
  /** Whether algorithms that need SHA-1 are wanted (RFC 9905). */
  readonly sha1: boolean;
}

/** The JavaScript implementation is loaded only when it is needed. */
export async function loadCryptoProvider(choice: CryptoChoice): Promise<CryptoProvider> {
  if (choice.implementation === 'noble') return await loadNoble();
  const node = new NodeCryptoProvider();
  if (choice.implementation === 'node') return node;
  if (!hasDigests(node)) return await loadNoble();
  for (const { number, sha1 } of ALGORITHMS.values()) {
    if ((choice.sha1 || !sha1) && !node.supports(number)) {
      return new LayeredCryptoProvider(node, await loadNoble());
    }
  }
  return node;
}

async function loadNoble(): Promise<CryptoProvider> {
  const { NobleCryptoProvider } = await import('../dnssec/noble.js');
  return new NobleCryptoProvider();
}

/** NSEC3 needs SHA-1 even where SHA-1 signatures are refused. */
function hasDigests(provider: CryptoProvider): boolean {
  try {
    const names: readonly DigestName[] = ['sha1', 'sha256', 'sha384', 'sha512'];
    return names.every((name) => provider.digest(name, new Uint8Array(0)).length >= SHA1_OCTETS);
  } catch {
    return false;
  }
}
