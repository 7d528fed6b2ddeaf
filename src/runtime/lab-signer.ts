/** The lab's keys and signatures, made by node:crypto in the encodings of DNSSEC. */
import { type KeyObject, sign } from 'node:crypto';
import type { LabKeyPair, LabSigner } from '../lab/index.js';
import { type KeyPair, newKeyPair } from './key-pairs.js';

interface Scheme {
  generate(): KeyPair;
  /** DNSKEY public key octets from the key's JWK. */
  encode(jwk: Jwk): Buffer;
  readonly hash: string | null;
  readonly dsaEncoding?: 'ieee-p1363';
}

interface Jwk {
  readonly n?: string;
  readonly e?: string;
  readonly x?: string;
  readonly y?: string;
}

const octets = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64url');

/** RFC 3110 §2: the exponent's length, the exponent, the modulus. */
function rsa(hash: string): Scheme {
  return {
    generate: () => newKeyPair({ kind: 'rsa', modulusLength: 2048 }),
    encode: ({ e, n }) => Buffer.concat([Buffer.of(octets(e).length), octets(e), octets(n)]),
    hash,
  };
}

/** RFC 6605 §4: both coordinates; signatures are r and s side by side. */
function ecdsa(namedCurve: string, hash: string): Scheme {
  return {
    generate: () => newKeyPair({ kind: 'ec', namedCurve }),
    encode: ({ x, y }) => Buffer.concat([octets(x), octets(y)]),
    hash,
    dsaEncoding: 'ieee-p1363',
  };
}

// RFC 8080 §3
const ED25519: Scheme = {
  generate: () => newKeyPair({ kind: 'ed25519' }),
  encode: ({ x }) => octets(x),
  hash: null,
};

const ED448: Scheme = {
  ...ED25519,
  generate: () => newKeyPair({ kind: 'ed448' }),
};

const SCHEMES: ReadonlyMap<number, Scheme> = new Map([
  [5, rsa('sha1')],
  [7, rsa('sha1')],
  [8, rsa('sha256')],
  [10, rsa('sha512')],
  [13, ecdsa('P-256', 'sha256')],
  [14, ecdsa('P-384', 'sha384')],
  [15, ED25519],
  [16, ED448],
]);

function schemeOf(algorithm: number): Scheme {
  const scheme = SCHEMES.get(algorithm);
  if (scheme === undefined) throw new RangeError(`no keys for DNSSEC algorithm ${algorithm}`);
  return scheme;
}

export const labSigner: LabSigner = {
  generateKey(algorithm: number): LabKeyPair {
    const scheme = schemeOf(algorithm);
    const { privateKey, publicKey } = scheme.generate();
    const encoded = scheme.encode(publicKey.export({ format: 'jwk' }));
    return { privateKey, publicKey: Uint8Array.from(encoded) };
  },

  sign(algorithm: number, privateKey: unknown, data: Uint8Array): Uint8Array {
    const { hash, dsaEncoding } = schemeOf(algorithm);
    const key = privateKey as KeyObject;
    const signature = sign(hash, data, dsaEncoding === undefined ? key : { key, dsaEncoding });
    return Uint8Array.from(signature);
  },
};
