/**
 * RRsets that were learned, with the security they were judged to have and the rank of the place
 * they came from. Four rules keep it from being poisoned or outstayed:
 * - what is read is never expired, and never past the signatures that made it secure;
 * - data of lower rank never takes the place of unexpired data of higher rank, and secure data
 *   has the highest (RFC 2181 §5.4.1);
 * - bogus data is never kept;
 * - the number of octets kept is bounded, and one RRset cannot take more than its share.
 */
import { isSecure, type Security } from '../dnssec/index.js';
import { type Name, type RRset, RRType } from '../wire/index.js';
import { CACHE_LIMITS } from './limits.js';
import { typedKey } from './octet-bounded-map.js';
import { packRRsets, payloadOctets, unpackRRsets } from './packed-rrset.js';
import { PackedStore } from './packed-store.js';
import { effectiveRank, mayAnswer, mayReplace } from './trust-ranking.js';
import {
  type CacheClock,
  DEFAULT_TTL_LIMITS,
  expiryMs,
  isWithinSignatures,
  rrsetTtlSeconds,
  type TtlLimits,
} from './ttl.js';

export interface CachedRRset {
  readonly rrset: RRset;
  readonly security: Security;
  readonly rank: number;
  /** On the cache clock; `remainingSeconds` tells what is left. */
  readonly expiresAtMs: number;
  /** The TTL it was stored with, after all caps: no reply shows more. */
  readonly originalTtlSeconds: number;
  /** RFC 4035 §5.3.4: the denial that belongs to a wildcard answer; empty otherwise. */
  readonly proof: readonly RRset[];
}

export interface RRsetCacheOptions {
  readonly maxOctets: number;
  /** Larger RRsets are answered, not kept. */
  readonly maxRRsetOctets?: number;
  readonly ttlLimits?: Partial<TtlLimits>;
  /** RFC 8767: how long data that is not secure may be handed out after its end; 0 is never. */
  readonly maxStaleMs?: number;
  /** 32 bits from the CSPRNG. */
  readonly secret?: number;
}

export interface RRsetFacts {
  readonly security: Security;
  readonly rank: number;
  readonly proof?: readonly RRset[];
  /** What the judge found; without it, TTL and original TTLs count. */
  readonly ttlSeconds?: number;
  /**
   * The end of the delegation that the data came through, for the NS RRset of a zone's apex and
   * the addresses of its servers: the child must not prolong what the parent has given (CVE-2022-
   * 30698, CVE-2026-40622).
   */
  readonly notAfterMs?: number;
}

const NO_PROOF: readonly RRset[] = [];

/**
 * RFC 1035 §3.2.1: TTL 0 means the transaction in progress. A DNAME with that TTL serves all the
 * names below it that are asked for in this second and the next, and is shown with TTL 0 each time;
 * else each of them would be a question to its zone.
 */
const ZERO_TTL_DNAME_SECONDS = 2;

export class RRsetCache {
  readonly #store: PackedStore;
  readonly #maxRRsetOctets: number;
  readonly #limits: TtlLimits;
  readonly #maxStaleMs: number;

  constructor(options: RRsetCacheOptions) {
    this.#store = new PackedStore(options);
    this.#maxRRsetOctets = options.maxRRsetOctets ?? CACHE_LIMITS.rrsetOctets.value;
    this.#limits = { ...DEFAULT_TTL_LIMITS, ...options.ttlLimits };
    this.#maxStaleMs = options.maxStaleMs ?? 0;
  }

  /** What everything kept is charged for; at most `maxOctets`. */
  get sizeOctets(): number {
    return this.#store.sizeOctets;
  }

  get count(): number {
    return this.#store.count;
  }

  /** Any rank: good for finding servers. */
  get(name: Name, type: number, now: CacheClock): CachedRRset | undefined {
    const key = typedKey(name.key, type);
    const slot = this.#store.find(key);
    if (slot < 0) return undefined;
    if (this.#isUsable(slot, now)) return this.#unpack(slot);
    if (!this.#isStale(slot, now)) this.#store.delete(key);
    return undefined;
  }

  /** Only what may be given to a client as an answer: RFC 2181 §5.4.1. */
  getAnswer(name: Name, type: number, now: CacheClock): CachedRRset | undefined {
    const entry = this.get(name, type, now);
    return entry !== undefined && mayAnswer(entry.rank) ? entry : undefined;
  }

  /**
   * RFC 8767: an answer whose TTL has run out, but no longer ago than the limit. Secure data is
   * never stale here: a record that a mailer pins certificates to ends when its owner said.
   */
  getStale(name: Name, type: number, now: CacheClock): CachedRRset | undefined {
    const slot = this.#store.find(typedKey(name.key, type));
    if (slot < 0 || !mayAnswer(this.#store.tag(slot))) return undefined;
    return this.#isUsable(slot, now) || this.#isStale(slot, now) ? this.#unpack(slot) : undefined;
  }

  /**
   * Keeps an RRset unless a rule forbids it, and returns what now stands for its name and type:
   * the RRset itself (kept or, with TTL 0 or too large, good for the current use only), or the
   * more trustworthy one that it could not replace.
   */
  put(rrset: RRset, facts: RRsetFacts, now: CacheClock): CachedRRset {
    const judged = this.#judged(rrset, facts, now);
    if (judged.security.status === 'bogus') return judged;
    const key = typedKey(rrset.owner.key, rrset.type);
    const store = this.#store;
    const standing = store.find(key);
    if (standing >= 0 && this.#isUsable(standing, now)) {
      if (!mayReplace(judged.rank, store.tag(standing))) return this.#unpack(standing);
    }
    if (judged.expiresAtMs <= now.cacheMs || payloadOctets(rrset) > this.#maxRRsetOctets) {
      // What its owner does not want kept, or what cannot be, has ended what stood before.
      store.delete(key);
      return judged;
    }
    store.put(key, packRRsets([judged.rrset, ...judged.proof]), judged, judged.rank);
    return judged;
  }

  remove(name: Name, type: number): void {
    this.#store.delete(typedKey(name.key, type));
  }

  clear(): void {
    this.#store.clear();
  }

  #isUsable(slot: number, now: CacheClock): boolean {
    const store = this.#store;
    return now.cacheMs < store.expiresAtMs(slot) && isWithinSignatures(store.security(slot), now);
  }

  #isStale(slot: number, now: CacheClock): boolean {
    const store = this.#store;
    if (isSecure(store.security(slot))) return false;
    return now.cacheMs < store.expiresAtMs(slot) + this.#maxStaleMs;
  }

  #unpack(slot: number): CachedRRset {
    const store = this.#store;
    const rrsets = unpackRRsets(store.read(slot));
    return {
      rrset: rrsets[0]!,
      security: store.security(slot),
      rank: store.tag(slot),
      expiresAtMs: store.expiresAtMs(slot),
      originalTtlSeconds: store.originalTtlSeconds(slot),
      proof: rrsets.length === 1 ? NO_PROOF : rrsets.slice(1),
    };
  }

  #judged(rrset: RRset, facts: RRsetFacts, now: CacheClock): CachedRRset {
    const { security, proof = NO_PROOF } = facts;
    let ttl = rrsetTtlSeconds(rrset, security, facts.ttlSeconds, this.#limits, now);
    // A wildcard answer is worth no more than the proof that goes with it.
    for (const set of proof) {
      ttl = Math.min(ttl, rrsetTtlSeconds(set, security, undefined, this.#limits, now));
    }
    const grace = ttl === 0 && rrset.type === RRType.DNAME && isSecure(security);
    const endMs = expiryMs(grace ? ZERO_TTL_DNAME_SECONDS : ttl, now);
    return {
      rrset,
      security,
      rank: effectiveRank(facts.rank, security),
      expiresAtMs: Math.min(endMs, facts.notAfterMs ?? Number.POSITIVE_INFINITY),
      originalTtlSeconds: ttl,
      proof,
    };
  }
}
