/**
 * Remembers signatures that were found good. The same ones come again and again: the SOA and NSEC
 * records of a zone with each of its denials, the NSEC3 record of a top-level domain's apex with
 * each referral to an unsigned domain. Whether key, data and signature belong together never
 * changes; whether the key is trusted and the time is right is for others, and asked each time.
 */
import { equalOctets, octetKey } from '../wire/index.js';
import type { ImportedKey } from './crypto-provider.js';
import { RecentMap } from './recent-map.js';

interface Checked {
  readonly key: ImportedKey;
  readonly data: Uint8Array;
}

/** Larger RRsets are rare, and not among those that come again. */
const MOST_DATA_OCTETS = 2_048;

export class GoodSignatures {
  readonly #checked: RecentMap<Checked>;

  constructor(maximumSignatures: number) {
    this.#checked = new RecentMap(maximumSignatures);
  }

  get count(): number {
    return this.#checked.count;
  }

  /** What `check` says, which is not asked where it has found the same good before. */
  isGood(key: ImportedKey, data: Uint8Array, signature: Uint8Array, check: () => boolean): boolean {
    const id = octetKey(signature);
    const known = this.#checked.get(id);
    if (known !== undefined && known.key === key && equalOctets(known.data, data)) return true;
    if (!check()) return false;
    if (data.length <= MOST_DATA_OCTETS) {
      this.#checked.put(id, { key, data: Uint8Array.from(data) });
    }
    return true;
  }
}
