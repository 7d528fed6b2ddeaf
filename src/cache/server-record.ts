/**
 * What is known about one server: its round-trip time as RFC 6298 smooths it, whether it is
 * answering at all, and what it can and cannot do. Plain state and the rules that change it.
 */
import { CACHE_LIMITS } from './limits.js';

const {
  unknownRttMs,
  retransmitFloorMs,
  retransmitCapMs,
  deadAfterTimeouts,
  backoffMs,
  backoffCapMs,
  ednsRefusals,
  ednsTimeouts,
  withoutEdnsMs,
} = CACHE_LIMITS;

/** Longer measurements say only that the server was in trouble. */
const LONGEST_RTT_MS = 10_000;

/** One packet was lost, or the server was: a little more patience than before. */
const ONCE_LOST = 1.5;

const NEVER = Number.NEGATIVE_INFINITY;

export class ServerRecord {
  readonly family: 4 | 6;
  /** Undefined until the first reply. */
  srttMs: number | undefined;
  rttVarMs = 0;
  samples = 0;
  measuredAtMs = NEVER;
  timeoutsInRow = 0;
  /** It did not answer in the usual time when it was met; counted once. */
  wasSilent = false;
  backoffUntilMs = NEVER;
  preferTcpUntilMs = NEVER;
  clientCookie: Uint8Array | undefined;
  serverCookie: Uint8Array | undefined;
  #lastTimeoutMs = NEVER;
  #answeredEdns = false;
  #ednsRefusals = 0;
  #ednsTimeouts = 0;
  #plainReplies = 0;
  #withoutEdnsUntilMs = NEVER;
  #casesLost = 0;

  constructor(family: 4 | 6) {
    this.family = family;
  }

  // --- time ---

  /** RFC 6298 §2.2 and §2.3. */
  measured(rttMs: number, nowMs: number): void {
    const sample = Math.min(Math.max(rttMs, 0), LONGEST_RTT_MS);
    if (this.srttMs === undefined) {
      this.srttMs = sample;
      this.rttVarMs = sample / 2;
    } else {
      this.rttVarMs += (Math.abs(this.srttMs - sample) - this.rttVarMs) / 4;
      this.srttMs += (sample - this.srttMs) / 8;
    }
    this.samples++;
    this.measuredAtMs = nowMs;
    this.timeoutsInRow = 0;
    this.backoffUntilMs = NEVER;
  }

  /**
   * RFC 6298 §2.3 and §5.5, with bounds of our own: when a query to this server is to be repeated.
   * A server that was given up has had its pause; one that is probed now is waited for as if it
   * were well, because others could answer meanwhile.
   */
  retransmitMs(): number {
    const { timeoutsInRow } = this;
    const doublings = timeoutsInRow < deadAfterTimeouts.value ? timeoutsInRow : 0;
    return Math.min(this.#patienceMs() * 2 ** doublings, retransmitCapMs.value);
  }

  /**
   * When a reply is late for this server; undefined while nobody knows what is usual. Two mean
   * deviations, but at least 10 ms or an eighth: a steady server is allowed some jitter.
   */
  usualMs(): number | undefined {
    const { srttMs } = this;
    if (srttMs === undefined) return undefined;
    if (this.timeoutsInRow > 1) return undefined;
    const usual = srttMs + Math.max(2 * this.rttVarMs, 10, srttMs / 8);
    return this.timeoutsInRow === 0 ? usual : usual * ONCE_LOST;
  }

  timedOut(nowMs: number, withEdns: boolean): void {
    // Queries that were under way together and time out together are one outage: only after a
    // wait of its own does the next one count.
    if (nowMs - this.#lastTimeoutMs < this.#patienceMs()) return;
    this.#lastTimeoutMs = nowMs;
    if (withEdns) this.#ednsTimeouts++;
    this.#unanswered(nowMs);
  }

  /** The system says that nothing is there; there is no point in waiting for a second opinion. */
  unreachable(nowMs: number): void {
    if (nowMs < this.backoffUntilMs) return;
    this.timeoutsInRow = Math.max(this.timeoutsInRow, deadAfterTimeouts.value - 1);
    this.#unanswered(nowMs);
  }

  #unanswered(nowMs: number): void {
    this.timeoutsInRow++;
    const surplus = this.timeoutsInRow - deadAfterTimeouts.value;
    if (surplus < 0 || nowMs < this.backoffUntilMs) return;
    const pause = backoffMs.value * 2 ** Math.min(surplus, 20);
    this.backoffUntilMs = nowMs + Math.min(pause, backoffCapMs.value);
  }

  #patienceMs(): number {
    if (this.srttMs === undefined) return unknownRttMs.value;
    return Math.max(this.srttMs + 4 * this.rttVarMs, retransmitFloorMs.value);
  }

  // --- EDNS ---

  /**
   * A reply came, with or without an OPT record. A server that has once answered with EDNS is
   * believed to know it, whatever a few packets say; without this, one forged FORMERR would make
   * every signed zone of that server bogus (CVE-2026-52690).
   */
  answered(withEdns: boolean, nowMs: number): void {
    if (withEdns) {
      this.#answeredEdns = true;
      this.#ednsRefusals = 0;
      this.#ednsTimeouts = 0;
      this.#plainReplies = 0;
      this.#withoutEdnsUntilMs = NEVER;
      return;
    }
    this.#plainReplies++;
    if (this.#seemsPlain()) this.#withoutEdnsUntilMs = nowMs + withoutEdnsMs.value;
  }

  /** RFC 6891 §7: FORMERR, NOTIMP or BADVERS without an OPT record. */
  refusedEdns(): void {
    this.#ednsRefusals++;
  }

  /** Whether the question in hand may be tried without EDNS. Says nothing about the next one. */
  mayDropEdns(): boolean {
    if (!this.#answeredEdns) return true;
    return this.#ednsRefusals >= ednsRefusals.value;
  }

  /** Whether questions begin without EDNS: for some minutes after repeated evidence. */
  avoidsEdns(nowMs: number): boolean {
    return nowMs < this.#withoutEdnsUntilMs;
  }

  /** Refused, or lost, again and again with EDNS, and answered again and again without. */
  #seemsPlain(): boolean {
    const refused = this.#ednsRefusals >= ednsRefusals.value;
    const lost = this.#ednsTimeouts >= ednsTimeouts.value && !this.#answeredEdns;
    return (refused || lost) && this.#plainReplies >= 2;
  }

  // --- letter case ---

  /** A reply that changed the question's letter case. Once is what a forger needs to be lucky. */
  lostCase(): void {
    this.#casesLost++;
  }

  losesCase(): boolean {
    return this.#casesLost >= 2;
  }
}
