/** Random small Internets and questions about them, from a seed. */
import { Dice } from './dice.js';
import type { Case, LeakedKeys, Minimisation, QuestionPlan, WorldPlan, ZonePlan } from './plan.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const TOP_LEVELS = ['alpha.', 'beta.'] as const;
const ZONE_LABELS = ['a', 'b', 'c', 'victim', 'z'] as const;
/** Few, so that names meet: in the same zone, in others, and as origins. */
const ALGORITHMS = [
  ...[[13], [13], [13], [13], [13], [15], [8], [13, 15], [13, 13], [13, 13], [13, 13], [13, 13]],
  ...[[13, 100], [100, 13], [100], [14], [5], [10, 13]],
];
/** Where two signers share a zone: each algorithm is one that is supported. */
const TWO_SIGNERS = [
  [13, 13],
  [13, 13],
  [13, 15],
  [8, 13],
];
const LABELS = ['a', 'b', 'c', 'mx', '*', 'w', '_tcp', '_25'] as const;
const TYPES = ['A', 'A', 'TXT', 'MX', 'TLSA', 'CNAME', 'DNAME'] as const;
/** What the first lines of every zone are: a wildcard, an alias, a redirection, data. */
const EVERYWHERE = [['A', 'TLSA', 'TXT', 'CNAME'], ['CNAME'], ['DNAME'], ['TLSA']] as const;
const ASKED_TYPES = ['A', 'A', 'TXT', 'MX', 'TLSA', 'TLSA', 'CNAME', 'DS', 'SOA', 'NS', 'DNSKEY'];

export function generateWorld(seed: number): WorldPlan {
  const dice = new Dice(seed);
  const zones: Mutable<ZonePlan>[] = [{ origin: '.', ...plainSigning(dice), ...contents() }];
  for (const origin of TOP_LEVELS) {
    zones.push({ origin, ...plainSigning(dice), ...contents() });
    if (dice.oneIn(2)) zones.at(-1)!.denial = dice.one(['NSEC3', 'opt-out'] as const);
  }
  for (let count = 3 + dice.below(4); count > 0; count--) {
    const above = dice.one(zones.slice(1)).origin;
    const origin = `${dice.one(ZONE_LABELS)}.${above}`;
    if (zones.some((zone) => zone.origin === origin)) continue;
    const zone = { origin, ...signing(dice), ...contents() };
    zones.push(dice.oneIn(3) ? { ...zone, servedWith: above } : zone);
  }
  const evil = evilZones(dice, zones);
  const liars = [`liar.${dice.one(TOP_LEVELS)}`];
  for (const origin of liars) zones.push({ origin, ...contents() });
  const { second, ...change } = secondWorld(dice);
  for (const zone of zones) {
    if (zone.origin === '.') continue;
    const taken = zones.map(({ origin }) => origin);
    zone.lines = zoneLines(dice, zone.origin, taken);
    // At another time: mostly the same names with other data, some names more and some fewer.
    const changed = zone.lines.filter(() => !dice.oneIn(4)).map((line) => otherData(dice, line));
    zone.otherLines = changed;
    if (second === 'after') zone.nextLines = zone.lines.map((line) => otherData(dice, line));
    if (second !== undefined && isRollable(zone, evil) && !dice.oneIn(3)) {
      zone.algorithms = dice.one(TWO_SIGNERS);
      zone.twoSigners = true;
    }
  }
  return { zones, evil, liars, ...change, ...(second && { second }), ...policies(dice, zones) };
}

/** Most worlds stay as they are; the others roll over, or have zones with two providers. */
function secondWorld(dice: Dice): Pick<WorldPlan, 'second' | 'changeAfterSeconds' | 'otherKeys'> {
  const otherKeys = dice.oneIn(3) ? { otherKeys: true } : {};
  switch (dice.below(6)) {
    case 0:
    case 1:
      return { second: 'after', changeAfterSeconds: dice.one([30, 600, 5_000]), ...otherKeys };
    case 2:
      return { second: 'beside', ...otherKeys };
    default:
      return otherKeys;
  }
}

/** Plainly signed, with what everybody supports. */
export function isRollable(zone: ZonePlan, evil: readonly string[]): boolean {
  const { origin, algorithms, leaked, iterations = 0 } = zone;
  const isSigned = algorithms !== undefined && leaked === undefined && iterations <= 50;
  return (
    isSigned && zone.denial !== 'compact' && zone.digestType === undefined && !evil.includes(origin)
  );
}

function contents(): Pick<ZonePlan, 'lines' | 'otherLines'> {
  return { lines: [], otherLines: [] };
}

function plainSigning(dice: Dice): Omit<ZonePlan, 'origin' | 'lines' | 'otherLines'> {
  return { algorithms: [13], split: dice.oneIn(2), denial: 'NSEC' };
}

function signing(dice: Dice): Omit<ZonePlan, 'origin' | 'lines' | 'otherLines'> {
  if (dice.oneIn(10)) return {};
  const plan: Mutable<Omit<ZonePlan, 'origin' | 'lines' | 'otherLines'>> = {
    algorithms: dice.one(ALGORITHMS),
    split: dice.oneIn(2),
    denial: dice.one(['NSEC', 'NSEC', 'NSEC', 'NSEC3', 'NSEC3', 'NSEC3', 'opt-out', 'compact']),
  };
  if (plan.algorithms!.length === 2 && plan.algorithms!.every((one) => one === 13)) {
    plan.leaked = dice.one<LeakedKeys>(['revoked', 'no zone key', 'other protocol']);
  }
  if (dice.oneIn(3)) plan.salt = [dice.below(256), dice.below(256)];
  if (dice.oneIn(3)) plan.iterations = 1 + dice.below(5);
  if (dice.oneIn(16)) plan.iterations = 51;
  if (dice.oneIn(6)) plan.digestType = dice.one([4, 4, 1, 99]);
  if (dice.oneIn(6)) plan.hasDs = false;
  // Shorter than a TTL, too: then it is the signature that ends the life of what it signs.
  if (dice.oneIn(5)) plan.lifetimeSeconds = dice.one([3 * 3_600, 200]);
  return plan;
}

/** A neighbour of everyone, and somebody who holds a name below an honest zone. */
function evilZones(dice: Dice, zones: Mutable<ZonePlan>[]): string[] {
  const landlords = zones.filter(({ origin, hasDs, algorithms }) => {
    return origin.split('.').length > 2 && hasDs !== false && algorithms?.[0] === 13;
  });
  const places = [dice.one(TOP_LEVELS) as string];
  if (landlords.length > 0) places.push(dice.one(landlords).origin);
  return places.map((above) => {
    const origin = `evil.${above}`;
    const parent = zones.find((zone) => zone.origin === above)!;
    const { salt, iterations } = parent;
    zones.push({
      origin,
      algorithms: [13],
      denial: parent.denial === 'NSEC' ? 'NSEC' : 'NSEC3',
      ...(salt === undefined ? {} : { salt }),
      ...(iterations === undefined ? {} : { iterations }),
      ...contents(),
    });
    return origin;
  });
}

function policies(
  dice: Dice,
  zones: readonly ZonePlan[],
): Pick<WorldPlan, 'islands' | 'negativeAnchors'> {
  const cutOff = zones.filter(({ algorithms, hasDs, digestType, leaked }) => {
    const plain = algorithms?.[0] === 13 && digestType === undefined && leaked === undefined;
    return plain && hasDs === false;
  });
  const islands = cutOff.length > 0 && !dice.oneIn(3) ? [dice.one(cutOff).origin] : [];
  const negativeAnchors = dice.oneIn(10) ? [dice.one(zones.slice(3)).origin] : [];
  return { islands, negativeAnchors };
}

/** Names at or below another zone's origin belong to that zone, and aliases stand alone. */
function zoneLines(dice: Dice, origin: string, origins: readonly string[]): string[] {
  const lines = new Map<string, Set<string>>();
  const isOther = (name: string): boolean =>
    origins.some((other) => {
      return other !== origin && other.endsWith(origin) && `.${name}`.endsWith(`.${other}`);
    });
  const made: string[] = [];
  const wanted = 7 + dice.below(5);
  for (let count = 0; count < wanted; count++) {
    const labels = Array.from({ length: 1 + dice.below(3) }, () => dice.one(LABELS));
    // An asterisk means something as the first label only; every zone has one.
    if (count === 0) labels.unshift('*');
    const name = labels.map((label, at) => (label === '*' && at > 0 ? 'w' : label)).join('.');
    const absolute = `${name}.${origin}`;
    if (isOther(absolute)) continue;
    const type = count < EVERYWHERE.length ? dice.one(EVERYWHERE[count]!) : dice.one(TYPES);
    const there = lines.get(name) ?? new Set();
    if (there.has('CNAME') || there.has('DNAME')) continue;
    if (type === 'CNAME' && there.size > 0) continue;
    if (type === 'DNAME' && !dnameFits(name, absolute, lines, origins)) continue;
    if ([...lines].some(([other, types]) => types.has('DNAME') && name.endsWith(`.${other}`))) {
      continue;
    }
    lines.set(name, there.add(type));
    made.push(`${name} ${type} ${rdataText(dice, type, origins)}`);
  }
  if (dice.oneIn(2)) made.push(`@ MX 10 mx`);
  return made;
}

function otherData(dice: Dice, line: string): string {
  const [owner, type = ''] = line.split(' ');
  const isAlias = type === 'CNAME' || type === 'DNAME';
  return isAlias || type === 'MX' ? line : `${owner} ${type} ${rdataText(dice, type, [])}`;
}

function dnameFits(
  name: string,
  absolute: string,
  lines: ReadonlyMap<string, unknown>,
  origins: readonly string[],
): boolean {
  if (name.startsWith('*')) return false;
  if ([...lines.keys()].some((other) => other === name || other.endsWith(`.${name}`))) return false;
  return !origins.some((other) => other.endsWith(`.${absolute}`));
}

function rdataText(dice: Dice, type: string, origins: readonly string[]): string {
  switch (type) {
    case 'A':
      return `11.1.${dice.below(256)}.${dice.below(256)}`;
    case 'TXT':
      return `"text ${dice.below(1_000)}"`;
    case 'MX':
      return `${dice.below(50)} ${dice.one(LABELS.slice(0, 4))}`;
    case 'TLSA':
      return `3 1 1 ${dice.below(0x1000000).toString(16).padStart(6, '0')}ff`;
    default:
      return dice.oneIn(2)
        ? `${dice.one(LABELS.slice(0, 4))}`
        : `${dice.one(LABELS.slice(0, 4))}.${dice.one(origins.slice(1))}`;
  }
}

/** `suits`: where what the attacker has in mind can be done; most questions then go there. */
export function generateQuestions(
  seed: number,
  world: WorldPlan,
  suits: (zone: ZonePlan) => boolean = () => true,
  lured = false,
): QuestionPlan[] {
  const his = [...world.evil, ...(world.liars ?? [])];
  const places = world.zones.slice(1).filter((zone) => {
    // From his own servers he gets at a resolver that asks them.
    return lured ? his.includes(zone.origin) : suits(zone);
  });
  const dice = new Dice(seed);
  const questions: QuestionPlan[] = [];
  for (let count = 6 + dice.below(9); count > 0; count--) {
    const earlier = questions.length > 0 && dice.oneIn(5) ? dice.one(questions) : undefined;
    const isThere = places.length > 0 && !dice.oneIn(lured ? 2 : 4);
    const question = earlier ?? fresh(dice, isThere ? places : world.zones.slice(1));
    const interest = dice.below(4);
    questions.push({
      name: question.name,
      type: earlier !== undefined && dice.oneIn(2) ? dice.one(ASKED_TYPES) : question.type,
      ...(dice.oneIn(8) ? { cd: true } : {}),
      ...(interest === 0 || interest === 1 ? { dnssecOk: true } : {}),
      ...(interest === 2 ? { wantsAd: true } : {}),
      ...(dice.oneIn(6) ? { afterSeconds: dice.one([20, 400, 4_000, 12_000]) } : {}),
      ...(dice.oneIn(8) ? { together: true } : {}),
    });
  }
  return questions;
}

function fresh(dice: Dice, zones: readonly ZonePlan[]): QuestionPlan {
  const zone = dice.one(zones);
  const line = zone.lines.length > 0 ? dice.one(zone.lines) : '@';
  const [known, own = 'A'] = line.split(' ');
  const labels = known === '@' ? [] : known!.split('.');
  // A name from a wildcard, at it, or below where it may lead.
  if (labels[0] === '*') labels.splice(0, 1, ...dice.one([['x'], ['x', 'y'], ['*'], ['a']]));
  switch (dice.below(11)) {
    case 9:
      // One label with a dot in it: another name, whatever a text makes of it.
      if (labels.length > 1) labels.splice(0, 2, `${labels[0]}\\.${labels[1]}`);
      break;
    case 0:
      labels.unshift(dice.one(['nobody', 'a', 'b', '0']));
      break;
    case 1:
      // What is above: often an empty non-terminal, sometimes the apex.
      labels.shift();
      break;
    case 2:
      labels.splice(0, labels.length, dice.one(['nobody', ...LABELS]).replace('*', '0'));
      break;
    case 3:
      labels.splice(0, 1, dice.one(['nobody', 'a', '0', 'zz']));
      break;
    case 4:
    case 10:
      labels.length = 0;
      break;
  }
  const name = [...labels, zone.origin === '.' ? '' : zone.origin].join('.');
  const isAlias = own === 'CNAME' || own === 'DNAME';
  const type = !isAlias && dice.oneIn(2) ? own : dice.one(ASKED_TYPES);
  return { name, type };
}

export function generateCase(
  worldSeed: number,
  world: WorldPlan,
  lifeSeed: number,
  suits?: (zone: ZonePlan) => boolean,
  ownServers = false,
): Case {
  const dice = new Dice(lifeSeed);
  const minimisation: Minimisation = dice.one(['relaxed', 'strict', 'off'] as const);
  const ownServersOnly = ownServers;
  const questions = generateQuestions(dice.seed(), world, suits, ownServersOnly);
  return {
    seed: lifeSeed ^ worldSeed,
    world,
    minimisation,
    ...(ownServersOnly ? { ownServersOnly } : {}),
    ...(dice.oneIn(5) ? { aftermath: true } : {}),
    questions,
    tampering: [],
  };
}
