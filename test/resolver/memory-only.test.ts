/** RFC 1034 §5.3.3 without step 2: what a client without RD gets is what is in memory. */
import t from 'tap';
import { singleKey } from '../../src/lab/index.js';
import type { Resolution } from '../../src/resolver/index.js';
import { EdeCode, Rcode, RRType, typeMnemonic } from '../../src/wire/index.js';
import { makeLab, SimulatedWorld } from '../support/simulated-world.js';

const lab = makeLab({
  zones: [
    { origin: '.', signing: singleKey(13), servers: [{ name: 'a.root-servers.' }] },
    { origin: 'zz.', signing: singleKey(13) },
    {
      origin: 'p.zz.',
      signing: singleKey(13),
      text: 'old DNAME new\na.new A 11.1.1.1\nb.new CNAME a.new\nwww CNAME a.new\n',
    },
  ],
  domains: [],
});

const shown = ({ answer }: Resolution): string[] =>
  answer.map(({ rrset }) => `${String(rrset.owner).toLowerCase()} ${typeMnemonic(rrset.type)}`);

t.test('RFC 6672 §3.1: a CNAME question is answered with the CNAME, not with its target', (t) => {
  const world = new SimulatedWorld({ lab });
  world.resolve('a.old.p.zz', 'A');
  const sent = world.sent.length;
  const made = world.resolve('b.old.p.zz', 'CNAME', { rd: false });
  t.same(shown(made), ['old.p.zz. DNAME', 'b.old.p.zz. CNAME'], 'though b.new is an alias too');
  t.same([made.rcode, made.security.status], [Rcode.NOERROR, 'secure']);
  const whole = world.resolve('a.old.p.zz', 'A', { rd: false });
  t.same(shown(whole), ['old.p.zz. DNAME', 'a.old.p.zz. CNAME', 'a.new.p.zz. A']);
  t.equal(world.sent.length, sent, 'nobody is asked');
  t.end();
});

t.test('what is not there is not asked for, and half a chain is no answer', (t) => {
  const world = new SimulatedWorld({ lab });
  world.resolve('www.p.zz', 'CNAME');
  const sent = world.sent.length;
  t.same(shown(world.resolve('www.p.zz', 'CNAME', { rd: false })), ['www.p.zz. CNAME']);
  for (const type of [RRType.A, RRType.TXT]) {
    const { rcode, errors, answer } = world.resolve('www.p.zz', typeMnemonic(type), { rd: false });
    t.same([rcode, answer.length], [Rcode.REFUSED, 0]);
    t.equal(errors[0]?.code, EdeCode.NOT_AUTHORITATIVE);
  }
  t.equal(world.sent.length, sent, 'nobody is asked');
  t.end();
});
