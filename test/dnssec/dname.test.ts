/** RFC 6672: what a DNAME makes of a name, and CNAMEs that say otherwise. */
import t from 'tap';
import { checkDnameSynthesis, validateRRset } from '../../src/dnssec/index.js';
import { type RRset, RRType } from '../../src/wire/index.js';
import { DenialZone } from './denial-zone.js';
import { context, name, octets, unsigned } from './signed-zone.js';

const dname = (owner: string, ...targets: string[]): RRset =>
  unsigned(
    owner,
    RRType.DNAME,
    targets.map((target) => name(target).octets),
  );
const cname = (owner: string, ...targets: string[]): RRset =>
  unsigned(
    owner,
    RRType.CNAME,
    targets.map((target) => name(target).octets),
  );

function outcome(set: RRset, asked: string, alias?: RRset): string {
  const found = checkDnameSynthesis(set, name(asked), alias);
  if (typeof found === 'string') return found;
  return 'target' in found ? found.target.toString() : `bogus: ${found.reason}`;
}

t.test('RFC 6672 §2.2, Table 1', (t) => {
  const longest = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}`;
  const cases: ReadonlyArray<readonly [owner: string, target: string, asked: string, is: string]> =
    [
      ['example.com', 'example.net', 'a.example.com', 'a.example.net.'],
      ['example.com', 'example.net', 'a.b.example.com', 'a.b.example.net.'],
      ['example.com', 'example.net', 'ab.example.com', 'ab.example.net.'],
      ['example.com', '.', 'a.example.com', 'a.'],
      ['.', 'example.net', 'a.com', 'a.com.example.net.'],
      ['EXAMPLE.com', 'example.net', 'A.example.COM', 'A.example.net.'],
      ['x.example.com', 'y', 'q.x.example.com', 'q.y.'],
      ['example.com', longest, `${'d'.repeat(60)}.example.com`, 'A'],
      ['example.com', longest, `${'d'.repeat(63)}.example.com`, 'too long'],
      ['example.com', 'example.net', 'example.com', 'bogus: DNAME does not apply'],
      ['example.com', 'example.net', 'a.example.net', 'bogus: DNAME does not apply'],
      ['example.com', 'example.net', 'notexample.com', 'bogus: DNAME does not apply'],
      ['example.com', 'example.net', 'com', 'bogus: DNAME does not apply'],
    ];
  for (const [owner, target, asked, is] of cases) {
    const found = outcome(dname(owner, target), asked);
    if (is === 'A') t.match(found, /^d{60}\.a{63}/, 'the longest name there can be');
    else t.equal(found, is, `${asked} by ${owner}`);
  }
  t.end();
});

t.test('RFC 6672 §5.3.1: the unsigned CNAME beside it', (t) => {
  const set = dname('example.com', 'example.net');
  const asked = 'a.example.com';
  const lie = 'bogus: CNAME differs from DNAME';
  t.equal(outcome(set, asked, cname(asked, 'a.example.net')), 'a.example.net.');
  t.equal(outcome(set, asked, cname('A.Example.com', 'A.EXAMPLE.net')), 'a.example.net.');
  t.equal(outcome(set, asked, cname(asked, 'evil.example.net')), lie);
  t.equal(outcome(set, asked, cname(asked, 'a.example.net.evil')), lie);
  t.equal(outcome(set, asked, cname('b.example.com', 'a.example.net')), lie);
  t.equal(outcome(set, asked, cname(asked, 'a.example.net', 'evil')), lie);
  t.equal(outcome(set, asked, cname(asked)), lie);
  t.equal(outcome(set, asked, unsigned(asked, RRType.CNAME, [octets([9])])), lie, 'malformed');
  const long = dname('example.com', `${'a.'.repeat(125)}net`);
  t.equal(outcome(long, asked), 'too long');
  t.equal(outcome(long, asked, cname(asked, 'a.a.net')), lie, 'what cannot be made is not sent');
  t.end();
});

t.test('RFC 6672 §2.4: one DNAME at a name', (t) => {
  const single = 'bogus: DNAME not single';
  t.equal(outcome(dname('example.com', 'example.net', 'example.org'), 'a.example.com'), single);
  t.equal(outcome(dname('example.com'), 'a.example.com'), single);
  const malformed = unsigned('example.com', RRType.DNAME, [octets([64, 1])]);
  t.equal(outcome(malformed, 'a.example.com'), single);
  t.equal(outcome(cname('example.com', 'example.net'), 'a.example.com'), single, 'no DNAME');
  t.end();
});

t.test('RFC 4592 §4.4: no DNAME comes from a wildcard', (t) => {
  const zone = new DenialZone('example', { '@': 'NS SOA', '*': 'DNAME' });
  const made = unsigned(zone.name('q'), RRType.DNAME, [name('evil').octets]);
  const signed = zone.sign(made, { labels: 1, signedOwner: zone.name('*') });
  t.match(validateRRset(signed, zone.keys, context()), {
    status: 'bogus',
    reason: 'wildcard DNAME',
  });
  t.equal(validateRRset(zone.sign(made), zone.keys, context()).status, 'secure');
  t.end();
});
