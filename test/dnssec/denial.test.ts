/** RFC 4035 §5.4 and RFC 6840 §4: what NSEC records prove, each case beside its forgeries. */
import t from 'tap';
import { validateNegative } from '../../src/dnssec/index.js';
import { EdeCode, Name, type RRset, RRType } from '../../src/wire/index.js';
import { type Claim, negative } from './denial-outcome.js';
import { altered, DenialZone, nsecRdata, soaRdata, stripped } from './denial-zone.js';
import { context, DAY, makeKey, NOW, name, octets, signed, unsigned } from './signed-zone.js';

/** The zone of RFC 4035 Appendix A, and names with an alias and a redirection in it. */
const zone = new DenialZone('example', {
  '@': 'NS SOA MX DNSKEY',
  a: 'NS DS',
  ai: 'A AAAA HINFO',
  alias: 'CNAME',
  b: 'NS',
  d: 'A DNAME',
  ns1: 'A',
  ns2: 'A',
  '*.w': 'MX',
  'x.w': 'MX',
  'x.y.w': 'MX',
  xx: 'A AAAA HINFO',
});

interface Case {
  readonly what: string;
  readonly claim: Claim;
  readonly denial: readonly RRset[];
  readonly outcome: string;
}

function check(t: Tap, cases: readonly Case[]): void {
  for (const { what, claim, denial, outcome } of cases) {
    t.equal(negative(zone, claim, denial), outcome, `${what}: ${claim.join(' ')}`);
  }
}

type Tap = Pick<typeof t, 'equal'>;

const nsec = (owner: string): RRset => zone.nsec(owner);

t.test('name error: RFC 4035 Appendix B.2', (t) => {
  const claim: Claim = ['name error', 'ml', 'A'];
  const name = nsec('d');
  const wildcard = nsec('@');
  const other = new DenialZone('example', { '@': 'NS SOA', d: 'A', ns1: 'A' });
  check(t, [
    { what: 'both records', claim, denial: [name, wildcard], outcome: 'secure name error' },
    { what: 'in any order', claim, denial: [wildcard, name], outcome: 'secure name error' },
    {
      what: 'other records beside them',
      claim,
      denial: [nsec('xx'), nsec('b'), wildcard, nsec('x.w'), name],
      outcome: 'secure name error',
    },
    {
      what: 'no word about the wildcard',
      claim,
      denial: [name],
      outcome: 'bogus: denial: wildcard not covered',
    },
    {
      what: 'no word about the name',
      claim,
      denial: [wildcard],
      outcome: 'bogus: denial: name not covered',
    },
    { what: 'nothing', claim, denial: [], outcome: 'bogus: denial missing' },
    {
      what: 'unsigned',
      claim,
      denial: [stripped(name), wildcard],
      outcome: 'bogus: signature missing',
    },
    {
      what: 'only one of them signed',
      claim,
      denial: [name, stripped(wildcard)],
      outcome: 'bogus: signature missing',
    },
    {
      what: 'widened after signing',
      claim: ['name error', 'xb', 'A'],
      denial: [altered(name, () => nsecRdata(zone.name('xx'), 'A RRSIG NSEC')), wildcard],
      outcome: 'bogus: signature does not verify',
    },
    {
      what: 'signed by other keys of the same name',
      claim,
      denial: [other.nsec('d'), wildcard],
      outcome: 'bogus: no such key',
    },
    {
      what: 'an expired signature',
      claim,
      denial: [zone.madeNsec('d', 'ns1', 'A RRSIG NSEC', { expiration: NOW - 1 }), wildcard],
      outcome: 'bogus: signature expired',
    },
    {
      // CVE-2026-13204: a forged record rides in the RRset of a good one.
      what: 'a second record in the set',
      claim,
      denial: [{ ...name, rdatas: [...name.rdatas, nsecRdata(zone.name('zz'), 'A')] }, wildcard],
      outcome: 'bogus: denial: malformed',
    },
    {
      what: 'an existing name',
      claim: ['name error', 'ns1', 'A'],
      denial: [nsec('ns1'), name, wildcard],
      outcome: 'bogus: denial: type exists',
    },
    {
      what: 'beyond the span',
      claim: ['name error', 'xz', 'A'],
      denial: [name, wildcard],
      outcome: 'bogus: denial: name not covered',
    },
    {
      what: 'a wildcard that exists',
      claim: ['name error', 'q.w', 'MX'],
      denial: [nsec('*.w'), nsec('x.w'), nsec('ns2')],
      outcome: 'bogus: denial: type exists',
    },
  ]);
  t.end();
});

t.test('no data: RFC 4035 Appendix B.3', (t) => {
  check(t, [
    {
      what: 'the name without the type',
      claim: ['no data', 'ns1', 'MX'],
      denial: [nsec('ns1')],
      outcome: 'secure no data',
    },
    {
      what: 'the type is there',
      claim: ['no data', 'ns1', 'A'],
      denial: [nsec('ns1')],
      outcome: 'bogus: denial: type exists',
    },
    {
      what: 'RFC 6840 §4.3: an alias is there',
      claim: ['no data', 'alias', 'A'],
      denial: [nsec('alias')],
      outcome: 'bogus: denial: alias exists',
    },
    {
      what: 'another name without the type',
      claim: ['no data', 'ns1', 'MX'],
      denial: [nsec('ns2'), nsec('ai')],
      outcome: 'bogus: denial: name not covered',
    },
    {
      what: 'ANY is denied by nothing that has data',
      claim: ['no data', 'ns1', 'ANY'],
      denial: [nsec('ns1')],
      outcome: 'bogus: denial: type exists',
    },
    {
      what: 'the apex',
      claim: ['no data', '@', 'TLSA'],
      denial: [nsec('@')],
      outcome: 'secure no data',
    },
    {
      what: 'at a DNAME itself',
      claim: ['no data', 'd', 'TLSA'],
      denial: [nsec('d')],
      outcome: 'secure no data',
    },
    {
      what: 'the bit map cleared after signing',
      claim: ['no data', 'ns1', 'A'],
      denial: [altered(nsec('ns1'), () => nsecRdata(zone.name('ns2'), 'RRSIG NSEC'))],
      outcome: 'bogus: signature does not verify',
    },
  ]);
  t.end();
});

t.test('the proof decides, not the reply code', (t) => {
  check(t, [
    {
      what: 'no data under NXDOMAIN',
      claim: ['name error', 'ns1', 'MX'],
      denial: [nsec('ns1')],
      outcome: 'secure no data',
    },
    {
      what: 'name error under NOERROR',
      claim: ['no data', 'ml', 'A'],
      denial: [nsec('d'), nsec('@')],
      outcome: 'secure name error',
    },
    {
      // RFC 8020 would take all names below it away.
      what: 'an empty non-terminal under NXDOMAIN',
      claim: ['name error', 'y.w', 'A'],
      denial: [nsec('x.w'), nsec('@'), nsec('ns2')],
      outcome: 'secure no data',
    },
    {
      what: 'an empty non-terminal',
      claim: ['no data', 'y.w', 'A'],
      denial: [nsec('x.w')],
      outcome: 'secure no data',
    },
    {
      what: 'an empty non-terminal above a wildcard',
      claim: ['name error', 'w', 'A'],
      denial: [nsec('ns2'), nsec('@')],
      outcome: 'secure no data',
    },
    {
      what: 'a name beside the empty non-terminal does not exist',
      claim: ['no data', 'y2.w', 'A'],
      denial: [nsec('x.w')],
      outcome: 'bogus: denial: name not covered',
    },
  ]);
  t.end();
});

t.test('wildcard no data: RFC 4035 Appendix B.7', (t) => {
  const claim: Claim = ['no data', 'a.z.w', 'AAAA'];
  const name = nsec('x.y.w');
  const wildcard = nsec('*.w');
  const hollow = new DenialZone('example', { '@': 'NS SOA', 'x.*': 'A', z: 'A' });
  check(t, [
    { what: 'both records', claim, denial: [name, wildcard], outcome: 'secure no data' },
    {
      what: 'the name alone',
      claim,
      denial: [name],
      outcome: 'bogus: denial: wildcard not covered',
    },
    {
      what: 'the wildcard alone',
      claim,
      denial: [wildcard],
      outcome: 'bogus: denial: name not covered',
    },
    {
      what: 'a type that the wildcard has',
      claim: ['no data', 'a.z.w', 'MX'],
      denial: [name, wildcard],
      outcome: 'bogus: denial: type exists',
    },
    {
      // val_nodatawc_badce: a wildcard further up does not match below a nearer encloser.
      what: 'not the wildcard of the closest encloser',
      claim: ['no data', 'a.y.w', 'AAAA'],
      denial: [nsec('x.w'), wildcard],
      outcome: 'secure name error',
    },
  ]);
  t.equal(
    negative(hollow, ['name error', 'q', 'A'], [hollow.nsec('x.*'), hollow.nsec('@')]),
    'secure no data',
    'RFC 4592 §4.9: a wildcard that is an empty non-terminal matches, with no data',
  );
  t.end();
});

t.test('RFC 6840 §4.1: records from above a cut or a DNAME', (t) => {
  const below = ['mc.b', 'x.mc.b'] as const;
  for (const asked of below) {
    for (const kind of ['name error', 'no data'] as const) {
      check(t, [
        {
          what: 'below an unsigned cut',
          claim: [kind, asked, 'TLSA'],
          denial: [nsec('b'), nsec('@')],
          outcome: 'bogus: denial: above a zone cut',
        },
        {
          what: 'below a DNAME',
          claim: [kind, asked.replace(/b$/, 'd'), 'TLSA'],
          denial: [nsec('d'), nsec('@')],
          outcome: 'bogus: denial: above a DNAME',
        },
      ]);
    }
  }
  check(t, [
    {
      what: 'below a signed cut',
      claim: ['name error', 'x.a', 'A'],
      denial: [nsec('a'), nsec('@')],
      outcome: 'bogus: denial: above a zone cut',
    },
    {
      what: 'at the cut, other types are the child’s',
      claim: ['no data', 'b', 'TLSA'],
      denial: [nsec('b')],
      outcome: 'bogus: denial: above a zone cut',
    },
    {
      what: 'at the cut, DS is the parent’s',
      claim: ['no data', 'b', 'DS'],
      denial: [nsec('b')],
      outcome: 'secure no data',
    },
    {
      what: 'a DS that is there',
      claim: ['no data', 'a', 'DS'],
      denial: [nsec('a')],
      outcome: 'bogus: denial: type exists',
    },
    {
      what: 'a wildcard with an NS record',
      claim: ['no data', 'q', 'TLSA'],
      denial: [zone.madeNsec('*', 'a', 'NS RRSIG NSEC'), nsec('ns2')],
      outcome: 'bogus: denial: above a zone cut',
    },
    {
      what: 'a name that only looks as if it were below the cut',
      claim: ['name error', 'bb', 'A'],
      denial: [nsec('b'), nsec('@')],
      outcome: 'secure name error',
    },
  ]);
  t.end();
});

t.test('DS and the two sides of a cut: RFC 4035 Appendix B.8', (t) => {
  const root = new DenialZone('.', { '@': 'NS SOA DNSKEY', example: 'NS DS' });
  check(t, [
    {
      what: 'the child’s own apex record',
      claim: ['no data', '@', 'DS'],
      denial: [nsec('@')],
      outcome: 'bogus: denial: from the child',
    },
    {
      what: 'the same without the SOA bit',
      claim: ['no data', '@', 'DS'],
      denial: [zone.madeNsec('@', 'a', 'NS RRSIG NSEC')],
      outcome: 'bogus: denial: from the child',
    },
    {
      what: 'an apex record under the parent’s name',
      claim: ['no data', 'b', 'DS'],
      denial: [zone.madeNsec('b', 'ns1', 'NS SOA RRSIG NSEC')],
      outcome: 'bogus: denial: from the child',
    },
  ]);
  t.equal(
    negative(root, ['no data', '@', 'DS'], [root.nsec('@')]),
    'secure no data',
    'the root has no parent, and may say so itself',
  );
  t.end();
});

t.test('the ends of the chain', (t) => {
  const claim: Claim = ['name error', 'zz', 'A'];
  check(t, [
    {
      what: 'the last record points to the apex',
      claim,
      denial: [nsec('xx'), nsec('@')],
      outcome: 'secure name error',
    },
    {
      what: 'it covers nothing before itself',
      claim: ['name error', 'ml', 'A'],
      denial: [nsec('xx'), nsec('@')],
      outcome: 'bogus: denial: name not covered',
    },
    {
      what: 'one that points back elsewhere covers nothing',
      claim,
      denial: [zone.madeNsec('xx', 'a', 'A RRSIG NSEC'), nsec('@')],
      outcome: 'bogus: denial: name not covered',
    },
    {
      // CVE-2026-13321
      what: 'one that leads out of the zone',
      claim,
      denial: [zone.madeNsec('xx', name('zzz.com'), 'A RRSIG NSEC'), nsec('@')],
      outcome: 'bogus: denial: next name outside zone',
    },
    {
      what: 'even for its own name',
      claim: ['no data', 'xx', 'TLSA'],
      denial: [zone.madeNsec('xx', name('zzz.com'), 'A RRSIG NSEC')],
      outcome: 'bogus: denial: next name outside zone',
    },
    {
      what: 'one that leads to the parent',
      claim: ['no data', 'xx', 'TLSA'],
      denial: [zone.madeNsec('xx', Name.root, 'A RRSIG NSEC')],
      outcome: 'bogus: denial: next name outside zone',
    },
  ]);
  const single = new DenialZone('example', { '@': 'NS SOA' });
  t.equal(negative(single, ['name error', 'q', 'A'], [single.nsec('@')]), 'secure name error');
  t.equal(negative(single, ['no data', '@', 'A'], [single.nsec('@')]), 'secure no data');
  t.end();
});

t.test('records that are not of this zone', (t) => {
  const parent = new DenialZone('.', { '@': 'NS SOA', example: 'NS', net: 'NS' });
  const child = new DenialZone('w.example', { '@': 'NS SOA', zz: 'A' });
  const expanded = { labels: 2, signedOwner: zone.name('*.w') };
  check(t, [
    {
      what: 'the parent’s record of the cut',
      claim: ['no data', '@', 'TLSA'],
      denial: [parent.nsec('example')],
      outcome: 'bogus: denial: next name outside zone',
    },
    {
      what: 'the parent’s own apex record lies outside',
      claim: ['name error', 'q', 'A'],
      denial: [parent.nsec('@')],
      outcome: 'bogus: denial missing',
    },
    {
      what: 'a child’s records',
      claim: ['name error', 'b.w', 'A'],
      denial: [child.nsec('@')],
      outcome: 'bogus: signer is another zone',
    },
    {
      // RFC 4592 §4.7
      what: 'a record made from a wildcard',
      claim: ['no data', 'q.w', 'TLSA'],
      denial: [zone.madeNsec('q.w', 'x.w', 'MX RRSIG NSEC', expanded)],
      outcome: 'bogus: denial: from a wildcard',
    },
    {
      what: 'a name outside',
      claim: ['name error', 'q', 'A'],
      denial: [unsigned(name('other'), RRType.SOA, [soaRdata(1)]), nsec('@')],
      outcome: 'bogus: SOA of another zone',
    },
    {
      what: 'a class of its own',
      claim: ['no data', 'ns1', 'MX'],
      denial: [{ ...nsec('ns1'), class: 3 }],
      outcome: 'bogus: class is not IN',
    },
  ]);
  const outside = { name: name('example.net'), type: RRType.A, kind: 'name error' } as const;
  t.match(validateNegative(outside, [nsec('@')], zone.keys, context()), {
    status: 'bogus',
    reason: 'owner outside zone',
  });
  t.end();
});

t.test('RFC 9824: compact denial', (t) => {
  const made = (owner: string, types: string) =>
    zone.madeNsec(owner, zone.name(owner).prepend(Uint8Array.of(0))!, types);
  check(t, [
    {
      what: 'no such name',
      claim: ['no data', 'no', 'TLSA'],
      denial: [made('no', 'RRSIG NSEC NXNAME')],
      outcome: 'secure no data (compact)',
    },
    {
      what: 'no such name, restored NXDOMAIN: no proof for names below it',
      claim: ['name error', 'no', 'TLSA'],
      denial: [made('no', 'RRSIG NSEC NXNAME')],
      outcome: 'secure no data (compact)',
    },
    {
      what: 'an empty non-terminal',
      claim: ['no data', 'ent', 'TLSA'],
      denial: [made('ent', 'RRSIG NSEC')],
      outcome: 'secure no data',
    },
    {
      what: 'ANY of a name without any data',
      claim: ['no data', 'no', 'ANY'],
      denial: [made('no', 'RRSIG NSEC NXNAME')],
      outcome: 'secure no data (compact)',
    },
    {
      what: 'data beside NXNAME',
      claim: ['no data', 'no', 'TLSA'],
      denial: [made('no', 'A RRSIG NSEC NXNAME')],
      outcome: 'secure no data',
    },
    {
      what: 'the asked type beside NXNAME',
      claim: ['no data', 'no', 'A'],
      denial: [made('no', 'A RRSIG NSEC NXNAME')],
      outcome: 'bogus: denial: type exists',
    },
    {
      what: 'NXNAME set after signing',
      claim: ['no data', 'ns1', 'A'],
      denial: [altered(nsec('ns1'), () => nsecRdata(zone.name('ns2'), 'RRSIG NSEC NXNAME'))],
      outcome: 'bogus: signature does not verify',
    },
    {
      what: 'names below it are not covered',
      claim: ['name error', 'a.no', 'A'],
      denial: [made('no', 'RRSIG NSEC NXNAME'), nsec('@')],
      outcome: 'bogus: denial: name not covered',
    },
  ]);
  t.end();
});

t.test('RFC 4470: minimally covering records', (t) => {
  const before = zone.madeNsec('mk\\', 'ml~', 'RRSIG NSEC');
  const wildcard = zone.madeNsec('!~', '+', 'RRSIG NSEC');
  check(t, [
    {
      what: 'around the name and the wildcard',
      claim: ['name error', 'ml', 'A'],
      denial: [before, wildcard],
      outcome: 'secure name error',
    },
    {
      what: 'not for its neighbour',
      claim: ['name error', 'mm', 'A'],
      denial: [before, wildcard],
      outcome: 'bogus: denial: name not covered',
    },
  ]);
  t.end();
});

t.test('the verdict carries what a cache must know', (t) => {
  const soa = zone.sign(unsigned(zone.origin, RRType.SOA, [soaRdata(300)], 900));
  const until = NOW + 2 * DAY;
  const sooner = zone.madeNsec('d', 'ns1', 'A DNAME RRSIG NSEC', { expiration: until });
  const ask = (denial: readonly RRset[]) => {
    const claim = { name: zone.name('ml'), type: RRType.A, kind: 'name error' } as const;
    const verdict = validateNegative(claim, denial, zone.keys, context());
    if ('status' in verdict) throw new Error(verdict.sentence);
    return verdict;
  };
  const verdict = ask([nsec('xx'), soa, sooner, nsec('@'), nsec('b')]);
  t.equal(verdict.proofTtlSeconds, 300, 'RFC 9077: the MINIMUM of the SOA');
  t.same(verdict.usedRRsets.map(shape), [soa, sooner, nsec('@')].map(shape), 'only what proves');
  t.equal(verdict.closestEncloser?.toString(), 'example.');
  t.match(verdict.security, { status: 'secure', validUntilSeconds: until, zone: zone.origin });

  const shortNsec = signedWithTtl(sooner, 60);
  t.equal(ask([soa, shortNsec, nsec('@')]).proofTtlSeconds, 60, 'RFC 9077: the TTL of the NSEC');
  t.equal(ask([{ ...soa, ttlSeconds: 30 }, sooner, nsec('@')]).proofTtlSeconds, 30, 'of the SOA');
  const inflated = { ...soa, ttlSeconds: 86_400 };
  const large = zone.sign(unsigned(zone.origin, RRType.SOA, [soaRdata(86_400)], 100));
  t.equal(ask([inflated, sooner, nsec('@')]).proofTtlSeconds, 300, 'a TTL nobody signed');
  t.equal(
    ask([{ ...large, ttlSeconds: 86_400 }, sooner, nsec('@')]).proofTtlSeconds,
    100,
    'is cut to the original one',
  );
  t.equal(ask([sooner, nsec('@')]).proofTtlSeconds, 0, 'RFC 2308 §5: nothing without an SOA');

  t.end();
});

function signedWithTtl(rrset: RRset, ttlSeconds: number): RRset {
  return zone.sign({ ...rrset, ttlSeconds, signatures: [] });
}

/** Signatures of ECDSA differ from one signing to the next. */
function shape({ owner, type }: RRset): string {
  return `${owner.toString()} ${type}`;
}

t.test('the SOA has to be good', (t) => {
  const claim: Claim = ['no data', 'ns1', 'MX'];
  const foreign = signed(
    unsigned(zone.origin, RRType.SOA, [soaRdata(9)]),
    makeKey(13),
    zone.origin,
  );
  check(t, [
    {
      what: 'unsigned',
      claim,
      denial: [stripped(zone.soa), nsec('ns1')],
      outcome: 'bogus: signature missing',
    },
    {
      what: 'by another key',
      claim,
      denial: [foreign, nsec('ns1')],
      outcome: 'bogus: no such key',
    },
    {
      what: 'changed',
      claim,
      denial: [altered(zone.soa, () => soaRdata(86_400)), nsec('ns1')],
      outcome: 'bogus: signature does not verify',
    },
    {
      what: 'of a name below the zone',
      claim: ['no data', 'b', 'DS'],
      denial: [zone.sign(unsigned(zone.name('b'), RRType.SOA, [soaRdata(9)])), nsec('b')],
      outcome: 'bogus: SOA of another zone',
    },
    {
      what: 'malformed, and signed',
      claim,
      denial: [zone.sign(unsigned(zone.origin, RRType.SOA, [octets([0, 0, 1])])), nsec('ns1')],
      outcome: 'bogus: denial: malformed',
    },
    {
      what: 'two of them: the zone’s own counts',
      claim,
      denial: [unsigned(name('other'), RRType.SOA, [soaRdata(1)]), zone.soa, nsec('ns1')],
      outcome: 'secure no data',
    },
  ]);
  t.end();
});

t.test('what the client is told', (t) => {
  const say = (claim: Claim, denial: readonly RRset[]) =>
    validateNegative(
      { name: zone.name(claim[1]), type: RRType[claim[2]], kind: claim[0] },
      denial,
      zone.keys,
      context(),
    );
  t.match(say(['name error', 'ml', 'A'], []), {
    status: 'bogus',
    ede: EdeCode.NSEC_MISSING,
    sentence: 'example. sent no proof that ml.example. A does not exist.',
  });
  t.match(say(['no data', 'ns1', 'A'], [nsec('ns1')]), {
    status: 'bogus',
    section: 'RFC 4035 §5.4',
    ede: EdeCode.DNSSEC_BOGUS,
  });
  t.match(say(['no data', 'ns1', 'MX'], [stripped(nsec('ns1'))]), {
    ede: EdeCode.RRSIGS_MISSING,
    owner: zone.name('ns1'),
    type: RRType.NSEC,
  });
  t.end();
});

t.test('running out of work is bogus', (t) => {
  const claim: Claim = ['name error', 'ml', 'A'];
  const denial = [nsec('d'), nsec('@')];
  const options = (signatureChecks: number) => ({ limits: { signatureChecks } });
  t.equal(negative(zone, claim, denial, options(3)), 'secure name error', 'SOA and two records');
  t.equal(negative(zone, claim, denial, options(2)), 'bogus: budget: signature checks');
  t.end();
});
