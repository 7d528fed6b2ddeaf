/** What is asked for before anybody waits for it, and what that must not lead to. */
import t from 'tap';
import { singleKey } from '../../src/lab/index.js';
import { type ResourceRecord, RRType, typeMnemonic } from '../../src/wire/index.js';
import { makeLab, nameOf, SimulatedWorld, type WorldOptions } from '../support/simulated-world.js';
import { record, tamper } from '../support/tampering.js';
import { restlessness, violations } from './checkers.js';

const lab = makeLab();
const KEY = singleKey(13);
const MX_AT_FORGED = [0, 1, ...nameOf('mx.rsa.dane').octets];

const worldWith = (config: WorldOptions['config'] = {}): SimulatedWorld => {
  return new SimulatedWorld({ lab, config: { aggressiveNsec: false, ...config } });
};

/** In the order in which they went out. */
function queries(world: SimulatedWorld): string[] {
  return world.reports.flatMap((report) => {
    return report.kind === 'query sent' ? [`${report.name} ${typeMnemonic(report.type)}`] : [];
  });
}

t.test('at the start the root is asked for its servers and keys', (t) => {
  const world = worldWith();
  world.start();
  world.settle();
  t.same(queries(world), ['. NS', '. DNSKEY']);
  t.equal(world.ask('.', 'NS').resolution?.security.status, 'secure', 'judged, and kept');
  const sentBefore = world.sent.length;
  t.equal(world.resolve('_25._tcp.mx.p256.dane', 'TLSA').security.status, 'secure');
  world.settle();
  t.equal(world.sent.length - sentBefore, 5, 'the first question needs two queries less');
  world.start();
  t.equal(world.sent.length - sentBefore, 5, 'what is known is not asked for again');
  t.same([...violations(world), ...restlessness(world)], []);
  t.end();
});

t.test('a question that comes at once does not wait for it', (t) => {
  const world = worldWith();
  world.start();
  const question = world.ask('_25._tcp.mx.p256.dane', 'TLSA');
  world.runUntil(() => question.resolution !== undefined);
  const roundTrips = (question.finishedMs! - question.askedMs) / lab.network.weather.roundTripMs;
  t.equal(roundTrips, 3);
  t.equal(question.resolution?.security.status, 'secure');
  world.settle();
  t.equal(queries(world).length, 7, 'as without it');
  t.end();
});

t.test('nothing is asked for at the start where the root is not this resolver’s to ask', (t) => {
  const forwarder = { address: lab.rootServers[0]!.addresses[0]!, port: 53 };
  for (const config of [{ priming: false }, { forwarders: [forwarder] }]) {
    const world = worldWith(config);
    world.start();
    world.settle();
    t.same(queries(world), [], Object.keys(config).join());
  }
  t.end();
});

t.test('what is forged at the start is not believed later', (t) => {
  const undo = lab.rootServers.map(({ name }) => {
    return tamper(lab, name.toString(), (reply, query) => {
      if (query.questions[0]?.type !== RRType.DNSKEY) return reply;
      return { ...reply, answer: reply.answer.map(withLastOctetChanged) };
    });
  });
  const world = worldWith();
  world.start();
  world.settle();
  t.equal(statusOf(world, '.', 'NS'), 'bogus');
  t.equal(statusOf(world, '_25._tcp.mx.p256.dane', 'TLSA'), 'bogus');
  t.same([...violations(world), ...restlessness(world)], []);
  for (const each of undo) each();
  t.end();
});

t.test('a program that starts before its network answers as soon as that is there', (t) => {
  const world = worldWith();
  world.lab.network.weather.loss = 1;
  world.start();
  world.sleep(3_500);
  const told = () => world.reports.filter(({ kind }) => kind === 'no root server').length;
  t.equal(told(), 1, 'the operator hears of it');
  world.lab.network.weather.loss = 0;
  t.equal(world.resolve('_25._tcp.mx.p256.dane', 'TLSA').security.status, 'secure');
  world.settle();
  t.equal(told(), 1);
  t.end();
});

t.test('the root and top-level domains are asked for names first, zones below for keys', (t) => {
  const world = worldWith();
  world.start();
  world.settle();
  const before = queries(world).length;
  world.resolve('_25._tcp.mx.p256.dane', 'TLSA');
  world.settle();
  t.same(queries(world).slice(before), [
    'dane. A',
    'p256.dane. A',
    'dane. DNSKEY',
    'p256.dane. DNSKEY',
    '_25._tcp.mx.p256.dane. TLSA',
  ]);
  t.end();
});

t.test('what MX records name is asked for before they are judged', (t) => {
  const world = worldWith();
  const question = world.ask('p256.dane', 'MX');
  world.runUntil(() => queries(world).includes('_25._tcp.mx.p256.dane. TLSA'));
  t.equal(question.resolution, undefined, 'the keys are not here yet');
  t.same(queries(world).slice(-5), [
    'p256.dane. MX',
    'p256.dane. DNSKEY',
    'mx.p256.dane. A',
    'mx.p256.dane. AAAA',
    '_25._tcp.mx.p256.dane. TLSA',
  ]);
  world.settle();
  t.equal(question.resolution?.security.status, 'secure');
  const { length } = world.sent;
  for (const type of ['A', 'AAAA']) t.equal(statusOf(world, 'mx.p256.dane', type), 'secure');
  t.equal(statusOf(world, '_25._tcp.mx.p256.dane', 'TLSA'), 'secure');
  t.equal(world.sent.length, length, 'each was asked for once');
  t.same([...violations(world), ...restlessness(world)], []);
  t.end();
});

t.test('forged MX records make nothing true', (t) => {
  const cases = [
    // Without a signature they are worth no query; with one, that has to be checked first.
    { title: 'unsigned', isSigned: false, ahead: [] },
    {
      title: 'with the signature of the true ones',
      isSigned: true,
      ahead: ['mx.rsa.dane. A', 'mx.rsa.dane. AAAA', '_25._tcp.mx.rsa.dane. TLSA'],
    },
    { title: 'where the keys are here to judge them', isSigned: true, isKnown: true, ahead: [] },
  ];
  for (const { title, isSigned, isKnown, ahead } of cases) {
    const undo = tamper(lab, 'ns1.p256.dane.', (reply, query) => {
      if (query.questions[0]?.type !== RRType.MX) return reply;
      const kept = reply.answer.filter(({ type }) => isSigned || type === RRType.MX);
      const forged = record('p256.dane', RRType.MX, Uint8Array.from(MX_AT_FORGED));
      return { ...reply, answer: kept.map((each) => (each.type === RRType.MX ? forged : each)) };
    });
    const world = worldWith();
    if (isKnown === true) world.resolve('mx.p256.dane', 'A');
    t.equal(statusOf(world, 'p256.dane', 'MX'), 'bogus', title);
    world.settle();
    const named = queries(world).filter((query) => /mx\.rsa\.dane/.test(query));
    t.same([...new Set(named)], ahead, `${title}: looked up`);
    t.equal(statusOf(world, '_25._tcp.mx.rsa.dane', 'TLSA'), 'secure', 'judged by itself');
    t.equal(statusOf(world, 'p256.dane', 'MX'), 'bogus', 'and says nothing about the MX records');
    t.same([...violations(world), ...restlessness(world)], []);
    undo();
  }
  t.end();
});

t.test('MX records of an unsigned zone start nothing', (t) => {
  const world = worldWith();
  t.equal(statusOf(world, 'unsigned.dane', 'MX'), 'insecure');
  world.settle();
  t.notMatch(queries(world).join(), /mx\.unsigned/);
  t.end();
});

t.test('servers that each name other exchanges start look-ups once', (t) => {
  const servers = [1, 2, 3, 4, 5].map((number) => `ns${number}.many.`);
  const many = makeLab({
    zones: [
      { origin: '.', signing: KEY, servers: [{ name: 'a.root.' }] },
      {
        origin: 'many.',
        text: '@ MX 1 mx\n',
        signing: KEY,
        servers: servers.map((name) => ({ name })),
      },
    ],
    domains: [],
  });
  servers.forEach((server, index) => {
    tamper(many, server, (reply, query) => {
      if (query.questions[0]?.type !== RRType.MX) return reply;
      const rdata = Uint8Array.from([0, 1, ...nameOf(`x${index}.many`).octets]);
      const forged = record('many', RRType.MX, rdata);
      return { ...reply, answer: reply.answer.map((each) => (isMx(each) ? forged : each)) };
    });
  });
  const world = new SimulatedWorld({ lab: many, config: { aggressiveNsec: false } });
  t.equal(statusOf(world, 'many', 'MX'), 'bogus');
  world.settle();
  t.ok(queries(world).filter((query) => query === 'many. MX').length > 1, 'others were asked');
  const named = queries(world).flatMap((query) => /x\d\.many/.exec(query)?.[0] ?? []);
  t.equal(new Set(named).size, 1);
  t.same([...violations(world), ...restlessness(world)], []);
  t.end();
});

/** A zone whose MX records stay in memory while nobody knows where their exchange is any more. */
function exchangeElsewhere(config: WorldOptions['config'] = {}) {
  const server = (name: string) => [{ name }];
  const host = 'mx A 11.25.0.1\nmx AAAA 3025::1\n';
  const elsewhere = makeLab({
    zones: [
      { origin: '.', signing: KEY, servers: server('a.root.') },
      { origin: 'one.', text: '@ MX 10 mx.two.\n', signing: KEY, servers: server('ns.one.') },
      { origin: 'two.', text: host, servers: server('ns.two.'), ttlSeconds: 60 },
      { origin: 'odd.', text: '@ MX 1 mx.localhost.\n@ MX 2 x.onion.\n', signing: KEY },
    ],
    domains: [],
  });
  let silent = false;
  for (const name of ['a.root.', 'ns.two.']) {
    tamper(elsewhere, name, (reply) => (silent ? undefined : reply));
  }
  const settings = { aggressiveNsec: false, prefetch: false, ...config };
  const world = new SimulatedWorld({ lab: elsewhere, config: settings });
  const silence = (): void => {
    silent = true;
  };
  /** How long the exchange's address was waited for. */
  const waited = (): number => {
    world.resolve('one', 'MX');
    const asked = world.ask('mx.two', 'A');
    world.runUntil(() => asked.resolution !== undefined);
    return asked.finishedMs! - asked.askedMs;
  };
  return { world, silence, waited };
}

t.test('what came to nothing is not looked up again with each question', (t) => {
  const { world, silence } = exchangeElsewhere();
  world.resolve('one', 'MX');
  world.settle();
  world.sleep(300_000);
  silence();
  world.resolve('one', 'MX');
  world.settle();
  const before = world.sent.length;
  for (let times = 0; times < 5; times++) world.resolve('one', 'MX');
  t.equal(world.sent.length, before);
  t.equal(statusOf(world, 'one', 'MX'), 'secure');
  t.end();
});

t.test('who comes to a look-up that has begun fails like all others', (t) => {
  const { world, silence, waited } = exchangeElsewhere();
  waited();
  world.settle();
  world.sleep(300_000);
  silence();
  t.ok(waited() > 2_000);
  t.equal(waited(), 0, 'the failure is remembered');
  t.end();
});

t.test('and gets data past their TTL as soon as all others', (t) => {
  const { world, silence, waited } = exchangeElsewhere({ serveStale: true });
  waited();
  world.settle();
  world.sleep(300_000);
  silence();
  t.equal(waited(), 1_800, 'RFC 8767 §5');
  t.end();
});

t.test('nobody is asked about special names, whoever names them', (t) => {
  const { world } = exchangeElsewhere();
  t.equal(statusOf(world, 'odd', 'MX'), 'secure');
  world.settle();
  t.notMatch(queries(world).join(), /localhost|onion/);
  t.end();
});

function statusOf(world: SimulatedWorld, name: string, type: string): string {
  return world.resolve(name, type).security.status;
}

function isMx({ type }: ResourceRecord): boolean {
  return type === RRType.MX;
}

function withLastOctetChanged(each: ResourceRecord): ResourceRecord {
  const rdata = each.rdata.slice();
  rdata[rdata.length - 1]! ^= 1;
  return { ...each, rdata };
}
