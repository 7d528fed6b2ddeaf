/**
 * Remembers imported keys, as importing one can cost as much as a signature check. Two halves: when
 * the younger is full the older is dropped, so memory is bounded and nothing has to be ordered.
 */
import { octetKey } from '../wire/index.js';
import type { ImportedKey } from './crypto-provider.js';

export class ImportedKeyCache {
  readonly #halfSize: number;
  #younger = new Map<string, ImportedKey>();
  #older = new Map<string, ImportedKey>();

  constructor(maximumKeys: number) {
    this.#halfSize = Math.max(1, maximumKeys >> 1);
  }

  get count(): number {
    return this.#younger.size + this.#older.size;
  }

  /** The key remembered for these octets, or the one that `make` makes; failures are not kept. */
  get(
    algorithm: number,
    publicKey: Uint8Array,
    make: (algorithm: number, publicKey: Uint8Array) => ImportedKey | undefined,
  ): ImportedKey | undefined {
    const id = String.fromCharCode(algorithm) + octetKey(publicKey);
    const young = this.#younger.get(id);
    if (young !== undefined) return young;
    const key = this.#older.get(id) ?? make(algorithm, publicKey);
    if (key === undefined) return undefined;
    if (this.#younger.size >= this.#halfSize) {
      this.#older = this.#younger;
      this.#younger = new Map();
    }
    this.#younger.set(id, key);
    return key;
  }
}
