/**
 * What an answer costs in round trips of waiting and in upstream queries. Computing takes no time
 * in virtual time, so a round trip is exactly a round trip.
 */
import t from 'tap';
import { makeLab, SimulatedWorld } from '../support/simulated-world.js';
import { restlessness, violations } from './checkers.js';

const ROUND_TRIP_MS = 100;
const lab = makeLab();

interface Cost {
  readonly roundTrips: number;
  readonly queries: number;
}

/** A world in which the root and the top-level domains have been used before, but nothing else. */
function warmedUp(
  options: { readonly mailPrefetch?: boolean; readonly ipv6?: boolean } = {},
): SimulatedWorld {
  const world = new SimulatedWorld({
    lab,
    weather: { roundTripMs: ROUND_TRIP_MS },
    config: {
      mailPrefetch: options.mailPrefetch ?? false,
      aggressiveNsec: false,
      ipv6: options.ipv6 ?? true,
    },
  });
  for (const tld of ['dane', 'hashed', 'optout', 'plain', 'broken']) {
    world.resolve(`warm-up.${tld}`, 'A');
    world.settle();
  }
  return world;
}

function cost(world: SimulatedWorld, name: string, type: string): Cost {
  const sentBefore = world.sent.length;
  const question = world.ask(name, type);
  world.runUntil(() => question.resolution !== undefined);
  const roundTrips = (question.finishedMs! - question.askedMs) / ROUND_TRIP_MS;
  world.settle();
  return { roundTrips, queries: world.sent.length - sentBefore };
}

const CASES: readonly (readonly [name: string, what: string, most: Cost])[] = [
  ['_25._tcp.mx.p256.dane', 'secure', { roundTrips: 2, queries: 3 }],
  ['_25._tcp.mx.rsa.dane', 'secure, RSA', { roundTrips: 2, queries: 3 }],
  ['_25._tcp.mx.nsec3.hashed', 'secure, NSEC3 parent', { roundTrips: 2, queries: 3 }],
  ['_25._tcp.mx.signed.optout', 'secure, opt-out parent', { roundTrips: 2, queries: 3 }],
  ['_25._tcp.mx.no-tlsa.dane', 'secure denial', { roundTrips: 2, queries: 3 }],
  ['_25._tcp.mx.wildcard.hashed', 'secure wildcard', { roundTrips: 2, queries: 3 }],
  ['_25._tcp.mx.unsigned.dane', 'insecure, NSEC', { roundTrips: 2, queries: 2 }],
  ['_25._tcp.mx.unsigned.hashed', 'insecure, NSEC3', { roundTrips: 2, queries: 2 }],
  ['_25._tcp.mx.unsigned.optout', 'insecure, opt-out', { roundTrips: 2, queries: 2 }],
  ['_25._tcp.mx.mail.plain', 'insecure top-level domain', { roundTrips: 2, queries: 2 }],
  ['_25._tcp.mx.cname-tlsa.dane', 'CNAME within the zone', { roundTrips: 2, queries: 3 }],
  // RFC 4035 §5.5: its server has two addresses, so the keys are asked for once more.
  ['_25._tcp.mx.wrong-ds.broken', 'bogus, DS of another key', { roundTrips: 3, queries: 4 }],
];

t.test('a cold TLSA with the top-level domain cached', (t) => {
  for (const [name, what, most] of CASES) {
    const world = warmedUp();
    const seen = cost(world, name, 'TLSA');
    t.ok(
      seen.roundTrips <= most.roundTrips && seen.queries <= most.queries,
      `${what}: ${seen.roundTrips} round trips, ${seen.queries} queries`,
      { seen, most, sent: world.reports.filter(({ kind }) => kind === 'query sent') },
    );
    t.same([...violations(world), ...restlessness(world)], []);
  }
  t.end();
});

t.test('where events wait for their turn, servers are not taken for slow', (t) => {
  const world = warmedUp();
  // Far longer than servers that answer within a tenth of a second are waited for.
  world.waitingMs = 2_000;
  const from = world.reports.length;
  const question = world.ask('_25._tcp.mx.p256.dane', 'TLSA');
  world.runUntil(() => question.resolution !== undefined);
  t.equal(question.resolution?.security.status, 'secure');
  t.equal(world.sent.length - question.sentBefore, 3, 'no query is sent again');
  const times = world.reports.slice(from).flatMap((report) => {
    return report.kind === 'reply' ? [Math.round(report.rttMs)] : [];
  });
  t.same(times, [ROUND_TRIP_MS, ROUND_TRIP_MS, ROUND_TRIP_MS]);
  t.same(violations(world), []);
  t.end();
});

t.test('bogus at the only address of the only server', (t) => {
  for (const [name, what, most] of [
    ['wrong-ds', 'the DS of another key: nobody is asked again', { roundTrips: 2, queries: 3 }],
    ['bad-tlsa', 'a signature: once more, over TCP', { roundTrips: 4, queries: 4 }],
  ] as const) {
    const world = warmedUp({ ipv6: false });
    const seen = cost(world, `_25._tcp.mx.${name}.broken`, 'TLSA');
    t.equal([...world.questions.values()].at(-1)!.resolution?.security.status, 'bogus');
    t.same(seen, most, what);
    t.same([...violations(world), ...restlessness(world)], []);
  }
  t.end();
});

t.test('IPv6 addresses that nothing can be sent to cost nothing', (t) => {
  const addresses = [...lab.servers.values()].flatMap((server) => {
    return server.addresses
      .filter(({ family }) => family === 6)
      .map((address) => ({ address, server }));
  });
  for (const { address } of addresses) {
    lab.network.remove(address);
    // The system says so at once.
    lab.network.distanceMs.set(address.key, 0);
  }
  const world = warmedUp();
  for (const name of ['p256', 'rsa', 'unsigned', 'no-tlsa', 'cname-tlsa']) {
    const seen = cost(world, `_25._tcp.mx.${name}.dane`, 'TLSA');
    t.ok(seen.roundTrips <= 2, `${name}: ${seen.roundTrips} round trips`);
  }
  t.same([...violations(world), ...restlessness(world)], []);
  for (const { address, server } of addresses) lab.network.listen(address, server);
  lab.network.distanceMs.clear();
  t.end();
});

t.test('what is cached costs nothing', (t) => {
  const world = warmedUp();
  cost(world, '_25._tcp.mx.p256.dane', 'TLSA');
  t.same(cost(world, '_25._tcp.mx.p256.dane', 'TLSA'), { roundTrips: 0, queries: 0 });
  t.same(cost(world, 'mx.p256.dane', 'A'), { roundTrips: 1, queries: 1 }, 'the zone is known');
  cost(world, '_465._tcp.mx.p256.dane', 'TLSA');
  t.same(cost(world, '_465._tcp.mx.p256.dane', 'TLSA'), { roundTrips: 0, queries: 0 }, 'denials');
  t.end();
});

t.test('the sequence of a mailer, cold: MX, then A, AAAA and TLSA', (t) => {
  const world = warmedUp({ mailPrefetch: true });
  const startMs = world.nowMs;
  const sentBefore = world.sent.length;
  t.equal(world.resolve('p256.dane', 'MX').security.status, 'secure');
  const rest = [
    world.ask('mx.p256.dane', 'A'),
    world.ask('mx.p256.dane', 'AAAA'),
    world.ask('_25._tcp.mx.p256.dane', 'TLSA'),
  ];
  world.runUntil(() => rest.every(({ resolution }) => resolution !== undefined));
  const roundTrips = (world.nowMs - startMs) / ROUND_TRIP_MS;
  world.settle();
  const queries = world.sent.length - sentBefore;
  t.ok(roundTrips <= 3, `${roundTrips} round trips, all at once after MX`);
  t.ok(queries <= 6, `${queries} queries: NS, MX, DNSKEY, A, AAAA, TLSA`);
  for (const { resolution } of rest) t.equal(resolution!.security.status, 'secure');
  t.end();
});

t.test('the sequence of a mailer that asks one after the other', (t) => {
  const world = warmedUp({ mailPrefetch: true });
  const startMs = world.nowMs;
  for (const [name, type] of [
    ['p256.dane', 'MX'],
    ['mx.p256.dane', 'A'],
    ['mx.p256.dane', 'AAAA'],
    ['_25._tcp.mx.p256.dane', 'TLSA'],
  ] as const) {
    t.equal(world.resolve(name, type).security.status, 'secure');
  }
  const roundTrips = (world.nowMs - startMs) / ROUND_TRIP_MS;
  t.ok(roundTrips <= 3, `${roundTrips} round trips`);
  t.end();
});

t.test('equal questions share one resolution', (t) => {
  const world = warmedUp();
  const sentBefore = world.sent.length;
  const asked = Array.from({ length: 50 }, () => world.ask('_25._tcp.mx.p256.dane', 'TLSA'));
  world.runUntil(() => asked.every(({ resolution }) => resolution !== undefined));
  world.settle();
  t.equal(world.sent.length - sentBefore, 3, 'three queries for fifty clients');
  t.end();
});

t.test('from nothing at all', (t) => {
  const world = new SimulatedWorld({ lab, weather: { roundTripMs: ROUND_TRIP_MS } });
  t.equal(world.sent.length, 0, 'nothing is sent before the first question');
  const seen = cost(world, '_25._tcp.mx.p256.dane', 'TLSA');
  t.ok(seen.roundTrips <= 3, `${seen.roundTrips} round trips: root, top-level domain, domain`);
  t.ok(seen.queries <= 7, `${seen.queries} queries, priming and DNSKEY of each zone included`);
  t.end();
});
