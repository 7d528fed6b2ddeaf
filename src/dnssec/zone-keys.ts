/** The keys of a zone, as its validated DNSKEY RRset has them. */
import type { Dnskey, Name, RRset } from '../wire/index.js';
import type { BogusReason } from './bogus-reasons.js';
import type { CryptoProvider, ImportedKey } from './crypto-provider.js';

/** One DNSKEY of a zone, with the crypto library's form of it, made at first use. */
export class ZoneKey {
  readonly dnskey: Dnskey;
  readonly algorithm: number;
  readonly tag: number;
  /** Why this key verifies nothing, whatever it signs; undefined for a good one. */
  readonly problem: BogusReason | undefined;
  #imported: ImportedKey | undefined;
  #importedBy: CryptoProvider | undefined;

  constructor(dnskey: Dnskey, tag: number, problem: BogusReason | undefined) {
    this.dnskey = dnskey;
    this.algorithm = dnskey.algorithm;
    this.tag = tag;
    this.problem = problem;
  }

  imported(crypto: CryptoProvider): ImportedKey | undefined {
    if (this.#importedBy !== crypto) {
      this.#imported = crypto.importKey(this.algorithm, this.dnskey.publicKey);
      this.#importedBy = crypto;
    }
    return this.#imported;
  }
}

let newZoneKeys!: (made: ZoneKeysParts) => ZoneKeys;

export interface ZoneKeysParts {
  readonly zone: Name;
  readonly rrset: RRset;
  readonly keys: readonly ZoneKey[];
  readonly validUntilSeconds: number;
  readonly ttlSeconds: number;
}

export class ZoneKeys {
  readonly zone: Name;
  /** The DNSKEY RRset they came from. */
  readonly rrset: RRset;
  /** All of them, also those that verify nothing: the reason why must be told. */
  readonly keys: readonly ZoneKey[];
  /** Wall clock: the end of the chain of trust that leads to these keys. */
  readonly validUntilSeconds: number;
  readonly ttlSeconds: number;
  readonly #proven = true;

  private constructor(parts: ZoneKeysParts) {
    this.zone = parts.zone;
    this.rrset = parts.rrset;
    this.keys = parts.keys;
    this.validUntilSeconds = parts.validUntilSeconds;
    this.ttlSeconds = parts.ttlSeconds;
  }

  static {
    newZoneKeys = (parts) => new ZoneKeys(parts);
  }

  static isProven(value: unknown): value is ZoneKeys {
    return typeof value === 'object' && value !== null && #proven in value;
  }
}

/** For verify-dnskeys.ts only, after the RRset was validated. */
export function makeZoneKeys(parts: ZoneKeysParts): ZoneKeys {
  return newZoneKeys(parts);
}
