/**
 * Listens a little longer to a server that was asked for the first time, after another one has
 * answered: whether it answers at all decides whom the next question is sent to, and so do many of
 * them together. What it says is of no use any more.
 */
import { type Attempt, type AttemptOwner, cancelTimers } from './attempt-types.js';
import type { Machine } from './machine.js';
import { matchReply } from './match-response.js';

class LateReply implements AttemptOwner {
  readonly #machine: Machine;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  received(attempt: Attempt, octets: Uint8Array): void {
    const matched = matchReply(octets, attempt);
    if (matched.kind !== 'reply') return;
    const { health, now } = this.#machine;
    const rttMs = now.monotonicMs - attempt.sentAtMs;
    health.reportReply(attempt.server.key, rttMs, now, matched.message.edns !== undefined);
    this.#end(attempt);
  }

  failed(attempt: Attempt): void {
    this.#machine.health.reportUnreachable(attempt.server.key, this.#machine.now);
    this.#end(attempt);
  }

  /** RFC 5452 §9: somebody may be guessing. */
  nearMiss(attempt: Attempt): void {
    this.#machine.health.preferTcp(attempt.server.key, this.#machine.now);
    this.#end(attempt);
  }

  silent(attempt: Attempt, worth: number): void {
    const { health, now } = this.#machine;
    const { key } = attempt.server;
    health.reportSilentStranger(key);
    health.reportTimeout(key, now, attempt.edns);
    this.#machine.returnHedge(worth);
    this.#end(attempt);
  }

  #end(attempt: Attempt): void {
    attempt.expiry?.cancel();
    this.#machine.abandon(attempt);
  }
}

/**
 * Of the `open` attempts all but the answered one whose servers were never heard of before change
 * hands. `worth`: what the budget gets back for the second query when the first stays unanswered.
 */
export function hearLateReplies(
  machine: Machine,
  open: readonly Attempt[],
  answered: Attempt,
  worth: number,
): void {
  for (const attempt of open) {
    const { key } = attempt.server;
    if (attempt === answered || attempt.transport === 'tcp') continue;
    if (!machine.health.isStranger(key)) continue;
    cancelTimers(attempt);
    const owner = new LateReply(machine);
    attempt.exchange = owner;
    const usualMs = machine.hedgeAfterMs(key) ?? machine.health.retransmitMs(key);
    attempt.expiry = machine.deadlines.schedule(attempt.sentAtMs + usualMs, () =>
      owner.silent(attempt, worth),
    );
  }
}
