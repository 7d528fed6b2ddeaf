/**
 * Denials that were learned: name errors and missing types, RFC 2308, each with the SOA and the
 * proof it came with. A secure name error answers for everything below it too (RFC 8020); one
 * without proof only for itself, because anyone on the way could have written it.
 */
import { isSecure, type Security } from '../dnssec/index.js';
import { type Name, parseSoa, type RRset, RRType } from '../wire/index.js';
import { CACHE_LIMITS } from './limits.js';
import {
  nameOfKey,
  type OctetBoundedMap,
  octetBoundedMap,
  parentKey,
  typedKey,
} from './octet-bounded-map.js';
import { entrySizeOctets, packRRsets, payloadOctets, unpackRRsets } from './packed-rrset.js';
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
}

interface Entry {
  readonly kind: NegativeKind;
  readonly type: number;
  readonly packed: Uint8Array;
  readonly security: Security;
  readonly expiresAtMs: number;
  readonly originalTtlSeconds: number;
  readonly sizeOctets: number;
}

/** Type 0 is reserved (RFC 6895 §3.1), so it stands for all types here. */
const ALL_TYPES = 0;

export class NegativeCache {
  readonly #entries: OctetBoundedMap<Entry>;
  readonly #maxAuthorityOctets: number;
  readonly #limits: TtlLimits;
  readonly #maxStaleMs: number;

  constructor(options: NegativeCacheOptions) {
    this.#entries = octetBoundedMap(options.maxOctets);
    this.#maxAuthorityOctets = options.maxAuthorityOctets ?? CACHE_LIMITS.rrsetOctets.value;
    this.#limits = { ...DEFAULT_TTL_LIMITS, ...options.ttlLimits };
    this.#maxStaleMs = options.maxStaleMs ?? 0;
  }

  get sizeOctets(): number {
    return this.#entries.calculatedSize;
  }

  get count(): number {
    return this.#entries.size;
  }

  /** The denial of exactly this name and type; of two, the secure one, then the name error. */
  get(name: Name, type: number, now: CacheClock): CachedNegative | undefined {
    const nameErrorKey = typedKey(name.key, ALL_TYPES);
    const nameError = this.#read(nameErrorKey, now);
    if (nameError !== undefined && isSecure(nameError.security)) {
      return unpack(nameErrorKey, nameError);
    }
    const noDataKey = typedKey(name.key, type);
    const noData = this.#read(noDataKey, now);
    if (noData !== undefined && (nameError === undefined || isSecure(noData.security))) {
      return unpack(noDataKey, noData);
    }
    return nameError === undefined ? undefined : unpack(nameErrorKey, nameError);
  }

  /**
   * RFC 8767: a denial of this name and type whose TTL has run out, but no longer ago than the
   * limit. A secure one ends with its TTL.
   */
  getStale(name: Name, type: number, now: CacheClock): CachedNegative | undefined {
    for (const key of [typedKey(name.key, type), typedKey(name.key, ALL_TYPES)]) {
      const entry = this.#entries.get(key);
      if (entry !== undefined && this.#isStale(entry, now)) return unpack(key, entry);
    }
    return undefined;
  }

  /** Forgets what has ended, now that there is news of this name and type. */
  removeStale(name: Name, type: number, now: CacheClock): void {
    if (this.#maxStaleMs === 0) return;
    for (const key of [typedKey(name.key, type), typedKey(name.key, ALL_TYPES)]) {
      const entry = this.#entries.peek(key);
      if (entry !== undefined && entry.expiresAtMs <= now.cacheMs) this.#entries.delete(key);
    }
  }

  /**
   * The denial of the name itself, whatever its security, or a secure denial of a name above it:
   * RFC 8020 §2, what lies below a name that does not exist does not exist either.
   */
  getNameErrorAtOrAbove(name: Name, now: CacheClock): CachedNegative | undefined {
    if (this.#entries.size === 0) return undefined;
    for (let nameKey = name.key; ; nameKey = parentKey(nameKey)) {
      const key = typedKey(nameKey, ALL_TYPES);
      const entry = this.#read(key, now);
      if (entry !== undefined && (nameKey === name.key || isSecure(entry.security))) {
        return unpack(key, entry);
      }
      if (nameKey.charCodeAt(0) === 0) return undefined;
    }
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
    const standing = this.#read(key, now);
    if (standing !== undefined && isSecure(standing.security) && !isSecure(security)) {
      return unpack(key, standing);
    }
    if (judged.expiresAtMs <= now.cacheMs || this.#isTooLarge(facts.authority)) {
      this.#entries.delete(key);
      return judged;
    }
    this.#entries.set(key, pack(judged, key));
    if (kind === 'no data') this.#nameExists(name, security, now);
    return judged;
  }

  /** Forgets that the name, or this type at it, does not exist. */
  remove(name: Name, type: number): void {
    this.#entries.delete(typedKey(name.key, ALL_TYPES));
    this.#entries.delete(typedKey(name.key, type));
  }

  clear(): void {
    this.#entries.clear();
  }

  /** A name with missing types exists: an older name error that is no better proven ends. */
  #nameExists(name: Name, security: Security, now: CacheClock): void {
    const key = typedKey(name.key, ALL_TYPES);
    const nameError = this.#read(key, now);
    if (nameError === undefined) return;
    if (isSecure(security) || !isSecure(nameError.security)) this.#entries.delete(key);
  }

  #read(key: string, now: CacheClock): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (now.cacheMs < entry.expiresAtMs && isWithinSignatures(entry.security, now)) return entry;
    if (!this.#isStale(entry, now)) this.#entries.delete(key);
    return undefined;
  }

  #isStale({ security, expiresAtMs }: Entry, now: CacheClock): boolean {
    return !isSecure(security) && now.cacheMs < expiresAtMs + this.#maxStaleMs;
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

function pack(denial: CachedNegative, key: string): Entry {
  const { kind, type, security, expiresAtMs, originalTtlSeconds } = denial;
  const packed = packRRsets(denial.authority);
  const sizeOctets = entrySizeOctets(key.length, packed);
  return { kind, type, packed, security, expiresAtMs, originalTtlSeconds, sizeOctets };
}

function unpack(key: string, entry: Entry): CachedNegative {
  const { kind, type, security, expiresAtMs, originalTtlSeconds } = entry;
  const authority = unpackRRsets(entry.packed);
  // Without an SOA nothing was packed.
  const zone = authority.find((set) => set.type === RRType.SOA)!.owner;
  const name = nameOfKey(key);
  return { kind, name, type, zone, authority, security, expiresAtMs, originalTtlSeconds };
}
