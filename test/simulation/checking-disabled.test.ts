/**
 * RFC 4035 §3.2.2: a client with CD gets what is there, and is led along aliases that did not pass.
 * He may make the resolver work no harder than anybody else, nor spoil anybody else's question.
 */
import t from 'tap';
import type { CryptoProvider } from '../../src/dnssec/index.js';
import { singleKey } from '../../src/lab/index.js';
import { LIMITS } from '../../src/resolver/index.js';
import { NodeCryptoProvider } from '../../src/runtime/crypto.js';
import { type Message, RRType } from '../../src/wire/index.js';
import { verdictOf } from '../support/genuine-records.js';
import { makeLab, SimulatedWorld } from '../support/simulated-world.js';
import { tamper } from '../support/tampering.js';
import { restlessness, violations } from './checkers.js';

const LINKS = LIMITS.aliases.value - 1;
const VICTIM = 'mx.victim.zz.';
const signing = singleKey(13);
const chain = Array.from(
  { length: LINKS },
  (_, link) => `l${link} CNAME ${link + 1 < LINKS ? `l${link + 1}` : VICTIM}\n`,
).join('');
const lab = makeLab({
  zones: [
    { origin: '.', signing, servers: [{ name: 'a.root-servers.' }] },
    { origin: 'zz.', signing },
    { origin: 'evil.zz.', signing, text: chain, servers: [{ name: 'ns1.evil.zz.' }] },
    { origin: 'victim.zz.', signing, text: 'mx A 11.1.1.1\n' },
  ],
  domains: [],
});

/** One link in each reply, and the last octet of its signature is wrong. */
const spoil = (reply: Message, query: Message): Message => {
  const [question] = query.questions;
  if (question === undefined || question.type !== RRType.A) return reply;
  const answer = reply.answer
    .filter(({ owner }) => owner.equals(question.name))
    .map((record) => {
      if (record.type !== RRType.RRSIG) return record;
      const rdata = record.rdata.slice();
      rdata[rdata.length - 1]! ^= 1;
      return { ...record, rdata };
    });
  return { ...reply, answer, authority: [] };
};

class CountingProvider extends NodeCryptoProvider {
  failed = 0;

  override verify(...args: Parameters<CryptoProvider['verify']>): boolean {
    const isGood = super.verify(...args);
    if (!isGood) this.failed++;
    return isGood;
  }
}

t.test('all links together cost what one question may', (t) => {
  const crypto = new CountingProvider();
  const world = new SimulatedWorld({ lab, crypto, config: { mailPrefetch: false } });
  const undo = tamper(lab, 'ns1.evil.zz.', spoil);
  const { unchecked, security } = world.resolve('l0.evil.zz', 'A', { cd: true });
  t.equal(security.status, 'bogus');
  const owners = unchecked?.answer.map(({ owner }) => String(owner));
  t.equal(owners?.length, LINKS + 1, 'he gets the whole chain');
  t.equal(owners?.at(-1), VICTIM, 'to its end');
  t.ok(crypto.failed > 0, 'its signatures were looked at');
  t.ok(crypto.failed <= LIMITS.failedSignatureChecks.value, `${crypto.failed} wrong signatures`);
  t.equal(verdictOf(world.resolve(VICTIM, 'A')), 'NOERROR secure', 'nothing sticks to its end');
  world.settle();
  t.same([...violations(world), ...restlessness(world)], [], 'nothing else is wrong');
  undo();
  t.end();
});

t.test('who asks for the end of the chain meanwhile has means of his own', (t) => {
  const undo = tamper(lab, 'ns1.evil.zz.', spoil);
  // Time for the chain to have come to every place when he asks.
  for (let afterMs = 0; afterMs <= 1_500; afterMs += 60) {
    const world = new SimulatedWorld({ lab, config: { mailPrefetch: false } });
    const led = world.ask('l0.evil.zz', 'A', { cd: true });
    world.sleep(afterMs);
    t.equal(verdictOf(world.resolve(VICTIM, 'A')), 'NOERROR secure', `after ${afterMs} ms`);
    world.runUntil(() => led.resolution !== undefined);
    t.ok(led.resolution?.unchecked !== undefined, 'and so does the other');
  }
  undo();
  t.end();
});
