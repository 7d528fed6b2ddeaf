/**
 * Throw-away keys and their signatures, the same in every run: a private key is the hash of its
 * label, and the signatures are the deterministic ones of RFC 6979 and RFC 8032. They sign made-up
 * zones and nothing else.
 */
import { createHash } from 'node:crypto';
import { ed448 } from '@noble/curves/ed448.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256, p384 } from '@noble/curves/nist.js';
import { keyTag } from '../../../src/dnssec/index.js';

/** `csk`, `ksk` or `zsk` with a number, and the algorithm: `zsk-2/13`. */
export type KeyLabel = `${'csk' | 'ksk' | 'zsk'}-${number}/${number}`;

export interface OwnKey {
  readonly algorithm: number;
  readonly rdata: Uint8Array;
  readonly tag: number;
  sign(data: Uint8Array): Uint8Array;
}

interface Curve {
  readonly secretOctets: number;
  /** In the form of RFC 6605 §4 or RFC 8080 §3. */
  publicKey(secret: Uint8Array): Uint8Array;
  sign(data: Uint8Array, secret: Uint8Array): Uint8Array;
}

function nist(curve: typeof p256, secretOctets: number): Curve {
  return {
    secretOctets,
    publicKey: (secret) => curve.getPublicKey(secret, false).subarray(1),
    sign: (data, secret) => curve.sign(data, secret, { prehash: true, lowS: false }),
  };
}

const CURVES: ReadonlyMap<number, Curve> = new Map([
  [13, nist(p256, 32)],
  [14, nist(p384, 48)],
  [15, { secretOctets: 32, publicKey: ed25519.getPublicKey, sign: ed25519.sign }],
  [16, { secretOctets: 57, publicKey: ed448.getPublicKey, sign: ed448.sign }],
]);

const ZONE_KEY = 256; // RFC 4034 §2.1.1
const SECURE_ENTRY_POINT = 257;

const made = new Map<string, OwnKey>();
/** Signatures by key and data: most scenarios share the same root. */
const signatures = new Map<string, Uint8Array>();

/** The key of that label in that zone. */
export function ownKey(zone: string, label: KeyLabel): OwnKey {
  const id = `${zone} ${label}`;
  const known = made.get(id);
  if (known !== undefined) return known;
  const algorithm = Number(label.split('/')[1]);
  const curve = CURVES.get(algorithm);
  if (curve === undefined) throw new Error(`no keys of algorithm ${algorithm}`);
  const seed = createHash('shake256', { outputLength: curve.secretOctets }).update(id).digest();
  // Below the order of either NIST curve, which begins with many ones.
  if (algorithm < 15) seed[0] = seed[0]! & 0x7f;
  const secret = Uint8Array.from(seed);
  const flags = label.startsWith('zsk') ? ZONE_KEY : SECURE_ENTRY_POINT;
  const rdata = Uint8Array.of(flags >> 8, flags & 0xff, 3, algorithm, ...curve.publicKey(secret));
  const sign = (data: Uint8Array): Uint8Array => {
    const key = `${id} ${createHash('sha256').update(data).digest('hex')}`;
    const signature = signatures.get(key) ?? curve.sign(Uint8Array.from(data), secret);
    signatures.set(key, signature);
    return signature;
  };
  const key = { algorithm, rdata, tag: keyTag(rdata), sign };
  made.set(id, key);
  return key;
}
