/**
 * Keys for many small worlds. Making a key costs more than all that a world does with it, so keys
 * are dealt from a deck that lasts as long as the process: the same place in the deck is the same
 * key in every world, and, but for RSA, in every process. Also a provider that verifies each
 * signature once, however many resolvers look at it.
 */
import { createECDH, createHash, createPrivateKey, type KeyObject } from 'node:crypto';
import type { CryptoProvider, ImportedKey } from '../../src/dnssec/index.js';
import type { LabKeyPair, LabSigner } from '../../src/lab/index.js';
import { NodeCryptoProvider } from '../../src/runtime/crypto.js';
import { labSigner } from '../../src/runtime/lab-signer.js';
import { equalOctets } from '../../src/wire/index.js';

const P256 = 13;
const ED25519 = 15;
/** PKCS #8 of an Ed25519 key up to its 32 octets (RFC 8410 §7). */
const ED25519_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
/** RSA keys are slow to find: worlds share this many. */
const RSA_KEYS = 3;

const decks = new Map<number, (LabKeyPair | undefined)[]>();

function seedOf(algorithm: number, index: number): Buffer {
  return createHash('sha256').update(`anchorite ${algorithm} ${index}`).digest();
}

function p256(index: number): LabKeyPair {
  const d = seedOf(P256, index);
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(d);
  const point = ecdh.getPublicKey().subarray(1);
  const text = (octets: Buffer): string => octets.toString('base64url');
  const key = {
    kty: 'EC',
    crv: 'P-256',
    d: text(d),
    x: text(point.subarray(0, 32)),
    y: text(point.subarray(32)),
  };
  const privateKey = createPrivateKey({ key, format: 'jwk' });
  return { privateKey, publicKey: Uint8Array.from(point) };
}

function ed25519(index: number): LabKeyPair {
  const key = Buffer.concat([ED25519_PREFIX, seedOf(ED25519, index)]);
  const privateKey: KeyObject = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  const { x } = privateKey.export({ format: 'jwk' });
  return { privateKey, publicKey: Uint8Array.from(Buffer.from(x!, 'base64url')) };
}

function made(algorithm: number, index: number): LabKeyPair {
  if (algorithm === P256) return p256(index);
  if (algorithm === ED25519) return ed25519(index);
  return labSigner.generateKey(algorithm);
}

/** Hands out keys in the same order to everyone who starts anew. */
export class KeyDealer implements LabSigner {
  readonly #next = new Map<number, number>();
  readonly #first: number;

  /** `first`: the place in the deck of the first key that is dealt. */
  constructor(first = 0) {
    this.#first = first;
  }

  generateKey(algorithm: number): LabKeyPair {
    const deck = decks.get(algorithm) ?? [];
    decks.set(algorithm, deck);
    const dealt = this.#next.get(algorithm) ?? 0;
    this.#next.set(algorithm, dealt + 1);
    const isRsa = algorithm <= 10;
    // What takes long to make is shared by all times.
    const place = isRsa ? dealt % RSA_KEYS : this.#first + dealt;
    return (deck[place] ??= made(algorithm, place));
  }

  sign(algorithm: number, privateKey: unknown, data: Uint8Array): Uint8Array {
    return labSigner.sign(algorithm, privateKey, data);
  }
}

/** The private half of a key that was dealt to anybody: for keys that an attacker got hold of. */
export function privateKeyOf(algorithm: number, publicKey: Uint8Array): unknown {
  const deck = decks.get(algorithm) ?? [];
  return deck.find((pair) => pair && equalOctets(pair.publicKey, publicKey))?.privateKey;
}

interface Remembered {
  readonly key: ImportedKey;
  readonly data: Uint8Array;
  readonly good: boolean;
}

const MOST_REMEMBERED = 20_000;

/** The product's own provider, with a memory. */
export class RememberingCrypto implements CryptoProvider {
  readonly name = 'remembering';
  readonly #inner = new NodeCryptoProvider();
  readonly #keys = new Map<string, ImportedKey | undefined>();
  readonly #verdicts = new Map<string, Remembered[]>();
  #count = 0;

  supports(algorithm: number): boolean {
    return this.#inner.supports(algorithm);
  }

  importKey(algorithm: number, publicKey: Uint8Array): ImportedKey | undefined {
    const name = algorithm + textOf(publicKey);
    if (!this.#keys.has(name)) this.#keys.set(name, this.#inner.importKey(algorithm, publicKey));
    return this.#keys.get(name);
  }

  verify(algorithm: number, key: ImportedKey, data: Uint8Array, signature: Uint8Array): boolean {
    const name = algorithm + textOf(signature);
    const known = this.#verdicts.get(name) ?? [];
    const same = known.find((one) => one.key === key && equalOctets(one.data, data));
    if (same !== undefined) return same.good;
    const good = this.#inner.verify(algorithm, key, data, signature);
    if (++this.#count > MOST_REMEMBERED) {
      this.#verdicts.clear();
      this.#count = 1;
    }
    this.#verdicts.set(name, [...known, { key, data: data.slice(), good }]);
    return good;
  }

  digest(...asked: Parameters<CryptoProvider['digest']>): Uint8Array {
    return this.#inner.digest(...asked);
  }

  nsec3Hash(...asked: Parameters<CryptoProvider['nsec3Hash']>): Uint8Array {
    return this.#inner.nsec3Hash(...asked);
  }
}

function textOf(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('latin1');
}
