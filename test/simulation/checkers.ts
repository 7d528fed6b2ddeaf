/** What must hold in every simulated run, whatever the network does. */
import type { Lab } from '../../src/lab/index.js';
import type { Resolution } from '../../src/resolver/index.js';
import { LIMITS } from '../../src/resolver/index.js';
import { type Name, octetKey, type RRset, RRType, typeMnemonic } from '../../src/wire/index.js';
import type { Asked, SimulatedWorld } from '../support/simulated-world.js';

/** Instants with jitter have fractions, and so have their differences. */
const ROUNDING_MS = 1e-6;

/** Everything that is wrong with the run so far; empty when all is well. */
export function violations(world: SimulatedWorld): string[] {
  const found: string[] = [];
  for (const question of world.questions.values()) found.push(...questionFlaws(world, question));
  const most = LIMITS.upstreamQueries.value * world.questions.size;
  if (world.sent.length > most) found.push(`${world.sent.length} queries sent, at most ${most}`);
  return found;
}

/** To be called when nothing should be going on any more. */
export function restlessness(world: SimulatedWorld): string[] {
  const found: string[] = [];
  const { questionsInFlight, queriesOpen } = world.resolver.counters;
  if (questionsInFlight > 0) found.push(`${questionsInFlight} questions in flight at rest`);
  if (queriesOpen > 0) found.push(`${queriesOpen} queries open at rest`);
  for (const query of world.open.values()) {
    found.push(`query ${query.queryId} to ${query.address} was never abandoned`);
  }
  return found;
}

function questionFlaws(world: SimulatedWorld, question: Asked): string[] {
  const what = `${question.name} ${typeMnemonic(question.type)}`;
  const { resolution, finishedMs, askedMs } = question;
  if (resolution === undefined || finishedMs === undefined) {
    const late = world.nowMs - askedMs > LIMITS.questionMs.value;
    return late ? [`${what} has not ended after ${world.nowMs - askedMs} ms`] : [];
  }
  const flaws: string[] = [];
  if (finishedMs - askedMs > LIMITS.questionMs.value + ROUNDING_MS) {
    flaws.push(`${what} took ${finishedMs - askedMs} ms`);
  }
  if (resolution.security.status !== 'secure') return flaws;
  for (const { rrset, security } of resolution.answer) {
    if (security.status !== 'secure') {
      flaws.push(`${what} is called secure, but ${rrset.owner} is ${security.status}`);
    }
    const lie = lieAbout(world.lab, rrset, resolution, question.name);
    if (lie !== undefined) flaws.push(`${what} is called secure, but ${lie}`);
  }
  return flaws;
}

/** Compares an RRset with what the zone really holds; undefined when it is true. */
function lieAbout(lab: Lab, rrset: RRset, resolution: Resolution, asked: Name): string | undefined {
  const { owner, type } = rrset;
  const hosted = zoneOf(lab, owner, type);
  if (hosted?.signed === undefined) return `${owner} is not in a signed zone`;
  const found = hosted.zone.find(owner, type);
  if (found.kind === 'dname' && type === RRType.CNAME) {
    // RFC 6672 §5.3.1: made by the server from a DNAME that must be in the answer as well.
    const dname = resolution.answer.some(({ rrset: other }) => other.type === RRType.DNAME);
    return dname ? undefined : `the CNAME at ${owner} has no DNAME`;
  }
  if (found.kind !== 'name' && found.kind !== 'wildcard') return `${owner} does not exist`;
  const real = found.node.rrsets.get(type);
  if (real === undefined) return `${owner} ${typeMnemonic(type)} does not exist (for ${asked})`;
  const expected = real.rdatas().map((rdata) => octetKey(rdata));
  const seen = rrset.rdatas.map((rdata) => octetKey(rdata));
  const same = expected.length === seen.length && seen.every((rdata) => expected.includes(rdata));
  return same ? undefined : `${owner} ${typeMnemonic(type)} has other data`;
}

function zoneOf(lab: Lab, owner: Name, type: number) {
  // RFC 4034 §5: DS belongs to the zone above.
  for (let at = type === RRType.DS ? owner.parent() : owner; ; at = at.parent()) {
    const hosted = lab.zones.get(at.key);
    if (hosted !== undefined) return hosted;
    if (at.isRoot) return undefined;
  }
}
