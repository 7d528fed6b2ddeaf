/**
 * A forwarder may need seconds where the servers that it asks are silent. It is near, so repeats
 * come soon, and the last goes over TCP; that one is waited for until the client's patience ends.
 */
import t, { type Test } from 'tap';
import { makeLab, SimulatedWorld } from '../support/simulated-world.js';
import { violations } from './checkers.js';

const lab = makeLab();
const send = lab.network.send.bind(lab.network);
let lateMs = 0;
lab.network.send = (...sent) =>
  send(...sent).map((delivery) => ({ ...delivery, afterMs: delivery.afterMs + lateMs }));

function ask(t: Test, isForwarder: boolean, late: number) {
  const [root] = lab.rootServers;
  const [address] = root!.addresses;
  const only = isForwarder
    ? { forwarders: [{ address: address!, port: 53 }] }
    : { hints: [{ name: root!.name, addresses: [address!] }] };
  const world = new SimulatedWorld({
    lab,
    config: { priming: false, ...only },
  });
  lateMs = 0;
  t.equal(world.resolve('.', 'SOA').security.status, 'secure', 'its distance is known');
  lateMs = late;
  const asked = world.ask('.', 'NS');
  world.runUntil(() => asked.resolution !== undefined);
  t.same(violations(world), []);
  return { asked, tookMs: asked.finishedMs! - asked.askedMs, world };
}

t.test('a forwarder that takes its time is waited for', (t) => {
  const { asked, tookMs } = ask(t, true, 4_500);
  t.equal(asked.resolution?.security.status, 'secure');
  t.ok(tookMs > 4_500 && tookMs < 5_500, `${tookMs} ms`);
  t.end();
});

t.test('but not for longer than clients wait', (t) => {
  const { asked, tookMs } = ask(t, true, 60_000);
  t.not(asked.resolution?.security.status, 'secure');
  t.ok(tookMs <= 7_000, `${tookMs} ms`);
  t.end();
});

t.test("an authoritative server's data are its own: it is given up sooner", (t) => {
  const { asked, tookMs } = ask(t, false, 4_500);
  t.not(asked.resolution?.security.status, 'secure');
  t.ok(tookMs < 4_500, `${tookMs} ms`);
  t.end();
});
