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
import { Name, type RRset, RRType } from '../../src/wire/index.js';
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

t.test('keys are wire octets', (t) => {
  const now = clock();
  const rrsets = cache();
  const put = (owner: Name, last: number): void => {
    rrsets.put(address(owner, 300, last), { security: insecure(), rank: AA }, now);
  };
  const at = (owner: Name, type: number = RRType.A): number | undefined =>
    rrsets.get(owner, type, now)?.rrset.rdatas[0]?.[3];
  const labels = (...parts: string[]): Name =>
    Name.fromLabels(parts.map((part) => Uint8Array.from(Buffer.from(part, 'latin1'))))!;
  const alike = [
    labels('a', 'b', 'example'),
    labels('a.b', 'example'),
    labels('a\\.b', 'example'),
    labels('a\0', 'b', 'example'),
    labels('a', '\0b', 'example'),
    labels('a\x01b', 'example'),
    labels('a', 'b.example'),
    labels('a.b.example'),
    labels('\0', 'a', 'b', 'example'),
    Name.root,
  ];
  alike.forEach(put);
  t.equal(rrsets.count, alike.length);
  for (const [index, owner] of alike.entries()) t.equal(at(owner), index, owner.toString());
  put(labels('A', 'B', 'EXAMPLE'), 99);
  t.equal(at(alike[0]!), 99, 'letter case of ASCII does not count (RFC 4343)');
  put(labels('\xc0', 'example'), 50);
  put(labels('\xe0', 'example'), 51);
  t.equal(at(labels('\xc0', 'example')), 50, 'that of other octets does');
  t.equal(at(labels('a'), 1), undefined);

  // Type octets are no part of the name: 'a' TYPE 98 is not 'ab'…
  const typed = rrset(labels('a'), 0x6200, 300, [Uint8Array.of(0, 0, 0, 7)]);
  rrsets.put(typed, { security: insecure(), rank: AA }, now);
  t.equal(at(labels('a'), 0x6200), 7);
  t.equal(at(labels('a'), 0x0062), undefined, 'nor is it another type');
  t.end();
});

t.test('bounds', (t) => {
  t.test('G3: a flood keeps the bound, and what is in use stays', (t) => {
    const now = clock();
    const maxOctets = 2 * MEBIBYTE;
    const rrsets = cache({ maxOctets });
    const hot = Array.from({ length: 100 }, (_, index) => `hot${index}.example.`);
    for (const owner of hot) {
      rrsets.put(address(owner, DAY), { security: secure('example.'), rank: AA }, now);
    }
    let hits = 0;
    let asked = 0;
    let largest = 0;
    for (let index = 0; index < 20_000; index++) {
      const flood: RRset =
        index % 3 === 0
          ? rrset(`f${index}.evil.`, RRType.TXT, DAY, [new Uint8Array(8_000)])
          : rrset(
              `f${index}.evil.`,
              RRType.NS,
              DAY,
              Array.from({ length: 20 }, (_, at) => name(`ns${at}.f${index}.evil.`).octets),
            );
      rrsets.put(flood, { security: insecure(), rank: AA }, now);
      largest = Math.max(largest, rrsets.sizeOctets);
      asked++;
      if (held(rrsets, hot[index % hot.length]!, now) !== undefined) hits++;
    }
    t.ok(largest <= maxOctets, `${largest} octets at most`);
    t.ok(hits / asked >= 0.95, `hit rate of hot names ${hits / asked}`);
    t.end();
  });

  t.test('one RRset cannot take more than its share', (t) => {
    const now = clock();
    const rrsets = cache();
    const facts = { security: insecure(), rank: AA };
    const owner = name('big.example.');
    const fits = rrset(owner, RRType.TXT, 300, [new Uint8Array(16_384 - owner.octets.length)]);
    rrsets.put(fits, facts, now);
    t.equal(rrsets.count, 1);
    const large = rrset(owner, RRType.TXT, 300, [new Uint8Array(16_385 - owner.octets.length)]);
    const answered = rrsets.put(large, facts, now);
    t.equal(answered.rrset.rdatas[0]?.length, 16_385 - owner.octets.length, 'it is answered');
    t.equal(rrsets.count, 0, 'not kept, and the old one is history');
    const small = cache({ maxRRsetOctets: 100 });
    small.put(fits, facts, now);
    t.equal(small.count, 0, 'the limit is the operator’s');
    t.end();
  });

  t.test('what is kept shares no memory with the message', (t) => {
    const now = clock();
    const rrsets = cache();
    const message = new Uint8Array(512).fill(7);
    const set: RRset = {
      ...rrset('a.example.', RRType.TXT, 300, [message.subarray(100, 200)], {}),
      owner: Name.fromCheckedOctets(Uint8Array.from(name('a.example.').octets), 2),
    };
    rrsets.put(set, { security: insecure(), rank: AA }, now);
    const kept = rrsets.get(name('a.example.'), RRType.TXT, now)!.rrset;
    message.fill(9);
    t.same(kept.rdatas[0], new Uint8Array(100).fill(7));
    t.ok(kept.rdatas[0]!.buffer.byteLength < 400, 'one buffer of the size of the RRset');
    t.equal(kept.rdatas[0]!.buffer, kept.signatures[0]!.buffer);
    t.ok(kept.owner.equals(set.owner));
    t.end();
  });

  t.test('remove and clear', (t) => {
    const now = clock();
    const rrsets = cache();
    rrsets.put(address('a.example.', 300), { security: insecure(), rank: AA }, now);
    rrsets.put(address('b.example.', 300), { security: insecure(), rank: AA }, now);
    rrsets.remove(name('A.example.'), RRType.A);
    t.equal(rrsets.count, 1);
    rrsets.clear();
    t.equal(rrsets.count, 0);
    t.equal(rrsets.sizeOctets, 0);
    t.end();
  });
  t.end();
});
