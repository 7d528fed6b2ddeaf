/**
 * Whether the root can be reached at all. While it cannot, questions that need it are told so at
 * once instead of after all retries (RFC 9520 §3.2); it is tried again after a pause.
 */
import { Name, RRType } from '../wire/index.js';
import type { Timer } from './deadlines.js';
import type { Effort } from './effort.js';
import type { ExchangeOutcome } from './exchange-types.js';
import { LIMITS } from './limits.js';
import type { Machine } from './machine.js';

/** Whoever answered this recently is there, and has lost a few packets at most. */
const RECENTLY_MS = 60_000;

export class RootReach {
  readonly #machine: Machine;
  #downUntilMs = Number.NEGATIVE_INFINITY;
  #pauseMs = 0;
  #isToldAbout = false;
  /** When it was told: no reply at all had come for some time. */
  #wasSilent = false;
  #heardMs = Number.NEGATIVE_INFINITY;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** True during the pause after all root servers failed. */
  get isPaused(): boolean {
    return this.#machine.now.monotonicMs < this.#downUntilMs;
  }

  /** Calls `giveUp` when nothing at all is heard of the root, if it has been silent for long. */
  watch(giveUp: () => void): Timer | undefined {
    const { deadlines, now, presentMs } = this.#machine;
    const silentSinceMs = now.monotonicMs - RECENTLY_MS;
    if (this.#heardMs > silentSinceMs) return undefined;
    return deadlines.schedule(presentMs + LIMITS.rootPatienceMs.value, () => {
      if (this.#heardMs <= silentSinceMs) giveUp();
    });
  }

  /** `isAwaited`: some client asked for this, or waits for something else. */
  note(outcome: ExchangeOutcome, effort: Effort, isAwaited: boolean): void {
    if (outcome.kind === 'reply') {
      this.#heardMs = this.#machine.now.monotonicMs;
      if (this.#isToldAbout) this.#tryKeysAgain();
      this.#pauseMs = 0;
      this.#isToldAbout = false;
      this.#downUntilMs = Number.NEGATIVE_INFINITY;
      return;
    }
    // Other limits than time say something about the question, not about the root.
    if (this.isPaused || (effort.spent !== undefined && effort.spent !== 'time')) return;
    if (!this.#isToldAbout) {
      this.#isToldAbout = true;
      const silentMs = this.#machine.now.monotonicMs - this.#heardMs;
      this.#wasSilent = silentMs > 2 * LIMITS.questionMs.value;
      const why = outcome.sentence;
      const sentence = `no root server can be reached, so nothing can be resolved: ${why}`;
      this.#machine.report({ kind: 'no root server', sentence });
    }
    // A program may well start before its network does: the first question tries for itself.
    if (!isAwaited) return;
    const { rootPauseMs, longestRootPauseMs } = LIMITS;
    this.#pauseMs = Math.min(this.#pauseMs * 2 || rootPauseMs.value, longestRootPauseMs.value);
    this.#downUntilMs = this.#machine.now.monotonicMs + this.#pauseMs;
  }

  /**
   * That the root's keys could not be had may be over as well. Where only they cannot be had, while
   * other questions are answered, they are tried once and then as seldom as other failures.
   */
  #tryKeysAgain(): void {
    const { failures, clock } = this.#machine;
    if (this.#wasSilent) failures.recovered(Name.root, RRType.DNSKEY);
    else failures.lift(Name.root, RRType.DNSKEY, clock);
  }
}
