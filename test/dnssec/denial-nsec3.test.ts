/** RFC 5155 §8, RFC 9276: what NSEC3 records prove and what the proof may cost. */
import t from 'tap';
import {
  type CryptoProvider,
  type ImportedKey,
  isInsecure,
  nsec3Covers,
  nsec3HashBlocks,
  nsec3Matches,
  nsec3OwnerHash,
  readNsec3,
  validateNegative,
} from '../../src/dnssec/index.js';
import { NodeCryptoProvider } from '../../src/runtime/crypto.js';
import { EdeCode, type RRset, RRType } from '../../src/wire/index.js';
import { type Claim, negative } from './denial-outcome.js';
import { altered, DenialZone, hashOf, madeNsec3, nsec3Rdata, stripped } from './denial-zone.js';
import { type ContextOptions, context, hex, name, octets, unsigned } from './signed-zone.js';
import { base32hex } from './small-zone.js';

/** The zone of RFC 5155 Appendix A, its salt and its iterations. */
const zone = new DenialZone('example', {
  '@': 'NS SOA MX DNSKEY NSEC3PARAM',
  '2t7b4g4vsa5smi47k61mv5bv1a22bojr': 'A',
  a: 'NS DS',
  ai: 'A AAAA HINFO',
  c: 'NS',
  ns1: 'A',
  ns2: 'A',
  '*.w': 'MX',
  'x.w': 'MX',
  'x.y.w': 'MX',
  xx: 'A AAAA HINFO',
});
const SALT = hex('aabbccdd');
const LAST_HASH = new Uint8Array(20).fill(0xff);
const plain = zone.nsec3Ring({ salt: SALT, iterations: 12 });
const optOut = zone.nsec3Ring({ salt: SALT, iterations: 12, flags: 1 });

interface Case {
  readonly what: string;
  readonly claim: Claim;
  readonly denial: readonly RRset[];
  readonly outcome: string;
  readonly options?: ContextOptions;
}

function check(t: Pick<typeof import('tap').default, 'equal'>, cases: readonly Case[]): void {
  for (const { what, claim, denial, outcome, options } of cases) {
    t.equal(negative(zone, claim, denial, options), outcome, `${what}: ${claim.join(' ')}`);
  }
}

t.test('the ring is that of RFC 5155 Appendix A', (t) => {
  t.same(optOut.hashes, [
    '0p9mhaveqvm6t7vbl5lop2u3t2rp3tom',
    '2t7b4g4vsa5smi47k61mv5bv1a22bojr',
    '2vptu5timamqttgl4luu9kg21e0aor3s',
    '35mthgpgcu1qg68fab165klnsnk3dpvl',
    'b4um86eghhds6nea196smvmlo4ors995',
    'gjeqe526plbf1g8mklp59enfd789njgi',
    'ji6neoaepv8b5o6k4ev33abha8ht9fgc',
    'k8udemvp1j2f7eg6jebps17vp3n8i58h',
    'kohar7mbb8dc2ce8a9qvl8hon4k53uhi',
    'q04jkcevqvmu85r014c7dkba38o0ji5r',
    'r53bq7cc2uvmubfu5ocmm6pers9tk9en',
    't644ebqk9bibcna874givr6joj62mlhv',
  ]);
  t.equal(plain.hashes.length, optOut.hashes.length + 1, 'without opt-out, c.example is in it');
  const node = new NodeCryptoProvider();
  const hashed = node.nsec3Hash(name('x.Y.w.example').canonicalOctets(), SALT, 12);
  t.equal(base32hex(hashed), '2vptu5timamqttgl4luu9kg21e0aor3s');
  t.end();
});

t.test('name error: RFC 5155 §8.4, Appendix B.1', (t) => {
  const claim: Claim = ['name error', 'a.c.x.w', 'A'];
  const encloser = plain.matching('x.w');
  const nextCloser = plain.covering('c.x.w');
  const wildcard = plain.covering('*.x.w');
  const other = new DenialZone('example', { '@': 'NS SOA', 'x.w': 'MX' });
  check(t, [
    {
      what: 'all three',
      claim,
      denial: [encloser, nextCloser, wildcard],
      outcome: 'secure name error',
    },
    {
      what: 'in another order, among others',
      claim,
      denial: [plain.matching('ai'), wildcard, plain.matching('@'), encloser, nextCloser],
      outcome: 'secure name error',
    },
    {
      // The cover is the record of the apex, which is an encloser, but not the closest one.
      what: 'not the closest encloser',
      claim,
      denial: [nextCloser, wildcard],
      outcome: 'bogus: denial: next closer not covered',
    },
    {
      what: 'no encloser at all',
      claim,
      denial: [plain.matching('ns1'), wildcard],
      outcome: 'bogus: denial: no closest encloser',
    },
    {
      what: 'no next closer name',
      claim,
      denial: [encloser, plain.matching('ns1')],
      outcome: 'bogus: denial: next closer not covered',
    },
    {
      what: 'no wildcard',
      claim,
      denial: [encloser, nextCloser],
      outcome: 'bogus: denial: wildcard not covered',
    },
    { what: 'nothing', claim, denial: [], outcome: 'bogus: denial missing' },
    {
      what: 'encloser unsigned',
      claim,
      denial: [stripped(encloser), nextCloser, wildcard],
      outcome: 'bogus: signature missing',
    },
    {
      what: 'cover unsigned',
      claim,
      denial: [encloser, stripped(nextCloser), wildcard],
      outcome: 'bogus: signature missing',
    },
    {
      what: 'wildcard unsigned',
      claim,
      denial: [encloser, nextCloser, stripped(wildcard)],
      outcome: 'bogus: signature missing',
    },
    {
      what: 'span widened after signing',
      claim,
      denial: [
        encloser,
        altered(nextCloser, () => nsec3Rdata(hashOf(zone.name('xx')), '', plain.spec)),
        wildcard,
      ],
      outcome: 'bogus: signature does not verify',
    },
    {
      what: 'by another key',
      claim,
      denial: [other.nsec3Ring(plain.spec).matching('x.w'), nextCloser, wildcard],
      outcome: 'bogus: no such key',
    },
    {
      what: 'a name that exists',
      claim: ['name error', 'ns1', 'A'],
      denial: [plain.matching('@'), plain.matching('ns1'), plain.covering('*')],
      outcome: 'bogus: denial: type exists',
    },
    {
      what: 'a name that exists, without its own record',
      claim: ['name error', 'ns1', 'A'],
      denial: [plain.matching('@'), plain.covering('*')],
      outcome: 'bogus: denial: next closer not covered',
    },
    {
      what: 'a second record in the set',
      claim,
      denial: [
        { ...encloser, rdatas: [...encloser.rdatas, nsec3Rdata(SALT, '', plain.spec)] },
        nextCloser,
        wildcard,
      ],
      outcome: 'bogus: denial: malformed',
    },
  ]);
  const verdict = validateNegative(
    { name: zone.name('a.c.x.w'), type: RRType.A, kind: 'name error' },
    [zone.soa, plain.matching('ai'), encloser, nextCloser, wildcard],
    zone.keys,
    context(),
  );
  if ('status' in verdict) throw new Error(verdict.sentence);
  t.equal(verdict.closestEncloser?.toString(), 'x.w.example.');
  t.same(verdict.usedRRsets, [zone.soa, encloser, nextCloser, wildcard]);
  t.equal(verdict.proofTtlSeconds, 300);
  t.end();
});

t.test('no data: RFC 5155 §8.5, Appendix B.2', (t) => {
  check(t, [
    {
      what: 'the name without the type',
      claim: ['no data', 'ns1', 'MX'],
      denial: [plain.matching('ns1')],
      outcome: 'secure no data',
    },
    {
      what: 'the same under opt-out: a record of the name itself says all',
      claim: ['no data', 'ns1', 'MX'],
      denial: [optOut.matching('ns1')],
      outcome: 'secure no data',
    },
    {
      what: 'the type is there',
      claim: ['no data', 'ns1', 'A'],
      denial: [plain.matching('ns1')],
      outcome: 'bogus: denial: type exists',
    },
    {
      what: 'empty non-terminal (B.2.1)',
      claim: ['no data', 'y.w', 'A'],
      denial: [plain.matching('y.w')],
      outcome: 'secure no data',
    },
    {
      what: 'empty non-terminal under NXDOMAIN',
      claim: ['name error', 'y.w', 'A'],
      denial: [plain.matching('y.w'), plain.matching('@'), plain.covering('*')],
      outcome: 'secure no data',
    },
    {
      what: 'the apex, from its own record',
      claim: ['no data', '@', 'TLSA'],
      denial: [plain.matching('@')],
      outcome: 'secure no data',
    },
    {
      // Hickory took any NSEC3 of the zone for this.
      what: 'the apex, from somebody else’s records',
      claim: ['no data', '@', 'TLSA'],
      denial: [plain.matching('ns1'), plain.matching('ai'), plain.matching('xx')],
      outcome: 'bogus: denial: no closest encloser',
    },
    {
      what: 'RFC 6840 §4.3: an alias',
      claim: ['no data', 'ns1', 'TLSA'],
      denial: [madeNsec3(zone, hashOf(zone.name('ns1')), new Uint8Array(20), 'CNAME RRSIG')],
      outcome: 'bogus: denial: alias exists',
    },
    {
      what: 'at a cut, of the child’s types',
      claim: ['no data', 'a', 'TLSA'],
      denial: [plain.matching('a')],
      outcome: 'bogus: denial: above a zone cut',
    },
    {
      what: 'RFC 9824 §4: compact denial with NSEC3',
      claim: ['no data', 'no', 'TLSA'],
      denial: [madeNsec3(zone, hashOf(zone.name('no')), new Uint8Array(20), 'NXNAME')],
      outcome: 'secure no data (compact)',
    },
  ]);
  t.end();
});

t.test('DS: RFC 5155 §8.6', (t) => {
  check(t, [
    {
      what: 'an unsigned cut with its record',
      claim: ['no data', 'c', 'DS'],
      denial: [plain.matching('c')],
      outcome: 'secure no data',
    },
    {
      what: 'a signed cut',
      claim: ['no data', 'a', 'DS'],
      denial: [plain.matching('a')],
      outcome: 'bogus: denial: type exists',
    },
    {
      what: 'an unsigned cut under opt-out',
      claim: ['no data', 'c', 'DS'],
      denial: [optOut.matching('@'), optOut.covering('c')],
      outcome: 'insecure opt-out no data',
    },
    {
      what: 'the apex record of the zone itself (B.6)',
      claim: ['no data', '@', 'DS'],
      denial: [plain.matching('@')],
      outcome: 'bogus: denial: from the child',
    },
    {
      what: 'a cover without the opt-out flag and without a word on the wildcard',
      claim: ['no data', 'q', 'DS'],
      denial: [plain.matching('@'), plain.covering('q')].filter(isNotCover(zone.name('*'))),
      outcome: 'bogus: denial: wildcard not covered',
    },
    {
      what: 'opt-out set after signing',
      claim: ['no data', 'q', 'DS'],
      denial: [plain.matching('@'), altered(plain.covering('q'), setOptOut)].filter(
        isNotCover(zone.name('*')),
      ),
      outcome: 'bogus: signature does not verify',
    },
  ]);
  t.end();
});

function isNotCover(owner: ReturnType<typeof zone.name>): (rrset: RRset) => boolean {
  return (rrset) => {
    const nsec3 = readNsec3(rrset, zone.origin);
    return typeof nsec3 === 'string' || !nsec3Covers(nsec3, hashOf(owner, plain.spec));
  };
}

function setOptOut(rdata: Uint8Array): Uint8Array {
  return octets([rdata[0]!, 1], rdata.slice(2));
}

t.test('opt-out is never secure: RFC 5155 §9.2', (t) => {
  const encloser = optOut.matching('x.w');
  check(t, [
    {
      what: 'name error',
      claim: ['name error', 'a.c.x.w', 'A'],
      denial: [encloser, optOut.covering('c.x.w'), optOut.covering('*.x.w')],
      outcome: 'insecure opt-out name error',
    },
    {
      what: 'no data of a type other than DS (erratum 3441)',
      claim: ['no data', 'a.c.x.w', 'TLSA'],
      denial: [encloser, optOut.covering('c.x.w')],
      outcome: 'insecure opt-out no data',
    },
    {
      what: 'wildcard no data',
      claim: ['no data', 'a.z.w', 'AAAA'],
      denial: [optOut.matching('w'), optOut.covering('z.w'), optOut.matching('*.w')],
      outcome: 'insecure opt-out no data',
    },
    {
      what: 'a cover without a closest encloser',
      claim: ['no data', 'a.c.x.w', 'TLSA'],
      denial: [optOut.covering('c.x.w')],
      outcome: 'bogus: denial: next closer not covered',
    },
    {
      what: 'a signed name is not touched by it',
      claim: ['no data', 'ns1', 'A'],
      denial: [optOut.matching('@'), optOut.matching('ns1'), optOut.covering('c')],
      outcome: 'bogus: denial: type exists',
    },
    {
      what: 'nor when its record is left out',
      claim: ['no data', 'ns1', 'A'],
      denial: [optOut.matching('@'), optOut.covering('c'), optOut.covering('*')],
      outcome: 'bogus: denial: next closer not covered',
    },
    {
      what: 'nor a signed cut',
      claim: ['no data', 'a', 'DS'],
      denial: [optOut.matching('@'), optOut.covering('c')],
      outcome: 'bogus: denial: type exists',
    },
    {
      what: 'nor when its record is left out',
      claim: ['no data', 'a', 'DS'],
      denial: [optOut.matching('@'), optOut.matching('xx'), optOut.matching('ns2')],
      outcome: 'bogus: denial: next closer not covered',
    },
  ]);
  t.end();
});

t.test('wildcard no data: RFC 5155 §8.7, Appendix B.5', (t) => {
  const claim: Claim = ['no data', 'a.z.w', 'AAAA'];
  const [encloser, cover] = [plain.matching('w'), plain.covering('z.w')];
  const wildcard = plain.matching('*.w');
  check(t, [
    { what: 'all three', claim, denial: [encloser, cover, wildcard], outcome: 'secure no data' },
    {
      what: 'no wildcard',
      claim,
      denial: [encloser, cover].filter(isNotCover(zone.name('*.w'))),
      outcome: 'bogus: denial: wildcard not covered',
    },
    {
      what: 'no encloser',
      claim,
      denial: [cover, wildcard],
      outcome: 'bogus: denial: no closest encloser',
    },
    {
      what: 'a type that the wildcard has',
      claim: ['no data', 'a.z.w', 'MX'],
      denial: [encloser, cover, wildcard],
      outcome: 'bogus: denial: type exists',
    },
  ]);
  t.end();
});

t.test('RFC 5155 §8.3: an encloser that must not be one', (t) => {
  const ring = new DenialZone('example', { '@': 'NS SOA', d: 'DNAME', u: 'NS', s: 'NS DS' });
  const { spec } = plain;
  const chain = ring.nsec3Ring(spec);
  const say = (asked: string, cut: string) =>
    negative(
      ring,
      ['name error', asked, 'A'],
      [chain.matching('@'), chain.matching(cut), chain.covering(asked)],
    );
  t.equal(say('x.d', 'd'), 'bogus: denial: above a DNAME');
  t.equal(say('x.u', 'u'), 'bogus: denial: above a zone cut');
  t.equal(say('x.s', 's'), 'bogus: denial: above a zone cut');
  t.end();
});

t.test('records to ignore: RFC 5155 §8.1, §8.2, §3', (t) => {
  const claim: Claim = ['no data', 'ns1', 'MX'];
  const hash = hashOf(zone.name('ns1'), plain.spec);
  const make = (spec: object, types = 'A RRSIG') =>
    madeNsec3(zone, hash, new Uint8Array(20), types, { ...plain.spec, ...spec });
  const under = (owner: string, rdata: Uint8Array) =>
    zone.sign(unsigned(zone.name(owner), RRType.NSEC3, [rdata]));
  const rdata = nsec3Rdata(new Uint8Array(20), 'A RRSIG', plain.spec);
  check(t, [
    { what: 'a sound one', claim, denial: [make({})], outcome: 'secure no data' },
    {
      what: 'an unknown hash algorithm',
      claim,
      denial: [make({ hashAlgorithm: 2 })],
      outcome: 'bogus: denial: NSEC3 hash algorithm',
    },
    {
      what: 'unknown flags',
      claim,
      denial: [make({ flags: 2 })],
      outcome: 'bogus: denial: NSEC3 flags',
    },
    {
      what: 'unknown flags beside a sound record',
      claim,
      denial: [madeNsec3(zone, SALT, SALT, '', { flags: 0x80 }), make({})],
      outcome: 'secure no data',
    },
    {
      what: 'different iterations in one response',
      claim,
      denial: [make({}), plain.matching('@'), madeNsec3(zone, new Uint8Array(20), LAST_HASH, '')],
      outcome: 'bogus: denial: NSEC3 parameters differ',
    },
    {
      what: 'different salts in one response',
      claim,
      denial: [
        make({}),
        madeNsec3(zone, new Uint8Array(20), LAST_HASH, '', {
          iterations: 12,
          salt: hex('aabbccde'),
        }),
      ],
      outcome: 'bogus: denial: NSEC3 parameters differ',
    },
    {
      // CVE-2026-10723: a child's hash label under our own hash.
      what: 'two labels below the zone',
      claim,
      denial: [under(`${base32hex(hash)}.w`, rdata)],
      outcome: 'bogus: denial: NSEC3 owner',
    },
    {
      what: 'a label that is no hash',
      claim,
      denial: [under('w'.repeat(32), rdata)],
      outcome: 'bogus: denial: NSEC3 owner',
    },
    {
      what: 'a label that is too short',
      claim,
      denial: [under(base32hex(hash).slice(0, 24), rdata)],
      outcome: 'bogus: denial: NSEC3 owner',
    },
    {
      what: 'the apex as owner',
      claim,
      denial: [under('@', rdata)],
      outcome: 'bogus: denial: NSEC3 owner',
    },
    {
      what: 'a next hash of another length',
      claim,
      denial: [madeNsec3(zone, hash, new Uint8Array(32), 'A RRSIG', plain.spec)],
      outcome: 'bogus: denial: malformed',
    },
    {
      what: 'a parent’s NSEC3 that happens to fit',
      claim,
      denial: [
        {
          ...new DenialZone('.', { '@': 'SOA' }).sign(
            unsigned(zone.name(base32hex(hash)), RRType.NSEC3, [rdata]),
          ),
        },
      ],
      outcome: 'bogus: signer is another zone',
    },
    {
      what: 'an owner in upper case',
      claim,
      denial: [under(base32hex(hash).toUpperCase(), rdata)],
      outcome: 'secure no data',
    },
  ]);
  t.end();
});

t.test('spans on the ring', (t) => {
  const at = (first: number): Uint8Array => octets([first], new Uint8Array(19));
  const span = (from: number, to: number) => {
    const nsec3 = readNsec3(madeNsec3(zone, at(from), at(to), ''), zone.origin);
    if (typeof nsec3 === 'string') throw new Error(nsec3);
    return (hash: number) => nsec3Covers(nsec3, at(hash));
  };
  const cases: ReadonlyArray<readonly [from: number, to: number, in_: number[], out: number[]]> = [
    [10, 20, [11, 19], [0, 9, 10, 20, 21, 255]],
    [200, 20, [201, 255, 0, 19], [20, 21, 199, 200]],
    [50, 50, [0, 49, 51, 255], [50]],
  ];
  for (const [from, to, covered, uncovered] of cases) {
    const covers = span(from, to);
    for (const hash of covered) t.ok(covers(hash), `${hash} in ${from}..${to}`);
    for (const hash of uncovered) t.notOk(covers(hash), `${hash} not in ${from}..${to}`);
  }
  const last = optOut.hashes.at(-1)!;
  const owner = name(`${last}.example`);
  const read = readNsec3({ ...optOut.matching('ns1'), owner }, zone.origin);
  if (typeof read === 'string') throw new Error(read);
  t.ok(nsec3Matches(read, nsec3OwnerHash(owner, zone.origin)!));
  // The last record of the ring does not cover everything.
  check(t, [
    {
      what: 'the last record of the ring alone',
      claim: ['name error', 'ml', 'A'],
      denial: [plain.matching('@'), lastOf(plain.hashes)],
      outcome: 'bogus: denial: next closer not covered',
    },
  ]);
  t.end();
});

function lastOf(hashes: readonly string[]): RRset {
  for (const each of ['@', 'a', 'ai', 'c', 'ns1', 'ns2', 'w', '*.w', 'x.w', 'y.w', 'x.y.w', 'xx']) {
    const rrset = plain.matching(each);
    if (rrset.owner.equals(name(`${hashes.at(-1)}.example`))) return rrset;
  }
  throw new Error('no last record');
}

t.test('white lies: RFC 7129 Appendix B', (t) => {
  const around = (owner: string): RRset => {
    const hash = hashOf(zone.name(owner));
    const [before, after] = [hash.slice(), hash.slice()];
    before[19] = (before[19]! - 1) & 0xff;
    after[19] = (after[19]! + 1) & 0xff;
    return madeNsec3(zone, before, after, '');
  };
  const afterApex = hashOf(zone.origin).slice();
  afterApex[19] = (afterApex[19]! + 1) & 0xff;
  const apex = madeNsec3(zone, hashOf(zone.origin), afterApex, 'NS SOA RRSIG');
  const claim: Claim = ['name error', 'no.such', 'A'];
  const denial = [apex, around('such'), around('*')];
  check(t, [
    { what: 'around each hash', claim, denial, outcome: 'secure name error' },
    {
      what: 'not around another name',
      claim: ['name error', 'other', 'A'],
      denial,
      outcome: 'bogus: denial: next closer not covered',
    },
  ]);
  t.end();
});

/** Counts the hashes that are really computed. */
class CountingProvider implements CryptoProvider {
  readonly name = 'counting';
  readonly #node = new NodeCryptoProvider();
  hashes = 0;
  verifications = 0;

  supports(algorithm: number): boolean {
    return this.#node.supports(algorithm);
  }

  importKey(algorithm: number, publicKey: Uint8Array): ImportedKey | undefined {
    return this.#node.importKey(algorithm, publicKey);
  }

  verify(algorithm: number, key: ImportedKey, data: Uint8Array, rrsig: Uint8Array): boolean {
    this.verifications++;
    return this.#node.verify(algorithm, key, data, rrsig);
  }

  digest(hash: 'sha1' | 'sha256' | 'sha384' | 'sha512', data: Uint8Array): Uint8Array {
    return this.#node.digest(hash, data);
  }

  nsec3Hash(owner: Uint8Array, salt: Uint8Array, iterations: number): Uint8Array {
    this.hashes++;
    return this.#node.nsec3Hash(owner, salt, iterations);
  }
}

t.test('too many iterations: RFC 9276 §3.2', (t) => {
  const ringOf = (iterations: number) => zone.nsec3Ring({ iterations });
  const claim: Claim = ['no data', 'ns1', 'TLSA'];
  const one = (iterations: number) => [ringOf(iterations).matching('ns1')];
  const anyHash = new Uint8Array(20);
  const most = [madeNsec3(zone, anyHash, anyHash, 'A RRSIG', { iterations: 65_535 })];
  const crypto = new CountingProvider();
  const insecure = 'insecure NSEC3 iterations no data';
  check(t, [
    { what: '50', claim, denial: one(50), outcome: 'secure no data' },
    { what: '51', claim, denial: one(51), outcome: insecure },
    { what: '65535', claim, denial: most, outcome: insecure, options: { crypto } },
    { what: 'unsigned', claim, denial: one(51).map(stripped), outcome: 'bogus: signature missing' },
    {
      what: 'raised after signing',
      claim,
      denial: [altered(one(50)[0]!, (rdata) => octets([1, 0, 0xff, 0xff], rdata.slice(4)))],
      outcome: 'bogus: signature does not verify',
    },
    {
      what: 'one unsigned record of many iterations beside a sound one',
      claim,
      denial: [...most.map(stripped), ...one(50)],
      outcome: 'bogus: denial: NSEC3 parameters differ',
    },
    {
      what: 'allowed by the operator',
      claim,
      denial: one(100),
      outcome: 'secure no data',
      options: { policy: { nsec3MaxIterations: 150 } },
    },
    {
      what: 'the operator allows none',
      claim,
      denial: one(1),
      outcome: insecure,
      options: { policy: { nsec3MaxIterations: 0 } },
    },
  ]);
  t.equal(crypto.hashes, 0, 'nothing was hashed');
  const verdict = validateNegative(
    { name: zone.name('ns1'), type: RRType.TLSA, kind: 'no data' },
    [zone.soa, ...one(51)],
    zone.keys,
    context(),
  );
  if ('status' in verdict || !isInsecure(verdict.security)) throw new Error('not insecure');
  t.equal(verdict.security.ede, EdeCode.UNSUPPORTED_NSEC3_ITERATIONS);
  t.end();
});

t.test('the price of a proof: CVE-2023-50868', (t) => {
  const deep = 'a.'.repeat(120);
  const ring = zone.nsec3Ring({});
  const cheap = [ring.matching('@'), ring.covering('no'), ring.covering('*')];
  const measure = (claim: Claim, denial: readonly RRset[], options: ContextOptions = {}) => {
    const crypto = new CountingProvider();
    const outcome = negative(zone, claim, denial, { ...options, crypto });
    return { outcome, hashes: crypto.hashes, verifications: crypto.verifications };
  };

  t.test('depends on the zone, not on the name', (t) => {
    const { outcome, hashes } = measure(['name error', `${deep}no`, 'A'], cheap);
    t.equal(outcome, 'secure name error');
    t.equal(hashes, 4, 'apex, next closer name, wildcard, and the parent of a deep name');
    const single = measure(['no data', 'no', 'A'], cheap);
    t.equal(single.outcome, 'secure name error');
    t.equal(single.hashes, 3, 'no name is hashed twice');
    const noData = measure(['no data', `${deep}no`, 'A'], cheap);
    t.equal(noData.outcome, 'secure name error');
    t.equal(noData.hashes, 5, 'and the name itself, where the reply says that it exists');
    t.end();
  });

  t.test('a TLSA question at the usual depth', (t) => {
    const denial = [ring.matching('x.w'), ring.covering('_tcp.x.w'), ring.covering('*.x.w')];
    const { outcome, hashes, verifications } = measure(
      ['name error', '_25._tcp.x.w', 'TLSA'],
      denial,
    );
    t.equal(outcome, 'secure name error');
    t.equal(hashes, 5, 'four down to the next closer name, and the wildcard');
    const records = new Set(denial.map((rrset) => rrset.owner.key)).size;
    t.equal(verifications, records + 1, 'each record once, and the SOA');
    t.end();
  });

  t.test('a name error that cannot be proven is given up in time', (t) => {
    const { outcome, hashes } = measure(['name error', `${deep}no`, 'A'], [ring.matching('@')]);
    t.equal(outcome, 'bogus: budget: NSEC3 hashes');
    t.ok(hashes < 128, `${hashes} hashes: one block each, more for longer names`);
    const dear = zone.nsec3Ring({ iterations: 50 });
    const spent = measure(['name error', `${deep}no`, 'A'], [dear.matching('@')]);
    t.equal(spent.outcome, 'bogus: budget: NSEC3 hashes');
    t.equal(spent.hashes, 9, 'at 51 blocks each, and more for the parent of the deep name');
    t.end();
  });

  t.test('50 iterations are enough for what people ask', (t) => {
    const dear = zone.nsec3Ring({ iterations: 50 });
    const denial = [dear.matching('x.w'), dear.covering('_tcp.x.w'), dear.covering('*.x.w')];
    const claim: Claim = ['name error', '_25._tcp.x.w', 'TLSA'];
    t.equal(measure(claim, denial).outcome, 'secure name error');
    const limits = { nsec3HashesPerQuestion: 200 };
    t.equal(measure(claim, denial, { limits }).outcome, 'bogus: budget: NSEC3 hashes');
    t.end();
  });

  t.test('one budget for the whole question', (t) => {
    const ctx = context({ limits: { nsec3HashesPerQuestion: 7 } });
    const ask = () =>
      validateNegative(
        { name: zone.name('no'), type: RRType.A, kind: 'name error' },
        [zone.soa, ...cheap],
        zone.keys,
        ctx,
      );
    t.notOk('status' in ask());
    t.notOk('status' in ask());
    t.match(ask(), { status: 'bogus', reason: 'budget: NSEC3 hashes' });
    t.equal(ctx.budget.nsec3Hashes, 7);
    t.equal(ctx.budget.exhausted, 'budget: NSEC3 hashes');
    t.end();
  });

  t.test('running out of work does not make opt-out of a proof', (t) => {
    const dear = zone.nsec3Ring({ iterations: 50, flags: 1 });
    const denial = [dear.matching('@'), dear.covering('no'), dear.covering('*')];
    const claim: Claim = ['name error', 'no', 'A'];
    const outcome = (nsec3HashesPerQuestion: number) =>
      measure(claim, denial, { limits: { nsec3HashesPerQuestion } }).outcome;
    t.equal(outcome(153), 'insecure opt-out name error');
    t.equal(outcome(152), 'bogus: budget: NSEC3 hashes');
    t.end();
  });

  t.test('at most eight records', (t) => {
    const padding = ['a', 'ai', 'ns1', 'ns2', 'xx'].map((owner) => ring.matching(owner));
    const claim: Claim = ['name error', 'no', 'A'];
    const all = [...new Set([...cheap, ...padding])];
    t.equal(measure(claim, all).outcome, 'secure name error', `${all.length} records`);
    const more = [...all, ring.matching('x.w'), ring.matching('y.w'), ring.matching('w')];
    const { outcome, hashes } = measure(claim, more);
    t.equal(outcome, 'bogus: budget: NSEC3 records');
    t.equal(hashes, 0);
    t.end();
  });

  t.test('long salts cost more', (t) => {
    const blocks = (owner: string, salt: number, iterations: number) =>
      nsec3HashBlocks(name(owner), {
        hashAlgorithm: 1,
        iterations,
        salt: new Uint8Array(salt),
      });
    t.equal(blocks('example', 0, 0), 1);
    t.equal(blocks('example', 0, 50), 51);
    t.equal(blocks('example', 35, 10), 11, '64 octets with the padding');
    t.equal(blocks('example', 36, 10), 21, 'one more');
    t.equal(blocks('example', 255, 50), 5 + 50 * 5);
    t.end();
  });
  t.end();
});
