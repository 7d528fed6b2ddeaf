/**
 * Work done before it is asked for: records near expiry are refreshed, and MX records of a signed
 * zone start the look-ups that an MTA makes next, so that they are on their way when it asks.
 */
import { FailureCache } from '../cache/index.js';
import { indeterminate } from '../dnssec/index.js';
import { type Name, type RRset, RRType, parseMx } from '../wire/index.js';
import { lookUp } from './cached-lookup.js';
import { LIMITS } from './limits.js';
import type { Machine } from './machine.js';
import type { HeldRRset, Outcome } from './outcome.js';
import { specialName } from './special-names.js';

const encode = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const TCP_LABEL = encode('_tcp');
/** RFC 7672 §2.2: the port of mail transfer. */
const SMTP_LABEL = encode('_25');

/** Refreshed when less than this share of the TTL is left. */
const REFRESH_SHARE = 0.1;

export class LookAhead {
  readonly #machine: Machine;
  readonly #start: (name: Name, type: number, skipCache: boolean) => void;
  /** RFC 9520 §3.2: what came to nothing is not tried again at once. */
  readonly #failures = new FailureCache();
  /** A young resolver has not earned any renewals yet. */
  #credit = 10;

  constructor(machine: Machine, start: (name: Name, type: number, skipCache: boolean) => void) {
    this.#machine = machine;
    this.#start = start;
  }

  after(name: Name, type: number, outcome: Outcome): void {
    const { config } = this.#machine;
    this.#credit = Math.min(this.#credit + LIMITS.backgroundPercent.value / 100, 100);
    if (outcome.kind !== 'answered' || outcome.stale) return;
    const last = outcome.answer.at(-1);
    if (last === undefined || last.rrset.type !== type) return;
    if (config.prefetch && outcome.fromCache) this.#refresh(name, type, last);
    const secure = outcome.answer.every((held) => held.security.status === 'secure');
    if (type === RRType.MX && secure) this.exchangesOf(last.rrset);
  }

  /** A renewal, or a look-up ahead of a question, came to nothing. */
  failed(name: Name, type: number, outcome: Extract<Outcome, { kind: 'failed' }>): void {
    const { errors, sentence, bogus } = outcome;
    const failure = { security: bogus ?? indeterminate(name), errors, sentence };
    this.#failures.put(name, type, failure, this.#machine.clock);
  }

  /** The next failure is the first again. */
  recovered(name: Name, type: number): void {
    this.#failures.recovered(name, type);
  }

  #refresh(name: Name, type: number, held: HeldRRset): void {
    const left = held.expiresAtMs - this.#machine.now.cacheMs;
    if (left > held.rrset.ttlSeconds * 1000 * REFRESH_SHARE || this.#credit < 1) return;
    if (this.#failures.get(name, type, this.#machine.clock) !== undefined) return;
    this.#credit--;
    this.#start(name, type, true);
  }

  /**
   * RFC 7672 §3.1.1: addresses and TLSA records of each exchange, most preferred first. Nothing is
   * believed that these MX records say: for look-ups alone they need not have been judged.
   */
  exchangesOf({ rdatas }: RRset): void {
    if (!this.#machine.config.mailPrefetch) return;
    const exchanges: { preference: number; exchange: Name }[] = [];
    for (const rdata of rdatas) {
      const mx = parseMx(rdata);
      // RFC 7505: a lone root label says that there is no mail server.
      if (mx !== undefined && !mx.exchange.isRoot) exchanges.push(mx);
    }
    exchanges.sort((a, b) => a.preference - b.preference);
    for (const { exchange } of exchanges.slice(0, LIMITS.mailExchanges.value)) {
      this.#warm(exchange, RRType.A);
      this.#warm(exchange, RRType.AAAA);
      const service = exchange.prepend(TCP_LABEL)?.prepend(SMTP_LABEL);
      if (service !== undefined) this.#warm(service, RRType.TLSA);
    }
  }

  #warm(name: Name, type: number): void {
    const machine = this.#machine;
    // RFC 6761, 7686: nobody is asked about these, whoever names them.
    if (machine.config.specialNames && specialName(name) !== undefined) return;
    if (this.#failures.get(name, type, machine.clock) !== undefined) return;
    if (lookUp(machine, name, type) === undefined) this.#start(name, type, false);
  }
}
