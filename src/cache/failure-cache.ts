/**
 * Failures that were met, so that a broken zone is not asked again with every question: RFC 9520.
 * How long one is remembered is decided here alone, 5 s and twice as long with each repeat, up to
 * 300 s; no TTL in any packet has a say, because a failure may be what an attacker sent. The first
 * success ends it. Where no server at all was heard between two failures, our own network may be
 * what failed: the second is no worse than the first, and mail goes on soon after the network.
 */

import type { LRUCache } from 'lru-cache';
import type { Security } from '../dnssec/index.js';
import type { ExtendedError, Name } from '../wire/index.js';
import { CACHE_LIMITS } from './limits.js';
import { countBoundedMap, typedKey } from './octet-bounded-map.js';
import type { CacheClock } from './ttl.js';

/** What a client is told again while a failure lasts. */
export interface Failure {
  /** Bogus when data came and did not pass; anything else when none came. */
  readonly security: Security;
  readonly errors: readonly ExtendedError[];
  readonly sentence: string;
  /** Where what is told again ends by itself, at the latest. */
  readonly notAfterMs?: number;
}

export interface CachedFailure extends Failure {
  readonly untilMs: number;
  /** How often it was met in a row. */
  readonly repeats: number;
  /** Replies that had been heard by then. */
  readonly repliesHeard: number;
}

export interface FailureCacheOptions {
  readonly maxEntries?: number;
  readonly firstSeconds?: number;
  readonly capSeconds?: number;
  /** How many replies have come so far, of any server. Without it, every failure is a repeat. */
  readonly repliesHeard?: () => number;
}

/** Type 0 is reserved (RFC 6895 §3.1); here it stands for the zone itself. */
const WHOLE_ZONE = 0;

export class FailureCache {
  readonly #entries: LRUCache<string, CachedFailure>;
  readonly #firstMs: number;
  readonly #capMs: number;
  readonly #repliesHeard: () => number;

  constructor(options: FailureCacheOptions = {}) {
    const { failureEntries, failureSeconds, failureCapSeconds } = CACHE_LIMITS;
    this.#entries = countBoundedMap(options.maxEntries ?? failureEntries.value);
    this.#firstMs = (options.firstSeconds ?? failureSeconds.value) * 1000;
    this.#capMs = (options.capSeconds ?? failureCapSeconds.value) * 1000;
    let failures = 0;
    this.#repliesHeard = options.repliesHeard ?? (() => failures++);
  }

  get count(): number {
    return this.#entries.size;
  }

  get(name: Name, type: number, now: CacheClock): CachedFailure | undefined {
    const entry = this.#entries.get(typedKey(name.key, type));
    return entry !== undefined && now.cacheMs < entry.untilMs ? entry : undefined;
  }

  put(name: Name, type: number, failure: Failure, now: CacheClock): CachedFailure {
    const key = typedKey(name.key, type);
    const standing = this.#entries.peek(key);
    // Questions that were on their way together and fail together are one failure.
    const isSame = standing !== undefined && now.cacheMs < standing.untilMs;
    const repliesHeard = this.#repliesHeard();
    const repeats = isSame ? standing.repeats : this.#repeatsAfter(standing, repliesHeard, now);
    const untilMs = isSame ? standing.untilMs : now.cacheMs + this.#waitMs(repeats);
    const entry: CachedFailure = {
      security: failure.security,
      errors: failure.errors,
      sentence: failure.sentence,
      untilMs: Math.min(untilMs, failure.notAfterMs ?? untilMs),
      repeats,
      repliesHeard: isSame ? standing.repliesHeard : repliesHeard,
    };
    this.#entries.set(key, entry);
    return entry;
  }

  /** The next failure of this question starts again with the shortest wait. */
  recovered(name: Name, type: number): void {
    this.#entries.delete(typedKey(name.key, type));
  }

  /** It may be tried once more now; should it fail again, it is a repeat. */
  lift(name: Name, type: number, now: CacheClock): void {
    const entry = this.get(name, type, now);
    if (entry?.repeats !== 1) return;
    this.#entries.set(typedKey(name.key, type), { ...entry, untilMs: now.cacheMs });
  }

  /** A failure of everything in a zone: none of its servers gives a usable answer. */
  getZone(zone: Name, now: CacheClock): CachedFailure | undefined {
    return this.get(zone, WHOLE_ZONE, now);
  }

  putZone(zone: Name, failure: Failure, now: CacheClock): CachedFailure {
    return this.put(zone, WHOLE_ZONE, failure, now);
  }

  zoneRecovered(zone: Name): void {
    this.recovered(zone, WHOLE_ZONE);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** Counts up with failures in a row; one that is long past does not add to it. */
  #repeatsAfter(
    standing: CachedFailure | undefined,
    repliesHeard: number,
    now: CacheClock,
  ): number {
    if (standing === undefined || now.cacheMs >= standing.untilMs + this.#capMs) return 1;
    return standing.repeats + (standing.repliesHeard === repliesHeard ? 0 : 1);
  }

  #waitMs(repeats: number): number {
    return Math.min(this.#capMs, this.#firstMs * 2 ** Math.min(repeats - 1, 30));
  }
}
