/** Takes away from a case what it does not need to fail, and prints the rest as a test. */
import { replay } from './campaign.js';
import type { Case, WorldPlan, ZonePlan } from './plan.js';

export interface Shrunk {
  readonly found: Case;
  readonly honest: boolean;
  readonly flaws: readonly string[];
  readonly attempts: number;
}

const MOST_ATTEMPTS = 400;

/** Ways to make a list shorter, the boldest first. */
function* shorter<T>(list: readonly T[]): Generator<readonly T[]> {
  for (let size = Math.ceil(list.length / 2); size >= 1; size = size === 1 ? 0 : size >> 1) {
    for (let at = 0; at < list.length; at += size) {
      yield [...list.slice(0, at), ...list.slice(at + size)];
    }
  }
}

function* simpler(found: Case): Generator<Case> {
  for (const questions of shorter(found.questions)) {
    if (questions.length > 0) yield { ...found, questions };
  }
  for (const tampering of shorter(found.tampering)) yield { ...found, tampering };
  for (const [at, one] of found.tampering.entries()) {
    for (const moves of shorter(one.moves)) {
      yield { ...found, tampering: found.tampering.with(at, { ...one, moves }) };
    }
  }
  for (const [at, question] of found.questions.entries()) {
    const { name, type } = question;
    if (Object.keys(question).length > 2) {
      yield { ...found, questions: found.questions.with(at, { name, type }) };
    }
  }
  for (const member of ['aftermath', 'ownServersOnly'] as const) {
    const { [member]: gone, ...rest } = found;
    if (gone !== undefined) yield rest;
  }
  for (const world of simplerWorlds(found.world)) yield { ...found, world };
}

function* simplerWorlds(world: WorldPlan): Generator<WorldPlan> {
  for (const [at, zone] of world.zones.entries()) {
    const needed = [...world.evil, ...(world.liars ?? []), ...world.islands].includes(zone.origin);
    const isAbove = world.zones.some(({ origin }) => origin.endsWith(`.${zone.origin}`));
    const serves = world.zones.some(({ servedWith }) => servedWith === zone.origin);
    if (!needed && !isAbove && !serves && at > 0) {
      yield { ...world, zones: world.zones.toSpliced(at, 1) };
    }
    for (const simple of simplerZones(zone)) {
      yield { ...world, zones: world.zones.with(at, simple) };
    }
  }
  for (const member of ['second', 'otherKeys', 'liars', 'stale'] as const) {
    const { [member]: gone, ...rest } = world;
    if (gone !== undefined) yield rest;
  }
  if (world.islands.length > 0) yield { ...world, islands: [] };
  if (world.negativeAnchors.length > 0) yield { ...world, negativeAnchors: [] };
}

function* simplerZones(zone: ZonePlan): Generator<ZonePlan> {
  for (const lines of shorter(zone.lines)) yield { ...zone, lines };
  if (zone.otherLines.length > 0) yield { ...zone, otherLines: [] };
  const optional = [
    ...(['salt', 'iterations', 'split', 'servedWith', 'lifetimeSeconds'] as const),
    ...(['nextLines', 'twoSigners', 'leaked'] as const),
  ];
  for (const member of optional) {
    if (zone[member] === undefined) continue;
    const { [member]: _, ...rest } = zone;
    yield rest;
  }
}

export function shrink(found: Case, honest: boolean): Shrunk {
  let best = found;
  let flaws = replay(found, honest);
  let attempts = 1;
  if (flaws.length === 0) return { found, honest, flaws, attempts };
  for (let changed = true; changed;) {
    changed = false;
    for (const candidate of simpler(best)) {
      if (attempts++ >= MOST_ATTEMPTS) return { found: best, honest, flaws, attempts };
      const left = flawsOf(candidate, honest);
      if (left.length === 0) continue;
      best = candidate;
      flaws = left;
      changed = true;
      break;
    }
  }
  return { found: best, honest, flaws, attempts };
}

/** A candidate may be no world at all: then it does not count. */
function flawsOf(candidate: Case, honest: boolean): readonly string[] {
  try {
    return replay(candidate, honest);
  } catch {
    return [];
  }
}

/** Ready to be put into the list of cases that were once believed. */
export function asTest({ found, honest, flaws }: Shrunk): string {
  const title = JSON.stringify(flaws[0] ?? 'does not fail any more');
  const body = JSON.stringify(found, undefined, 2).replace(/^/gm, '  ').trimStart();
  return [
    `t.test(${title}, (t) => {`,
    `  const found: Case = ${body};`,
    `  t.same(replay(found${honest ? ', true' : ''}), []);`,
    '  t.end();',
    '});',
  ].join('\n');
}
