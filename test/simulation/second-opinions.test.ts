/** A server that says nothing, or nothing signed in a signed zone, speaks for no other. */
import t from 'tap';
import { singleKey } from '../../src/lab/index.js';
import { type Message, Rcode, RRType } from '../../src/wire/index.js';
import { makeLab, SimulatedWorld } from '../support/simulated-world.js';
import { record, tamper } from '../support/tampering.js';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
const text = NAMES.map((name) => `${name} A 11.1.1.1\n`).join('');
const servers = [{ name: 'ns1.p.zz.' }, { name: 'ns2.p.zz.' }];
const lab = makeLab({
  zones: [
    { origin: '.', signing: singleKey(13), servers: [{ name: 'a.root-servers.' }] },
    { origin: 'zz.', signing: singleKey(13) },
    { origin: 'p.zz.', signing: singleKey(13), text, servers },
  ],
  domains: [],
});

const isData = ({ questions: [question] }: Message): boolean =>
  question?.type === RRType.A && question.name.labelCount === 3;
const unsigned = (reply: Message): Message => ({
  ...reply,
  answer: reply.answer.filter(({ type }) => type !== RRType.RRSIG),
});
const empty = (reply: Message): Message => ({ ...reply, answer: [], authority: [] });

for (const [how, change] of [
  ['nothing signed', unsigned],
  ['nothing', empty],
] as const) {
  t.test(`one server says ${how}, and the other the truth`, (t) => {
    const world = new SimulatedWorld({ lab, config: { mailPrefetch: false } });
    let changed = 0;
    const spoil = (reply: Message, query: Message): Message => {
      if (!isData(query)) return reply;
      changed++;
      return change(reply);
    };
    const one = tamper(lab, 'ns1.p.zz.', spoil);
    for (const name of NAMES) {
      const { rcode, security } = world.resolve(`${name}.p.zz`, 'A');
      t.same([rcode, security.status], [Rcode.NOERROR, 'secure'], name);
    }
    t.ok(changed > 0, 'it was asked');
    const other = tamper(lab, 'ns2.p.zz.', spoil);
    const cold = new SimulatedWorld({ lab, config: { mailPrefetch: false } });
    const { rcode, security } = cold.resolve('a.p.zz', 'A');
    t.same(
      [rcode, security.status],
      [Rcode.SERVFAIL, 'bogus'],
      'both of them: refused all the same',
    );
    one();
    other();
    t.end();
  });
}

/**
 * One server of an unsigned zone says nothing at all, which is not much, but is an answer; the
 * others are asked for more, and send so much that the question may receive no further octet.
 */
t.test('what was held back is used when the others only waste octets', (t) => {
  const plain = makeLab({
    zones: [
      { origin: '.', signing: singleKey(13), servers: [{ name: 'a.root-servers.' }] },
      { origin: 'zz.', signing: singleKey(13) },
      {
        origin: 'n.zz.',
        text,
        servers: [{ name: 'ns1.n.zz.' }, { name: 'ns2.n.zz.' }, { name: 'ns3.n.zz.' }],
      },
    ],
    domains: [],
  });
  let heard: boolean;
  tamper(plain, 'ns1.n.zz.', (reply, query) => {
    if (!isData(query)) return reply;
    heard = true;
    return empty(reply);
  });
  const waste = record('n.zz.', RRType.TXT, new Uint8Array(65_000), 60);
  for (const server of ['ns2.n.zz.', 'ns3.n.zz.']) {
    tamper(plain, server, (reply, query) =>
      isData(query)
        ? { ...reply, rcode: Rcode.SERVFAIL, answer: [], authority: [waste], additional: [] }
        : reply,
    );
  }
  let used = 0;
  for (let seed = 1; seed <= 12; seed++) {
    heard = false;
    const config = { mailPrefetch: false, hedging: false };
    const world = new SimulatedWorld({ lab: plain, seed, config });
    const { rcode, answer, security, errors } = world.resolve('a.n.zz', 'A');
    t.equal(answer.length, 0);
    if (heard) {
      t.same([rcode, security.status], [Rcode.NOERROR, 'insecure'], `seed ${seed}: no data`);
      used++;
    } else {
      t.equal(rcode, Rcode.SERVFAIL, `seed ${seed}: nothing was held`);
      t.match(errors[0]?.text, /the limit on upstream octets/);
    }
  }
  t.ok(used > 0, `${used} times there was something`);
  t.end();
});
