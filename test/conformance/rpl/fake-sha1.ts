/**
 * The stand-in that the scenarios call `fake-sha1`: signatures of SHA-1 algorithms, DSA included,
 * count as correct once everything else about them was accepted. It exists in tests only.
 */
import type { CryptoProvider, DigestName, ImportedKey } from '../../../src/dnssec/index.js';

const FAKED: ReadonlySet<number> = new Set([3, 5, 6, 7]);

export class FakeSha1Provider implements CryptoProvider {
  readonly name = 'fake-sha1';
  readonly standsInFor = FAKED;
  readonly #real: CryptoProvider;

  constructor(real: CryptoProvider) {
    this.#real = real;
  }

  supports(algorithm: number): boolean {
    return FAKED.has(algorithm) || this.#real.supports(algorithm);
  }

  importKey(algorithm: number, publicKey: Uint8Array): ImportedKey | undefined {
    return FAKED.has(algorithm)
      ? { algorithm, native: 'fake' }
      : this.#real.importKey(algorithm, publicKey);
  }

  verify(algorithm: number, key: ImportedKey, data: Uint8Array, signature: Uint8Array): boolean {
    return FAKED.has(algorithm) || this.#real.verify(algorithm, key, data, signature);
  }

  digest(hash: DigestName, data: Uint8Array): Uint8Array {
    return this.#real.digest(hash, data);
  }

  nsec3Hash(name: Uint8Array, salt: Uint8Array, iterations: number): Uint8Array {
    return this.#real.nsec3Hash(name, salt, iterations);
  }
}
