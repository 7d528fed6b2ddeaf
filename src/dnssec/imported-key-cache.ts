/** Remembers imported keys, as importing one can cost as much as a signature check. */
import { octetKey } from '../wire/index.js';
import type { ImportedKey } from './crypto-provider.js';
import { RecentMap } from './recent-map.js';

export class ImportedKeyCache {
  readonly #keys: RecentMap<ImportedKey>;

  constructor(maximumKeys: number) {
    this.#keys = new RecentMap(maximumKeys);
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
    const id = String.fromCharCode(algorithm) + octetKey(publicKey);
    const known = this.#keys.get(id);
    if (known !== undefined) return known;
    const key = make(algorithm, publicKey);
    if (key !== undefined) this.#keys.put(id, key);
    return key;
  }
}
