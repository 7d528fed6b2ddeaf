/**
 * What to expect of a server that was never asked before, learned from those that were: how long
 * first replies take, and how many servers stay silent. A host whose servers are all 20 ms away
 * need not wait 400 ms to know that a packet was lost. Anyone can send packets that are measured
 * here, so it decides only when a question is repeated, within the budget for that.
 */
import { CACHE_LIMITS } from './limits.js';

/** Fewer first meetings say nothing; after two the spread of the first is still in the figure. */
const MEETINGS_BEFORE_USUAL = 2;
const MEETINGS_BEFORE_SHARE = 4;
/** The least that a reply may be later than usual. */
const SLACK_MS = 10;
/** One meeting's weight in the share of silent servers. */
const SHARE_GAIN = 1 / 16;
/** Loss alone does not get there; every second server dead does. */
const OFTEN_SILENT = 0.25;

export class Strangers {
  #meetings = 0;
  #meanMs = 0;
  #deviationMs = 0;
  #silentShare = 0;

  /** The first reply of a server; smoothed as RFC 6298 §2 smooths those of one. */
  replied(rttMs: number): void {
    if (this.#meetings === 0) {
      this.#meanMs = rttMs;
      this.#deviationMs = rttMs / 2;
    } else {
      this.#deviationMs += (Math.abs(this.#meanMs - rttMs) - this.#deviationMs) / 4;
      this.#meanMs += (rttMs - this.#meanMs) / 8;
    }
    this.#meetings++;
    this.#silentShare -= this.#silentShare * SHARE_GAIN;
  }

  /** A server that never answered did not answer in the usual time either. */
  stayedSilent(): void {
    this.#silentShare += (1 - this.#silentShare) * SHARE_GAIN;
  }

  /** When a first reply is late; undefined while that is unknown, or not below the usual wait. */
  usualMs(): number | undefined {
    if (this.#meetings < MEETINGS_BEFORE_USUAL) return undefined;
    const usual = this.#meanMs + Math.max(4 * this.#deviationMs, SLACK_MS);
    return usual < CACHE_LIMITS.unknownRttMs.value ? usual : undefined;
  }

  /** So many do not answer that it pays to ask two at once. */
  get areOftenSilent(): boolean {
    return this.#meetings >= MEETINGS_BEFORE_SHARE && this.#silentShare > OFTEN_SILENT;
  }

  forget(): void {
    this.#meetings = 0;
    this.#silentShare = 0;
  }
}
