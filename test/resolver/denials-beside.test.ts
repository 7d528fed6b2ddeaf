/**
 * Denials that come with a reply and are not what was asked for: for the target of an alias, for
 * the way to it, for a child that is not signed. Each accept has its forgery beside it.
 */
import t from 'tap';
import { NSEC, nsec3, singleKey } from '../../src/lab/index.js';
import type { Resolution } from '../../src/resolver/index.js';
import { type Message, Rcode, type ResourceRecord, RRType } from '../../src/wire/index.js';
import {
  asks,
  forgedDenial,
  ofType,
  proofOf,
  signedBy,
  soaOf,
  unsigned,
  verdictOf,
} from '../support/genuine-records.js';
import { makeLab, nameOf, SimulatedWorld } from '../support/simulated-world.js';
import { type Rewrite, tamper } from '../support/tampering.js';

const SERVER = 'ns1.p.zz.';
const servers = [{ name: SERVER }];
const TEXT = `
to CNAME mx.open.p
mx A 11.1.1.1
there CNAME mx
gone CNAME nobody
out CNAME nobody.open.p
`;

for (const [how, denial] of [
  ['NSEC', NSEC],
  ['NSEC3', nsec3()],
] as const) {
  const signing = singleKey(13, denial);
  const lab = makeLab({
    zones: [
      { origin: '.', signing: singleKey(13), servers: [{ name: 'a.root-servers.' }] },
      { origin: 'zz.', signing: singleKey(13) },
      { origin: 'p.zz.', signing, text: TEXT.replaceAll(/open\.p$/gm, 'open'), servers },
      { origin: 'open.p.zz.', text: 'mx A 11.1.1.2\n', servers },
      { origin: 'shut.p.zz.', signing, text: 'mx A 11.1.1.3\n', servers },
      { origin: 'evil.zz.', signing, text: 'a A 6.6.6.6\n' },
    ],
    domains: [],
  });

  const resolve = (rewrite: Rewrite, name: string, type: string): Resolution => {
    const undo = tamper(lab, SERVER, rewrite);
    const world = new SimulatedWorld({ lab, config: { mailPrefetch: false } });
    const resolution = world.resolve(name, type);
    undo();
    return resolution;
  };
  const untouched: Rewrite = (reply) => reply;
  const denials = ({ authority }: Resolution): string[] =>
    authority
      .filter(({ rrset: { type } }) => type === RRType.NSEC || type === RRType.NSEC3)
      .map(({ rrset, security }) => `${String(rrset.owner).toLowerCase()} ${security.status}`);

  t.test(`${how}: a signed denial on the way is passed on when it validates`, (t) => {
    const beside =
      (records: readonly ResourceRecord[]): Rewrite =>
      (reply, query) =>
        asks(query, RRType.A, 'to.p.zz.') ? { ...reply, authority: records } : reply;
    const real = proofOf(lab, 'p.zz.', 'open.p.zz.', 'referral');
    const [first] = ofType(real, RRType.NSEC, RRType.NSEC3);
    const owner = String(first!.owner).toLowerCase();
    const plain = resolve(beside([]), 'to.p.zz', 'A');
    t.notOk(denials(plain).includes(`${owner} secure`), 'it is not shown by itself');
    const with_ = resolve(beside(real), 'to.p.zz', 'A');
    t.ok(denials(with_).includes(`${owner} secure`), 'a validating client gets it');
    const broken = real.map((record) => {
      const rdata = record.rdata.slice();
      if (record.type === RRType.RRSIG) rdata[rdata.length - 1]! ^= 1;
      return { ...record, rdata };
    });
    const foreign = proofOf(lab, 'evil.zz.', 'b.evil.zz.');
    for (const [title, records] of [
      ['a wrong signature', broken],
      ['no signature', unsigned(real)],
      ['another zone’s', foreign],
    ] as const) {
      const seen = resolve(beside(records), 'to.p.zz', 'A');
      t.same(denials(seen), denials(plain), `${title}: left out`);
      t.equal(verdictOf(seen), verdictOf(plain), 'and it decides nothing');
    }
    t.equal(verdictOf(with_), verdictOf(plain), 'nor does a good one');
    t.end();
  });

  t.test(`${how}: NXDOMAIN beside an alias that was asked for speaks of its target`, (t) => {
    const owners = ({ answer }: Resolution): string[] =>
      answer.map(({ rrset }) => String(rrset.owner).toLowerCase());
    const asking = (name: string, rewrite: Rewrite): Rewrite => {
      return (reply, query) => (asks(query, RRType.CNAME, name) ? rewrite(reply, query) : reply);
    };
    const nxdomain: Rewrite = (reply) => ({ ...reply, rcode: Rcode.NXDOMAIN });
    const gone = resolve(asking('gone.p.zz.', nxdomain), 'gone.p.zz', 'CNAME');
    t.equal(verdictOf(gone), 'NXDOMAIN secure', 'passed on, since it is true');
    t.same(owners(gone), ['gone.p.zz.']);
    const plain = resolve(untouched, 'gone.p.zz', 'CNAME');
    t.equal(verdictOf(plain), 'NOERROR secure', 'and not made up where it was not said');
    const there = resolve(asking('there.p.zz.', nxdomain), 'there.p.zz', 'CNAME');
    t.equal(verdictOf(there), 'NOERROR secure', 'the forged code of a target that exists');
    t.same(owners(there), ['there.p.zz.'], 'nothing of the target comes along');
    // The target cannot be looked up at all: the alias is there all the same.
    const alone = asking('gone.p.zz.', nxdomain);
    const silent: Rewrite = (reply, query) => {
      const { name } = query.questions[0]!;
      return name.equals(nameOf('nobody.p.zz.')) ? undefined : alone(reply, query);
    };
    t.equal(verdictOf(resolve(silent, 'gone.p.zz', 'CNAME')), 'NOERROR secure');
    t.end();
  });

  t.test(`${how}: where the code and the proof differ, the proof counts`, (t) => {
    const saying =
      (name: string, rcode: number): Rewrite =>
      (reply, query) =>
        asks(query, RRType.TXT, name) ? { ...reply, rcode } : reply;
    // RFC 8020 §3.1, RFC 9824 §5: some servers say so of names that exist.
    const exists = resolve(saying('mx.p.zz.', Rcode.NXDOMAIN), 'mx.p.zz', 'TXT');
    t.equal(verdictOf(exists), 'NOERROR secure', 'no data');
    const right = resolve(untouched, 'nobody.p.zz', 'TXT');
    t.equal(verdictOf(right), 'NXDOMAIN secure');
    const changed = resolve(saying('nobody.p.zz.', Rcode.NOERROR), 'nobody.p.zz', 'TXT');
    t.equal(verdictOf(changed), 'SERVFAIL bogus denial: proves something else');
    t.end();
  });

  t.test(
    `${how}: a server of both zones denies a name of the unsigned child as the parent`,
    (t) => {
      const soa = soaOf(lab, 'p.zz.');
      const bare = (reply: Message): Message => forgedDenial(reply, Rcode.NXDOMAIN, soa);
      const denying =
        (name: string): Rewrite =>
        (reply, query) =>
          asks(query, RRType.A, name) ? bare(reply) : reply;
      const child = resolve(denying('nobody.open.p.zz.'), 'nobody.open.p.zz', 'A');
      t.equal(verdictOf(child), 'NXDOMAIN insecure no DS', 'the unsigned delegation is proven');
      // The same words about names that have to be proven absent.
      for (const name of ['mx.p.zz.', 'nobody.p.zz.', 'mx.shut.p.zz.', 'nobody.shut.p.zz.']) {
        t.match(
          verdictOf(resolve(denying(name), name, 'A')),
          /^SERVFAIL bogus denial missing/,
          name,
        );
      }
      // And about the child, when what makes it insecure is held back.
      const hiding: Rewrite = (reply, query) =>
        asks(query, RRType.DS)
          ? { ...reply, authority: soa }
          : denying('nobody.open.p.zz.')(reply, query);
      const hidden = resolve(hiding, 'nobody.open.p.zz', 'A');
      t.match(verdictOf(hidden), /^SERVFAIL bogus/, 'no proof, no insecurity');
      // Or forged: an NSEC record that the attacker's own zone has signed.
      const forging: Rewrite = (reply, query) =>
        asks(query, RRType.DS)
          ? {
              ...reply,
              authority: [...soa, ...signedBy(lab, 'evil.zz.', 'open.p.zz.', RRType.NSEC, [])],
            }
          : denying('nobody.open.p.zz.')(reply, query);
      t.match(verdictOf(resolve(forging, 'nobody.open.p.zz', 'A')), /^SERVFAIL bogus/);
      t.end();
    },
  );
}
