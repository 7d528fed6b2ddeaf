/** Remembers imported keys, as importing one can cost as much as a signature check. */
import type { ImportedKey } from './crypto-provider.js';
import { OctetMemo } from './octet-memo.js';

/** The same octets are another key for another algorithm. */
const ALGORITHM_OCTET = Array.from({ length: 256 }, (_, algorithm) => Uint8Array.of(algorithm));

export class ImportedKeyCache {
  readonly #keys: OctetMemo<ImportedKey>;

  constructor(maximumKeys: number) {
    this.#keys = new OctetMemo(maximumKeys);
  }

  get count(): number {
    return this.#keys.count;
  }

  /** The key remembered for these octets, or the one that `make` makes; failures are not kept. */
  get(
    algorithm: number,
    publicKey: Uint8Array,
    make: (algorithm: number, publicKey: Uint8Array) => ImportedKey | undefined,
  ): ImportedKey | undefined {
    const second = ALGORITHM_OCTET[algorithm];
    const known = this.#keys.get(publicKey, second);
    if (known !== undefined) return known;
    const key = make(algorithm, publicKey);
    if (key !== undefined) this.#keys.put(key, publicKey, second);
    return key;
  }
}
