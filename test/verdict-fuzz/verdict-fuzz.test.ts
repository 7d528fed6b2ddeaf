/**
 * A short run of `npm run fuzz:verdict`: random signed Internets, an attacker on all wires, and
 * the truth. And that it is able to fail: a checker that never complains proves nothing.
 */
import t from 'tap';
import type { Resolution } from '../../src/resolver/index.js';
import { RRType } from '../../src/wire/index.js';
import { chooseSeed } from '../fuzz/mutate.js';
import { nameOf, SimulatedWorld } from '../support/simulated-world.js';
import { harmlessScheme, OPERATORS } from './adversary.js';
import { replay, runCampaign } from './campaign.js';
import { check } from './check.js';
import { Theatre } from './life.js';
import type { Case, WorldPlan } from './plan.js';
import { buildScene, crypto } from './scene.js';
import { asTest, shrink } from './shrink.js';

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
    t.same(check(truth, nameOf(name), number, real, true), [], `${name}: the truth is no flaw`);
    return check(truth, nameOf(name), number, { ...real, ...change(real) }, false);
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
  t.ok(Object.keys(OPERATORS).length >= 50, `${Object.keys(OPERATORS).length} operators`);
  for (const code of ['F1', 'F2', 'F3', 'F4', 'F5', 'F6', 'F7', 'F8', 'F9', 'F10', 'F11', 'F12']) {
    t.ok(
      Object.keys(OPERATORS).some((name) => name.startsWith(`${code} `)),
      code,
    );
  }
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
