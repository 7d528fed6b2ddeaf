/** RFC 5155 Appendices A and B: the hashes and the example responses, each with its forgeries. */
import t, { type Test } from 'tap';
import { keyTag } from '../../../src/dnssec/index.js';
import { formatBase32Hex } from '../../../src/presentation/index.js';
import type { RRset } from '../../../src/wire/index.js';
import { name } from '../../dnssec/signed-zone.js';
import { PROVIDERS, readExample, tampered, WorkedExample } from './worked-example.js';

const zone = new WorkedExample('example', readExample('rfc5155.zone'), { time: '20100101000000' });
const get = (owner: string, type: string) => zone.get(owner, type);
const SOA = get('example', 'SOA');

/** NSEC3 records by what they stand for. */
const nsec3 = (hash: string): RRset => get(`${hash}.example`, 'NSEC3');
const APEX = nsec3('0p9mhaveqvm6t7vbl5lop2u3t2rp3tom');
const A_EXAMPLE = nsec3('35mthgpgcu1qg68fab165klnsnk3dpvl');
const NS1 = nsec3('2t7b4g4vsa5smi47k61mv5bv1a22bojr');
const NS2 = nsec3('q04jkcevqvmu85r014c7dkba38o0ji5r');
const X_W = nsec3('b4um86eghhds6nea196smvmlo4ors995');
const W = nsec3('k8udemvp1j2f7eg6jebps17vp3n8i58h');
const Y_W = nsec3('ji6neoaepv8b5o6k4ev33abha8ht9fgc');
const WILDCARD_W = nsec3('r53bq7cc2uvmubfu5ocmm6pers9tk9en');

const HASHES = [
  ['example', '0p9mhaveqvm6t7vbl5lop2u3t2rp3tom'],
  ['a.example', '35mthgpgcu1qg68fab165klnsnk3dpvl'],
  ['ai.example', 'gjeqe526plbf1g8mklp59enfd789njgi'],
  ['ns1.example', '2t7b4g4vsa5smi47k61mv5bv1a22bojr'],
  ['ns2.example', 'q04jkcevqvmu85r014c7dkba38o0ji5r'],
  ['w.example', 'k8udemvp1j2f7eg6jebps17vp3n8i58h'],
  ['*.w.example', 'r53bq7cc2uvmubfu5ocmm6pers9tk9en'],
  ['x.w.example', 'b4um86eghhds6nea196smvmlo4ors995'],
  ['y.w.example', 'ji6neoaepv8b5o6k4ev33abha8ht9fgc'],
  ['x.y.w.example', '2vptu5timamqttgl4luu9kg21e0aor3s'],
  ['xx.example', 't644ebqk9bibcna874givr6joj62mlhv'],
  ['2t7b4g4vsa5smi47k61mv5bv1a22bojr.example', 'kohar7mbb8dc2ce8a9qvl8hon4k53uhi'],
] as const;

t.test('Appendix A: the hash of every name, with both providers', (t) => {
  const salt = Uint8Array.of(0xaa, 0xbb, 0xcc, 0xdd);
  for (const [owner, hash] of HASHES) {
    for (const crypto of PROVIDERS) {
      const found = crypto.nsec3Hash(name(owner).canonicalOctets(), salt, 12);
      t.equal(formatBase32Hex(found), hash, `${owner} with ${crypto.name}`);
    }
  }
  t.end();
});

t.test('Appendix A: every signature verifies', (t) => {
  t.same(
    get('example', 'DNSKEY').rdatas.map((rdata) => keyTag(rdata)),
    [40430, 12708],
  );
  const signed = zone.rrsets.filter(({ signatures }) => signatures.length > 0);
  t.equal(signed.length, 15);
  for (const rrset of signed) {
    t.equal(zone.answer(rrset), 'secure', `${rrset.owner} ${rrset.type}`);
    t.not(zone.answer(tampered(rrset)), 'secure', `${rrset.owner} ${rrset.type}, touched`);
  }
  t.end();
});

/** Every proper subset of a proof must prove nothing. */
function refusesSubsets(t: Test, proof: readonly RRset[], judge: (sets: RRset[]) => string): void {
  const accepted = judge([...proof]);
  for (let mask = 0; mask < 2 ** proof.length - 1; mask++) {
    const some = proof.filter((_, index) => (mask >> index) % 2 === 1);
    t.not(judge(some), accepted, `records ${mask.toString(2)} alone`);
  }
}

t.test('B.1: name error', (t) => {
  // Opt-out: the span that covers the next closer name may hide an unsigned delegation (§9.2).
  const judge = (sets: readonly RRset[]) =>
    zone.negative('a.c.x.w.example', 'A', 'name error', [SOA, ...sets]);
  const proof = [APEX, X_W, A_EXAMPLE];
  t.equal(judge(proof), 'insecure name error');
  refusesSubsets(t, proof, judge);
  const present = zone.negative('x.w.example', 'A', 'name error', [SOA, ...proof]);
  t.equal(present, 'secure no data', 'a name that is there, whatever the code says');
  t.end();
});

t.test('B.2: no data', (t) => {
  t.equal(zone.negative('ns1.example', 'MX', 'no data', [SOA, NS1]), 'secure no data');
  t.equal(zone.negative('ns1.example', 'A', 'no data', [SOA, NS1]), 'denial: type exists');
  t.not(zone.negative('ns1.example', 'MX', 'no data', [SOA, NS2]), 'secure no data');
  t.end();
});

t.test('B.2.1: no data, empty non-terminal', (t) => {
  t.equal(zone.negative('y.w.example', 'A', 'no data', [SOA, Y_W]), 'secure no data');
  t.not(zone.negative('y.w.example', 'A', 'no data', [SOA, W]), 'secure no data');
  t.end();
});

t.test('B.3: referral to an opt-out unsigned zone', (t) => {
  const judge = (sets: readonly RRset[]) => zone.referral('c.example', sets);
  const proof = [A_EXAMPLE, APEX];
  t.equal(judge(proof), 'unsigned, opt-out');
  refusesSubsets(t, proof, judge);
  // The zone beside it has DS records, and its own NSEC3 record says so.
  t.equal(zone.referral('a.example', proof), 'DS withheld');
  t.end();
});

t.test('B.4: wildcard expansion', (t) => {
  const mx = get('a.z.w.example', 'MX');
  t.equal(zone.answer(mx), 'secure', 'the signature, by itself');
  const judge = (sets: readonly RRset[]) =>
    zone.wildcardAnswer('a.z.w.example', 'MX', 'w.example', sets);
  // §8.8: all that is needed is that the next closer name, z.w.example, is covered; it is so by an
  // opt-out record.
  t.equal(judge([NS2]), 'insecure');
  t.not(judge([]), 'insecure');
  t.not(judge([W]), 'insecure');
  t.end();
});

t.test('B.5: wildcard no data', (t) => {
  const judge = (sets: readonly RRset[]) =>
    zone.negative('a.z.w.example', 'AAAA', 'no data', [SOA, ...sets]);
  const proof = [W, NS2, WILDCARD_W];
  t.equal(judge(proof), 'insecure no data');
  // §12.2: under an opt-out span there may be a zone without signatures, so that nothing more is
  // said by the wildcard's record; but without the span, or its encloser, nothing is said at all.
  t.equal(judge([W, NS2]), 'insecure no data');
  for (const some of [[], [W], [NS2], [WILDCARD_W], [W, WILDCARD_W], [NS2, WILDCARD_W]]) {
    t.notMatch(judge(some), /secure/, `${some.length} records`);
  }
  t.end();
});

t.test('B.6: DS child zone no data', (t) => {
  t.equal(zone.answer(APEX), 'secure', 'the record is genuine');
  t.not(zone.negative('example', 'DS', 'no data', [SOA, APEX]), 'secure no data');
  t.equal(zone.negative('example', 'TXT', 'no data', [SOA, APEX]), 'secure no data');
  t.end();
});
