/**
 * A zone whose server's address stands in the zone itself, and a referral that came without it
 * (RFC 9471 §3.1): the parent's servers are asked. Whatever they say is good for sending there, and
 * proves nothing.
 */
import t from 'tap';
import { singleKey } from '../../src/lab/index.js';
import { type Message, RRType } from '../../src/wire/index.js';
import { address, asks, forgedAnswer, verdictOf } from '../support/genuine-records.js';
import { makeLab, nameOf, SimulatedWorld } from '../support/simulated-world.js';
import { tamper } from '../support/tampering.js';

const HOST = 'ns1.p.zz.';
const LIE = address('a.p.zz.', 6, 6, 6, 6);
const lab = makeLab({
  zones: [
    { origin: '.', signing: singleKey(13), servers: [{ name: 'a.root-servers.' }] },
    { origin: 'zz.', signing: singleKey(13), servers: [{ name: 'ns1.zz.' }] },
    { origin: 'p.zz.', signing: singleKey(13), text: 'a A 11.1.1.1\n', servers: [{ name: HOST }] },
    { origin: 'evil.zz.', signing: singleKey(13), servers: [{ name: 'ns1.evil.zz.' }] },
  ],
  domains: [],
});
const evil = lab.servers.get(nameOf('ns1.evil.zz.').key)!.addresses;

const isAboutTheHost = (query: Message): boolean =>
  asks(query, RRType.A, HOST) || asks(query, RRType.AAAA, HOST);

/** What the parent says of the host, when it is asked for it; referrals come without glue. */
function resolveWith(ofTheHost: (reply: Message) => Message): { verdict: string; asked: number } {
  let asked = 0;
  const undo = tamper(lab, 'ns1.zz.', (reply, query) => {
    if (!isAboutTheHost(query)) return { ...reply, additional: [] };
    asked++;
    return ofTheHost(reply);
  });
  const world = new SimulatedWorld({ lab, config: { mailPrefetch: false } });
  const verdict = verdictOf(world.resolve('a.p.zz', 'A'));
  undo();
  return { verdict, asked };
}

t.test('glue that the referral lacked is asked for, and the answer is as good as ever', (t) => {
  const { verdict, asked } = resolveWith((reply) => reply);
  t.equal(verdict, 'NOERROR secure');
  t.ok(asked > 0, 'the parent was asked for the address');
  t.end();
});

t.test('a parent that answers with authority is believed no more and no less', (t) => {
  const [v4] = lab.servers.get(nameOf(HOST).key)!.addresses.filter(({ family }) => family === 4);
  const real = address(HOST, ...v4!.octets);
  t.equal(resolveWith((reply) => forgedAnswer(reply, [real])).verdict, 'NOERROR secure');
  t.end();
});

t.test('nobody has the address: a failure, and nothing that looks like an unsigned zone', (t) => {
  const { verdict, asked } = resolveWith((reply) => ({ ...reply, additional: [] }));
  t.match(verdict, /^SERVFAIL /);
  t.notMatch(verdict, /insecure/);
  t.ok(asked > 0, 'it was asked for');
  t.end();
});

t.test('a forged address leads to a forger, whose data are bogus', (t) => {
  let lied = 0;
  const undo = tamper(lab, 'ns1.evil.zz.', (reply, query) => {
    if (!query.questions[0]!.name.isAtOrBelow(nameOf('p.zz.'))) return reply;
    lied++;
    return asks(query, RRType.A, 'a.p.zz.') ? forgedAnswer(reply, [LIE]) : reply;
  });
  const glue = evil.map((one) => address(HOST, ...one.octets));
  for (const forged of [
    (reply: Message): Message => ({ ...reply, additional: glue }),
    (reply: Message): Message => forgedAnswer(reply, glue),
  ]) {
    t.match(resolveWith(forged).verdict, /^SERVFAIL /);
  }
  t.ok(lied > 0, 'he was asked');
  undo();
  t.equal(resolveWith((reply) => reply).verdict, 'NOERROR secure', 'and without him all is well');
  t.end();
});
