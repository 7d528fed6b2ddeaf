/** RRsets in the cache: life times, clocks, ranks, bounds, keys; each rule with what it stops. */
import t from 'tap';
import {
  type CacheClock,
  expiryMs,
  RRsetCache,
  remainingSeconds,
  soundTtlSeconds,
  TrustRank,
} from '../../src/cache/index.js';
import type { Security } from '../../src/dnssec/index.js';
import { type RRset, RRType } from '../../src/wire/index.js';
import {
  address,
  bogusVerdict,
  clock,
  DAY,
  indeterminateVerdict,
  insecure,
  NOW_SECONDS,
  name,
  pass,
  rrset,
  secure,
} from './made-up-data.js';

const MEBIBYTE = 1024 * 1024;
const AA = TrustRank.ANSWER_AUTHORITATIVE;

function cache(options: Partial<ConstructorParameters<typeof RRsetCache>[0]> = {}): RRsetCache {
  return new RRsetCache({ maxOctets: MEBIBYTE, ...options });
}

/** Last octet of the address that is held: which of several RRsets it is. */
function held(rrsets: RRsetCache, owner: string, now: CacheClock): number | undefined {
  return rrsets.get(name(owner), RRType.A, now)?.rrset.rdatas[0]?.[3];
}

t.test('time to live', (t) => {
  t.test('counts whole seconds and ends with the last one', (t) => {
    const now = clock();
    const rrsets = cache();
    const kept = rrsets.put(address('a.example.', 300), { security: insecure(), rank: AA }, now);
    t.equal(remainingSeconds(kept.expiresAtMs, now), 300, 'all of it at first');
    now.cacheMs += 600;
    t.equal(remainingSeconds(kept.expiresAtMs, now), 299, 'a second has begun');
    now.cacheMs = kept.expiresAtMs - 1;
    t.equal(remainingSeconds(kept.expiresAtMs, now), 1);
    t.equal(held(rrsets, 'a.example.', now), 1);
    now.cacheMs = kept.expiresAtMs;
    t.equal(remainingSeconds(kept.expiresAtMs, now), 0);
    t.equal(held(rrsets, 'a.example.', now), undefined, 'gone at its end, to the millisecond');
    t.ok(kept.expiresAtMs <= clock().cacheMs + 300_000, 'never longer than the TTL');
    t.end();
  });

  t.test('two RRsets of different moments step down together', (t) => {
    const now = clock();
    const first = expiryMs(100, now);
    now.cacheMs += 1_300;
    const second = expiryMs(100, now);
    let steps = 0;
    const distances = new Set<number>();
    let before = remainingSeconds(first, now);
    for (let step = 0; step < 5_000; step++) {
      now.cacheMs++;
      const left = remainingSeconds(first, now);
      distances.add(remainingSeconds(second, now) - left);
      if (left !== before) steps++;
      before = left;
    }
    t.same([...distances], [1], 'always the same distance');
    t.equal(steps, 5);
    t.end();
  });

  t.test('TTL 0 is for the question in hand, and ends what stood before', (t) => {
    const now = clock();
    const rrsets = cache();
    rrsets.put(address('a.example.', 60, 1), { security: insecure(), rank: AA }, now);
    const zero = rrsets.put(address('a.example.', 0, 2), { security: insecure(), rank: AA }, now);
    t.equal(zero.rrset.rdatas[0]?.[3], 2, 'the caller can use it');
    t.equal(remainingSeconds(zero.expiresAtMs, now), 0);
    t.equal(rrsets.count, 0, 'nothing is kept');
    t.end();
  });

  t.test('but a secure DNAME serves the names below it that are asked for at once', (t) => {
    const dname = (ttlSeconds: number, expiration?: number): RRset => {
      const signed = { signer: name('example.'), ...(expiration && { expiration }) };
      return rrset('old.example.', RRType.DNAME, ttlSeconds, [name('new.example.').octets], signed);
    };
    const isHeld = (rrsets: RRsetCache, now: CacheClock): boolean =>
      rrsets.get(name('old.example.'), RRType.DNAME, now) !== undefined;
    const now = clock();
    const rrsets = cache();
    rrsets.put(dname(0), { security: secure('example.'), rank: AA }, now);
    const shown = rrsets.get(name('old.example.'), RRType.DNAME, now);
    t.equal(shown?.originalTtlSeconds, 0, 'shown as what it is');
    pass(now, 1);
    t.ok(isHeld(rrsets, now), 'in the next second too');
    pass(now, 1);
    t.notOk(isHeld(rrsets, now), 'and then it is gone');
    for (const security of [insecure(), indeterminateVerdict()]) {
      const open = cache();
      open.put(dname(0), { security, rank: AA }, now);
      t.equal(open.count, 0, `${security.status}: whoever forged it would have every name below`);
    }
    const other = cache();
    other.put(address('a.example.', 0, 1, {}), { security: secure('example.'), rank: AA }, now);
    t.equal(other.count, 0, 'no other type');
    const late = cache();
    const until = now.wallSeconds;
    late.put(dname(3_600, until), { security: secure('example.', until), rank: AA }, now);
    pass(now, 1);
    t.notOk(isHeld(late, now), 'nor beyond the end of its signature');
    t.end();
  });

  t.test('2^31 and beyond count as 0 (RFC 2181 §8)', (t) => {
    t.equal(soundTtlSeconds(2 ** 31 - 1), 2 ** 31 - 1);
    for (const wrong of [2 ** 31, 2 ** 32 - 1, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      t.equal(soundTtlSeconds(wrong), 0, String(wrong));
      const now = clock();
      const rrsets = cache();
      rrsets.put(address('a.example.', wrong), { security: insecure(), rank: AA }, now);
      t.equal(rrsets.count, 0, `${wrong} is not kept`);
    }
    t.end();
  });

  t.test('the cap stops endless poison, the floor never stretches secure data', (t) => {
    const now = clock();
    const rrsets = cache();
    const long = rrsets.put(
      address('a.example.', 2 ** 31 - 1),
      { security: insecure(), rank: AA },
      now,
    );
    t.equal(remainingSeconds(long.expiresAtMs, now), DAY);
    const floored = cache({ ttlLimits: { minimumSeconds: 60 } });
    const short = address('a.example.', 1);
    const raised = floored.put(short, { security: insecure(), rank: AA }, now);
    t.equal(remainingSeconds(raised.expiresAtMs, now), 60);
    const kept = floored.put(short, { security: secure('example.'), rank: AA }, now);
    t.equal(remainingSeconds(kept.expiresAtMs, now), 1);
    t.end();
  });

  t.test('G6: the least of TTL, original TTL, what is left of the signature, and the cap', (t) => {
    const now = clock();
    const cases: ReadonlyArray<
      [
        text: string,
        ttl: number,
        original: number,
        left: number,
        judged: number | undefined,
        wanted: number,
      ]
    > = [
      ['TTL', 100, 200, 9_999, undefined, 100],
      ['original TTL: somebody raised the TTL on the way', 5_000, 200, 9_999, undefined, 200],
      ['signature', 5_000, 5_000, 77, undefined, 77],
      ['cap', 500_000, 500_000, 999_999, undefined, DAY],
      ['what the judge found', 5_000, 5_000, 9_999, 30, 30],
      ['the judge cannot go beyond the signature', 5_000, 5_000, 40, 4_000, 40],
      ['the judge cannot go beyond the TTL', 50, 5_000, 9_999, 4_000, 50],
    ];
    for (const [text, ttl, original, left, judged, wanted] of cases) {
      const rrsets = cache();
      const kept = rrsets.put(
        address('a.example.', ttl, 1, { originalTtl: original }),
        {
          security: secure('example.', NOW_SECONDS + left),
          rank: AA,
          ...(judged === undefined ? {} : { ttlSeconds: judged }),
        },
        now,
      );
      t.equal(remainingSeconds(kept.expiresAtMs, now), wanted, text);
    }
    t.end();
  });

  t.test('a signature that ends now, or has ended, keeps nothing', (t) => {
    for (const left of [0, -1, -DAY]) {
      const now = clock();
      const rrsets = cache();
      const security = secure('example.', NOW_SECONDS + left);
      rrsets.put(address('a.example.', 300), { security, rank: AA }, now);
      t.equal(rrsets.count, 0, `${left} s left`);
    }
    t.end();
  });

  t.test('a wildcard answer ends with its proof', (t) => {
    const now = clock();
    const rrsets = cache();
    const proof = [rrset('b.example.', RRType.NSEC, 40, [Uint8Array.of(0, 0, 1, 0x40)])];
    const kept = rrsets.put(
      address('a.example.', 300),
      { security: secure('example.'), rank: AA, proof },
      now,
    );
    t.equal(remainingSeconds(kept.expiresAtMs, now), 40);
    t.equal(rrsets.get(name('a.example.'), RRType.A, now)?.proof.length, 1);
    t.end();
  });

  t.test('G1: data of a delegation end with the delegation when told so', (t) => {
    const now = clock();
    const rrsets = cache();
    const ends = expiryMs(10, now);
    // CVE-2026-40622: NS at the child's apex, TTL 86400, asked again and again.
    for (let second = 0; second < 12; second++) {
      const ns = rrset('ghost.example.', RRType.NS, DAY, [name('ns.ghost.example.').octets]);
      rrsets.put(ns, { security: insecure(), rank: AA, notAfterMs: ends }, now);
      const left = rrsets.get(name('ghost.example.'), RRType.NS, now);
      if (second < 10) t.ok(left, `there after ${second} s`);
      else t.equal(left, undefined, `gone after ${second} s`);
      pass(now, 1);
    }
    t.end();
  });
  t.end();
});

t.test('clocks', (t) => {
  t.test('a wall clock set forward ends secure data, and only that', (t) => {
    const now = clock();
    const rrsets = cache();
    const until = NOW_SECONDS + 1_000;
    rrsets.put(address('s.example.', 900), { security: secure('example.', until), rank: AA }, now);
    rrsets.put(address('i.example.', 900), { security: insecure(), rank: AA }, now);
    now.wallSeconds = until;
    t.equal(held(rrsets, 's.example.', now), 1, 'the last second of the signature is inclusive');
    now.wallSeconds = until + 1;
    t.equal(held(rrsets, 's.example.', now), undefined, 'not one second longer');
    t.equal(held(rrsets, 'i.example.', now), 1);
    now.wallSeconds = NOW_SECONDS;
    t.equal(held(rrsets, 's.example.', now), undefined, 'and it does not rise again');
    t.end();
  });

  t.test('a wall clock set back prolongs nothing', (t) => {
    const now = clock();
    const rrsets = cache();
    const security = secure('example.', NOW_SECONDS + 100);
    rrsets.put(address('s.example.', 5_000), { security, rank: AA }, now);
    now.wallSeconds -= 20 * 365 * DAY;
    now.cacheMs += 99_000;
    t.equal(held(rrsets, 's.example.', now), 1, 'good data stay good');
    now.cacheMs += 1_000;
    t.equal(held(rrsets, 's.example.', now), undefined, '100 s are 100 s by the other clock');
    t.end();
  });

  t.test('data stored while the wall clock was far behind do not outlive their signature', (t) => {
    const now = clock();
    now.wallSeconds = NOW_SECONDS - 365 * DAY;
    const rrsets = cache();
    const until = NOW_SECONDS - 10;
    rrsets.put(address('s.example.', DAY), { security: secure('example.', until), rank: AA }, now);
    t.equal(held(rrsets, 's.example.', now), 1, 'by that clock it is good');
    now.wallSeconds = NOW_SECONDS;
    t.equal(held(rrsets, 's.example.', now), undefined, 'set right, it is over');
    t.end();
  });

  t.test('an ended signature does not block what comes after it', (t) => {
    const now = clock();
    const rrsets = cache();
    const security = secure('example.', NOW_SECONDS + 100);
    rrsets.put(address('s.example.', 50, 1), { security, rank: AA }, now);
    now.wallSeconds += 200;
    rrsets.put(address('s.example.', 50, 2), { security: insecure(), rank: AA }, now);
    t.equal(held(rrsets, 's.example.', now), 2);
    t.end();
  });
  t.end();
});

t.test('ranks and security', (t) => {
  const ranks = Object.values(TrustRank);

  t.test('RFC 2181 §5.4.1: lower never replaces higher; equal and higher do', (t) => {
    for (const first of ranks) {
      for (const second of ranks) {
        const now = clock();
        const rrsets = cache();
        const securityOf = (rank: number): Security =>
          rank === TrustRank.SECURE ? secure('example.') : insecure();
        rrsets.put(
          address('a.example.', 300, 1),
          { security: securityOf(first), rank: first },
          now,
        );
        const stands = rrsets.put(
          address('a.example.', 300, 2),
          { security: securityOf(second), rank: second },
          now,
        );
        const wanted = second >= first ? 2 : 1;
        t.equal(held(rrsets, 'a.example.', now), wanted, `${second} over ${first}`);
        t.equal(stands.rrset.rdatas[0]?.[3], wanted, 'and the caller is told which one stands');
      }
    }
    t.end();
  });

  t.test('once it has expired anything may take its place', (t) => {
    const now = clock();
    const rrsets = cache();
    rrsets.put(address('a.example.', 10, 1), { security: secure('example.'), rank: AA }, now);
    pass(now, 10);
    rrsets.put(
      address('a.example.', 10, 2),
      { security: insecure(), rank: TrustRank.ADDITIONAL },
      now,
    );
    t.equal(held(rrsets, 'a.example.', now), 2);
    t.end();
  });

  t.test('nobody can claim the highest rank without a verdict', (t) => {
    const now = clock();
    const rrsets = cache();
    const claimed = rrsets.put(
      address('a.example.', 300, 1),
      { security: insecure(), rank: TrustRank.SECURE },
      now,
    );
    t.equal(claimed.rank, AA);
    const fake = { status: 'secure', zone: name('example.'), validUntilSeconds: 2 ** 40 };
    const forged = rrsets.put(
      address('f.example.', 300, 1),
      { security: fake as unknown as Security, rank: AA },
      now,
    );
    t.equal(forged.rank, AA, 'a look-alike of a Secure verdict is none');
    rrsets.put(address('a.example.', 300, 2), { security: secure('example.'), rank: 1 }, now);
    t.equal(rrsets.get(name('a.example.'), RRType.A, now)?.rank, TrustRank.SECURE);
    t.end();
  });

  t.test('secure data is not replaced by what cannot be judged', (t) => {
    for (const security of [insecure(), indeterminateVerdict()]) {
      const now = clock();
      const rrsets = cache();
      rrsets.put(address('a.example.', 300, 1), { security: secure('example.'), rank: AA }, now);
      rrsets.put(address('a.example.', 900, 2), { security, rank: AA }, now);
      t.equal(held(rrsets, 'a.example.', now), 1, security.status);
      // The same with TTL 0 and with too much data: these must not clear the way either.
      rrsets.put(address('a.example.', 0, 2), { security, rank: AA }, now);
      const large = rrset('a.example.', RRType.A, 300, [new Uint8Array(20_000)]);
      rrsets.put(large, { security, rank: AA }, now);
      t.equal(held(rrsets, 'a.example.', now), 1, security.status);
    }
    t.end();
  });

  t.test('bogus data is never kept, and removes nothing', (t) => {
    const now = clock();
    const rrsets = cache();
    rrsets.put(address('a.example.', 300, 1), { security: insecure(), rank: AA }, now);
    const seen = rrsets.put(
      address('a.example.', 300, 2),
      { security: bogusVerdict(), rank: TrustRank.SECURE },
      now,
    );
    t.equal(seen.security.status, 'bogus');
    t.equal(held(rrsets, 'a.example.', now), 1);
    rrsets.put(address('b.example.', 300, 2), { security: bogusVerdict(), rank: AA }, now);
    t.equal(held(rrsets, 'b.example.', now), undefined);
    t.end();
  });

  t.test('glue helps to find servers and is never an answer', (t) => {
    for (const rank of ranks) {
      const now = clock();
      const rrsets = cache({ maxStaleMs: DAY * 1000 });
      rrsets.put(address('ns.example.', 300, 6), { security: indeterminateVerdict(), rank }, now);
      t.equal(held(rrsets, 'ns.example.', now), 6);
      const answers = rank >= TrustRank.ANSWER_NOT_AUTHORITATIVE;
      t.equal(rrsets.getAnswer(name('ns.example.'), RRType.A, now) !== undefined, answers);
      pass(now, 400);
      t.equal(rrsets.getStale(name('ns.example.'), RRType.A, now) !== undefined, answers);
    }
    t.end();
  });
  t.end();
});

t.test('G2: staleness never gains an AD bit (RFC 8767)', (t) => {
  const now = clock();
  const rrsets = cache({ maxStaleMs: 3_600_000 });
  rrsets.put(address('s.example.', 60), { security: secure('example.'), rank: AA }, now);
  rrsets.put(address('i.example.', 60), { security: insecure(), rank: AA }, now);
  pass(now, 60);
  t.equal(held(rrsets, 's.example.', now), undefined);
  t.equal(held(rrsets, 'i.example.', now), undefined, 'get never hands out stale data');
  t.equal(rrsets.getStale(name('s.example.'), RRType.A, now), undefined, 'secure: never stale');
  const stale = rrsets.getStale(name('i.example.'), RRType.A, now);
  t.equal(stale?.security.status, 'insecure');
  t.equal(remainingSeconds(stale?.expiresAtMs ?? 0, now), 0);
  pass(now, 3_600);
  t.equal(rrsets.getStale(name('i.example.'), RRType.A, now), undefined, 'not beyond the limit');
  const strict = cache();
  strict.put(address('i.example.', 60), { security: insecure(), rank: AA }, clock());
  t.equal(strict.getStale(name('i.example.'), RRType.A, now), undefined, 'off unless switched on');
  t.end();
});
