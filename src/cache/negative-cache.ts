/**
 * Denials that were learned: name errors and missing types, RFC 2308, each with the SOA and the
 * proof it came with. A secure name error answers for everything below it too (RFC 8020); one
 * without proof only for itself, because anyone on the way could have written it.
 */
import { isSecure, type Security } from '../dnssec/index.js';
import { type Name, parseSoa, type RRset, RRType } from '../wire/index.js';
import { CACHE_LIMITS } from './limits.js';
import { nameOfKey, parentKey, typedKey, typeOfKey } from './octet-bounded-map.js';
import { packRRsets, payloadOctets, unpackRRsets } from './packed-rrset.js';
import { PackedStore } from './packed-store.js';
import {
  type CacheClock,
  DEFAULT_TTL_LIMITS,
  expiryMs,
  isWithinSignatures,
  negativeTtlSeconds,
  rrsetTtlSeconds,
  type TtlLimits,
} from './ttl.js';

export type NegativeKind = 'name error' | 'no data';

export interface CachedNegative {
  readonly kind: NegativeKind;
  /** The name that is denied, or lacks the type; its letter case means nothing. */
  readonly name: Name;
  /** The type asked for; means nothing for a name error. */
  readonly type: number;
  /** The zone that denies: the owner of the SOA. */
  readonly zone: Name;
  /**
   * SOA and proof, as they go into a reply. Their TTLs are those of the moment at which
   * `originalTtlSeconds` was left of the denial.
   */
  readonly authority: readonly RRset[];
  readonly security: Security;
  readonly expiresAtMs: number;
  readonly originalTtlSeconds: number;
}

export interface NegativeFacts {
  readonly kind: NegativeKind;
  readonly name: Name;
  readonly type: number;
  /** SOA and proof; without the SOA of a zone that the name lies in there is nothing to keep. */
  readonly authority: readonly RRset[];
  readonly security: Security;
  /** What the judge found for the proof; without it, TTLs and original TTLs count. */
  readonly proofTtlSeconds?: number;
  readonly notAfterMs?: number;
}

export interface NegativeCacheOptions {
  readonly maxOctets: number;
  readonly maxAuthorityOctets?: number;
  readonly ttlLimits?: Partial<TtlLimits>;
  /** RFC 8767: how long a denial that is not secure may be told after its end; 0 is never. */
  readonly maxStaleMs?: number;
  /** 32 bits from the CSPRNG. */
  readonly secret?: number;
}

/** Type 0 is reserved (RFC 6895 §3.1), so it stands for all types here. */
const ALL_TYPES = 0;

const NAME_ERROR = 0;
const NO_DATA = 1;

export class NegativeCache {
  readonly #store: PackedStore;
  readonly #maxAuthorityOctets: number;
  readonly #limits: TtlLimits;
  readonly #maxStaleMs: number;

  constructor(options: NegativeCacheOptions) {
    this.#store = new PackedStore(options);
    this.#maxAuthorityOctets = options.maxAuthorityOctets ?? CACHE_LIMITS.rrsetOctets.value;
    this.#limits = { ...DEFAULT_TTL_LIMITS, ...options.ttlLimits };
    this.#maxStaleMs = options.maxStaleMs ?? 0;
  }

  get sizeOctets(): number {
    return this.#store.sizeOctets;
  }

  get count(): number {
    return this.#store.count;
  }

  /** The denial of exactly this name and type; of two, the secure one, then the name error. */
  get(name: Name, type: number, now: CacheClock): CachedNegative | undefined {
    const nameErrorKey = typedKey(name.key, ALL_TYPES);
    const found = this.#find(nameErrorKey, now);
    const nameError = this.#isAboutType(nameErrorKey, found, type) ? found : -1;
    if (nameError >= 0 && this.#isProven(nameError)) return this.#unpack(nameErrorKey, nameError);
    const noDataKey = typedKey(name.key, type);
    const noData = this.#find(noDataKey, now);
    if (noData >= 0 && (nameError < 0 || this.#isProven(noData))) {
      return this.#unpack(noDataKey, noData);
    }
    return nameError < 0 ? undefined : this.#unpack(nameErrorKey, nameError);
  }

  /**
   * RFC 8767: a denial of this name and type whose TTL has run out, but no longer ago than the
   * limit. A secure one ends with its TTL.
   */
  getStale(name: Name, type: number, now: CacheClock): CachedNegative | undefined {
    for (const key of [typedKey(name.key, type), typedKey(name.key, ALL_TYPES)]) {
      const slot = this.#store.find(key);
      if (slot >= 0 && this.#isStale(slot, now) && this.#isAboutType(key, slot, type)) {
        return this.#unpack(key, slot);
      }
    }
    return undefined;
  }

  /** Forgets what has ended, now that there is news of this name and type. */
  removeStale(name: Name, type: number, now: CacheClock): void {
    if (this.#maxStaleMs === 0) return;
    for (const key of [typedKey(name.key, type), typedKey(name.key, ALL_TYPES)]) {
      const slot = this.#store.find(key);
      if (slot >= 0 && this.#store.expiresAtMs(slot) <= now.cacheMs) this.#store.delete(key);
    }
  }

  /**
   * A secure denial of a name above this one: RFC 8020 §2, what lies below a name that does not
   * exist does not exist either.
   */
  getNameErrorAbove(name: Name, now: CacheClock): CachedNegative | undefined {
    if (this.#store.count === 0) return undefined;
    for (let nameKey = name.key; nameKey.charCodeAt(0) !== 0;) {
      nameKey = parentKey(nameKey);
      const key = typedKey(nameKey, ALL_TYPES);
      const slot = this.#find(key, now);
      if (slot >= 0 && this.#isProven(slot)) return this.#unpack(key, slot);
    }
    return undefined;
  }

  /**
   * Keeps a denial unless a rule forbids it. Returns what now stands: the denial itself (kept, or
   * good for the current use only) or the secure one that it could not replace. Undefined without
   * an SOA (RFC 2308 §5: such a denial must not be kept).
   */
  put(facts: NegativeFacts, now: CacheClock): CachedNegative | undefined {
    const { kind, name, security } = facts;
    const judged = this.#judged(facts, now);
    if (judged === undefined || security.status === 'bogus') return judged;
    if (kind === 'no data' && facts.type === ALL_TYPES) return judged;
    const key = typedKey(name.key, kind === 'name error' ? ALL_TYPES : facts.type);
    const standing = this.#find(key, now);
    if (standing >= 0 && this.#isProven(standing) && !isSecure(security)) {
      return this.#unpack(key, standing);
    }
    if (judged.expiresAtMs <= now.cacheMs || this.#isTooLarge(facts.authority)) {
      this.#store.delete(key);
      return judged;
    }
    const tag = kind === 'name error' ? NAME_ERROR : NO_DATA;
    this.#store.put(key, packRRsets(judged.authority), judged, tag);
    if (kind === 'no data') this.#nameExists(name, security, now);
    return judged;
  }

  /** Forgets that the name, or this type at it, does not exist. */
  remove(name: Name, type: number): void {
    this.#store.delete(typedKey(name.key, ALL_TYPES));
    this.#store.delete(typedKey(name.key, type));
  }

  clear(): void {
    this.#store.clear();
  }

  /** A name with missing types exists: an older name error that is no better proven ends. */
  #nameExists(name: Name, security: Security, now: CacheClock): void {
    const key = typedKey(name.key, ALL_TYPES);
    const nameError = this.#find(key, now);
    if (nameError < 0) return;
    if (isSecure(security) || !this.#isProven(nameError)) this.#store.delete(key);
  }

  /** The slot of what may still be used; -1 when there is none. */
  #find(key: string, now: CacheClock): number {
    const store = this.#store;
    const slot = store.find(key);
    if (slot < 0) return slot;
    const isFresh = now.cacheMs < store.expiresAtMs(slot);
    if (isFresh && isWithinSignatures(store.security(slot), now)) return slot;
    if (!this.#isStale(slot, now)) store.delete(key);
    return -1;
  }

  #isProven(slot: number): boolean {
    return isSecure(this.#store.security(slot));
  }

  /**
   * RFC 4035 §3.1.4.1: only the parent speaks about DS. That a zone denies its own apex, which an
   * attacker may say of an unsigned one, says nothing about that type.
   */
  #isAboutType(key: string, slot: number, type: number): boolean {
    if (slot < 0 || type !== RRType.DS || this.#store.tag(slot) !== NAME_ERROR) return true;
    const { name, zone } = this.#unpack(key, slot);
    return name.isRoot || !zone.equals(name);
  }

  #unpack(key: string, slot: number): CachedNegative {
    const store = this.#store;
    const authority = unpackRRsets(store.read(slot));
    return {
      kind: store.tag(slot) === NAME_ERROR ? 'name error' : 'no data',
      name: nameOfKey(key),
      type: typeOfKey(key),
      // Without an SOA nothing was packed.
      zone: authority.find((set) => set.type === RRType.SOA)!.owner,
      authority,
      security: store.security(slot),
      expiresAtMs: store.expiresAtMs(slot),
      originalTtlSeconds: store.originalTtlSeconds(slot),
    };
  }

  #isStale(slot: number, now: CacheClock): boolean {
    const store = this.#store;
    if (isSecure(store.security(slot))) return false;
    return now.cacheMs < store.expiresAtMs(slot) + this.#maxStaleMs;
  }

  #judged(facts: NegativeFacts, now: CacheClock): CachedNegative | undefined {
    const { kind, name, type, authority, security } = facts;
    const soa = authority.find((set) => set.type === RRType.SOA);
    const soaRdata = soa?.rdatas[0];
    const fields = soaRdata === undefined ? undefined : parseSoa(soaRdata);
    // A zone denies its own names only.
    if (soa === undefined || fields === undefined || !name.isAtOrBelow(soa.owner)) {
      return undefined;
    }
    const ttl = negativeTtlSeconds(
      rrsetTtlSeconds(soa, security, undefined, this.#limits, now),
      fields.minimumSeconds,
      facts.proofTtlSeconds ?? this.#proofTtlSeconds(authority, security, now),
      security,
      this.#limits,
      now,
    );
    const expiresAtMs = Math.min(expiryMs(ttl, now), facts.notAfterMs ?? Number.POSITIVE_INFINITY);
    // RFC 2308 §5: the SOA shows how long the denial holds; each proof has a TTL of its own.
    const shown = authority.map((set) => ({
      ...set,
      ttlSeconds:
        set.type === RRType.SOA
          ? ttl
          : rrsetTtlSeconds(set, security, undefined, this.#limits, now),
    }));
    return {
      kind,
      name,
      type,
      zone: soa.owner,
      authority: shown,
      security,
      expiresAtMs,
      originalTtlSeconds: ttl,
    };
  }

  #proofTtlSeconds(
    authority: readonly RRset[],
    security: Security,
    now: CacheClock,
  ): number | undefined {
    let least: number | undefined;
    for (const set of authority) {
      if (set.type !== RRType.NSEC && set.type !== RRType.NSEC3) continue;
      const ttl = rrsetTtlSeconds(set, security, undefined, this.#limits, now);
      if (least === undefined || ttl < least) least = ttl;
    }
    return least;
  }

  #isTooLarge(authority: readonly RRset[]): boolean {
    let octets = 0;
    for (const set of authority) octets += payloadOctets(set);
    return octets > this.#maxAuthorityOctets;
  }
}
