/**
 * All tiny zones, every question, every way of mixing their denial records: what is proven must be
 * true, and what is true must be provable. The truth is read from the zone by brute force.
 */
import t, { type Test } from 'tap';
import {
  delegationFromReferral,
  type ValidationContext,
  validateNegative,
  validateWildcardAnswer,
  WorkBudget,
} from '../../src/dnssec/index.js';
import { type RRset, RRType } from '../../src/wire/index.js';
import { LIMITS, NOW, octets, POLICY } from './signed-zone.js';
import {
  absolute,
  type Chain,
  type Content,
  chainOf,
  checksumCrypto,
  honestProof,
  keyOf,
  type Labels,
  type Link,
  SmallZone,
  signedRRset,
  smallKeys,
  type Truth,
} from './small-zone.js';

const { A, DS, NS, CNAME } = RRType;

type Places = ReadonlyArray<readonly [Labels, readonly Content[]]>;

const EVERYTHING: readonly Content[] = [
  'nothing',
  'address',
  'alias',
  'redirection',
  'unsigned cut',
  'signed cut',
];

/** Where something may stand, and what. All combinations are tried. */
const WORLDS: Readonly<Record<string, Places>> = {
  /** Everything at and below one label, with wildcards beside and above it. */
  deep: [
    [['a'], EVERYTHING],
    [
      ['a', 'a'],
      ['nothing', 'address', 'unsigned cut', 'signed cut'],
    ],
    [
      ['*', 'a'],
      ['nothing', 'address', 'alias'],
    ],
    [['b'], ['nothing', 'unsigned cut']],
    [['*'], ['nothing', 'address', 'alias']],
    [
      ['a', '*'],
      ['nothing', 'address'],
    ],
  ],
  /** Everything at two labels side by side, and names below the second. */
  wide: [
    [['a'], EVERYTHING],
    [['b'], EVERYTHING],
    [
      ['b', 'b'],
      ['nothing', 'address', 'redirection', 'signed cut'],
    ],
    [
      ['*', 'b'],
      ['nothing', 'address'],
    ],
  ],
};

function* allZones(places: Places): Generator<SmallZone> {
  const choice = places.map(() => 0);
  for (;;) {
    yield new SmallZone(places.map(([labels, contents], at) => [labels, contents[choice[at]!]!]));
    let at = 0;
    while (at < choice.length && ++choice[at]! === places[at]![1].length) choice[at++] = 0;
    if (at === choice.length) return;
  }
}

/** All names over two labels, some a level below all content, and the wildcards themselves. */
const QUESTIONS: readonly Labels[] = (() => {
  const questions: Labels[] = [[], ['*'], ['*', 'a']];
  let level: Labels[] = [[]];
  for (let depth = 0; depth < 2; depth++) {
    level = level.flatMap((above) => [
      ['a', ...above],
      ['b', ...above],
    ]);
    questions.push(...level);
  }
  return [...questions, ...level.map((above) => ['a', ...above])];
})();

const TYPES = [A, DS, CNAME] as const;

function context(): ValidationContext {
  const budget = new WorkBudget(LIMITS);
  return { nowSeconds: NOW, crypto: checksumCrypto, budget, policy: POLICY };
}

/** What the verdict says in one word, in the terms of the tables below. */
function said(labels: Labels, type: number, kind: 'name error' | 'no data', sets: RRset[]): string {
  const claim = { name: absolute(labels), type, kind };
  const verdict = validateNegative(claim, sets, smallKeys, context());
  if ('status' in verdict) return `bogus: ${verdict.reason}`;
  return `${verdict.security.status} ${verdict.kind}`;
}

/** What a denial of the name may say, whatever records it is made of. */
const ALLOWED: Readonly<Record<Truth, RegExp>> = {
  answer: /^bogus/,
  alias: /^bogus/,
  redirection: /^bogus/,
  'signed referral': /^bogus/,
  'no data': /^bogus|^secure no data/,
  'name error': /^bogus|^secure name error/,
  'wildcard answer': /^bogus/,
  'wildcard alias': /^bogus/,
  'wildcard no data': /^bogus|^secure no data/,
  'unsigned referral': /^bogus/,
};

/**
 * Under opt-out an unsigned delegation may be wherever the zone has no signed name: RFC 5155 §9.2
 * allows no secure denial there, and RFC 5155 §12.2 gives up protection against such insertions.
 */
const INSECURE: ReadonlySet<Truth> = new Set([
  'name error',
  'no data',
  'wildcard answer',
  'wildcard alias',
  'wildcard no data',
  'unsigned referral',
]);

/** Seeded, so that a failure can be repeated. */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  bit(): boolean {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return (this.#state >>> 17) % 2 === 1;
  }
}

const SEED = Number(process.env.ANCHORITE_SEED ?? 20_261_124);

/** One zone with one chain. */
class Trial {
  readonly problems: string[] = [];
  readonly #zone: SmallZone;
  readonly #chain: Chain;
  readonly #links: readonly Link[];
  readonly #random: Random;
  readonly #tally: Map<string, number>;
  readonly #all: RRset[];

  constructor(
    zone: SmallZone,
    chain: Chain,
    links: readonly Link[],
    random: Random,
    tally: Map<string, number>,
  ) {
    this.#zone = zone;
    this.#chain = chain;
    this.#links = links;
    this.#random = random;
    this.#tally = tally;
    this.#all = links.map((link) => link.rrset);
  }

  run(): void {
    for (const labels of QUESTIONS) {
      for (const type of TYPES) this.#negative(labels, type);
      if (labels.length === 0) continue;
      this.#delegation(labels);
      for (let up = 1; up <= labels.length; up++) this.#wildcard(labels, labels.slice(up));
    }
  }

  #negative(labels: Labels, type: number): void {
    // The root apart, a zone is not asked about its own DS.
    if (labels.length === 0 && type === DS) return;
    const truth = this.#zone.truth(labels, type);
    const honest = honestProof(this.#zone, this.#links, this.#chain, labels, truth);
    const kind = truth === 'name error' ? 'name error' : 'no data';
    const other = kind === 'no data' ? 'name error' : 'no data';

    const outcome = said(labels, type, kind, honest);
    this.#tally.set(outcome, (this.#tally.get(outcome) ?? 0) + 1);
    const isDenial = truth === 'name error' || truth.endsWith('no data');
    if (isDenial && !this.#mustAccept(outcome, labels, truth)) {
      this.#report('not accepted', labels, type, truth, outcome, honest);
    }
    this.#check(labels, type, truth, honest, kind, outcome);
    this.#check(labels, type, truth, honest, other);

    // All that the zone ever signs, in both orders, and a draw from it: no mixture tells a lie.
    this.#check(labels, type, truth, this.#all, kind);
    this.#check(labels, type, truth, [...this.#all].reverse(), other);
    const some = this.#all.filter(() => this.#random.bit());
    this.#check(labels, type, truth, some, this.#random.bit() ? kind : other);
  }

  #mustAccept(outcome: string, labels: Labels, truth: Truth): boolean {
    const proven = truth === 'name error' ? 'name error' : 'no data';
    if (outcome === `secure ${proven}`) return !this.#isOptedOut(labels);
    // An empty non-terminal above unsigned delegations alone is not in an opt-out chain.
    return this.#isOptedOut(labels) && outcome.startsWith('insecure');
  }

  /** The proof has to lean on an opt-out record. */
  #isOptedOut(labels: Labels): boolean {
    return this.#chain === 'NSEC3 opt-out' && !this.#links.some((link) => link.matches(labels));
  }

  #check(
    labels: Labels,
    type: number,
    truth: Truth,
    sets: RRset[],
    kind: 'name error' | 'no data',
    outcome = said(labels, type, kind, sets),
  ): void {
    if (ALLOWED[truth].test(outcome)) return;
    const optedOut = this.#isOptedOut(labels) && INSECURE.has(truth);
    if (optedOut && outcome.startsWith('insecure')) return;
    this.#report('false', labels, type, truth, outcome, sets);
  }

  #delegation(labels: Labels): void {
    const truth = this.#zone.truth(labels, DS);
    const types = this.#zone.typesAt(labels);
    const isCut = types.includes(NS);
    const sets = this.#random.bit() ? this.#all : [...this.#all].reverse();
    const verdict = delegationFromReferral(absolute(labels), sets, smallKeys, context());
    const optedOut = this.#isOptedOut(labels);
    let expected: RegExp;
    if (this.#zone.boundaryOf(labels, false) !== undefined) {
      // Not the parent's to say, but that all of it is unsigned.
      expected = optedOut && truth === 'unsigned referral' ? /^unsigned opt-out$/ : /^bogus/;
    } else if (isCut && types.includes(DS)) expected = /^bogus: DS withheld$/;
    else if (isCut) expected = optedOut ? /^unsigned opt-out$/ : /^unsigned no DS$/;
    else if (optedOut) expected = /^unsigned opt-out$/;
    else expected = new RegExp(`^not a delegation ${truth === 'name error'}$`);
    const outcome =
      'status' in verdict
        ? `bogus: ${verdict.reason}`
        : verdict.kind === 'unsigned'
          ? `unsigned ${verdict.security.reason}`
          : verdict.kind === 'not a delegation'
            ? `not a delegation ${verdict.nameError}`
            : verdict.kind;
    if (!expected.test(outcome)) this.#report('cut', labels, DS, truth, outcome, sets);

    if (!isCut || !types.includes(DS) || this.#zone.boundaryOf(labels, false)) return;
    const ds = signedRRset(absolute(labels), DS, octets([0, 1, 13, 2], new Uint8Array(32)));
    const signed = delegationFromReferral(absolute(labels), [ds, ...sets], smallKeys, context());
    if ('status' in signed || signed.kind !== 'signed') {
      this.#report('cut', labels, DS, truth, JSON.stringify(signed), [ds]);
    }
  }

  /** May the name be answered from the wildcard below `encloser`, which has to be an ancestor? */
  #wildcard(labels: Labels, encloser: Labels): void {
    // A signature over such a wildcard exists only where the encloser is the zone's own.
    if (!this.#zone.exists(encloser)) return;
    if (this.#zone.boundaryOf(['*', ...encloser], false) !== undefined) return;
    const nextCloser = labels.slice(labels.length - encloser.length - 1);
    const name = absolute(labels);
    for (const sets of [this.#all, this.#all.filter(() => this.#random.bit())]) {
      const verdict = validateWildcardAnswer(
        name,
        A,
        absolute(encloser),
        sets,
        smallKeys,
        context(),
      );
      const absent = !this.#zone.exists(nextCloser);
      const optedOut = this.#isOptedOut(nextCloser);
      if (verdict.status === 'secure' && absent && !optedOut) continue;
      if (verdict.status === 'insecure' && optedOut) continue;
      if (verdict.status === 'bogus' && !(absent && sets === this.#all)) continue;
      const truth = this.#zone.truth(labels, A);
      this.#report(`wildcard of ${keyOf(encloser)}`, labels, A, truth, verdict.status, sets);
    }
  }

  #report(
    what: string,
    labels: Labels,
    type: number,
    truth: Truth,
    outcome: string,
    sets: RRset[],
  ): void {
    const zone = [...this.#zone.nodes].map(([key, { types }]) => `${key}:${types.join('+')}`);
    const used = sets.map((set) => this.#all.indexOf(set)).join(',');
    const asked = `${keyOf(labels)} ${type}`;
    this.problems.push(
      `${what}: ${asked} is ${truth}, said ${outcome} with ${used} of ${zone.join(' ')}`,
    );
  }
}

const SIZES: Readonly<Record<string, number>> = { deep: 864, wide: 288 };

for (const [world, places] of Object.entries(WORLDS)) {
  for (const chain of ['NSEC', 'NSEC3', 'NSEC3 opt-out'] as const) {
    t.test(`all tiny zones, ${world}, with ${chain}`, (t) => checkAll(t, world, places, chain));
  }
}

function checkAll(t: Test, world: string, places: Places, chain: Chain): void {
  const random = new Random(SEED);
  const problems: string[] = [];
  const tally = new Map<string, number>();
  const truths = new Set<Truth>();
  let zones = 0;
  for (const zone of allZones(places)) {
    zones++;
    const links = chainOf(zone, chain);
    const trial = new Trial(zone, chain, links, random, tally);
    trial.run();
    for (const labels of QUESTIONS) for (const type of TYPES) truths.add(zone.truth(labels, type));
    problems.push(...trial.problems);
    if (problems.length > 20) break;
  }
  t.comment(`seed ${SEED}; ${zones} zones`);
  for (const [outcome, count] of [...tally].sort()) t.comment(`${count} ${outcome}`);
  t.same(problems, []);
  t.equal(zones, SIZES[world]);
  // A test of all cases that met none of some kind would prove nothing about that kind.
  const kinds = Object.keys(ALLOWED).filter(
    (kind) => world === 'deep' || kind !== 'wildcard alias',
  );
  t.same([...truths].sort(), kinds.sort(), 'every kind of truth was met');
  const expected =
    chain === 'NSEC3 opt-out'
      ? ['insecure name error', 'insecure no data', 'secure no data']
      : ['secure name error', 'secure no data'];
  for (const outcome of expected) t.ok((tally.get(outcome) ?? 0) > 100, `met: ${outcome}`);
  t.end();
}
