/**
 * Remembers signatures that were found good. The same ones come again and again: the SOA and NSEC
 * records of a zone with each of its denials, the NSEC3 record of a top-level domain's apex with
 * each referral to an unsigned domain. Whether key, data and signature belong together never
 * changes; whether the key is trusted and the time is right is for others, and asked each time.
 */
import { equalOctets, octetKey } from '../wire/index.js';
import type { ImportedKey } from './crypto-provider.js';

interface Checked {
  readonly key: ImportedKey;
  readonly data: Uint8Array;
}

/** Larger RRsets are rare, and not among those that come again. */
const MOST_DATA_OCTETS = 2_048;

export class GoodSignatures {
  readonly #halfSize: number;
  #younger = new Map<string, Checked>();
  #older = new Map<string, Checked>();

  /** Two halves: when the younger is full, the older is dropped. */
  constructor(maximumSignatures: number) {
    this.#halfSize = Math.max(1, maximumSignatures >> 1);
  }

  get count(): number {
    return this.#younger.size + this.#older.size;
  }

  has(key: ImportedKey, data: Uint8Array, signature: Uint8Array): boolean {
    const id = octetKey(signature);
    const young = this.#younger.get(id);
    const checked = young ?? this.#older.get(id);
    if (checked === undefined || checked.key !== key) return false;
    if (!equalOctets(checked.data, data)) return false;
    if (young === undefined) this.#put(id, checked);
    return true;
  }

  /** Only what a provider has found good may come here. */
  add(key: ImportedKey, data: Uint8Array, signature: Uint8Array): void {
    if (data.length > MOST_DATA_OCTETS) return;
    this.#put(octetKey(signature), { key, data: Uint8Array.from(data) });
  }

  #put(id: string, checked: Checked): void {
    if (this.#younger.size >= this.#halfSize) {
      this.#older = this.#younger;
      this.#younger = new Map();
    }
    this.#younger.set(id, checked);
  }
}
