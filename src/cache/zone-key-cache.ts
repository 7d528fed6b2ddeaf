/**
 * The validated keys of zones. They save the DNSKEY query and its signature check for every name
 * of a zone, so they are worth more per octet than anything else kept; and they are what all later
 * verdicts rest on, so they end with the first of: their TTL, the DS RRset that vouches for them,
 * the signatures of their chain.
 */
import type { ZoneKeys } from '../dnssec/index.js';
import type { Name } from '../wire/index.js';
import { CACHE_LIMITS } from './limits.js';
import { type OctetBoundedMap, octetBoundedMap } from './octet-bounded-map.js';
import { payloadOctets } from './packed-rrset.js';
import { type CacheClock, expiryMs } from './ttl.js';

export interface HeldZoneKeys {
  readonly keys: ZoneKeys;
  /** On the cache clock: how old they are tells whether fetching them anew may help. */
  readonly fetchedAtMs: number;
  readonly expiresAtMs: number;
}

export interface ZoneKeyCacheOptions {
  readonly maxOctets: number;
}

interface Entry extends HeldZoneKeys {
  readonly sizeOctets: number;
}

/** One key with the crypto library's form of it: RSA of 2,048 bits takes about this much. */
const IMPORTED_KEY_OCTETS = 2_560;

export class ZoneKeyCache {
  readonly #entries: OctetBoundedMap<Entry>;

  constructor(options: ZoneKeyCacheOptions) {
    this.#entries = octetBoundedMap(options.maxOctets);
  }

  get sizeOctets(): number {
    return this.#entries.calculatedSize;
  }

  get count(): number {
    return this.#entries.size;
  }

  get(zone: Name, now: CacheClock): HeldZoneKeys | undefined {
    const entry = this.#entries.get(zone.key);
    if (entry === undefined) return undefined;
    const { validUntilSeconds } = entry.keys;
    if (now.cacheMs < entry.expiresAtMs && now.wallSeconds <= validUntilSeconds) return entry;
    this.#entries.delete(zone.key);
    return undefined;
  }

  /**
   * `expiresAtMs` is the caller's bound: the end of the DS RRset that vouches for the keys. Keys of
   * another zone than `zone` are refused, whatever the caller believes.
   */
  put(zone: Name, held: HeldZoneKeys, now: CacheClock): HeldZoneKeys {
    const { keys, fetchedAtMs } = held;
    const left = Math.min(
      keys.ttlSeconds,
      CACHE_LIMITS.ttlSeconds.value,
      Math.floor(keys.validUntilSeconds - now.wallSeconds),
    );
    const expiresAtMs = Math.min(held.expiresAtMs, expiryMs(Math.max(0, left), now));
    const sizeOctets =
      CACHE_LIMITS.entryOverheadOctets.value +
      2 * payloadOctets(keys.rrset) +
      keys.keys.length * IMPORTED_KEY_OCTETS;
    const entry: Entry = { keys, fetchedAtMs, expiresAtMs, sizeOctets };
    if (expiresAtMs > now.cacheMs && keys.zone.equals(zone)) this.#entries.set(zone.key, entry);
    return entry;
  }

  remove(zone: Name): void {
    this.#entries.delete(zone.key);
  }

  clear(): void {
    this.#entries.clear();
  }
}
