/** Keys and sizes of the RRset cache: what may not be confused, and how much is kept. */
import t from 'tap';
import { type CacheClock, RRsetCache, TrustRank } from '../../src/cache/index.js';
import { Name, type RRset, RRType } from '../../src/wire/index.js';
import { address, clock, DAY, insecure, name, rrset, secure } from './made-up-data.js';

const MEBIBYTE = 1024 * 1024;
const AA = TrustRank.ANSWER_AUTHORITATIVE;

function cache(options: Partial<ConstructorParameters<typeof RRsetCache>[0]> = {}): RRsetCache {
  return new RRsetCache({ maxOctets: MEBIBYTE, ...options });
}

/** Last octet of the address that is held: which of several RRsets it is. */
function held(rrsets: RRsetCache, owner: string, now: CacheClock): number | undefined {
  return rrsets.get(name(owner), RRType.A, now)?.rrset.rdatas[0]?.[3];
}

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
  const caa = rrset(labels('caa'), RRType.CAA, 300, [Uint8Array.of(0, 0, 0, 8)]);
  rrsets.put(caa, { security: insecure(), rank: AA }, now);
  t.equal(at(labels('caa'), RRType.CAA), 8);
  t.equal(at(labels('caa'), RRType.A), undefined, 'type 257 is not type 1');
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
