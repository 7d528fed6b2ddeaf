/**
 * New key pairs that can be exported safely. In Node 20, exporting a generated key as JWK takes the
 * key's lock; when garbage collection runs meanwhile and frees the job that generated the key, the
 * job's destructor wants the same lock, and the process waits for itself for ever. A key that was
 * written out by the job and read in again has a lock of its own.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export type KeyParameters =
  | { readonly kind: 'rsa'; readonly modulusLength: number; readonly publicExponent?: number }
  | { readonly kind: 'ec'; readonly namedCurve: string }
  | { readonly kind: 'ed25519' | 'ed448' };

interface WrittenPair {
  readonly privateKey: Buffer;
  readonly publicKey: Buffer;
}

const WRITTEN_OUT = {
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'der' },
} as const;

export function newKeyPair({ kind, ...parameters }: KeyParameters): KeyPair {
  // The overloads of generateKeyPairSync cannot follow a union of kinds.
  const generate = generateKeyPairSync as unknown as (
    kind: KeyParameters['kind'],
    parameters: object,
  ) => WrittenPair;
  const { privateKey, publicKey } = generate(kind, { ...parameters, ...WRITTEN_OUT });
  return {
    privateKey: createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' }),
    publicKey: createPublicKey({ key: publicKey, format: 'der', type: 'spki' }),
  };
}
