/**
 * Remembers signatures that were found good. The same ones come again and again: the SOA and NSEC
 * records of a zone with each of its denials, the NSEC3 record of a top-level domain's apex with
 * each referral to an unsigned domain. Whether key, data and signature belong together never
 * changes; whether the key is trusted and the time is right is for others, and asked each time.
 */
import type { ImportedKey } from './crypto-provider.js';
import { OctetMemo } from './octet-memo.js';

/** Larger RRsets are rare, and not among those that come again. */
const MOST_DATA_OCTETS = 2_048;

export class GoodSignatures {
  readonly #checkedWith: OctetMemo<ImportedKey>;

  constructor(maximumSignatures: number) {
    this.#checkedWith = new OctetMemo(maximumSignatures);
  }

  get count(): number {
    return this.#checkedWith.count;
  }

  /** What `check` says, which is not asked where it has found the same good before. */
  isGood(key: ImportedKey, data: Uint8Array, signature: Uint8Array, check: () => boolean): boolean {
    if (this.#checkedWith.get(signature, data) === key) return true;
    if (!check()) return false;
    if (data.length <= MOST_DATA_OCTETS) this.#checkedWith.put(key, signature, data);
    return true;
  }
}
