/**
 * One forged packet must not be an outage of the forger's choice (G5): delegations are not signed,
 * so anybody who wins a race once may name the servers of a signed zone, with a TTL of a day. He
 * gains nothing by it but failures, and those must end soon.
 */
import t from 'tap';
import { type Lab, NSEC, singleKey, type World } from '../../src/lab/index.js';
import { decodeMessage, encodeMessage, Rcode, RRType } from '../../src/wire/index.js';
import { address, asks, forgedAnswer, verdictOf } from '../support/genuine-records.js';
import { makeLab, nameOf, SimulatedWorld } from '../support/simulated-world.js';
import { record, tamper } from '../support/tampering.js';
import { restlessness, violations } from './checkers.js';

const signing = singleKey(13, NSEC);
const TLSA = 'TLSA 3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff';
const MAIL = `@ MX 10 mx\nmx A 11.1.1.1\n_25._tcp.mx ${TLSA}\n`;
const EVIL_TLSA = Uint8Array.from([3, 1, 1, ...new Uint8Array(32).fill(0x66)]);
const QUESTION = '_25._tcp.mx.victim.zz.';
const SECURE = 'NOERROR secure';

const WORLD: World = {
  zones: [
    { origin: '.', signing, servers: [{ name: 'a.root-servers.' }] },
    { origin: 'zz.', signing },
    { origin: 'victim.zz.', signing, text: MAIL },
    { origin: 'evil.zz.', signing, text: MAIL },
  ],
  domains: [],
};

const lab = makeLab(WORLD);
const evil = lab.servers.get(nameOf('ns1.evil.zz.').key)!;
const victim = lab.servers.get(nameOf('ns1.victim.zz.').key)!;

/** The first referral to the victim, and no other, names the forger's server, for a day. */
function forgeOneReferral(): () => void {
  let left = 1;
  return tamper(lab, 'ns1.zz.', (reply) => {
    const isReferral = reply.authority.some(
      ({ type, owner }) => type === RRType.NS && owner.equals(nameOf('victim.zz.')),
    );
    if (!isReferral || left-- <= 0) return reply;
    const ns = record('victim.zz.', RRType.NS, nameOf('ns1.victim.zz.').octets, 86_400);
    return {
      ...reply,
      authority: [ns, ...reply.authority.filter(({ type }) => type !== RRType.NS)],
      additional: [address('ns1.victim.zz.', ...evil.addresses[0]!.octets)],
    };
  });
}

/** The forger's server passes on what the victim's says, but for what `lie` makes of it. */
function relay(made: Lab, lie: Parameters<typeof tamper>[2]): () => void {
  for (const at of evil.addresses) {
    made.network.listen(at, {
      answer(query, transport, nowSeconds) {
        const reply = victim.answer(query, transport, nowSeconds);
        const asked = decodeMessage(query);
        const said = reply.kind === 'reply' ? decodeMessage(reply.octets) : undefined;
        if (!asked.ok || said?.ok !== true) return reply;
        const changed = lie(said.value, asked.value);
        if (changed === undefined) return { kind: 'silence' };
        return { kind: 'reply', octets: encodeMessage(changed, { maxOctets: 65_535 }) };
      },
    });
  }
  return () => {
    for (const at of evil.addresses) made.network.listen(at, evil);
  };
}

interface Case {
  readonly title: string;
  readonly lie: Parameters<typeof tamper>[2] | undefined;
  readonly first: string;
  /** Questions, a minute apart, until the truth is back. */
  readonly atMost: number;
}

const CASES: readonly Case[] = [
  { title: 'a server that refuses', lie: undefined, first: 'SERVFAIL indeterminate', atMost: 1 },
  {
    title: 'a server that is silent',
    lie: () => undefined,
    first: 'SERVFAIL indeterminate',
    atMost: 1,
  },
  {
    title: 'a server with other keys',
    lie: (reply, query) => (asks(query, RRType.DNSKEY) ? forgedAnswer(reply, []) : reply),
    first: 'SERVFAIL bogus no keys',
    atMost: 2,
  },
  {
    title: 'a server that lies about one record only',
    lie: (reply, query) =>
      asks(query, RRType.TLSA)
        ? forgedAnswer(reply, [record(QUESTION, RRType.TLSA, EVIL_TLSA)])
        : reply,
    first: 'SERVFAIL bogus signature missing',
    atMost: 2,
  },
  {
    title: 'a server that denies one record only',
    lie: (reply, query) =>
      asks(query, RRType.TLSA)
        ? { ...reply, rcode: Rcode.NXDOMAIN, answer: [], authority: [] }
        : reply,
    first: 'SERVFAIL bogus denial missing',
    atMost: 2,
  },
];

for (const { title, lie, first, atMost } of CASES) {
  t.test(`a forged referral to ${title}`, (t) => {
    const undo = forgeOneReferral();
    const silence = lie === undefined ? () => {} : relay(lab, lie);
    const world = new SimulatedWorld({ lab, config: { mailPrefetch: false } });
    t.equal(verdictOf(world.resolve(QUESTION, 'TLSA')), first, 'only a failure, and why');
    let needed = 0;
    let verdict = '';
    while (verdict !== SECURE && needed < 10) {
      world.sleep(60_000);
      verdict = verdictOf(world.resolve(QUESTION, 'TLSA'));
      needed++;
    }
    t.ok(needed <= atMost, `the truth is back after ${needed} minutes: ${verdict}`);
    t.equal(verdictOf(world.resolve('victim.zz.', 'MX')), SECURE);
    world.settle();
    silence();
    undo();
    t.same([...violations(world), ...restlessness(world)], [], 'nothing else is wrong');
    t.end();
  });
}

t.test(
  'a zone that has moved: its old servers refuse, and its old delegation is still known',
  (t) => {
    const world = new SimulatedWorld({ lab, config: { mailPrefetch: false } });
    const undo = forgeOneReferral();
    const gone = relay(lab, (reply) => reply);
    t.equal(verdictOf(world.resolve('victim.zz.', 'MX')), SECURE, 'while the old ones are there');
    gone();
    const sent = world.sent.length;
    t.equal(verdictOf(world.resolve(QUESTION, 'TLSA')), SECURE, 'nobody notices the move');
    t.ok(world.sent.length - sent <= 6, `${world.sent.length - sent} queries`);
    undo();
    t.end();
  },
);

t.test('a zone that is dead is not asked for twice as much', (t) => {
  const world = new SimulatedWorld({ lab, config: { mailPrefetch: false } });
  t.equal(verdictOf(world.resolve('victim.zz.', 'MX')), SECURE);
  const undo = tamper(lab, 'ns1.victim.zz.', (reply) => ({
    ...reply,
    rcode: Rcode.REFUSED,
    answer: [],
    authority: [],
    additional: [],
  }));
  const sent = world.sent.length;
  t.equal(verdictOf(world.resolve(QUESTION, 'TLSA')), 'SERVFAIL indeterminate');
  t.equal(world.sent.length - sent, 3, 'both addresses once, and the parent');
  undo();
  t.end();
});
