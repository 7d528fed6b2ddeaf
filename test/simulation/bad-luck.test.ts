/**
 * What loss and dead servers cost, in round trips of waiting, over many cold questions; and that a
 * clean network pays for none of it. Seeded: ANCHORITE_SEED repeats a run.
 */
import t from 'tap';
import {
  type Lab,
  type ServerBehaviour,
  singleKey,
  splitKeys,
  type World,
  type ZoneSpec,
} from '../../src/lab/index.js';
import { makeLab, nameOf, SimulatedWorld } from '../support/simulated-world.js';
import { restlessness, violations } from './checkers.js';

const ROUND_TRIP_MS = 20;
const DOMAINS = 200;
const WARM_UP = 10;
const SEEDS = [1, 2, 3].map((seed) => seed + Number(process.env.ANCHORITE_SEED ?? 0));
const P256 = 13;

interface Spread {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  /** Upstream queries per question. */
  readonly queries: number;
  readonly failed: number;
}

/** Mail domains below one top-level domain, each with servers of its own. */
function mailWorld(servers: number, second: readonly ServerBehaviour[] = []): World {
  const zones: ZoneSpec[] = [
    { origin: '.', signing: splitKeys(P256), servers: [{ name: 'a.root-servers.' }] },
    { origin: 'mail.', signing: splitKeys(P256), servers: [{ name: 'ns1.mail.' }] },
  ];
  for (let index = 0; index < DOMAINS + WARM_UP; index++) {
    const name = `d${index}.mail.`;
    const all = [
      { name: `ns1.${name}`, families: [4] as const },
      { name: `ns2.${name}`, families: [4] as const, behaviours: second },
    ];
    zones.push({
      origin: name,
      signing: singleKey(P256),
      text: `_25._tcp.mx TLSA 3 1 1 ${'ab'.repeat(32)}`,
      servers: all.slice(0, servers),
    });
  }
  return { zones, domains: [] };
}

function spreadOf(world: SimulatedWorld, from = 0, to = DOMAINS): Spread {
  // What is usual is known to a resolver that runs for a while.
  for (let index = DOMAINS; index < DOMAINS + WARM_UP; index++) {
    world.resolve(`_25._tcp.mx.d${index}.mail`, 'TLSA');
    world.settle();
  }
  const sentBefore = world.sent.length;
  const waits: number[] = [];
  let failed = 0;
  for (let index = from; index < to; index++) {
    const asked = world.ask(`_25._tcp.mx.d${index}.mail`, 'TLSA');
    world.runUntil(() => asked.resolution !== undefined);
    if (asked.resolution?.security.status !== 'secure') failed++;
    waits.push((asked.finishedMs! - asked.askedMs) / ROUND_TRIP_MS);
    world.settle();
  }
  waits.sort((a, b) => a - b);
  const at = (share: number) => waits[Math.floor((waits.length - 1) * share)]!;
  const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length;
  const queries = (world.sent.length - sentBefore) / (to - from);
  return { mean, p50: at(0.5), p99: at(0.99), queries, failed };
}

function play(lab: Lab, seed: number, loss = 0, jitterMs = 0): [Spread, SimulatedWorld] {
  const weather = { roundTripMs: ROUND_TRIP_MS, loss, jitterMs };
  const config = { mailPrefetch: false, aggressiveNsec: false };
  const world = new SimulatedWorld({ lab, seed, weather, config });
  return [spreadOf(world), world];
}

function told({ mean, p50, p99, queries }: Spread): string {
  const shown = [mean, p50, p99].map((figure) => figure.toFixed(2)).join(' / ');
  return `mean / median / 99 %: ${shown} round trips, ${queries.toFixed(2)} queries`;
}

const single = makeLab(mailWorld(1));
const pair = makeLab(mailWorld(2));
const halfDead = makeLab(mailWorld(2, [{ kind: 'silent' }]));

t.test('a clean network: two round trips, three queries, whatever the jitter', (t) => {
  for (const [lab, what] of [
    [single, 'one server'],
    [pair, 'two servers'],
  ] as const) {
    for (const jitterMs of [0, 10]) {
      const [spread, world] = play(lab, SEEDS[0]!, 0, jitterMs);
      t.equal(spread.failed, 0);
      t.ok(spread.p50 <= 2 + (2.1 * jitterMs) / ROUND_TRIP_MS, `${what}: ${told(spread)}`);
      // 5 % and the five that a new resolver may spend at once.
      t.ok(spread.queries <= 3 * 1.05 + 5 / DOMAINS, `${spread.queries} queries per question`);
      t.same([...violations(world), ...restlessness(world)], []);
    }
  }
  t.end();
});

t.test('5 % loss, one server for each zone', (t) => {
  for (const seed of SEEDS) {
    const [spread, world] = play(single, seed, 0.05);
    t.equal(spread.failed, 0, `seed ${seed}: all answered`);
    t.ok(spread.mean <= 2.4, `seed ${seed}: ${told(spread)}`);
    t.ok(spread.p99 <= 6, `seed ${seed}: 99 % within ${spread.p99.toFixed(2)}`);
    t.same([...violations(world), ...restlessness(world)], []);
  }
  t.end();
});

t.test('5 % loss, two servers for each zone', (t) => {
  for (const seed of SEEDS) {
    const [spread] = play(pair, seed, 0.05);
    t.equal(spread.failed, 0, `seed ${seed}: all answered`);
    t.ok(spread.mean <= 2.4 && spread.p99 <= 6, `seed ${seed}: ${told(spread)}`);
  }
  t.end();
});

t.test('one of the two servers of each domain never answers', (t) => {
  for (const seed of SEEDS) {
    const [spread, world] = play(halfDead, seed);
    t.equal(spread.failed, 0, `seed ${seed}: all answered`);
    t.ok(spread.p50 <= 2.1 && spread.p99 <= 4, `seed ${seed}: ${told(spread)}`);
    t.ok(spread.queries < 6, `${spread.queries} queries per question`);
    t.same([...violations(world), ...restlessness(world)], []);
  }
  t.end();
});

t.test('after dead servers come good ones: two at once are asked no longer', (t) => {
  const config = { mailPrefetch: false, aggressiveNsec: false };
  const weather = { roundTripMs: ROUND_TRIP_MS, loss: 0, jitterMs: 0 };
  const world = new SimulatedWorld({ lab: halfDead, weather, config });
  const third = Math.floor(DOMAINS / 3);
  const bad = spreadOf(world, 0, third);
  for (let index = 0; index < DOMAINS; index++) {
    const [good, dead] = ['ns1', 'ns2'].map((host) => {
      return halfDead.servers.get(nameOf(`${host}.d${index}.mail`).key)!;
    });
    halfDead.network.listen(dead!.addresses[0]!, good!);
  }
  const better = spreadOf(world, third, 2 * third);
  const good = spreadOf(world, 2 * third, DOMAINS);
  t.ok(bad.queries > 4.5, `every other server dead: ${told(bad)}`);
  t.ok(better.queries < bad.queries, `then: ${told(better)}`);
  t.ok(good.queries < 3.2 && good.p99 <= 2, `at last: ${told(good)}`);
  t.end();
});
