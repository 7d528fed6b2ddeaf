// How many round trips a sequence of questions forces: not how long it took, but how many answers
// had to be waited for one after the other. A slow machine can only make the count too high.

import type { Exchanged } from './attack-box.js';

export interface Rounds {
  readonly count: number;
  /** The questions of each round, in the order in which they were asked. */
  readonly questions: readonly (readonly string[])[];
}

/**
 * A question belongs to the round after the last one whose answer was there when it was asked. Of
 * interest are those whose answers were there at `untilMs`; what is fetched ahead beside them, and
 * comes later, has kept nobody waiting.
 */
export function roundsForced(exchanges: readonly Exchanged[], untilMs: number): Rounds {
  const inTime = exchanges
    .filter(({ answeredMs }) => answeredMs <= untilMs)
    .sort((a, b) => a.askedMs - b.askedMs);
  const rounds = new Map<Exchanged, number>();
  for (const exchange of inTime) {
    let before = 0;
    for (const [other, round] of rounds) {
      if (other.answeredMs <= exchange.askedMs) before = Math.max(before, round);
    }
    rounds.set(exchange, before + 1);
  }
  const questions: string[][] = [];
  for (const [{ question }, round] of rounds) (questions[round - 1] ??= []).push(question);
  return { count: questions.length, questions };
}
