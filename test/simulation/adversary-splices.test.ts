/**
 * Random splices of genuine records against the whole resolver: many short lives, each with an
 * attacker on all wires and a cache that remembers what he did. Whatever he does, an answer about a
 * signed name is the truth or a failure, and AD is never set on anything else.
 */
import t from 'tap';
import {
  LabServer,
  NSEC,
  nsec3,
  OPT_OUT,
  SeededRandom,
  singleKey,
  type World,
  type ZoneSpec,
} from '../../src/lab/index.js';
import type { Resolution } from '../../src/resolver/index.js';
import {
  IpAddress,
  octetKey,
  Rcode,
  type ResourceRecord,
  RRClass,
  RRType,
  typeMnemonic,
} from '../../src/wire/index.js';
import { verdictOf } from '../support/genuine-records.js';
import { type Asked, makeLab, nameOf, SimulatedWorld } from '../support/simulated-world.js';
import { collect, SplicingAttacker } from '../support/splicing-attacker.js';
import { restlessness, violations } from './checkers.js';

const RUNS = Number(process.env['ANCHORITE_SPLICE_RUNS'] ?? 60);
const FIRST_SEED = Number(process.env['ANCHORITE_SPLICE_SEED'] ?? 1);

const VICTIM = `
@ MX 10 mx
mx A 11.1.1.1
mx TXT "exchange"
_25._tcp.mx TLSA 3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
*.wild TXT "wildcard"
*.wild A 11.1.1.9
there.wild TXT "closer"
below.ent TXT "x"
old DNAME new
mx.new A 11.1.1.2
alias CNAME mx
away CNAME mx.plain.dane.
*.cname CNAME mx
`;

function domain(tld: string, denial = NSEC): ZoneSpec[] {
  const signing = singleKey(13, denial);
  const servers = [{ name: `ns1.victim.${tld}` }];
  return [
    { origin: `victim.${tld}`, text: VICTIM, signing, servers },
    { origin: `sub.victim.${tld}`, text: VICTIM, signing, servers },
    { origin: `open.victim.${tld}`, text: 'mx A 11.1.1.4\n', servers },
    { origin: `far.victim.${tld}`, text: VICTIM, signing },
    { origin: `plain.${tld}`, text: 'mx A 11.1.1.3\n' },
    { origin: `island.plain.${tld}`, text: VICTIM, signing, hasDs: false },
  ];
}

const WORLD: World = {
  zones: [
    { origin: '.', signing: singleKey(13), servers: [{ name: 'a.root-servers.' }] },
    { origin: 'dane.', signing: singleKey(13) },
    { origin: 'hashed.', signing: singleKey(13, nsec3()) },
    { origin: 'optout.', signing: singleKey(13, OPT_OUT) },
    ...domain('dane.'),
    ...domain('hashed.', nsec3()),
    ...domain('optout.', OPT_OUT),
    {
      origin: 'evil.dane.',
      text: 'mx A 11.66.66.66\n_25._tcp.mx TLSA 3 1 1 66666666\n* TXT "evil"\n',
      signing: singleKey(13),
    },
  ],
  domains: [],
};

const QUESTIONS: readonly (readonly [string, string])[] = [
  ['', 'MX'],
  ['', 'DNSKEY'],
  ['', 'DS'],
  ['mx.', 'A'],
  ['mx.', 'TLSA'],
  ['_25._tcp.mx.', 'TLSA'],
  ['_tcp.mx.', 'TLSA'],
  ['_26._tcp.mx.', 'TLSA'],
  ['nobody.', 'A'],
  ['a.b.nobody.', 'A'],
  ['any.wild.', 'TXT'],
  ['a.b.wild.', 'A'],
  ['any.wild.', 'TLSA'],
  ['there.wild.', 'TXT'],
  ['there.wild.', 'A'],
  ['below.there.wild.', 'A'],
  ['ent.', 'TXT'],
  ['mx.old.', 'A'],
  ['nobody.old.', 'A'],
  ['alias.', 'A'],
  ['away.', 'A'],
  ['x.cname.', 'A'],
  ['x.cname.', 'TLSA'],
];

const ZONES = ['dane.', 'hashed.', 'optout.'].flatMap((tld) => [
  `victim.${tld}`,
  `victim.${tld}`,
  `sub.victim.${tld}`,
  `far.victim.${tld}`,
  `open.victim.${tld}`,
  `plain.${tld}`,
  `island.plain.${tld}`,
  tld,
]);

/** What matters about an answer; letter case and TTL do not. */
function essence({ rcode, security, answer }: Resolution): string {
  const data = answer.map(({ rrset, security: own }) => {
    const rdatas = rrset.rdatas.map((rdata) => octetKey(rdata)).sort();
    return `${rrset.owner.key} ${rrset.type} ${own.status} ${rdatas.join('|')}`;
  });
  return [rcode, security.status, ...data].join('\n');
}

const lab = makeLab(WORLD);
const loot = collect(lab);
const ownServer = lab.servers.get(nameOf('ns1.evil.dane.').key)!.addresses[0]!;

/** The islands are anchored: what is above them is not signed. */
function anchors(): ResourceRecord[] {
  const records: ResourceRecord[] = [];
  for (const { origin, signed } of lab.zones.values()) {
    if (signed === undefined || !origin.parent().toString().startsWith('plain.')) continue;
    for (const rdata of signed.signer.dsRdatas()) {
      records.push({ owner: origin, type: RRType.DS, class: RRClass.IN, ttlSeconds: 0, rdata });
    }
  }
  return records;
}

const config = { mailPrefetch: false, prefetch: false };

/** Who leaves the chain of trust alone gets further with the answers, and the other way round. */
const FOCUSES: readonly (((type: number) => boolean) | undefined)[] = [
  undefined,
  (type) => type !== RRType.DNSKEY && type !== RRType.DS && type !== RRType.NS,
  (type) => type === RRType.DS,
  (type) => type === RRType.DNSKEY,
  (type) => type === RRType.NS || type === RRType.DS,
];

/** Knows everything at first hand: whoever forwards asks nobody else. */
const forwarder = new LabServer(nameOf('fwd.'), [IpAddress.parse('11.53.255.1')!]);
for (const hosted of lab.zones.values()) forwarder.host(hosted);
lab.network.listen(forwarder.addresses[0]!, forwarder);
const forwarding = {
  forwarders: [{ address: forwarder.addresses[0]!, port: 53 }],
  priming: false,
};

const truths = new Map<string, Resolution>();

/** Only to be asked for while nobody sits on the wires. */
function truthOf(name: string, type: string, forwards: boolean): Resolution {
  const key = `${name} ${type} ${forwards}`;
  let truth = truths.get(key);
  if (truth === undefined) {
    const chosen = forwards ? { ...config, ...forwarding } : config;
    truth = new SimulatedWorld({ lab, config: chosen, anchors }).resolve(name, type);
    truths.set(key, truth);
  }
  return truth;
}

/** What is wrong with an answer, given what it is without an attacker. */
function flawOf(truth: Resolution, seen: Resolution): string | undefined {
  if (seen.rcode === Rcode.SERVFAIL) return undefined;
  if (seen.security.status === 'bogus') return 'bogus, and yet it has an answer';
  const isSame = essence(truth) === essence(seen);
  if (seen.security.status === 'secure' && !isSame) return 'secure, and not the truth';
  if (truth.security.status === 'secure' && !isSame) return 'weaker than the truth';
  return undefined;
}

interface Life {
  readonly flaws: string[];
  failures: number;
  answers: number;
}

function bornWorld(seed: number, random: SeededRandom, forwards: boolean): SimulatedWorld {
  const minimisation = (['relaxed', 'strict', 'off'] as const)[random.below(3)]!;
  const mailPrefetch = random.below(4) === 0;
  const serveStale = random.below(4) === 0;
  const base = forwards ? { ...config, ...forwarding } : config;
  const chosen = { ...base, minimisation, mailPrefetch, serveStale };
  return new SimulatedWorld({ seed, lab, anchors, config: chosen });
}

function oneLife(seed: number): Life {
  const random = new SeededRandom(seed);
  const forwards = random.below(5) === 0;
  const world = bornWorld(seed, random, forwards);
  const share = [0.1, 0.3, 0.6][random.below(3)]!;
  const focus = FOCUSES[random.below(FOCUSES.length)];
  const own = { ownZone: 'evil.dane.', ownServer };
  const facts = { lab, loot, random, share, focus, alsoAt: [forwarder], ...own };
  const attacker = new SplicingAttacker(facts);
  const life: Life = { flaws: [], failures: 0, answers: 0 };
  const { flaws } = life;
  const asked: (readonly [string, string])[] = [];
  const end = attacker.begin();
  for (let round = 0; round < 5; round++) {
    const burst: Asked[] = [];
    for (let left = 1 + random.below(3); left > 0; left--) {
      const [prefix, type] = QUESTIONS[random.below(QUESTIONS.length)]!;
      const name = prefix + ZONES[random.below(ZONES.length)]!;
      asked.push([name, type]);
      attacker.log.push(`-- ${name} ${type}`);
      burst.push(world.ask(name, type, { cd: random.below(8) === 0 }));
    }
    world.runUntil(() => burst.every(({ resolution }) => resolution !== undefined));
    end();
    for (const { name, type, resolution } of burst) {
      if (resolution === undefined) throw new Error(`seed ${seed}: no end to ${name}`);
      if (resolution.rcode === Rcode.SERVFAIL) life.failures++;
      else life.answers++;
      const truth = truthOf(`${name}`, typeMnemonic(type), forwards);
      const flaw = flawOf(truth, resolution);
      if (flaw === undefined) continue;
      const said = `${flaw}: ${verdictOf(resolution)}, ${verdictOf(truth)}`;
      flaws.push(`seed ${seed}: ${name} ${typeMnemonic(type)}: ${said}`);
    }
    attacker.begin();
  }
  world.settle();
  end();
  seekRecovery(world, seed, forwards, asked, flaws);
  world.settle();
  if (flaws.length > 0) flaws.push(...attacker.log.slice(-60));
  for (const flaw of [...violations(world), ...restlessness(world)]) {
    flaws.push(`seed ${seed}: ${flaw}`);
  }
  return life;
}

/** When it is over it is over: what was forged must not stay for as long as its forger wished. */
function seekRecovery(
  world: SimulatedWorld,
  seed: number,
  forwards: boolean,
  asked: readonly (readonly [string, string])[],
  flaws: string[],
): void {
  world.sleep(400_000);
  for (const [name, type] of asked) {
    const truth = truthOf(name, type, forwards);
    if (truth.security.status !== 'secure') continue;
    let seen = world.resolve(name, type);
    if (seen.rcode === Rcode.SERVFAIL) {
      // What is left of a forged delegation is found out by the first question to stumble over it.
      world.sleep(10_000);
      seen = world.resolve(name, type);
    }
    if (essence(truth) === essence(seen)) continue;
    const said = `${verdictOf(seen)} ${seen.errors.map(({ text }) => text).join(', ')}`;
    flaws.push(`seed ${seed}: ${name} ${type}: not recovered: ${said}, ${verdictOf(truth)}`);
    break;
  }
}

t.setTimeout(120_000 + 2_000 * RUNS);

t.test(`random splices, seeds ${FIRST_SEED} to ${FIRST_SEED + RUNS - 1}`, (t) => {
  let failures = 0;
  let answers = 0;
  const flaws: string[] = [];
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
    const life = oneLife(seed);
    flaws.push(...life.flaws);
    failures += life.failures;
    answers += life.answers;
  }
  t.same(flaws, [], 'the truth or a failure');
  t.ok(answers > RUNS && failures > RUNS / 2, `${answers} answers, ${failures} failures`);
  t.end();
});
