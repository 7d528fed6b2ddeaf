/** What is asked for before anybody waits for it, and what that must not lead to. */
import t from 'tap';
import { type ResourceRecord, RRType, typeMnemonic } from '../../src/wire/index.js';
import { makeLab, nameOf, SimulatedWorld, type WorldOptions } from '../support/simulated-world.js';
import { record, tamper } from '../support/tampering.js';
import { restlessness, violations } from './checkers.js';

const lab = makeLab();
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
  ];
  for (const { title, isSigned, ahead } of cases) {
    const undo = tamper(lab, 'ns1.p256.dane.', (reply, query) => {
      if (query.questions[0]?.type !== RRType.MX) return reply;
      const kept = reply.answer.filter(({ type }) => isSigned || type === RRType.MX);
      const forged = record('p256.dane', RRType.MX, Uint8Array.from(MX_AT_FORGED));
      return { ...reply, answer: kept.map((each) => (each.type === RRType.MX ? forged : each)) };
    });
    const world = worldWith();
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

function statusOf(world: SimulatedWorld, name: string, type: string): string {
  return world.resolve(name, type).security.status;
}

function withLastOctetChanged(each: ResourceRecord): ResourceRecord {
  const rdata = each.rdata.slice();
  rdata[rdata.length - 1]! ^= 1;
  return { ...each, rdata };
}
