/** A machine without a network: said once, plainly, and to every client at once. */
import t from 'tap';
import { LIMITS } from '../../src/resolver/index.js';
import { decodeMessage, HeaderFlag, Rcode, RRType } from '../../src/wire/index.js';
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
    t.test(`without a network (${kind}), ${knew} known before: soon over`, (t) => {
      for (const [seed, outageMs] of [1, 2, 3].flatMap((seed) => [
        [seed, 60_000],
        [seed, 1_800_000],
      ])) {
        const world = new SimulatedWorld({ seed: seed! });
        const { network } = world.lab;
        world.start();
        if (knew !== 'nothing') for (const zone of ZONES) world.resolve(zone, 'MX');
        const send = network.send.bind(network);
        network.send = () => nothing;
        const during = keepAsking(world, outageMs!);
        network.send = send;
        const backMs = world.nowMs;
        const asked = keepAsking(world, 60_000);
        world.settle();
        t.notOk(
          during.some(({ resolution }) => resolution === undefined),
          'all have ended',
        );
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

/** Answers for the root's keys are lost, or REFUSED; all others come. */
for (const rcode of [undefined, Rcode.REFUSED]) {
  t.test(`a root whose keys alone cannot be had (${rcode ?? 'lost'}) is not pestered`, (t) => {
    const world = new SimulatedWorld();
    const { network } = world.lab;
    const send = network.send.bind(network);
    let asked = 0;
    network.send = (address, transport, octets, nowSeconds) => {
      const deliveries = send(address, transport, octets, nowSeconds);
      const query = decodeMessage(octets);
      const [question] = query.ok ? query.value.questions : [];
      if (question?.type !== RRType.DNSKEY || !question.name.isRoot) return deliveries;
      asked++;
      if (rcode === undefined) return [];
      const refusal = octets.slice();
      refusal[2] = refusal[2]! | (HeaderFlag.QR >> 8);
      refusal[3] = rcode;
      return [{ afterMs: 20, what: { kind: 'received', octets: refusal } }];
    };
    const perMinute: number[] = [];
    for (let minute = 0; minute < 5; minute++) {
      const before = asked;
      for (let second = 0; second < 60; second++) {
        world.ask(`q${minute}.tld${second}.`, 'A');
        world.sleep(1_000);
      }
      perMinute.push(asked - before);
    }
    world.settle();
    const late = perMinute.slice(2).reduce((sum, count) => sum + count);
    t.ok(asked > 4 && late < 40, `queries for them, by minute: ${perMinute.join(', ')}`);
    const verdicts = [...world.questions.values()].map(({ resolution }) => resolution?.rcode);
    t.same(new Set(verdicts), new Set([Rcode.SERVFAIL]), 'and nothing is believed without them');
    t.end();
  });
}

t.test('a domain that fails while others answer is asked ever more seldom (RFC 9520 §3.2)', (t) => {
  const world = new SimulatedWorld();
  const startMs = world.nowMs;
  const tries: number[] = [];
  for (let second = 0; second < 40; second++) {
    const before = world.sent.length;
    t.equal(world.resolve('expired.broken.', 'MX').security.status, 'bogus');
    if (world.sent.length > before) tries.push(Math.round((world.nowMs - startMs) / 1_000));
    world.sleep(startMs + 1_000 * (second + 1) - world.nowMs);
  }
  t.same(tries, [0, 6, 17, 38], 'seconds: after waits of 5, 10 and 20');
  t.end();
});
