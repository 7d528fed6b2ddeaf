/** Denials in the cache: RFC 2308, RFC 8020, and what must not become one. */
import t from 'tap';
import {
  type CachedNegative,
  NegativeCache,
  type NegativeFacts,
  remainingSeconds,
} from '../../src/cache/index.js';
import type { Security } from '../../src/dnssec/index.js';
import { type RRset, RRType } from '../../src/wire/index.js';
import {
  bogusVerdict,
  clock,
  insecure,
  NOW_SECONDS,
  name,
  pass,
  rrset,
  secure,
  soa,
  type TestClock,
} from './made-up-data.js';

function cache(options: Partial<ConstructorParameters<typeof NegativeCache>[0]> = {}) {
  return new NegativeCache({ maxOctets: 1024 * 1024, ...options });
}

function denial(
  kind: NegativeFacts['kind'],
  owner: string,
  security: Security,
  more: Partial<NegativeFacts> = {},
): NegativeFacts {
  const isSigned = security.status === 'secure';
  return {
    kind,
    name: name(owner),
    type: RRType.TLSA,
    authority: [soa('example.', 600, 600, isSigned)],
    security,
    ...more,
  };
}

function nsec(owner: string, ttlSeconds: number): RRset {
  const rdata = Uint8Array.from([...name('z.example.').octets, 0, 1, 0x40]);
  return rrset(owner, RRType.NSEC, ttlSeconds, [rdata], { signer: name('example.') });
}

function seconds(negative: CachedNegative | undefined, now: TestClock): number | undefined {
  return negative === undefined ? undefined : remainingSeconds(negative.expiresAtMs, now);
}

t.test('life time', (t) => {
  t.test('RFC 2308 §5: the lesser of the SOA’s TTL and its minimum, at most an hour', (t) => {
    const cases: ReadonlyArray<[ttl: number, minimum: number, wanted: number]> = [
      [300, 900, 300],
      [900, 300, 300],
      [86_400, 86_400, 3_600],
      [2 ** 31, 900, 0],
      [900, 2 ** 31, 0],
      [0, 900, 0],
      [900, 0, 0],
    ];
    for (const [ttl, minimum, wanted] of cases) {
      for (const security of [insecure(), secure('example.')]) {
        const now = clock();
        const negatives = cache();
        const authority = [soa('example.', ttl, minimum, security.status === 'secure')];
        const kept = negatives.put(denial('no data', 'a.example.', security, { authority }), now);
        t.equal(seconds(kept, now), wanted, `${ttl}, ${minimum}: ${security.status}`);
        t.equal(negatives.count, wanted === 0 ? 0 : 1);
      }
    }
    t.end();
  });

  t.test('RFC 9077 §3: nor longer than the proof, its original TTL and its signature', (t) => {
    const now = clock();
    const put = (more: Partial<NegativeFacts>, security: Security = secure('example.')) =>
      seconds(cache().put(denial('no data', 'a.example.', security, more), now), now);
    const proven = (ttl: number): Partial<NegativeFacts> => ({
      authority: [soa('example.', 600, 600), nsec('a.example.', ttl)],
    });
    t.equal(put(proven(50)), 50);
    t.equal(put({ ...proven(500), proofTtlSeconds: 20 }), 20);
    t.equal(put(proven(500), secure('example.', NOW_SECONDS + 7)), 7);
    t.equal(put({ notAfterMs: now.cacheMs }), 0);
    const raised = { ...nsec('a.example.', 30), ttlSeconds: 500 };
    t.equal(put({ authority: [soa('example.', 600, 600), raised] }), 30, 'somebody raised the TTL');
    t.end();
  });

  t.test('without the SOA of a zone that the name lies in nothing is kept', (t) => {
    const now = clock();
    const negatives = cache();
    const authorities: ReadonlyArray<readonly RRset[]> = [
      [],
      [nsec('a.example.', 300)],
      [soa('other.', 600, 600, false)],
      [soa('b.a.example.', 600, 600, false)],
      [rrset('example.', RRType.SOA, 600, [Uint8Array.of(1, 2, 3)])],
      [rrset('example.', RRType.SOA, 600, [])],
    ];
    for (const authority of authorities) {
      const facts = denial('name error', 'a.example.', insecure(), { authority });
      t.equal(negatives.put(facts, now), undefined);
    }
    t.equal(negatives.count, 0);
    t.end();
  });

  t.test('it ends with its TTL, or with its signatures', (t) => {
    const now = clock();
    const negatives = cache();
    const until = NOW_SECONDS + 1_000;
    negatives.put(denial('name error', 'a.example.', secure('example.', until)), now);
    negatives.put(denial('name error', 'b.example.', insecure()), now);
    const there = (owner: string) => negatives.get(name(owner), RRType.TLSA, now) !== undefined;
    now.wallSeconds = until;
    t.ok(there('a.example.'));
    now.wallSeconds = until + 1;
    t.notOk(there('a.example.'), 'the wall clock was set forward');
    t.ok(there('b.example.'));
    now.wallSeconds = 0;
    now.cacheMs += 600_000;
    t.notOk(there('b.example.'), 'set back, it prolongs nothing');
    t.end();
  });
  t.end();
});

t.test('what a denial answers', (t) => {
  t.test('no data: this name and type', (t) => {
    const now = clock();
    const negatives = cache();
    negatives.put(denial('no data', '_25._tcp.mx.example.', secure('example.')), now);
    const at = (owner: string, type: number) => negatives.get(name(owner), type, now)?.kind;
    t.equal(at('_25._tcp.MX.example.', RRType.TLSA), 'no data');
    t.equal(at('_25._tcp.mx.example.', RRType.A), undefined);
    t.equal(at('x._25._tcp.mx.example.', RRType.TLSA), undefined);
    t.equal(negatives.getNameErrorAbove(name('_25._tcp.mx.example.'), now), undefined);
    t.end();
  });

  t.test('name error: all types; everything below only when secure (RFC 8020)', (t) => {
    for (const security of [secure('example.'), insecure()]) {
      const now = clock();
      const negatives = cache();
      negatives.put(denial('name error', 'gone.example.', security), now);
      t.equal(negatives.get(name('gone.example.'), RRType.A, now)?.kind, 'name error');
      t.equal(negatives.get(name('gone.example.'), RRType.CAA, now)?.kind, 'name error');
      const below = negatives.getNameErrorAbove(name('a.b.gone.example.'), now);
      // A forged NXDOMAIN for a name would otherwise take down a whole unsigned subtree.
      t.equal(below !== undefined, security.status === 'secure', security.status);
      t.equal(negatives.getNameErrorAbove(name('example.'), now), undefined, 'not above');
      t.equal(negatives.getNameErrorAbove(name('agone.example.'), now), undefined, 'labels');
      t.equal(negatives.get(name('a.gone.example.'), RRType.A, now), undefined);
    }
    t.end();
  });

  t.test('a denial for type 0 does not pass for all types', (t) => {
    const now = clock();
    const negatives = cache();
    negatives.put(denial('no data', 'a.example.', secure('example.'), { type: 0 }), now);
    t.equal(negatives.count, 0);
    t.equal(negatives.get(name('a.example.'), RRType.A, now), undefined);
    t.end();
  });
  t.end();
});

t.test('what may replace what', (t) => {
  t.test('a secure denial stays until it ends; an insecure one gives way', (t) => {
    const now = clock();
    const negatives = cache();
    negatives.put(denial('no data', 'a.example.', secure('example.')), now);
    const long = { authority: [soa('example.', 3_600, 3_600, false)] };
    const stands = negatives.put(denial('no data', 'a.example.', insecure(), long), now);
    t.equal(stands?.security.status, 'secure');
    t.equal(negatives.get(name('a.example.'), RRType.TLSA, now)?.security.status, 'secure');
    negatives.put(denial('no data', 'b.example.', insecure(), long), now);
    negatives.put(denial('no data', 'b.example.', secure('example.')), now);
    t.equal(negatives.get(name('b.example.'), RRType.TLSA, now)?.security.status, 'secure');
    pass(now, 600);
    negatives.put(denial('no data', 'a.example.', insecure(), long), now);
    t.equal(negatives.get(name('a.example.'), RRType.TLSA, now)?.security.status, 'insecure');
    t.end();
  });

  t.test('a forged NXDOMAIN does not hide a secure "no data", nor the other way round', (t) => {
    const now = clock();
    const negatives = cache();
    negatives.put(denial('no data', 'a.example.', secure('example.')), now);
    negatives.put(denial('name error', 'a.example.', insecure()), now);
    const seen = negatives.get(name('a.example.'), RRType.TLSA, now);
    t.same([seen?.kind, seen?.security.status], ['no data', 'secure']);
    negatives.put(denial('name error', 'b.example.', secure('example.')), now);
    negatives.put(denial('no data', 'b.example.', insecure()), now);
    const other = negatives.get(name('b.example.'), RRType.TLSA, now);
    t.same([other?.kind, other?.security.status], ['name error', 'secure']);
    t.end();
  });

  t.test('RFC 4035 §3.1.4.1: that a zone denies its own apex says nothing about DS', (t) => {
    const now = clock();
    const negatives = cache({ maxStaleMs: 3_600_000 });
    const at = (owner: string, type: number) => negatives.get(name(owner), type, now)?.kind;
    negatives.put(denial('name error', 'example.', insecure()), now);
    negatives.put(denial('name error', 'gone.example.', insecure()), now);
    t.equal(at('example.', RRType.A), 'name error');
    t.equal(at('example.', RRType.DS), undefined, 'that is for the parent to say');
    t.equal(at('gone.example.', RRType.DS), 'name error', 'the parent of this one has said so');
    now.cacheMs += 700_000;
    t.ok(negatives.getStale(name('example.'), RRType.A, now));
    t.notOk(negatives.getStale(name('example.'), RRType.DS, now), 'nor when it is stale');
    t.end();
  });

  t.test('a name that has come to exist is no longer denied for all types', (t) => {
    const now = clock();
    const negatives = cache();
    negatives.put(denial('name error', 'new.example.', secure('example.')), now);
    negatives.put(denial('no data', 'new.example.', secure('example.')), now);
    t.equal(negatives.get(name('new.example.'), RRType.A, now), undefined);
    t.equal(negatives.getNameErrorAbove(name('a.new.example.'), now), undefined);
    negatives.put(denial('name error', 'new.example.', insecure()), now);
    negatives.remove(name('new.example.'), RRType.TLSA);
    t.equal(negatives.count, 0);
    t.end();
  });

  t.test('bogus denials are not kept', (t) => {
    const now = clock();
    const negatives = cache();
    negatives.put(denial('name error', 'a.example.', insecure()), now);
    const facts = denial('name error', 'b.example.', bogusVerdict());
    t.equal(negatives.put(facts, now)?.security.status, 'bogus');
    negatives.put(denial('name error', 'a.example.', bogusVerdict()), now);
    t.equal(negatives.count, 1);
    t.equal(negatives.get(name('a.example.'), RRType.A, now)?.security.status, 'insecure');
    t.end();
  });
  t.end();
});

t.test('G3: bounded by octets, and no denial takes more than its share', (t) => {
  const now = clock();
  const maxOctets = 256 * 1024;
  const negatives = cache({ maxOctets });
  let largest = 0;
  for (let index = 0; index < 5_000; index++) {
    negatives.put(denial('name error', `r${index}.example.`, insecure()), now);
    largest = Math.max(largest, negatives.sizeOctets);
  }
  t.ok(largest <= maxOctets && largest > maxOctets * 0.9, `${largest} octets`);
  const before = negatives.count;
  const bulk = rrset('example.', RRType.NSEC3, 600, [new Uint8Array(20_000)]);
  const authority = [soa('example.', 600, 600, false), bulk];
  negatives.put(denial('name error', 'bulk.example.', insecure(), { authority }), now);
  t.equal(negatives.count, before);
  negatives.clear();
  t.equal(negatives.sizeOctets, 0);
  t.end();
});
