/**
 * Attacks on work and on time: what one question can make the resolver send, and what a wrong clock
 * or a zone that has moved on can make it believe. Letters as in the shared security research.
 */
import t from 'tap';
import { type Lab, labWorld, singleKey, type World, type ZoneSpec } from '../../src/lab/index.js';
import { LIMITS } from '../../src/resolver/index.js';
import { Rcode, RRType } from '../../src/wire/index.js';
import { makeLab, nameOf, SimulatedWorld, type WorldOptions } from '../support/simulated-world.js';
import { record, tamper } from '../support/tampering.js';
import { restlessness, violations } from './checkers.js';

const P256 = 13;
const DAY = 86_400;

function worldOf(...zones: ZoneSpec[]): World {
  return {
    zones: [
      { origin: '.', signing: singleKey(P256), servers: [{ name: 'a.root-servers.' }] },
      { origin: 'dane.', signing: singleKey(P256) },
      ...zones,
    ],
    domains: [],
  };
}

/** How many packets went to the servers of that name. */
function sentTo(world: SimulatedWorld, lab: Lab, serverName: string): number {
  const { addresses } = lab.servers.get(nameOf(serverName).key)!;
  const keys = new Set(addresses.map(({ key }) => key));
  return world.sent.filter(({ address }) => keys.has(address.key)).length;
}

function quiet(options: WorldOptions): SimulatedWorld {
  return new SimulatedWorld({ ...options, config: { mailPrefetch: false, ...options.config } });
}

const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n');

t.test("A1: a referral to a hundred name servers in a victim's zone", (t) => {
  const lab = makeLab(
    worldOf(
      { origin: 'attacker.dane.', text: lines(135, (n) => `sub NS n${n}.victim.dane.`) },
      { origin: 'victim.dane.', text: '@ MX 10 mx\nmx A 11.1.1.1\n', signing: singleKey(P256) },
    ),
  );
  const world = quiet({ lab });
  const seen = world.resolve('www.sub.attacker.dane', 'A');
  world.settle();
  t.equal(seen.rcode, Rcode.SERVFAIL);
  const toVictim = sentTo(world, lab, 'ns1.victim.dane.');
  t.ok(toVictim <= 30, `${toVictim} packets to the victim`);
  t.ok(world.sent.length <= LIMITS.upstreamQueries.value, `${world.sent.length} packets in all`);
  t.same([...violations(world), ...restlessness(world)], []);
  t.end();
});

t.test("A3: name servers that are named in each other's zones, without end", (t) => {
  const ring = 12;
  const lab = makeLab(
    worldOf({
      origin: 'attacker.dane.',
      text: lines(ring, (n) => `z${n} NS ns.z${(n + 1) % ring}.attacker.dane.`),
    }),
  );
  const world = quiet({ lab });
  const question = world.ask('www.z0.attacker.dane', 'A');
  world.runUntil(() => question.resolution !== undefined);
  world.settle();
  t.equal(question.resolution?.rcode, Rcode.SERVFAIL);
  t.ok(world.sent.length <= 50, `${world.sent.length} packets`);
  t.same([...violations(world), ...restlessness(world)], []);
  t.end();
});

t.test('A4: long chains and short loops of CNAME', (t) => {
  const text = `${lines(40, (n) => `c${n} CNAME c${n + 1}`)}
c40 A 11.1.1.1
self CNAME self
one CNAME two
two CNAME three
three CNAME one
up DNAME a.up
`;
  const lab = makeLab(worldOf({ origin: 'chain.dane.', text, signing: singleKey(P256) }));
  for (const [name, rcode] of [
    ['c0', Rcode.SERVFAIL],
    ['c35', Rcode.NOERROR],
    ['self', Rcode.SERVFAIL],
    ['one', Rcode.SERVFAIL],
    ['x.up', undefined],
  ] as const) {
    const world = quiet({ lab });
    const seen = world.resolve(`${name}.chain.dane`, 'A');
    world.settle();
    if (rcode !== undefined) t.equal(seen.rcode, rcode, `${name}: ${seen.rcode}`);
    const links = seen.answer.filter(({ rrset }) => rrset.type === RRType.CNAME).length;
    t.ok(links <= LIMITS.aliases.value, `${name}: ${links} links`);
    t.ok(world.sent.length <= 30, `${name}: ${world.sent.length} packets`);
    t.same([...violations(world), ...restlessness(world)], []);
  }
  t.end();
});

t.test('A9: servers that always answer with the same refusal', (t) => {
  const refusals = [
    ['FORMERR', { kind: 'fixed rcode', rcode: Rcode.FORMERR }],
    ['BADVERS', { kind: 'fixed rcode', rcode: Rcode.BADVERS }],
    ['BADCOOKIE', { kind: 'fixed rcode', rcode: Rcode.BADCOOKIE }],
    ['SERVFAIL', { kind: 'fixed rcode', rcode: Rcode.SERVFAIL }],
    ['TC over UDP, nothing on TCP', { kind: 'truncates UDP' }],
    ['silence', { kind: 'silent' }],
  ] as const;
  for (const [title, behaviour] of refusals) {
    const behaviours =
      behaviour.kind === 'truncates UDP'
        ? [behaviour, { kind: 'silent', transport: 'tcp' } as const]
        : [behaviour];
    const lab = makeLab(
      worldOf({
        origin: 'refuser.dane.',
        signing: singleKey(P256),
        servers: [1, 2, 3, 4].map((n) => ({ name: `ns${n}.refuser.dane.`, behaviours })),
      }),
    );
    const world = quiet({ lab });
    const seen = world.resolve('www.refuser.dane', 'A');
    world.settle();
    t.equal(seen.rcode, Rcode.SERVFAIL, title);
    const perServer = new Map<string, number>();
    for (const { address, transport } of world.sent) {
      const key = `${address} ${transport}`;
      perServer.set(key, (perServer.get(key) ?? 0) + 1);
    }
    const most = Math.max(...perServer.values());
    // Two questions go to each server: the client's and DNSKEY.
    t.ok(most <= 2 * LIMITS.triesPerServer.value, `${title}: at most ${most} per server`);
    t.ok(world.sent.length <= 60, `${title}: ${world.sent.length} packets in all`);
    t.same([...violations(world), ...restlessness(world)], [], title);
  }
  t.end();
});

t.test('A10: ten name servers with the same addresses', (t) => {
  const glue = lines(
    10,
    (n) => `sub NS n${n}.sub\n${lines(6, (m) => `n${n}.sub A 11.77.0.${m + 1}`)}`,
  );
  const lab = makeLab(worldOf({ origin: 'twins.dane.', text: glue }));
  const world = quiet({ lab });
  world.resolve('www.sub.twins.dane', 'A');
  world.settle();
  const addresses = world.sent.map(({ address }) => address.toString());
  const toTwins = addresses.filter((address) => address.startsWith('11.77.'));
  t.ok(toTwins.length > 0, 'they were asked');
  t.equal(new Set(toTwins).size, toTwins.length, `each once: ${toTwins.length} packets`);
  t.end();
});

t.test('forbidden glue is never asked', (t) => {
  const table = labWorld();
  const lab = makeLab(table);
  const glue = table.domains.filter(({ zones, linesInParent }) => {
    return zones.length === 0 && linesInParent !== undefined && !linesInParent.includes('cycle');
  });
  t.ok(glue.length >= 18, `${glue.length} domains`);
  const known = new Set(
    [...lab.servers.values()].flatMap(({ addresses }) => addresses.map(String)),
  );
  for (const { name, expectations } of glue) {
    const world = quiet({ lab });
    world.resolve(expectations[0]!.name, 'A');
    world.settle();
    const strange = world.sent
      .map(({ address }) => address.toString())
      .filter((a) => !known.has(a));
    t.same(strange, [], `${name}: nothing is sent there`);
  }
  t.end();
});

// --- time ---

const shortLived: ZoneSpec = {
  origin: 'short.dane.',
  text: '@ MX 10 mx\nmx A 11.1.1.1\n_25._tcp.mx TLSA 3 1 1 0011\n',
  signing: { ...singleKey(P256), lifetimeSeconds: 120 },
};

t.test('secure data do not outlive their signatures, whatever their TTL', (t) => {
  const lab = makeLab(worldOf(shortLived));
  const world = quiet({ lab });
  t.equal(world.resolve('mx.short.dane', 'A').security.status, 'secure');
  world.settle();
  const before = world.sent.length;
  world.sleep(30_000);
  world.resolve('mx.short.dane', 'A');
  t.equal(world.sent.length, before, 'half a minute later it comes from the cache');
  // From now on the servers are gone: whatever is answered comes from memory.
  for (const server of lab.servers.values()) {
    for (const address of server.addresses) lab.network.remove(address);
  }
  world.sleep(120_000);
  const late = world.resolve('mx.short.dane', 'A');
  t.equal(late.rcode, Rcode.SERVFAIL, 'two minutes later it is gone, an hour before its TTL');
  t.not(late.security.status, 'secure');
  t.end();
});

t.test('a clock that is wrong makes answers fail, never weaker', (t) => {
  const lab = makeLab(
    worldOf(shortLived, { ...shortLived, origin: 'long.dane.', signing: singleKey(P256) }),
  );
  for (const [days, ede] of [
    [-40, 8],
    [40, 7],
    [365 * 12, 7],
    [-365 * 40, 8],
  ] as const) {
    const world = quiet({ lab });
    // The servers sign for today; only we believe in another day.
    const undo = onTime(lab, world);
    world.wallStepSeconds = days * DAY;
    const seen = world.resolve('_25._tcp.mx.long.dane', 'TLSA');
    undo();
    t.equal(seen.rcode, Rcode.SERVFAIL, `${days} days: SERVFAIL`);
    t.equal(seen.security.status, 'bogus', `${days} days: not insecure`);
    const codes = seen.errors.map(({ code }) => code);
    t.ok(codes.includes(ede), `${days} days: EDE ${ede} among ${codes}`);
  }
  t.end();
});

/** Makes every server answer for the day that the simulation began, whatever is passed to it. */
function onTime(lab: Lab, world: SimulatedWorld): () => void {
  const startSeconds = world.now.wallSeconds;
  for (const server of lab.servers.values()) {
    for (const address of server.addresses) {
      lab.network.listen(address, {
        answer: (query, transport) => server.answer(query, transport, startSeconds),
      });
    }
  }
  return () => {
    for (const server of lab.servers.values()) {
      for (const address of server.addresses) lab.network.listen(address, server);
    }
  };
}

t.test('a step of the clock with a warm cache', (t) => {
  const lab = makeLab(worldOf({ ...shortLived, signing: singleKey(P256) }));
  const world = quiet({ lab });
  const undo = onTime(lab, world);
  t.equal(world.resolve('mx.short.dane', 'A').security.status, 'secure');
  world.wallStepSeconds = 60 * DAY;
  t.not(world.resolve('mx.short.dane', 'A').security.status, 'secure', 'sixty days forward');
  world.wallStepSeconds = 0;
  world.sleep(400_000);
  t.equal(world.resolve('mx.short.dane', 'A').security.status, 'secure', 'and back again');
  undo();
  t.end();
});

t.test("G1: a delegation that was taken back ends with the parent's TTL", (t) => {
  const ghost: ZoneSpec = {
    origin: 'ghost.dane.',
    text: lines(200, (n) => `h${n} A 11.1.1.1`),
    signing: singleKey(P256),
    ttlSeconds: DAY,
  };
  const lab = makeLab(worldOf(ghost));
  const before = tamper(lab, 'ns1.dane.', (reply) => ({
    ...reply,
    authority: reply.authority.map((one) => ({ ...one, ttlSeconds: 10 })),
  }));
  const world = quiet({ lab, config: { prefetch: false } });
  t.equal(world.resolve('h0.ghost.dane', 'A').rcode, Rcode.NOERROR);
  before();
  // Now the parent does not know it any more, while the child keeps answering for a day.
  const undo = tamper(lab, 'ns1.dane.', (reply, query) => {
    const asked = query.questions[0]!;
    if (!asked.name.isAtOrBelow(nameOf('ghost.dane.'))) return reply;
    return nameErrorFrom(lab, reply);
  });
  let lastAlive = 0;
  for (let second = 1; second <= 40; second++) {
    world.sleep(1_000);
    // The attacker keeps the name alive by asking for what its own servers say.
    world.resolve('ghost.dane', 'NS');
    if (world.resolve(`h${second}.ghost.dane`, 'A').rcode === Rcode.NOERROR) lastAlive = second;
  }
  undo();
  t.ok(lastAlive <= 11, `last seen ${lastAlive} s after it was taken back`);
  t.end();
});

/** The parent's genuine denial of that name, signed with its keys. */
function nameErrorFrom(lab: Lab, reply: Parameters<Parameters<typeof tamper>[2]>[0]) {
  const { signer } = lab.zones.get(nameOf('dane.').key)!.signed!;
  const { soa } = lab.zones.get(nameOf('dane.').key)!.zone;
  const apex = nameOf('dane.');
  // One NSEC from the apex to itself covers every other name of the zone.
  const rdata = Uint8Array.from([...apex.octets, 0, 7, 0x22, 0, 0, 0, 0, 3, 0x80]);
  const nsec = { owner: apex, type: RRType.NSEC, ttlSeconds: 300, rdatas: () => [rdata] };
  const authority = [nsec, soa].flatMap((set) => [
    ...set.rdatas().map((each) => record('dane.', set.type, each, set.ttlSeconds)),
    ...signer
      .signNow(set, 1_772_323_200)
      .map((each) => record('dane.', RRType.RRSIG, each, set.ttlSeconds)),
  ]);
  return {
    ...reply,
    rcode: Rcode.NXDOMAIN,
    authoritative: true,
    answer: [],
    authority,
    additional: [],
  };
}

// --- D8: the three look-ups of DANE, each failing in each way ---

t.test('D8: TLSA is never "not there" while its look-up fails', (t) => {
  const failures = [
    ['silence', () => undefined],
    ['REFUSED', (reply: object) => ({ ...reply, rcode: Rcode.REFUSED, answer: [], authority: [] })],
    [
      'SERVFAIL',
      (reply: object) => ({ ...reply, rcode: Rcode.SERVFAIL, answer: [], authority: [] }),
    ],
    ['an empty reply', (reply: object) => ({ ...reply, answer: [], authority: [] })],
    [
      'NXDOMAIN without proof',
      (reply: object) => ({ ...reply, rcode: Rcode.NXDOMAIN, answer: [], authority: [] }),
    ],
  ] as const;
  const text = '@ MX 10 mx\nmx A 11.1.1.1\n_25._tcp.mx TLSA 3 1 1 0011\n';
  const lab = makeLab(worldOf({ origin: 'mail.dane.', text, signing: singleKey(P256) }));
  const lookUps = [
    ['mail.dane', 'MX', RRType.MX],
    ['mx.mail.dane', 'A', RRType.A],
    ['_25._tcp.mx.mail.dane', 'TLSA', RRType.TLSA],
  ] as const;
  for (const [title, fail] of failures) {
    for (const [name, type, number] of lookUps) {
      const undo = tamper(lab, 'ns1.mail.dane.', (reply, query) => {
        const hit = query.questions[0]?.type === number;
        return hit ? (fail(reply) as typeof reply | undefined) : reply;
      });
      const world = new SimulatedWorld({ lab });
      for (const [askedName, askedType] of lookUps) {
        const seen = world.resolve(askedName, askedType);
        const shouldFail = askedName === name && askedType === type;
        const what = `${title} for ${type}: ${askedType}`;
        if (shouldFail) {
          t.equal(seen.rcode, Rcode.SERVFAIL, `${what} fails`);
          t.not(seen.security.status, 'insecure', `${what} is not insecure`);
        } else t.equal(seen.security.status, 'secure', `${what} is secure`);
      }
      undo();
    }
  }
  t.end();
});
