/** RFC 8767: data past its TTL when nothing else can be had, and never where AD would have been. */
import t from 'tap';
import { SimulatedWorld } from '../support/simulated-world.js';
import { tamper } from '../support/tampering.js';

const DAY_MS = 86_400_000;
const UNSIGNED = ['mx.unsigned.dane', 'A'] as const;
const SIGNED = ['mx.p256.dane', 'A'] as const;

/** A resolver that knew its answers once, on a network that has gone since. */
function worldGone(serveStale: boolean): SimulatedWorld {
  const world = new SimulatedWorld({ config: { serveStale, prefetch: false } });
  const before = [UNSIGNED, SIGNED].map(([name, type]) => world.resolve(name, type));
  t.same(
    before.map(({ rcode, security }) => [rcode, security.status]),
    [
      [0, 'insecure'],
      [0, 'secure'],
    ],
  );
  world.sleep(DAY_MS);
  world.lab.network.weather.loss = 1;
  return world;
}

t.test('when the servers are silent, after 1.8 s', (t) => {
  const world = worldGone(true);
  const asked = world.ask(...UNSIGNED);
  world.runUntil(() => asked.resolution !== undefined);
  t.equal(asked.finishedMs! - asked.askedMs, 1_800, 'RFC 8767 §5: the client response timer');
  t.equal(asked.resolution!.stale, true);
  t.equal(asked.resolution!.rcode, 0);
  t.same(
    asked.resolution!.answer.map(({ ttlSeconds }) => ttlSeconds),
    [30],
  );
  t.same(
    asked.resolution!.errors.map(({ code }) => code),
    [3],
  );
  world.settle();
  const again = world.ask(...UNSIGNED);
  world.runUntil(() => again.resolution !== undefined);
  t.equal(again.resolution!.stale, true, 'after the failure too');
  t.equal(again.finishedMs! - again.askedMs, 0, 'and without another wait');
  t.end();
});

t.test('without a root, the next question does not wait as long', (t) => {
  const world = new SimulatedWorld({ config: { serveStale: true, prefetch: false } });
  const questions = ['A', 'AAAA'].map((type) => ['mx.unsigned.dane', type] as const);
  for (const question of questions) world.resolve(...question);
  world.sleep(3 * DAY_MS);
  for (const { name } of world.lab.rootServers) {
    tamper(world.lab, name.toString(), () => undefined);
  }
  const [first, second] = questions.map((question) => {
    const asked = world.ask(...question);
    world.sleep(3_100);
    t.equal(asked.resolution?.stale, true);
    return asked.finishedMs! - asked.askedMs;
  });
  t.equal(first, 1_800);
  t.equal(second, 0, 'all root servers are known to be silent');
  t.end();
});

t.test('what was secure fails instead', (t) => {
  const asked = worldGone(true).resolve(...SIGNED);
  t.equal(asked.rcode, 2);
  t.equal(asked.stale, false);
  t.end();
});

t.test('switched off, nothing is stale', (t) => {
  const asked = worldGone(false).resolve(...UNSIGNED);
  t.equal(asked.rcode, 2);
  t.same(asked.answer, []);
  t.end();
});

t.test('serve-stale-after 0: at once, while it is renewed', (t) => {
  const world = new SimulatedWorld({
    config: { serveStale: true, staleAfterMs: 0, staleTtlSeconds: 7, prefetch: false },
  });
  for (const [name, type] of [UNSIGNED, SIGNED]) world.resolve(name, type);
  world.sleep(DAY_MS);
  const asked = world.ask(...UNSIGNED);
  world.runUntil(() => asked.resolution !== undefined);
  t.equal(asked.finishedMs! - asked.askedMs, 0, 'nobody waits');
  t.equal(asked.resolution!.stale, true);
  t.same(
    asked.resolution!.answer.map(({ ttlSeconds }) => ttlSeconds),
    [7],
  );
  world.settle();
  t.equal(world.resolve(...UNSIGNED).stale, false, 'the next one gets what is new');
  const signed = world.resolve(...SIGNED);
  t.same([signed.stale, signed.security.status], [false, 'secure'], 'what was secure never is old');
  t.end();
});

t.test('denials too, but not those that were secure', (t) => {
  const world = new SimulatedWorld({ config: { serveStale: true, prefetch: false } });
  const names = ['nobody.unsigned.dane', 'nobody.p256.dane'] as const;
  t.same(
    names.map((name) => world.resolve(name, 'A').security.status),
    ['insecure', 'secure'],
  );
  world.sleep(DAY_MS);
  world.lab.network.weather.loss = 1;
  const [open, signed] = names.map((name) => world.resolve(name, 'A'));
  t.same([open!.rcode, open!.stale], [3, true]);
  t.same([signed!.rcode, signed!.stale], [2, false]);
  t.end();
});

t.test('a renewal that fails takes nothing away from those who ask meanwhile', (t) => {
  const world = new SimulatedWorld({ config: { prefetch: true, mailPrefetch: false } });
  const { ttlSeconds } = world.resolve(...UNSIGNED).answer[0]!;
  world.sleep(ttlSeconds * 950);
  world.lab.network.weather.loss = 1;
  const before = world.sent.length;
  for (const when of ['it begins the renewal', 'it is under way', 'still']) {
    const asked = world.ask(...UNSIGNED);
    world.runUntil(() => asked.resolution !== undefined);
    t.equal(asked.resolution!.rcode, 0, when);
    t.equal(asked.finishedMs! - asked.askedMs, 0, 'from memory');
  }
  world.settle();
  t.ok(world.sent.length > before, 'there was one');
  t.equal(world.resolve(...UNSIGNED).rcode, 0, 'and afterwards');
  t.end();
});
