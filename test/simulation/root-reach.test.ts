/** A machine without a network: said once, plainly, and to every client at once. */
import t from 'tap';
import { LIMITS } from '../../src/resolver/index.js';
import { Rcode } from '../../src/wire/index.js';
import { type Asked, SimulatedWorld } from '../support/simulated-world.js';

t.test('when packets vanish, the first question waits a while, and none after it', (t) => {
  const world = new SimulatedWorld({ weather: { loss: 1 } });
  const before = world.nowMs;
  t.equal(world.resolve('p256.dane.', 'MX').rcode, Rcode.SERVFAIL);
  t.ok(world.nowMs - before <= 3_000, `${world.nowMs - before} ms for the first`);
  world.settle(10_000);
  const told = world.reports.filter((report) => report.kind === 'no root server');
  t.equal(told.length, 1, 'said once');

  const again = world.nowMs;
  const refused = world.resolve('rsa.dane.', 'MX');
  t.equal(refused.rcode, Rcode.SERVFAIL);
  t.equal(refused.errors[0]?.code, 22, 'no reachable authority');
  const took = world.nowMs - again;
  world.lab.network.weather.loss = 0;
  world.sleep(LIMITS.longestRootPauseMs.value);
  t.equal(world.resolve('ed25519.dane.', 'MX').security.status, 'secure', 'the network is back');
  const pause = world.reports.filter((report) => report.kind === 'no root server').length;
  t.equal(pause, 1, 'and nothing was said in between');
  t.ok(took < 100, `${took} ms for the second`);
  t.end();
});

t.test('a root that has answered a moment ago gets the full time', (t) => {
  const world = new SimulatedWorld({ seed: 7 });
  t.equal(world.resolve('nowhere.', 'A').rcode, Rcode.NXDOMAIN);
  world.settle(10_000);
  world.lab.network.weather.loss = 1;
  const before = world.nowMs;
  const question = world.ask('p256.dane.', 'MX');
  world.runUntil(() => false, 4_000);
  t.equal(question.resolution, undefined, `it still waits after ${world.nowMs - before} ms`);
  world.lab.network.weather.loss = 0;
  world.runUntil(() => question.resolution !== undefined);
  t.equal(question.resolution!.security.status, 'secure', 'and is answered in the end');
  t.end();
});

const ZONES = ['p256.dane.', 'rsa.dane.', 'ed25519.dane.', 'mail.plain.', 'unsigned.dane.'];
const NOTHING_COMES = { silence: [], unreachable: [failed('unreachable')] } as const;

function failed(failure: 'unreachable') {
  return { afterMs: 0, what: { kind: 'failed', failure } } as const;
}

/** Mail for all of these zones, and one question that is asked again and again. */
function keepAsking(world: SimulatedWorld, forMs: number): Asked[] {
  const untilMs = world.nowMs + forMs;
  const asked: Asked[] = [];
  while (world.nowMs < untilMs) {
    const zone = ZONES[asked.length % ZONES.length]!;
    asked.push(world.ask(`q${world.nowMs}.${zone}`, 'A'), world.ask('again.p256.dane.', 'TXT'));
    world.sleep(1_000 + 2_000 * world.random.fraction());
  }
  return asked;
}

for (const [kind, nothing] of Object.entries(NOTHING_COMES)) {
  for (const knew of ['nothing', 'the zones']) {
    t.test(`an hour without a network (${kind}), ${knew} known before: soon over`, (t) => {
      for (const [seed, outageMs] of [1, 2, 3].flatMap((seed) => [
        [seed, 20_000],
        [seed, 3_600_000],
      ])) {
        const world = new SimulatedWorld({ seed: seed! });
        const { network } = world.lab;
        if (knew !== 'nothing') for (const zone of ZONES) world.resolve(zone, 'MX');
        const send = network.send.bind(network);
        network.send = () => nothing;
        for (const { resolution } of keepAsking(world, outageMs!).slice(0, -8)) {
          if (resolution === undefined) t.fail('a question has no end');
        }
        network.send = send;
        const backMs = world.nowMs;
        const asked = keepAsking(world, 60_000);
        world.settle();
        const bad = asked.filter(({ resolution }) => resolution?.rcode !== Rcode.NXDOMAIN);
        const lateMs = Math.max(0, ...bad.map(({ askedMs }) => askedMs - backMs));
        const label = `seed ${seed}, ${outageMs} ms: the last failure after ${lateMs.toFixed(0)} ms`;
        t.ok(lateMs < 15_000, label);
        t.ok(asked.length - bad.length > 20, `${asked.length - bad.length} answers`);
      }
      t.end();
    });
  }
}
