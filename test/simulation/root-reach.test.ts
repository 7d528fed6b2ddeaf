/** A machine without a network: said once, plainly, and to every client at once. */
import t from 'tap';
import { Rcode } from '../../src/wire/index.js';
import { SimulatedWorld } from '../support/simulated-world.js';

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
  world.sleep(31_000);
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
