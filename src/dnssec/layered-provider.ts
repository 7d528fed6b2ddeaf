/** Several crypto providers as one: each algorithm goes to the first that supports it. */
import type { CryptoProvider, DigestName, ImportedKey } from './crypto-provider.js';

interface LayeredKey {
  readonly provider: CryptoProvider;
  readonly key: ImportedKey;
}

export class LayeredCryptoProvider implements CryptoProvider {
  readonly name: string;
  readonly #first: CryptoProvider;
  readonly #layers: readonly CryptoProvider[];

  constructor(first: CryptoProvider, ...others: readonly CryptoProvider[]) {
    this.#first = first;
    this.#layers = [first, ...others];
    this.name = this.#layers.map((layer) => layer.name).join(' + ');
  }

  supports(algorithm: number): boolean {
    return this.#providerOf(algorithm) !== undefined;
  }

  importKey(algorithm: number, publicKey: Uint8Array): ImportedKey | undefined {
    const provider = this.#providerOf(algorithm);
    const key = provider?.importKey(algorithm, publicKey);
    if (provider === undefined || key === undefined) return undefined;
    const native: LayeredKey = { provider, key };
    return { algorithm, native };
  }

  verify(
    algorithm: number,
    imported: ImportedKey,
    data: Uint8Array,
    signature: Uint8Array,
  ): boolean {
    const { provider, key } = imported.native as LayeredKey;
    return provider.verify(algorithm, key, data, signature);
  }

  digest(hash: DigestName, data: Uint8Array): Uint8Array {
    return this.#first.digest(hash, data);
  }

  nsec3Hash(name: Uint8Array, salt: Uint8Array, iterations: number): Uint8Array {
    return this.#first.nsec3Hash(name, salt, iterations);
  }

  #providerOf(algorithm: number): CryptoProvider | undefined {
    for (const layer of this.#layers) if (layer.supports(algorithm)) return layer;
    return undefined;
  }
}
