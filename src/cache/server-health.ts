/**
 * What is remembered about name servers: how fast and how reliably they answer, what they can do,
 * which zones they are lame for, and their cookies. Everything here is learned from packets that
 * anyone may have sent, so none of it may decide more than whom to ask next and how patiently: a
 * server in disgrace is asked last, never not at all.
 */
import type { LRUCache } from 'lru-cache';
import type { Name } from '../wire/index.js';
import { CACHE_LIMITS } from './limits.js';
import { countBoundedMap } from './octet-bounded-map.js';
import { type Assessed, chooseAmong, conditionOf, orderAmong } from './server-choice.js';
import { ServerRecord } from './server-record.js';
import { Strangers } from './strangers.js';

/** Deadlines and round-trip times: a clock that never steps. */
export interface MonotonicClock {
  readonly monotonicMs: number;
}

/** Unpredictable numbers, handed in. */
export interface CookieEntropy {
  uint32(): number;
  fill(octets: Uint8Array): void;
}

/** `IpAddress.key` of a server, with `#` and the port when that is not 53. */
export interface ServerCandidate {
  readonly key: string;
}

export interface ServerHealthOptions {
  readonly entropy: CookieEntropy;
  readonly maxServers?: number;
  readonly maxLameEntries?: number;
}

/** This many servers of one family in a row without an answer, and the family itself is suspect. */
const SUSPECT_AFTER = 6;

const CLIENT_COOKIE_OCTETS = 8;
const LEAST_SERVER_COOKIE_OCTETS = 8;
const MOST_SERVER_COOKIE_OCTETS = 32;

export class ServerHealth {
  readonly #servers: LRUCache<string, ServerRecord>;
  readonly #lameUntilMs: LRUCache<string, { readonly untilMs: number }>;
  readonly #entropy: CookieEntropy;
  /** Failures since the last reply of any server, by address family. */
  readonly #silence: Record<4 | 6, number> = { 4: 0, 6: 0 };
  readonly #strangers = new Strangers();
  #repliesHeard = 0;

  constructor(options: ServerHealthOptions) {
    this.#servers = countBoundedMap(options.maxServers ?? CACHE_LIMITS.servers.value);
    this.#lameUntilMs = countBoundedMap(options.maxLameEntries ?? CACHE_LIMITS.lameEntries.value);
    this.#entropy = options.entropy;
  }

  get count(): number {
    return this.#servers.size;
  }

  /** Of all servers, since the start. */
  get repliesHeard(): number {
    return this.#repliesHeard;
  }

  // --- choosing ---

  choose<T extends ServerCandidate>(
    candidates: readonly T[],
    zone: Name,
    entropy: CookieEntropy,
    now: MonotonicClock,
  ): T | undefined {
    return chooseAmong(this.#assess(candidates, zone, now), entropy.uint32());
  }

  order<T extends ServerCandidate>(
    candidates: readonly T[],
    zone: Name,
    entropy: CookieEntropy,
    now: MonotonicClock,
  ): T[] {
    return orderAmong(this.#assess(candidates, zone, now), entropy.uint32());
  }

  #assess<T extends ServerCandidate>(
    candidates: readonly T[],
    zone: Name,
    now: MonotonicClock,
  ): Assessed<T>[] {
    return candidates.map((server) => {
      const record = this.#servers.get(server.key);
      const condition = conditionOf(record, this.isLame(server.key, zone, now), now.monotonicMs);
      const isSuspectFamily = this.#isSuspect(familyOf(server.key));
      return { server, record, condition, isSuspectFamily };
    });
  }

  // --- what happened ---

  /** A reply that matches its query came, whatever is in it. */
  reportReply(key: string, rttMs: number, now: MonotonicClock, sawEdns: boolean): void {
    const record = this.#recordOf(key);
    this.#repliesHeard++;
    this.#silence[record.family] = 0;
    if (record.samples === 0) this.#strangers.replied(rttMs);
    record.measured(rttMs, now.monotonicMs);
    record.answered(sawEdns, now.monotonicMs);
  }

  reportTimeout(key: string, now: MonotonicClock, sentEdns: boolean): void {
    const record = this.#recordOf(key);
    this.#silence[record.family]++;
    record.timedOut(now.monotonicMs, sentEdns);
  }

  /** The system could not send, or an ICMP message came back. */
  reportUnreachable(key: string, now: MonotonicClock): void {
    const record = this.#recordOf(key);
    this.#silence[record.family]++;
    record.unreachable(now.monotonicMs);
  }

  /** It answers, but is of no use for this zone: REFUSED, upward referral, not authoritative. */
  reportLame(key: string, zone: Name, now: MonotonicClock): void {
    const untilMs = now.monotonicMs + CACHE_LIMITS.lameSeconds.value * 1000;
    this.#lameUntilMs.set(lameKey(key, zone), { untilMs });
  }

  /** It gave a usable answer for this zone after all. */
  reportUsable(key: string, zone: Name): void {
    this.#lameUntilMs.delete(lameKey(key, zone));
  }

  isLame(key: string, zone: Name, now: MonotonicClock): boolean {
    if (this.#lameUntilMs.size === 0) return false;
    const entry = this.#lameUntilMs.get(lameKey(key, zone));
    return entry !== undefined && now.monotonicMs < entry.untilMs;
  }

  // --- patience ---

  /** How long to wait before a question is sent again: 400 ms for an unknown server. */
  retransmitMs(key: string): number {
    return this.#servers.peek(key)?.retransmitMs() ?? CACHE_LIMITS.unknownRttMs.value;
  }

  /**
   * When a reply is later than this server's usually are, or those of servers that are asked for
   * the first time; undefined while that is unknown.
   */
  hedgeMs(key: string): number | undefined {
    const record = this.#servers.peek(key);
    if (record === undefined || isStranger(record)) return this.#strangers.usualMs();
    return record.usualMs();
  }

  /** Whether it has never answered, nor been given up. */
  isStranger(key: string): boolean {
    const record = this.#servers.peek(key);
    return record === undefined || isStranger(record);
  }

  /** Whether so many servers do not answer at first that it pays to ask two at once. */
  get strangersAreOftenSilent(): boolean {
    return this.#strangers.areOftenSilent;
  }

  /** A stranger did not answer in the time that they usually take. */
  reportSilentStranger(key: string): void {
    const record = this.#recordOf(key);
    if (!isStranger(record) || record.wasSilent) return;
    record.wasSilent = true;
    this.#strangers.stayedSilent();
  }

  /** Smoothed round-trip time, for traces. */
  srttMs(key: string): number | undefined {
    return this.#servers.peek(key)?.srttMs;
  }

  // --- what it can do ---

  /** Whether the question in hand may be repeated without EDNS after a refusal. */
  mayDropEdns(key: string): boolean {
    return this.#servers.peek(key)?.mayDropEdns() ?? true;
  }

  /** FORMERR, NOTIMP or BADVERS without an OPT record, to a query that had one. */
  reportEdnsRefused(key: string, _now: MonotonicClock): void {
    this.#recordOf(key).refusedEdns();
  }

  /** Whether questions to this server begin without EDNS. */
  avoidsEdns(key: string, now: MonotonicClock): boolean {
    return this.#servers.peek(key)?.avoidsEdns(now.monotonicMs) ?? false;
  }

  reportCaseLost(key: string): void {
    this.#recordOf(key).lostCase();
  }

  /** Whether the server is known not to preserve the letter case of questions. */
  losesCase(key: string): boolean {
    return this.#servers.peek(key)?.losesCase() ?? false;
  }

  /** Somebody seems to be guessing, or UDP does not get through: TCP for the next minutes. */
  preferTcp(key: string, now: MonotonicClock): void {
    this.#recordOf(key).preferTcpUntilMs = now.monotonicMs + CACHE_LIMITS.preferTcpMs.value;
  }

  prefersTcp(key: string, now: MonotonicClock): boolean {
    const record = this.#servers.peek(key);
    return record !== undefined && now.monotonicMs < record.preferTcpUntilMs;
  }

  // --- cookies ---

  /**
   * RFC 9018 §3: the same client cookie for one server, another for every other, so that servers
   * cannot follow us; unpredictable, because it is what a forger lacks.
   */
  clientCookie(key: string): Uint8Array {
    const record = this.#recordOf(key);
    if (record.clientCookie === undefined) {
      record.clientCookie = new Uint8Array(CLIENT_COOKIE_OCTETS);
      this.#entropy.fill(record.clientCookie);
    }
    return record.clientCookie;
  }

  serverCookie(key: string): Uint8Array | undefined {
    return this.#servers.peek(key)?.serverCookie;
  }

  /** Undefined forgets it. RFC 7873 §4: other lengths are malformed, and ignored. */
  setServerCookie(key: string, cookie: Uint8Array | undefined): void {
    if (cookie !== undefined) {
      const { length } = cookie;
      if (length < LEAST_SERVER_COOKIE_OCTETS || length > MOST_SERVER_COOKIE_OCTETS) return;
    }
    this.#recordOf(key).serverCookie = cookie?.slice();
  }

  clear(): void {
    this.#servers.clear();
    this.#lameUntilMs.clear();
    this.#silence[4] = 0;
    this.#silence[6] = 0;
    this.#strangers.forget();
  }

  #recordOf(key: string): ServerRecord {
    let record = this.#servers.get(key);
    if (record === undefined) {
      record = new ServerRecord(familyOf(key));
      this.#servers.set(key, record);
    }
    return record;
  }

  #isSuspect(family: 4 | 6): boolean {
    const other = family === 4 ? 6 : 4;
    return this.#silence[family] >= SUSPECT_AFTER && this.#silence[other] < SUSPECT_AFTER;
  }
}

function isStranger({ samples, timeoutsInRow }: ServerRecord): boolean {
  return samples === 0 && timeoutsInRow === 0;
}

/** The key begins with the 4 or 16 octets of the address; a port adds at most six characters. */
function familyOf(key: string): 4 | 6 {
  return key.length >= 16 ? 6 : 4;
}

/** The zone first: its wire octets say where they end, so no two pairs share a key. */
function lameKey(key: string, zone: Name): string {
  return zone.key + key;
}
