/** RFC 4035 Appendix B: the eight example responses, each with a forgery that must be refused. */
import t from 'tap';
import { keyTag } from '../../../src/dnssec/index.js';
import { RRType } from '../../../src/wire/index.js';
import { name } from '../../dnssec/signed-zone.js';
import { readExample, tampered, unsignedSet, WorkedExample } from './worked-example.js';

const TIME = '20040501120000';
const zone = new WorkedExample('example', readExample('rfc4035.zone'), { time: TIME });
const get = (owner: string, type: string) => zone.get(owner, type);

t.test('Appendix A: every signature of the zone verifies, at its time only', (t) => {
  const tags = get('example', 'DNSKEY').rdatas.map((rdata) => keyTag(rdata));
  t.same(tags, [38519, 9465]);
  const signed = zone.rrsets.filter(({ signatures }) => signatures.length > 0);
  t.equal(signed.length, 16);
  const later = new WorkedExample('example', zone.rrsets, { time: '20040601120000' });
  const earlier = new WorkedExample('example', zone.rrsets, { time: '20040401120000' });
  for (const rrset of signed) {
    const label = `${rrset.owner} ${rrset.type}`;
    t.equal(zone.answer(rrset), 'secure', label);
    t.equal(later.answer(rrset), 'signature expired', label);
    t.equal(earlier.answer(rrset), 'signature not yet valid', label);
    t.not(zone.answer(tampered(rrset)), 'secure', label);
    t.equal(zone.answer(unsignedSet(rrset)), 'signature missing', label);
  }
  t.end();
});

t.test('B.1: answer', (t) => {
  for (const [owner, type] of [
    ['x.w.example', 'MX'],
    ['example', 'NS'],
    ['xx.example', 'A'],
    ['xx.example', 'AAAA'],
    ['ns1.example', 'A'],
    ['ns2.example', 'A'],
  ] as const) {
    t.equal(zone.answer(get(owner, type)), 'secure', `${owner} ${type}`);
  }
  t.equal(zone.answer(tampered(get('x.w.example', 'MX'))), 'signature does not verify');
  t.end();
});

t.test('B.2: name error', (t) => {
  const proof = [get('example', 'SOA'), get('b.example', 'NSEC'), get('example', 'NSEC')];
  t.equal(zone.negative('ml.example', 'A', 'name error', proof), 'secure name error');
  // Without the record that denies the wildcard, or the one that denies the name.
  t.not(zone.negative('ml.example', 'A', 'name error', proof.slice(0, 2)), 'secure name error');
  const without = [proof[0]!, proof[2]!];
  t.not(zone.negative('ml.example', 'A', 'name error', without), 'secure name error');
  // Names that are there.
  t.not(zone.negative('ns1.example', 'A', 'name error', proof), 'secure name error');
  t.not(zone.negative('x.w.example', 'A', 'name error', proof), 'secure name error');
  t.end();
});

t.test('B.3: no data', (t) => {
  const proof = [get('example', 'SOA'), get('ns1.example', 'NSEC')];
  t.equal(zone.negative('ns1.example', 'MX', 'no data', proof), 'secure no data');
  t.equal(zone.negative('ns1.example', 'A', 'no data', proof), 'denial: type exists');
  t.end();
});

t.test('B.4: referral to signed zone', (t) => {
  t.equal(zone.referral('a.example', [get('a.example', 'DS')]), 'signed');
  t.equal(
    zone.referral('a.example', [tampered(get('a.example', 'DS'))]),
    'signature does not verify',
  );
  t.equal(zone.referral('a.example', []), 'missing');
  t.end();
});

t.test('B.5: referral to unsigned zone', (t) => {
  t.equal(zone.referral('b.example', [get('b.example', 'NSEC')]), 'unsigned, no DS');
  t.equal(zone.referral('b.example', [unsignedSet(get('b.example', 'NSEC'))]), 'signature missing');
  // The same record for the zone that is signed.
  t.not(zone.referral('a.example', [get('b.example', 'NSEC')]), 'unsigned, no DS');
  t.end();
});

t.test('B.6: wildcard expansion', (t) => {
  const mx = get('a.z.w.example', 'MX');
  const proof = get('x.y.w.example', 'NSEC');
  t.equal(zone.answer(mx), 'secure', 'the signature, by itself');
  t.equal(zone.wildcardAnswer('a.z.w.example', 'MX', 'w.example', [proof]), 'secure');
  t.not(zone.wildcardAnswer('a.z.w.example', 'MX', 'w.example', []), 'secure');
  const other = get('ns1.example', 'NSEC');
  t.not(zone.wildcardAnswer('a.z.w.example', 'MX', 'w.example', [other]), 'secure');
  // A name that is there has no use for the wildcard, though the signature fits.
  const moved = { ...mx, owner: name('x.w.example') };
  t.equal(zone.answer(moved), 'secure', 'the signature fits');
  t.not(zone.wildcardAnswer('x.w.example', 'MX', 'w.example', [proof]), 'secure');
  t.end();
});

t.test('B.7: wildcard no data', (t) => {
  const soa = get('example', 'SOA');
  const covering = get('x.y.w.example', 'NSEC');
  const wildcard = get('*.w.example', 'NSEC');
  const asked = (sets: readonly (typeof soa)[]) =>
    zone.negative('a.z.w.example', 'AAAA', 'no data', sets);
  t.equal(asked([soa, covering, wildcard]), 'secure no data');
  t.not(asked([soa, covering]), 'secure no data');
  t.not(asked([soa, wildcard]), 'secure no data');
  const mx = zone.negative('a.z.w.example', 'MX', 'no data', [soa, covering, wildcard]);
  t.equal(mx, 'denial: type exists', 'the wildcard has MX records');
  t.end();
});

t.test('B.8: DS child zone no data', (t) => {
  // The child answers for its own apex; RFC 4035 §5.2: only the parent may say that there is no DS.
  const proof = [get('example', 'SOA'), get('example', 'NSEC')];
  t.equal(get('example', 'NSEC').type, RRType.NSEC);
  t.equal(zone.answer(proof[1]!), 'secure', 'the record is genuine');
  t.not(zone.negative('example', 'DS', 'no data', proof), 'secure no data');
  t.not(zone.referral('example', proof), 'unsigned, no DS');
  t.end();
});
