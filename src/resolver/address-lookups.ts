/**
 * Addresses of name servers for which no glue came. They are looked up unvalidated and used to send
 * there, nothing else: a wrong address can delay an answer, not forge a validated one. Circles of
 * zones that serve each other without glue are noticed and not walked.
 */
import { countBoundedMap } from '../cache/index.js';
import { type Name, type ResourceRecord, RRType } from '../wire/index.js';
import { addAddresses, usableAddresses } from './delegations.js';
import type { Effort } from './effort.js';
import type { Exchange } from './exchange.js';
import type { ExchangeOutcome } from './exchange-types.js';
import { InFlight } from './in-flight.js';
import { LIMITS } from './limits.js';
import type { Outcome } from './outcome.js';
import { Resolution, type ResolutionServices } from './resolution.js';
import { rrsetAt } from './sections.js';
import type { ServerAddress, ZoneCut } from './zone-cut.js';

/** How many names are looked up at once, by depth (the peers' target fetch policy). */
const AT_ONCE = [3, 2, 1, 1, 1, 1] as const;
/** Addresses learned this way are forgotten early: they were never validated. */
const MAXIMUM_LIFE_MS = 3_600_000;

interface Lookup {
  readonly name: Name;
  readonly sinceMs: number;
  readonly waiting: ((addresses: readonly ServerAddress[]) => void)[];
  /** What a parent on the way gave as the name's address; its own zone may tell another. */
  readonly told: ServerAddress[];
  /** Names that the walk for this one had to look up in turn. */
  readonly dependsOn: Set<string>;
}

type Rdata = Pick<ResourceRecord, 'rdata'>;

interface Known {
  readonly addresses: readonly ServerAddress[];
  readonly told: readonly ServerAddress[];
  readonly expiresAtMs: number;
}

export class AddressLookups {
  readonly #services: ResolutionServices;
  readonly #inFlight = new InFlight<string, Lookup>();
  readonly #known = countBoundedMap<Known>(LIMITS.nameServerAddresses.value);

  constructor(services: ResolutionServices) {
    this.#services = services;
  }

  /** Starts look-ups for `exchange`, or joins running ones; false when none is left to hope for. */
  startFor(exchange: Exchange, lineage: readonly string[]): boolean {
    const { cut } = exchange;
    if (lineage.length >= LIMITS.depth.value) return false;
    let started = 0;
    for (const key of cut.lookingUp) {
      const running = this.#running(key);
      if (running !== undefined && this.#mayWaitFor(key, lineage)) {
        running.waiting.push(() => exchange.addressesChanged());
        started++;
      }
    }
    const most = AT_ONCE[lineage.length] ?? 1;
    const { unresolved, halfKnown } = cut;
    while (started < most && unresolved.length > 0) {
      if (cut.failedLookups >= LIMITS.nameServerLookupsFailed.value) break;
      const name = unresolved.shift()!;
      // Its address stands in the very zone whose servers we cannot reach: its parent may know it.
      const above = name.isAtOrBelow(cut.zone) ? cut.parent : undefined;
      if (above === undefined && name.isAtOrBelow(cut.zone)) continue;
      if (this.#startKnown(name, exchange)) started++;
      else if (this.#start(name, exchange, lineage, above)) started++;
    }
    while (started < most && unresolved.length === 0 && halfKnown.length > 0) {
      const name = halfKnown.shift()!;
      // Servers that do not answer will not tell their other address either.
      if (name.isAtOrBelow(cut.zone) && !exchange.wasRefused) continue;
      if (this.#start(name, exchange, lineage, undefined)) started++;
    }
    return started > 0 || this.#useSpare(exchange);
  }

  /** True when the addresses are known from elsewhere. */
  #startKnown(name: Name, exchange: Exchange): boolean {
    const { cut } = exchange;
    const { cuts, clock, now } = this.#services.machine;
    const known = this.#known.get(name.key);
    if (known !== undefined && known.expiresAtMs > now.cacheMs && known.addresses.length > 0) {
      addAddresses(cut.addresses, known.addresses);
      addAddresses(cut.spare, known.told);
    } else {
      // The name's own zone cannot be asked for its address but by way of the same glue.
      const glue = cuts.closest(name, clock)?.glueOf(name);
      if (glue === undefined) return false;
      addAddresses(cut.addresses, glue);
    }
    exchange.addressesChanged();
    return true;
  }

  #useSpare(exchange: Exchange): boolean {
    const { addresses, spare } = exchange.cut;
    const before = addresses.length;
    addAddresses(addresses, spare.splice(0));
    if (addresses.length === before) return false;
    exchange.addressesChanged();
    return true;
  }

  #start(
    name: Name,
    exchange: Exchange,
    lineage: readonly string[],
    above: ZoneCut | undefined,
  ): boolean {
    const { cut, effort } = exchange;
    const { key } = name;
    if (!this.#mayWaitFor(key, lineage)) return false;
    if (!cut.lookingUp.includes(key)) cut.lookingUp.push(key);
    const running = this.#running(key);
    const sinceMs = this.#services.machine.now.monotonicMs;
    const lookup = running ?? { name, sinceMs, waiting: [], told: [], dependsOn: new Set() };
    const arrived = (addresses: readonly ServerAddress[]): void => {
      cut.lookedUp(key);
      if (addresses.length === 0) cut.failedLookups++;
      else addAddresses(cut.addresses, addresses);
      addAddresses(cut.spare, lookup.told);
      exchange.addressesChanged();
    };
    lookup.waiting.push(arrived);
    if (running !== undefined) return true;
    this.#inFlight.set(key, lookup);
    this.#resolve(lookup, effort, [...lineage, key], above);
    return true;
  }

  #running(key: string): Lookup | undefined {
    const lookup = this.#inFlight.get(key);
    const isRunning = lookup !== undefined && this.#services.machine.isJoinable(lookup);
    return isRunning ? lookup : undefined;
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

  #resolve(
    lookup: Lookup,
    effort: Effort,
    lineage: readonly string[],
    above: ZoneCut | undefined,
  ): void {
    const { config } = this.#services.machine;
    const types: number[] = [];
    if (config.ipv4) types.push(RRType.A);
    if (config.ipv6) types.push(RRType.AAAA);
    let pending = types.length;
    const found: ServerAddress[] = [];
    let lifeMs = MAXIMUM_LIFE_MS;
    if (pending === 0) this.#finish(lookup, found, 0);
    const arrived = (records: readonly Rdata[], ttlSeconds: number): void => {
      addAddresses(found, usableAddresses(this.#services.machine, records));
      if (records.length > 0) lifeMs = Math.min(lifeMs, ttlSeconds * 1000);
      pending--;
      // One family is enough to go on; the other joins when it comes.
      if (found.length > 0 || pending === 0) this.#finish(lookup, found, lifeMs);
    };
    for (const type of types) {
      if (above === undefined) this.#walk(lookup, type, effort, lineage, arrived);
      else this.#askAbove(above, lookup.name, type, effort, lineage, arrived);
    }
  }

  #walk(
    lookup: Lookup,
    type: number,
    effort: Effort,
    lineage: readonly string[],
    arrived: (records: readonly Rdata[], ttlSeconds: number) => void,
  ): void {
    const { name, told } = lookup;
    const ask = { name, type, effort, purpose: 'unjudged', lineage, skipCache: false } as const;
    const services: ResolutionServices = {
      ...this.#services,
      ask: (cut, ...asked) => {
        addAddresses(told, cut.glueOf(name) ?? []);
        return this.#services.ask(cut, ...asked);
      },
    };
    new Resolution(services, ask, (outcome: Outcome) => {
      const set = outcome.kind === 'answered' ? outcome.answer.at(-1)?.rrset : undefined;
      const records = set?.type === type ? set.rdatas.map((rdata) => ({ rdata })) : [];
      arrived(records, set?.ttlSeconds ?? 0);
    }).start();
  }

  /** The parent's servers may hold as glue what they left out of the referral (RFC 9471 §3.1). */
  #askAbove(
    above: ZoneCut,
    name: Name,
    type: number,
    effort: Effort,
    lineage: readonly string[],
    arrived: (records: readonly Rdata[], ttlSeconds: number) => void,
  ): void {
    const deliver = (outcome: ExchangeOutcome): void => {
      if (outcome.kind === 'failed') {
        arrived([], 0);
        return;
      }
      const { answer, glue } = outcome.reply;
      const set = rrsetAt(answer, name, type);
      const beside = glue.filter((record) => record.type === type && record.owner.equals(name));
      if (set === undefined) arrived(beside, beside[0]?.ttlSeconds ?? 0);
      else {
        arrived(
          set.rdatas.map((rdata) => ({ rdata })),
          set.ttlSeconds,
        );
      }
    };
    this.#services.ask(above, name, type, effort, deliver, lineage);
  }

  #finish(lookup: Lookup, found: readonly ServerAddress[], lifeMs: number): void {
    const { key } = lookup.name;
    if (this.#inFlight.get(key) === lookup) this.#inFlight.delete(key);
    const expiresAtMs = this.#services.machine.now.cacheMs + lifeMs;
    this.#known.set(key, { addresses: found, told: lookup.told, expiresAtMs });
    const { waiting } = lookup;
    for (const arrived of waiting.splice(0)) arrived([...found]);
  }
}
