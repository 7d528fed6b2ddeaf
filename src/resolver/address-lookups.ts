/**
 * Addresses of name servers for which no glue came. They are looked up unvalidated and used to send
 * there, nothing else: a wrong address can delay an answer, not forge a validated one. Circles of
 * zones that serve each other without glue are noticed and not walked.
 */
import { LRUCache } from 'lru-cache';
import { type Name, RRType } from '../wire/index.js';
import { addAddresses, usableAddresses } from './delegations.js';
import type { Effort } from './effort.js';
import type { Exchange } from './exchange.js';
import { LIMITS } from './limits.js';
import type { Outcome } from './outcome.js';
import { Resolution, type ResolutionServices } from './resolution.js';
import type { ServerAddress } from './zone-cut.js';

/** How many names are looked up at once, by depth (the peers' target fetch policy). */
const AT_ONCE = [3, 2, 1, 1, 1, 1] as const;
const KEPT_NAMES = 20_000;
/** Addresses learned this way are forgotten early: they were never validated. */
const MAXIMUM_LIFE_MS = 3_600_000;

interface Lookup {
  readonly name: Name;
  readonly waiting: ((addresses: readonly ServerAddress[]) => void)[];
  /** Names that the walk for this one had to look up in turn. */
  readonly dependsOn: Set<string>;
}

interface Known {
  readonly addresses: readonly ServerAddress[];
  readonly expiresAtMs: number;
}

export class AddressLookups {
  readonly #services: ResolutionServices;
  readonly #inFlight = new Map<string, Lookup>();
  readonly #known = new LRUCache<string, Known>({ max: KEPT_NAMES });

  constructor(services: ResolutionServices) {
    this.#services = services;
  }

  /** Starts look-ups for `exchange`, or joins running ones; false when none is left to hope for. */
  startFor(exchange: Exchange, lineage: readonly string[]): boolean {
    const { cut } = exchange;
    if (lineage.length >= LIMITS.depth.value) return false;
    let started = 0;
    for (const key of cut.lookingUp) {
      const running = this.#inFlight.get(key);
      if (running !== undefined && this.#mayWaitFor(key, lineage)) {
        running.waiting.push(() => exchange.addressesChanged());
        started++;
      }
    }
    const most = AT_ONCE[lineage.length] ?? 1;
    while (started < most && cut.unresolved.length > 0) {
      if (cut.failedLookups >= LIMITS.nameServerLookupsFailed.value) break;
      const name = cut.unresolved.shift()!;
      // Its address stands in the very zone whose servers we cannot reach.
      if (name.isAtOrBelow(cut.zone)) continue;
      if (this.#start(name, exchange, lineage)) started++;
    }
    return started > 0;
  }

  #start(name: Name, exchange: Exchange, lineage: readonly string[]): boolean {
    const { cut, effort } = exchange;
    const { key } = name;
    const known = this.#known.get(key);
    const { cacheMs } = this.#services.machine.now;
    if (known !== undefined && known.expiresAtMs > cacheMs && known.addresses.length > 0) {
      addAddresses(cut.addresses, known.addresses);
      exchange.addressesChanged();
      return true;
    }
    // The name's own zone cannot be asked for its address but by way of the same glue.
    const { cuts, clock } = this.#services.machine;
    const glue = cuts.closest(name, clock)?.glue?.get(key);
    if (glue !== undefined) {
      addAddresses(cut.addresses, glue);
      exchange.addressesChanged();
      return true;
    }
    if (!this.#mayWaitFor(key, lineage)) return false;
    cut.lookingUp.add(key);
    const arrived = (addresses: readonly ServerAddress[]): void => {
      cut.lookingUp.delete(key);
      if (addresses.length === 0) cut.failedLookups++;
      else addAddresses(cut.addresses, addresses);
      exchange.addressesChanged();
    };
    const running = this.#inFlight.get(key);
    if (running !== undefined) {
      running.waiting.push(arrived);
      return true;
    }
    const lookup: Lookup = { name, waiting: [arrived], dependsOn: new Set() };
    this.#inFlight.set(key, lookup);
    this.#resolve(lookup, effort, [...lineage, key]);
    return true;
  }

  /** False when waiting for the look-up of `key` would close a circle; otherwise it is noted. */
  #mayWaitFor(key: string, lineage: readonly string[]): boolean {
    if (lineage.includes(key)) return false;
    const asker = lineage.at(-1);
    if (asker === undefined) return true;
    if (this.#reaches(key, asker, new Set())) return false;
    this.#inFlight.get(asker)?.dependsOn.add(key);
    return true;
  }

  /** Whether the look-up of `from` waits, at some remove, for that of `to`. */
  #reaches(from: string, to: string, seen: Set<string>): boolean {
    if (from === to) return true;
    if (seen.has(from)) return false;
    seen.add(from);
    for (const next of this.#inFlight.get(from)?.dependsOn ?? []) {
      if (this.#reaches(next, to, seen)) return true;
    }
    return false;
  }

  #resolve(lookup: Lookup, effort: Effort, lineage: readonly string[]): void {
    const { config } = this.#services.machine;
    const types: number[] = [];
    if (config.ipv4) types.push(RRType.A);
    if (config.ipv6) types.push(RRType.AAAA);
    let pending = types.length;
    const found: ServerAddress[] = [];
    let lifeMs = MAXIMUM_LIFE_MS;
    if (pending === 0) this.#finish(lookup, found, 0);
    for (const type of types) {
      const ask = {
        name: lookup.name,
        type,
        effort,
        purpose: 'unjudged',
        lineage,
        skipCache: false,
      } as const;
      const done = (outcome: Outcome): void => {
        const set = outcome.kind === 'answered' ? outcome.answer.at(-1)?.rrset : undefined;
        if (set?.type === type) {
          const records = set.rdatas.map((rdata) => ({ rdata }));
          addAddresses(found, usableAddresses(this.#services.machine, records));
          lifeMs = Math.min(lifeMs, set.ttlSeconds * 1000);
        }
        pending--;
        // One family is enough to go on; the other joins when it comes.
        if (found.length > 0 || pending === 0) this.#finish(lookup, found, lifeMs);
      };
      new Resolution(this.#services, ask, done).start();
    }
  }

  #finish(lookup: Lookup, found: readonly ServerAddress[], lifeMs: number): void {
    const { key } = lookup.name;
    if (this.#inFlight.get(key) === lookup) this.#inFlight.delete(key);
    const expiresAtMs = this.#services.machine.now.cacheMs + lifeMs;
    this.#known.set(key, { addresses: found, expiresAtMs });
    const { waiting } = lookup;
    for (const arrived of waiting.splice(0)) arrived([...found]);
  }
}
