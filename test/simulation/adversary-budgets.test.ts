/**
 * Whoever runs out gets SERVFAIL: attackers that spend what a question may cost and then lead it to
 * a signed victim, or spend it while the victim is being asked for. Running out must make nothing
 * insecure, nothing empty, and must not stick to the victim or to other people's questions.
 */
import t from 'tap';
import { NSEC, nsec3, OPT_OUT, singleKey, type ZoneSpec } from '../../src/lab/index.js';
import { LIMITS } from '../../src/resolver/index.js';
import { Rcode, RRType } from '../../src/wire/index.js';
import { asks, verdictOf } from '../support/genuine-records.js';
import { makeLab, nameOf, SimulatedWorld } from '../support/simulated-world.js';
import { tamper } from '../support/tampering.js';
import { restlessness, violations } from './checkers.js';

const TLSA = 'TLSA 3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff';
const MAIL = `@ MX 10 mx\nmx A 11.1.1.1\n_25._tcp.mx ${TLSA}\n`;
const signing = singleKey(13, NSEC);
const VICTIMS = ['victim.zz.', 'victim.hashed.', 'victim.optout.'] as const;

const COMMON: readonly ZoneSpec[] = [
  { origin: '.', signing, servers: [{ name: 'a.root-servers.' }] },
  { origin: 'zz.', signing },
  { origin: 'hashed.', signing: singleKey(13, nsec3()) },
  { origin: 'optout.', signing: singleKey(13, OPT_OUT) },
  { origin: 'victim.zz.', signing, text: MAIL },
  { origin: 'plain.hashed.', text: MAIL },
  { origin: 'plain.optout.', text: MAIL },
  { origin: 'victim.hashed.', signing: singleKey(13, nsec3()), text: MAIL },
  { origin: 'victim.optout.', signing: singleKey(13, OPT_OUT), text: MAIL },
];

const TARGETS = ['_25._tcp.mx', 'mx', 'nobody', '_26._tcp.mx'] as const;

/**
 * Aliases in the attacker's zone, one after the other, each made from a wildcard: each costs a
 * signature and its proof, which costs another signature and, with NSEC3, a hash. The last leads to
 * a victim.
 */
function windings(links: number, target: string): string {
  let text = '';
  for (let link = 0; link < links; link++) {
    text += `*.w${link} CNAME ${link + 1 < links ? `x.w${link + 1}` : target}\n`;
  }
  return text;
}

const WASTES = [
  { title: 'signature checks', spent: 'budget: signature checks', links: 10, denial: NSEC },
  // 2 + 49 * 2 blocks each: six of them are exactly all that a question may cost.
  {
    title: 'hashes',
    spent: 'budget: NSEC3 hashes',
    links: 6,
    denial: nsec3(
      49,
      Array.from({ length: 60 }, () => 7),
    ),
  },
] as const;

for (const { title, spent, links, denial } of WASTES) {
  t.test(`${title}: first wasted, then led to a victim`, (t) => {
    let ranOut = 0;
    for (const victim of [...VICTIMS, 'plain.hashed.', 'plain.optout.']) {
      for (const target of TARGETS) {
        const text = windings(links, `${target}.${victim}`);
        const evil = { origin: 'evil.zz.', signing: singleKey(13, denial), text };
        const lab = makeLab({ zones: [...COMMON, evil], domains: [] });
        const world = new SimulatedWorld({ lab, config: { mailPrefetch: false } });
        const truth = verdictOf(world.resolve(`${target}.${victim}`, 'TLSA'));
        const fresh = new SimulatedWorld({ lab, config: { mailPrefetch: false } });
        const led = fresh.resolve('x.w0.evil.zz.', 'TLSA');
        const verdict = verdictOf(led);
        const isFailure = verdict === `SERVFAIL bogus ${spent}`;
        if (isFailure) ranOut++;
        t.ok(isFailure || verdict === truth, `${target}.${victim}: ${verdict}, as such ${truth}`);
        const after = fresh.resolve(`${target}.${victim}`, 'TLSA');
        t.equal(verdictOf(after), truth, 'and nothing of it sticks to the victim');
        fresh.settle();
        t.same([...violations(fresh), ...restlessness(fresh)], [], 'nothing else is wrong');
      }
    }
    t.ok(ranOut >= 1, `${ranOut} times nothing was left`);
    t.end();
  });
}

t.test('whatever is left of the budget when the victim is reached', (t) => {
  // Links of the attacker cost so many signature checks, so that the victim's come at every place.
  for (let links = 1; links <= LIMITS.aliases.value; links++) {
    const text = Array.from({ length: links }, (_, link) =>
      link + 1 < links
        ? `l${link} CNAME l${link + 1}\n`
        : `l${link} CNAME _25._tcp.mx.victim.hashed.\n`,
    ).join('');
    for (const decoySignatures of [0, 1]) {
      const lab = makeLab({
        zones: [...COMMON, { origin: 'evil.zz.', signing: { ...signing, decoySignatures }, text }],
        domains: [],
      });
      const world = new SimulatedWorld({ lab, config: { mailPrefetch: false } });
      const led = world.resolve('l0.evil.zz.', 'TLSA');
      const { status } = led.security;
      t.ok(
        led.rcode === Rcode.SERVFAIL || (status === 'secure' && led.answer.length === links + 1),
        `${links} links, ${decoySignatures} wrong signatures each: ${verdictOf(led)}`,
      );
      t.equal(verdictOf(world.resolve('_25._tcp.mx.victim.hashed.', 'TLSA')), 'NOERROR secure');
    }
  }
  t.end();
});

t.test('upstream queries and time: a way of many slow, glueless zones to the victim', (t) => {
  const zones: ZoneSpec[] = [...COMMON];
  for (let link = 0; link < 10; link++) {
    const next = link < 9 ? `a.e${link + 1}.zz.` : '_25._tcp.mx.victim.zz.';
    const servers = Array.from({ length: 4 }, (_, server) => ({
      name: `s${link}x${server}.far.hashed.`,
    }));
    zones.push({ origin: `e${link}.zz.`, signing, text: `a CNAME ${next}\n`, servers });
  }
  zones.push({ origin: 'far.hashed.', signing: singleKey(13, nsec3()) });
  const lab = makeLab({ zones, domains: [] });
  for (const distance of [20, 200, 900]) {
    lab.network.weather.roundTripMs = distance;
    const world = new SimulatedWorld({ lab, config: { mailPrefetch: false } });
    const led = world.ask('a.e0.zz.', 'TLSA');
    world.runUntil(() => led.resolution !== undefined);
    const verdict = verdictOf(led.resolution!);
    t.ok(
      led.resolution!.rcode === Rcode.SERVFAIL || verdict === 'NOERROR secure',
      `${distance} ms: ${verdict}`,
    );
    lab.network.weather.roundTripMs = 20;
    world.sleep(10_000);
    t.equal(verdictOf(world.resolve('_25._tcp.mx.victim.zz.', 'TLSA')), 'NOERROR secure');
    world.settle();
    t.same([...violations(world), ...restlessness(world)], [], 'nothing else is wrong');
  }
  t.end();
});

t.test("somebody else's question fetches the victim's keys, and runs out of time", (t) => {
  // The attacker's servers are so slow that his time ends while the victim's keys are on the way,
  // and just then they get lost: nobody repeats the question, for his sake.
  const zones: ZoneSpec[] = [...COMMON];
  for (let link = 0; link < 4; link++) {
    const next = link < 3 ? `a.e${link + 1}.zz.` : '_25._tcp.mx.victim.zz.';
    zones.push({ origin: `e${link}.zz.`, signing, text: `a CNAME ${next}\n` });
  }
  const lab = makeLab({ zones, domains: [] });
  const addressesOf = (server: string) => lab.servers.get(nameOf(server).key)!.addresses;
  const victim = addressesOf('ns1.victim.zz.').map(({ key }) => key);
  for (const link of [0, 1, 2]) {
    for (const { key } of addressesOf(`ns1.e${link}.zz.`)) lab.network.distanceMs.set(key, 1_900);
  }
  let ranOut = 0;
  for (let distance = 100; distance < 1_000; distance += 100) {
    for (const { key } of addressesOf('ns1.e3.zz.')) lab.network.distanceMs.set(key, distance);
    const world = new SimulatedWorld({ lab, config: { mailPrefetch: false, hedging: false } });
    const led = world.ask('a.e0.zz.', 'TLSA');
    const endMs = led.askedMs + LIMITS.questionMs.value;
    const undo = tamper(lab, 'ns1.victim.zz.', (reply, query) =>
      asks(query, RRType.DNSKEY) && world.nowMs < endMs ? undefined : reply,
    );
    world.runUntil(() => world.sent.some(({ address }) => victim.includes(address.key)));
    const own = world.ask('_25._tcp.mx.victim.zz.', 'TLSA');
    world.runUntil(() => own.resolution !== undefined && led.resolution !== undefined);
    undo();
    if (led.resolution!.rcode === Rcode.SERVFAIL) ranOut++;
    t.equal(verdictOf(own.resolution!), 'NOERROR secure', `${distance} ms`, {
      errors: own.resolution!.errors,
    });
  }
  t.equal(ranOut, 9, "each time the attacker's time ran out");
  t.end();
});
