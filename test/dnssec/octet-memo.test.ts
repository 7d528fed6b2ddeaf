/** What is remembered by octets is found for exactly these octets, and the memory is bounded. */
import t from 'tap';
import { OctetMemo } from '../../src/dnssec/octet-memo.js';
import { SeededRandom } from '../../src/lab/index.js';

const octets = (...values: number[]) => Uint8Array.from(values);

t.test('both parts count, and where one ends', (t) => {
  const memo = new OctetMemo<{ name: string }>(16);
  const value = { name: 'it' };
  memo.put(value, octets(1, 2, 3), octets(4, 5));
  t.equal(memo.get(octets(1, 2, 3), octets(4, 5)), value);
  t.equal(memo.get(octets(1, 2), octets(3, 4, 5)), undefined, 'divided elsewhere');
  t.equal(memo.get(octets(1, 2, 3, 4, 5)), undefined, 'not divided');
  t.equal(memo.get(octets(1, 2, 3), octets(4)), undefined);
  t.equal(memo.get(octets(1, 2, 3), octets(4, 5, 0)), undefined);
  t.equal(memo.get(octets(1, 2, 3)), undefined);
  t.end();
});

t.test('places are used again without telling what was there before', (t) => {
  const seed = Date.now() & 0xffff;
  t.comment(`seed ${seed}`);
  const random = new SeededRandom(seed);
  // Two places: everything drives out everything else.
  const memo = new OctetMemo<Uint8Array>(2);
  const recent: [Uint8Array, Uint8Array][] = [];
  let wrong = 0;
  let found = 0;
  for (let count = 0; count < 5_000; count++) {
    const first = new Uint8Array(1 + (random.uint32() % 600));
    const second = new Uint8Array(random.uint32() % 600);
    for (let at = 0; at < first.length; at++) first[at] = random.uint32() & 1;
    memo.put(first, first, second);
    recent.push([first, second]);
    for (const [one, other] of recent.splice(0, recent.length - 3)) {
      if (memo.get(one, other) === one) wrong++;
    }
    for (const [one, other] of recent) {
      const value = memo.get(one, other);
      if (value === one) found++;
      else if (value !== undefined && Buffer.compare(value, one) !== 0) wrong++;
    }
  }
  t.equal(wrong, 0);
  t.ok(found >= 10_000 - 4, `${found}: the last two are there`);
  t.equal(memo.count, 2);
  t.end();
});

t.test('of two with one place, the one that is used stays', (t) => {
  const memo = new OctetMemo<{ index: number }>(2);
  const used = { index: -1 };
  memo.put(used, octets(99));
  for (let index = 0; index < 50; index++) {
    memo.put({ index }, octets(index));
    t.equal(memo.get(octets(99)), used);
  }
  t.equal(memo.get(octets(48)), undefined);
  t.end();
});
