/**
 * Which of a zone's servers to ask. Mostly the fastest known; now and then one that nobody has
 * measured lately, because the fastest can only be found by asking. How often depends on what
 * there is to gain: with a server at 20 ms at hand an unknown one is tried once in 20 questions,
 * with none below 400 ms every other time. Nobody outside can foresee the choice (RFC 5452 §4.4).
 */
import { CACHE_LIMITS } from './limits.js';
import type { ServerRecord } from './server-record.js';

const { unknownRttMs, remeasureMs } = CACHE_LIMITS;

/** Exploration, in 256ths of the questions. */
const LEAST_EXPLORED = 13;
const MOST_EXPLORED = 128;
/** How often a server of a family without any success lately may be tried, in 256ths. */
const SUSPECT_FAMILY_EXPLORED = 16;
/** How often one that was dead may be probed; with luck it costs a wait, mostly it does. */
const DUE_EXPLORED = 64;

/** Within a fifth, or this, of the best two servers are equally good and share the questions. */
const EQUAL_WITHIN_MS = 5;

export type Condition =
  /** Measured lately and answering. */
  | 'known'
  /** Measured long ago: still the best guess there is, and worth another look. */
  | 'stale'
  /** Never measured. */
  | 'unexplored'
  /** Did not answer, and its pause is over. */
  | 'due'
  /** Did not answer, and its pause is not over. */
  | 'dead'
  /** Answers, but not for this zone. */
  | 'lame';

export interface Assessed<T> {
  readonly server: T;
  readonly record: ServerRecord | undefined;
  readonly condition: Condition;
  readonly isSuspectFamily: boolean;
}

export function conditionOf(
  record: ServerRecord | undefined,
  isLame: boolean,
  nowMs: number,
): Condition {
  if (isLame) return 'lame';
  if (record === undefined) return 'unexplored';
  if (nowMs < record.backoffUntilMs) return 'dead';
  if (record.backoffUntilMs > Number.NEGATIVE_INFINITY) return 'due';
  if (record.srttMs === undefined) return 'unexplored';
  return nowMs - record.measuredAtMs < remeasureMs.value ? 'known' : 'stale';
}

/** Expected milliseconds until an answer: what servers are compared by. */
export function costMs(record: ServerRecord | undefined): number {
  if (record?.srttMs === undefined) return unknownRttMs.value * 2 ** (record?.timeoutsInRow ?? 0);
  return record.srttMs * 2 ** Math.min(record.timeoutsInRow, 10);
}

/** `draw` is 32 unpredictable bits. Undefined only when there is nothing to choose from. */
export function chooseAmong<T>(assessed: readonly Assessed<T>[], draw: number): T | undefined {
  const first = assessed[0];
  if (first === undefined || assessed.length === 1) return first?.server;
  const chance = draw & 0xff;
  const pick = draw >>> 16;
  let best = Number.POSITIVE_INFINITY;
  for (const candidate of assessed) {
    if (isMeasured(candidate)) best = Math.min(best, costMs(candidate.record));
  }
  const explored = explorable(assessed, (draw >>> 8) & 0xff);
  if (explored.length > 0 && (best === Number.POSITIVE_INFINITY || chance < share(best))) {
    return explored[pick % explored.length]!.server;
  }
  if (best < Number.POSITIVE_INFINITY) {
    const limit = best + Math.max(EQUAL_WITHIN_MS, best / 5);
    const equal = assessed.filter(
      (candidate) => isMeasured(candidate) && costMs(candidate.record) <= limit,
    );
    return equal[pick % equal.length]!.server;
  }
  return leastBad(assessed, pick);
}

/** All candidates: the chosen one, then the others from the most to the least promising. */
export function orderAmong<T>(assessed: readonly Assessed<T>[], draw: number): T[] {
  const chosen = chooseAmong(assessed, draw);
  const rest = assessed.filter(({ server }) => server !== chosen);
  rest.sort((a, b) => rankOf(a) - rankOf(b) || costMs(a.record) - costMs(b.record));
  const order = rest.map(({ server }) => server);
  return chosen === undefined ? order : [chosen, ...order];
}

/** The share of questions, in 256ths, that go to unexplored servers: what there is to gain. */
function share(bestMs: number): number {
  const gain = (bestMs / unknownRttMs.value) * 256;
  return Math.min(Math.max(gain, LEAST_EXPLORED), MOST_EXPLORED);
}

/**
 * The servers worth a look. While one address family has had no success at all lately, its servers
 * wait behind those of the other one, so that a host without IPv6 does not pay a time-out per
 * zone; and those that were dead wait behind all others. A few are tried all the same, so that
 * they are found again when they come back.
 */
function explorable<T>(assessed: readonly Assessed<T>[], chance: number): Assessed<T>[] {
  const worthALook = assessed.filter(({ condition }) => CONDITION_RANK[condition] === 0);
  const unmeasured = worthALook.filter(({ condition }) => condition !== 'known');
  const someMeasured = assessed.some(isMeasured);
  const due = assessed.filter(({ condition }) => condition === 'due');
  if (due.length > 0 && (chance >= 256 - DUE_EXPLORED || worthALook.length === 0)) {
    unmeasured.push(...due);
  }
  if (chance < SUSPECT_FAMILY_EXPLORED) return unmeasured;
  const trusted = unmeasured.filter(({ isSuspectFamily }) => !isSuspectFamily);
  if (trusted.length > 0) return trusted;
  // Only servers of the silent family are left: leave them if there is anything better.
  return someMeasured ? [] : unmeasured;
}

function isMeasured<T>({ condition }: Assessed<T>): boolean {
  return condition === 'known' || condition === 'stale';
}

/** Everything is dead or lame: the dead one whose pause ends first, a lame one at the very last. */
function leastBad<T>(assessed: readonly Assessed<T>[], pick: number): T {
  let best = assessed[pick % assessed.length]!;
  for (const candidate of assessed) {
    const better = rankOf(candidate) - rankOf(best);
    if (better < 0 || (better === 0 && pauseEndMs(candidate) < pauseEndMs(best))) best = candidate;
  }
  return best.server;
}

function pauseEndMs<T>({ record }: Assessed<T>): number {
  return record?.backoffUntilMs ?? Number.NEGATIVE_INFINITY;
}

const CONDITION_RANK: Readonly<Record<Condition, number>> = {
  known: 0,
  stale: 0,
  unexplored: 0,
  due: 2,
  dead: 3,
  lame: 4,
};

function rankOf<T>({ condition, isSuspectFamily }: Assessed<T>): number {
  const rank = CONDITION_RANK[condition];
  return condition === 'unexplored' && isSuspectFamily ? rank + 1 : rank;
}
