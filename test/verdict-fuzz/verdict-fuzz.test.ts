/**
 * A short run of `npm run fuzz:verdict`: random signed Internets, an attacker on all wires, and
 * the truth. And that it is able to fail: a checker that never complains proves nothing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import type { Resolution } from '../../src/resolver/index.js';
import {
  decodeMessage,
  encodeMessage,
  IpAddress,
  type Message,
  type Question,
  type ResourceRecord,
  RRClass,
  RRType,
} from '../../src/wire/index.js';
import { chooseSeed } from '../fuzz/mutate.js';
import { nameOf, SimulatedWorld } from '../support/simulated-world.js';
import { harmlessScheme, OPERATORS } from './adversary.js';
import { replay, runCampaign } from './campaign.js';
import { check } from './check.js';
import { checkReply } from './check-reply.js';
import { Clerk } from './clerk.js';
import { PLAYED } from './forgery-table.js';
import { Theatre } from './life.js';
import { MUTANTS } from './mutant-table.js';
import type { Case, QuestionPlan, WorldPlan } from './plan.js';
import { buildScene, crypto, islandAnchors } from './scene.js';
import { asTest, shrink } from './shrink.js';

const TESTS = fileURLToPath(new URL('../../../test/', import.meta.url));
const COMPILED = fileURLToPath(new URL('../../src/', import.meta.url));
const ANSWERS = 2_000;
const seed = chooseSeed();
t.comment(`replay with ANCHORITE_SEED=${seed}`);

t.test(`no false verdict among ${ANSWERS} adversarial answers`, (t) => {
  const tally = runCampaign({ seed, count: ANSWERS });
  for (const { found, honest, flaws } of tally.findings) {
    t.same(flaws, [], `seed ${seed}; as a test:\n${asTest(shrink(found, honest))}`);
  }
  const { tampered, secure, insecure, failed, honestAnswers } = tally;
  t.ok(tampered >= ANSWERS || tally.findings.length > 0, `${tampered} answers`);
  const counts = `${secure} secure, ${insecure} insecure, ${failed} failed`;
  // An attacker who always fails, or always succeeds, tests nothing.
  t.ok(secure > 100 && insecure > 50 && failed > 100, counts);
  t.ok(honestAnswers > 50, `${honestAnswers} honest answers`);
  t.comment(counts);
  t.end();
});

const SMALL: WorldPlan = {
  zones: [
    { origin: '.', algorithms: [13], denial: 'NSEC', lines: [], otherLines: [] },
    {
      origin: 'alpha.',
      algorithms: [13],
      denial: 'NSEC',
      lines: ['mx A 11.1.1.1', '*.w TXT "w"', 'x.ent TXT "x"', 'to CNAME mx', 'old DNAME ent'],
      otherLines: ['mx A 11.1.1.2'],
    },
    { origin: 'beta.', algorithms: [13], denial: 'opt-out', lines: [], otherLines: [] },
    { origin: 'open.beta.', lines: ['mx A 11.1.1.3'], otherLines: [] },
    { origin: 'evil.alpha.', algorithms: [13], denial: 'NSEC', lines: [], otherLines: [] },
  ],
  evil: ['evil.alpha.'],
  islands: [],
  negativeAnchors: [],
};

t.test('the checker sees what is wrong with an answer', (t) => {
  const { truth, scene } = new Theatre(buildScene(SMALL));
  const { lab } = scene;
  const world = new SimulatedWorld({ lab, crypto, config: { mailPrefetch: false } });
  const judge = (name: string, change: (real: Resolution) => Partial<Resolution>, type = 'A') => {
    const real = world.resolve(name, type);
    const number = type === 'A' ? RRType.A : RRType.TXT;
    const asked = { name: nameOf(name), type: number, nowSeconds: world.now.wallSeconds };
    const honest = check(truth, { ...asked, reach: 'none' }, real);
    t.same(honest, [], `${name}: the truth is no flaw`);
    return check(truth, { ...asked, reach: 'everywhere' }, { ...real, ...change(real) });
  };
  const secure = world.resolve('mx.alpha.', 'A').security;
  const insecure = world.resolve('mx.open.beta.', 'A').security;
  const address = (rdata: Uint8Array) => (real: Resolution) => ({
    answer: real.answer.map((one) => ({ ...one, rrset: { ...one.rrset, rdatas: [rdata] } })),
  });
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['other data', judge('mx.alpha.', address(Uint8Array.of(6, 6, 6, 6))), /has other data/],
    ['no data', judge('mx.alpha.', () => ({ answer: [] })), /absence of mx.alpha. A is secure/],
    [
      'a downgrade',
      judge('mx.alpha.', (real) => ({
        security: insecure,
        answer: real.answer.map((one) => ({ ...one, security: insecure })),
      })),
      /below no insecure delegation/,
    ],
    [
      'a wrong AD bit',
      judge('mx.open.beta.', (real) => ({
        security: secure,
        answer: real.answer.map((one) => ({ ...one, security: secure })),
      })),
      /nothing proves it/,
    ],
    ['opt-out with AD', judge('no.beta.', () => ({ security: secure })), /nothing proves it/],
    [
      'a flipped rcode',
      judge('ent.alpha.', () => ({ rcode: 3 })),
      /with rcode 3; in truth no data/,
    ],
    ['a name that exists', judge('nobody.alpha.', () => ({ rcode: 0 })), /in truth name error/],
    ['a wildcard denied', judge('a.w.alpha.', () => ({ answer: [] }), 'TXT'), /in truth data/],
    [
      'half a chain',
      judge('to.alpha.', ({ answer }) => ({ answer: [answer[0]!] })),
      /in truth data/,
    ],
    ['a weak part', judge('mx.alpha.', () => ({ security: insecure })), /secure in all parts/],
    [
      'a long life',
      judge('mx.alpha.', ({ answer }) => ({
        answer: answer.map((one) => ({ ...one, ttlSeconds: 100_000 })),
      })),
      /is to live 100000 s/,
    ],
  ];
  for (const [title, flaws, expected] of cases) t.match(flaws.join('\n'), expected, title);
  t.end();
});

t.test('a failing case shrinks to what it needs, and replays', (t) => {
  // Without its first signature the truth looks like a failure, which an honest run must not have.
  const found: Case = {
    seed: 1,
    world: SMALL,
    minimisation: 'off',
    questions: [
      { name: 'nobody.alpha.', type: 'A' },
      { name: 'mx.alpha.', type: 'A', afterSeconds: 20 },
      { name: 'mx.open.beta.', type: 'A' },
    ],
    tampering: [
      { reply: 'nobody.alpha. A #1', moves: [{ operator: 're-ordered', seed: 1 }] },
      ...[1, 2, 3, 4, 5, 6].map((times) => ({
        reply: `mx.alpha. A #${times}`,
        moves: [
          { operator: 'doubled', seed: 2 },
          { operator: 'F1 other data under the signature', seed: 3 },
        ],
      })),
    ],
  };
  const before = replay(found, true);
  t.match(before.join('\n'), /an honest answer is refused: signature does not verify/);
  t.same(replay(found, true), before, 'the same each time');
  const small = shrink(found, true);
  t.same(small.found.questions, [{ name: 'mx.alpha.', type: 'A' }]);
  t.ok(small.found.tampering.every(({ moves }) => moves.length === 1));
  t.notOk(small.found.world.zones.some(({ origin }) => origin.endsWith('beta.')));
  t.match(asTest(small), /^t\.test\(/);
  t.end();
});

t.test('every operator changes something, and the harmless ones harm nothing', (t) => {
  const theatre = new Theatre(buildScene(SMALL));
  const questions = ['mx', 'nobody', 'a.w', 'to', 'a.old', 'ent'].map((label) => {
    return { name: `${label}.alpha.`, type: 'TXT' };
  });
  const life: Case = { seed, world: SMALL, minimisation: 'relaxed', questions, tampering: [] };
  for (let round = 0; round < 4; round++) {
    t.same(theatre.play(life, harmlessScheme(seed + round), true).flaws, [], 'all is believed');
  }
  t.end();
});

t.test('every published attack is played by an operator or by a test', (t) => {
  const numbered = (letter: string, last: number): string[] =>
    Array.from({ length: last }, (_, at) => `${letter}${at + 1}`);
  const expected = [numbered('I', 13), numbered('G', 6), numbered('F', 23), numbered('D', 9)];
  t.same(Object.keys(PLAYED).sort(), expected.flat().sort());
  const names = Object.keys(OPERATORS);
  for (const [id, { operators = [], tests = [] }] of Object.entries(PLAYED)) {
    t.ok(operators.length + tests.length > 0, id);
    for (const operator of operators) {
      const isThere = names.some((name) => `${name} `.startsWith(`${operator} `));
      t.ok(isThere, `${id}: ${operator}`);
    }
    for (const [file, title] of tests) {
      const source = readFileSync(join(TESTS, `${file}.test.ts`), 'utf8');
      t.ok(source.includes(title), `${id}: ${file}: ${title}`);
    }
  }
  for (const name of names) {
    const id = /^[IGFD]\d+(?= )/.exec(name)?.[0];
    t.ok(id === undefined || id in PLAYED, `${name} stands in the table`);
  }
  t.end();
});

t.test('every broken validator breaks something that is there', (t) => {
  t.ok(MUTANTS.length >= 90, `${MUTANTS.length} mutants`);
  t.equal(new Set(MUTANTS.map(({ rule }) => rule)).size, MUTANTS.length, 'each has its own rule');
  for (const { rule, file, find, put, themes, honest, test } of MUTANTS) {
    const source = readFileSync(join(COMPILED, file), 'utf8');
    t.equal(source.split(find).length, 2, `${rule}: once in ${file}`);
    t.not(find, put, rule);
    for (const theme of themes) {
      const isThere = Object.keys(OPERATORS).some((name) => `${name} `.startsWith(`${theme} `));
      t.ok(isThere, `${rule}: ${theme}`);
    }
    const judges = [themes.length > 0, honest === true, test !== undefined];
    t.equal(judges.filter(Boolean).length, 1, `${rule}: one way to catch it`);
  }
  t.end();
});

t.test('the checker sees what is wrong with a reply', (t) => {
  const { truth, scene } = new Theatre(buildScene(SMALL));
  const world = new SimulatedWorld({ lab: scene.lab, crypto, config: { mailPrefetch: false } });
  const clerk = new Clerk(world);
  const judge = (question: QuestionPlan, change: (real: Message) => Partial<Message>): string => {
    const errand = clerk.send(question);
    clerk.await([errand]);
    const { nowSeconds } = { nowSeconds: world.now.wallSeconds };
    const asked = { name: nameOf(question.name), type: RRType.A, nowSeconds };
    const real = errand.reply!;
    t.same(checkReply(truth, { ...asked, reach: 'none' }, question, real), [], 'the truth is none');
    const seen = { ...real, ...change(real) };
    return checkReply(truth, { ...asked, reach: 'everywhere' }, question, seen).join('\n');
  };
  const signed: QuestionPlan = { name: 'mx.alpha.', type: 'A', wantsAd: true };
  const open: QuestionPlan = { name: 'mx.open.beta.', type: 'A', dnssecOk: true };
  const lie = ({ answer }: Message): Partial<Message> => ({
    answer: answer.map((one) => ({ ...one, rdata: Uint8Array.of(6, 6, 6, 6) })),
  });
  const cases: readonly (readonly [string, string, RegExp | ''])[] = [
    ['other data', judge(signed, lie), /has other data/],
    ['other data to those who set CD', judge({ ...signed, cd: true }, lie), /has other data/],
    [
      'the same without AD is theirs to judge',
      judge({ ...signed, cd: true }, (real) => ({ ...lie(real), authenticData: false })),
      '',
    ],
    ['no AD', judge(signed, () => ({ authenticData: false })), /no AD bit on what is secure/],
    ['AD for what is unsigned', judge(open, () => ({ authenticData: true })), /nothing proves it/],
    [
      'AD for those who did not ask',
      judge({ name: 'mx.alpha.', type: 'A' }, () => ({ authenticData: true })),
      /nobody asked for/,
    ],
    ['an answer that is gone', judge(signed, () => ({ answer: [] })), /in truth data/],
    ['AD with a failure', judge(signed, () => ({ rcode: 2 })), /AD bit with rcode 2/],
    [
      'a long life',
      judge(signed, ({ answer }) => ({
        answer: answer.map((one) => ({ ...one, ttlSeconds: 1e6 })),
      })),
      /is to live 1000000 s/,
    ],
  ];
  for (const [title, flaws, expected] of cases) {
    if (expected === '') t.equal(flaws, '', title);
    else t.match(flaws, expected, title);
  }
  t.end();
});

t.test('I2: a forwarder speaks for its zone, and for no other', (t) => {
  const zones = [
    ...SMALL.zones,
    { origin: 'free.beta.', lines: ['mx A 11.1.1.9', 'to CNAME mx.open.beta.'], otherLines: [] },
  ];
  const { lab } = buildScene({ ...SMALL, zones });
  const address = IpAddress.parse('11.66.0.1')!;
  const lie = (owner: string, type: number, rdata: Uint8Array): ResourceRecord => {
    return { owner: nameOf(owner), type, class: RRClass.IN, ttlSeconds: 86_400, rdata };
  };
  const forged = Uint8Array.of(11, 66, 66, 66);
  const host = nameOf('ns.open.beta.').octets;
  lab.network.listen(address, {
    answer: (query) => {
      const { id, questions } = (decodeMessage(query) as { value: Message }).value;
      const { name } = questions[0]!;
      const message = {
        ...{ id, opcode: 0, rcode: 0, isResponse: true, recursionDesired: true },
        ...{ recursionAvailable: true, authoritative: false, questions },
        answer: [lie(`${name}`, RRType.A, forged), lie('mx.free.beta.', RRType.A, forged)],
        authority: ['beta.', 'free.beta.', '.'].map((owner) => lie(owner, RRType.NS, host)),
        additional: [lie('ns.open.beta.', RRType.A, address.octets)],
      };
      return { kind: 'reply', octets: encodeMessage(message, { maxOctets: 65_535 }) };
    },
  });
  const servers = [{ address, port: 53 }];
  const world = new SimulatedWorld({
    lab,
    crypto,
    config: { configuredZones: [{ zone: nameOf('open.beta.'), servers, forwarding: true }] },
  });
  const dataOf = (name: string): string[] => {
    const { answer } = world.resolve(name, 'A');
    return answer.map(({ rrset }) => `${rrset.owner} ${rrset.rdatas[0]!.join('.')}`);
  };
  t.same(dataOf('mx.open.beta.'), ['mx.open.beta. 11.66.66.66'], 'what it says there counts');
  t.same(dataOf('mx.free.beta.'), ['mx.free.beta. 11.1.1.9']);
  t.equal(world.resolve('mx.alpha.', 'A').security.status, 'secure');
  t.end();
});

t.test('once found: a child zone was asked for its own DS records at the end of an alias', (t) => {
  const zones = [
    ...SMALL.zones,
    { origin: 'plain.alpha.', lines: ['to CNAME plain.alpha.'], otherLines: [] },
  ];
  const found: Case = {
    seed: 1,
    world: { ...SMALL, zones },
    minimisation: 'off',
    questions: [{ name: 'to.plain.alpha.', type: 'DS' }],
    tampering: [],
  };
  t.same(replay(found, true), []);
  t.end();
});

t.test('once found: a referral went around the trust anchor of an island', (t) => {
  const signed = { algorithms: [13], denial: 'NSEC', otherLines: [] } as const;
  const servedWith = 'plain.alpha.';
  const zones: WorldPlan['zones'] = [
    ...SMALL.zones,
    { origin: 'plain.alpha.', lines: [], otherLines: [] },
    { origin: 'island.plain.alpha.', ...signed, hasDs: false, servedWith, lines: [] },
    { origin: 'on.island.plain.alpha.', ...signed, lines: ['mx A 11.1.1.4'] },
  ];
  const found: Case = {
    seed: 1,
    world: { ...SMALL, zones, islands: ['island.plain.alpha.'] },
    minimisation: 'relaxed',
    questions: [
      { name: 'on.island.plain.alpha.', type: 'TLSA' },
      { name: 'mx.on.island.plain.alpha.', type: 'A' },
    ],
    tampering: [],
  };
  t.same(replay(found, true), []);
  t.same(replay({ ...found, minimisation: 'off' }, true), []);
  const unsigned: Case['tampering'] = [1, 2, 3, 4, 5, 6].map((times) => ({
    reply: `mx.on.island.plain.alpha. A #${times}`,
    moves: [{ operator: 'D5 unsigned', seed: times }],
  }));
  const [, mx] = found.questions;
  t.same(replay({ ...found, questions: [mx!], minimisation: 'off', tampering: unsigned }), []);
  t.end();
});

t.test(
  'once found: an unsigned zone denied its own apex, and with it the DS records there',
  (t) => {
    const found: Case = {
      seed: 1,
      world: {
        ...SMALL,
        zones: [...SMALL.zones, { origin: 'plain.alpha.', lines: [], otherLines: [] }],
      },
      minimisation: 'relaxed',
      questions: [
        { name: 'plain.alpha.', type: 'TLSA' },
        { name: 'plain.alpha.', type: 'DS' },
      ],
      tampering: [1, 2, 3].map((times) => ({
        reply: `plain.alpha. TLSA #${times}`,
        moves: [{ operator: 'F10 rcode flipped', seed: times }],
      })),
    };
    t.same(replay(found), []);
    t.end();
  },
);

t.test(
  'once found: what came with an alias spoke for a zone below the anchor of an island',
  (t) => {
    const signed = { algorithms: [13], denial: 'NSEC3', lines: [], otherLines: [] } as const;
    const zones: WorldPlan['zones'] = [
      SMALL.zones[0]!,
      { origin: 'alpha.', ...signed, denial: 'opt-out', lines: ['to CNAME a.z.island.alpha.'] },
      { origin: 'island.alpha.', ...signed, hasDs: false, servedWith: 'alpha.' },
      { origin: 'z.island.alpha.', ...signed, lines: ['a A 11.1.1.4'] },
    ];
    const found: Case = {
      seed: 1,
      world: { ...SMALL, zones, evil: [], islands: ['island.alpha.'] },
      minimisation: 'relaxed',
      questions: [
        { name: 'to.alpha.', type: 'TLSA' },
        { name: 'to.alpha.', type: 'A' },
      ],
      tampering: [],
    };
    t.same(replay(found, true), []);
    t.end();
  },
);

t.test('once found: a referral to an island became a denial by what is above its anchor', (t) => {
  const signed = { algorithms: [13], denial: 'opt-out', lines: [], otherLines: [] } as const;
  const zones: WorldPlan['zones'] = [
    SMALL.zones[0]!,
    { origin: 'alpha.', ...signed },
    { origin: 'sub.alpha.', ...signed, servedWith: 'alpha.' },
    { origin: 'island.sub.alpha.', ...signed, hasDs: false, lines: ['mx A 11.1.1.4'] },
  ];
  const [name, type] = ['mx.island.sub.alpha.', 'A'];
  const found: Case = {
    seed: 1,
    world: { ...SMALL, zones, evil: [], islands: ['island.sub.alpha.'] },
    minimisation: 'off',
    questions: [{ name, type }],
    tampering: [],
  };
  t.same(replay(found, true), []);
  for (let seed = 1; seed <= 20; seed++) {
    // The root's referral is the first.
    const reply = `${name} ${type} #2`;
    const tampering = [{ reply, moves: [{ operator: 'F22 SOA of another zone', seed }] }];
    t.same(replay({ ...found, tampering }), [], `seed ${seed}`);
  }
  t.end();
});

t.test('once found: forged replies led away from an island for ever', (t) => {
  const signed = { algorithms: [13], denial: 'NSEC', otherLines: [] } as const;
  const zones: WorldPlan['zones'] = [
    ...SMALL.zones,
    { origin: 'plain.alpha.', lines: [], otherLines: [] },
    { origin: 'island.plain.alpha.', ...signed, hasDs: false, lines: ['mx A 11.1.1.4'] },
  ];
  const scene = buildScene({ ...SMALL, zones, islands: ['island.plain.alpha.'] });
  const { lab } = scene;
  const config = { minimisation: 'off', mailPrefetch: false } as const;
  const world = new SimulatedWorld({ lab, crypto, config, anchors: () => islandAnchors(scene) });
  const root = lab.servers.get(nameOf('a.root-servers.').key)!;
  const questionIn = (query: Uint8Array): Question => {
    return (decodeMessage(query) as { value: Message }).value.questions[0]!;
  };
  // The servers that the hints name seem to speak for the island; others are not told of.
  const forger: typeof root.answer = (query, transport, nowSeconds) => {
    const { name, type } = questionIn(query);
    if (name.isRoot && type === RRType.NS) return { kind: 'silence' };
    const reply = root.answer(query, transport, nowSeconds);
    if (type !== RRType.A || reply.kind !== 'reply') return reply;
    const said = (decodeMessage(reply.octets) as { value: Message }).value;
    const lie = { owner: name, type, class: RRClass.IN, ttlSeconds: 60 };
    const answer = [{ ...lie, rdata: Uint8Array.of(11, 66, 66, 66) }];
    const message = { ...said, authoritative: true, answer, authority: [], additional: [] };
    return { kind: 'reply', octets: encodeMessage(message, { maxOctets: 1_232 }) };
  };
  for (const address of root.addresses) lab.network.listen(address, { answer: forger });
  for (const label of ['mx', 'to']) {
    t.equal(world.resolve(`${label}.island.plain.alpha.`, 'A').rcode, 2, 'it gets nowhere');
  }
  for (const address of root.addresses) lab.network.listen(address, root);
  world.sleep(25 * 3_600_000);
  const before = world.sent.length;
  t.equal(world.resolve('mx.island.plain.alpha.', 'A').security.status, 'secure');
  const astray = world.sent.slice(before).filter(({ address, octets }) => {
    const { name, type } = questionIn(octets);
    const isRoots = root.addresses.some(({ key }) => key === address.key);
    return isRoots && type === RRType.DNSKEY && !name.isRoot;
  });
  t.equal(astray.length, 0, "nobody asks the root's servers for the keys of the island any more");
  t.end();
});
