/**
 * Known zone cuts: where to begin when a name is asked. A delegation belongs to the parent. It is
 * learned from the parent's referral alone, lives as long as the parent's NS RRset says and never
 * longer than the delegation of the parent itself; nothing that the child sends prolongs it. So a
 * domain that its parent has withdrawn is gone when that TTL has run out, however busily its
 * servers are asked (ghost domains; CVE-2022-30698, CVE-2022-30699, CVE-2026-40622).
 */
import type { Name } from '../wire/index.js';
import { CACHE_LIMITS } from './limits.js';
import {
  type OctetBoundedMap,
  octetBoundedMap,
  parentKey,
  type Sized,
} from './octet-bounded-map.js';
import { type CacheClock, expiryMs, soundTtlSeconds } from './ttl.js';

/** What the cache must know of a delegation; what else it is, is the resolver's business. */
export interface Delegation {
  readonly zone: Name;
  /** The delegation that the referral came through; undefined at the top of the tree. */
  readonly parent: Delegation | undefined;
  readonly expiresAtMs: number;
}

export interface DelegationCacheOptions {
  readonly maxOctets: number;
  readonly maximumTtlSeconds?: number;
}

interface Entry<T> extends Sized {
  readonly delegation: T;
  readonly expiresAtMs: number;
}

export class DelegationCache<T extends Delegation> {
  readonly #entries: OctetBoundedMap<Entry<T>>;
  readonly #maximumTtlSeconds: number;

  constructor(options: DelegationCacheOptions) {
    this.#entries = octetBoundedMap(options.maxOctets);
    this.#maximumTtlSeconds = options.maximumTtlSeconds ?? CACHE_LIMITS.ttlSeconds.value;
  }

  get sizeOctets(): number {
    return this.#entries.calculatedSize;
  }

  get count(): number {
    return this.#entries.size;
  }

  /**
   * The end of a delegation whose NS RRset came with `ttlSeconds`. A TTL below 5 s is raised, so
   * that the delegation can be used at all; the parent's own end is never passed.
   */
  endMs(ttlSeconds: number, parent: Delegation | undefined, now: CacheClock): number {
    const floor = CACHE_LIMITS.minimumDelegationTtlSeconds.value;
    const sound = Math.min(soundTtlSeconds(ttlSeconds), this.#maximumTtlSeconds);
    const end = expiryMs(Math.max(sound, floor), now);
    return Math.min(end, parent?.expiresAtMs ?? Number.POSITIVE_INFINITY);
  }

  /** The delegation of exactly this zone. */
  exact(zone: Name, now: CacheClock): T | undefined {
    return this.#read(zone.key, now);
  }

  /** The deepest known delegation at or above `name`. */
  closest(name: Name, now: CacheClock): T | undefined {
    let key = name.key;
    for (;;) {
      const delegation = this.#read(key, now);
      if (delegation !== undefined) return delegation;
      if (key.charCodeAt(0) === 0) return undefined;
      key = parentKey(key);
    }
  }

  /**
   * False, and nothing kept, for what cannot be a parent's word: a zone that does not lie below
   * its parent (a child's own apex NS RRset, an upward referral), or one that has ended. An end
   * later than the parent's is cut to the parent's.
   */
  put(delegation: T, sizeOctets: number, now: CacheClock): boolean {
    const { zone, parent } = delegation;
    if (parent !== undefined && !zone.isBelow(parent.zone)) return false;
    let expiresAtMs = delegation.expiresAtMs;
    for (let above = parent; above !== undefined; above = above.parent) {
      expiresAtMs = Math.min(expiresAtMs, above.expiresAtMs);
    }
    if (expiresAtMs <= now.cacheMs) return false;
    const overhead = CACHE_LIMITS.entryOverheadOctets.value + 2 * zone.octets.length;
    this.#entries.set(zone.key, {
      delegation,
      expiresAtMs,
      sizeOctets: overhead + Math.max(0, Math.ceil(sizeOctets)),
    });
    return true;
  }

  /** Forgets this delegation, but not another one of the same zone that has replaced it. */
  remove(delegation: T): void {
    const { key } = delegation.zone;
    if (this.#entries.peek(key)?.delegation === delegation) this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  #read(key: string, now: CacheClock): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (now.cacheMs < entry.expiresAtMs) return entry.delegation;
    this.#entries.delete(key);
    return undefined;
  }
}
