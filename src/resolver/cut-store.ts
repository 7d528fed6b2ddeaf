/**
 * The zone cuts that are known, by zone: where to begin when a name is asked. Entries come from a
 * parent's referral only and end with its TTL, whatever the child says (ghost domains).
 */
import { LRUCache } from 'lru-cache';
import type { Name } from '../wire/index.js';
import type { ZoneCut } from './zone-cut.js';

/** A rough price of one cut with its servers and proof, in octets. */
const OCTETS_PER_CUT = 2_500;

export class CutStore {
  readonly #cuts: LRUCache<string, ZoneCut>;

  constructor(maxOctets: number) {
    this.#cuts = new LRUCache({ max: Math.max(100, Math.floor(maxOctets / OCTETS_PER_CUT)) });
  }

  exact(zone: Name, nowMs: number): ZoneCut | undefined {
    const cut = this.#cuts.get(zone.key);
    if (cut === undefined) return undefined;
    if (cut.expiresAtMs > nowMs) return cut;
    this.#cuts.delete(zone.key);
    return undefined;
  }

  /** The deepest known cut at or above `name`. */
  closest(name: Name, nowMs: number): ZoneCut | undefined {
    for (let at = name; ; at = at.parent()) {
      const cut = this.exact(at, nowMs);
      if (cut !== undefined) return cut;
      if (at.isRoot) return undefined;
    }
  }

  put(cut: ZoneCut): void {
    this.#cuts.set(cut.zone.key, cut);
  }

  remove(cut: ZoneCut): void {
    if (this.#cuts.peek(cut.zone.key) === cut) this.#cuts.delete(cut.zone.key);
  }

  get count(): number {
    return this.#cuts.size;
  }
}
