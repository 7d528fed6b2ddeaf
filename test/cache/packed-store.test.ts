/** The store below the caches: held against a plain map, bounded, and fair under a flood. */
import t from 'tap';
import { PackedStore } from '../../src/cache/packed-store.js';
import { chooseSeed, Prng } from '../fuzz/mutate.js';
import { insecure, secure } from './made-up-data.js';

const seed = chooseSeed();
t.comment(`replay with ANCHORITE_SEED=${seed}`);

const FACTS = { expiresAtMs: 1_000, originalTtlSeconds: 300 };
const TAG = 5;
const KEY = (index: number) => `\x03${String(index).padStart(6, '0')}\0\0\x01`;

function octetsOf(index: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (index * 31 + at) & 0xff);
}

function held(store: PackedStore, key: string): Uint8Array | undefined {
  const slot = store.find(key);
  return slot < 0 ? undefined : store.read(slot);
}

t.test('as a map, while nothing has to go', (t) => {
  const prng = new Prng(seed);
  const store = new PackedStore({ maxOctets: 64 << 20, secret: seed });
  const model = new Map<string, { octets: Uint8Array; tag: number; expiresAtMs: number }>();
  const verdicts = [insecure(), secure('example.')];
  for (let round = 0; round < 60_000; round++) {
    const key = KEY(prng.below(3_000));
    const choice = prng.below(10);
    if (choice < 5) {
      const octets = octetsOf(round, prng.below(400));
      const tag = prng.below(256);
      const security = verdicts[tag & 1]!;
      store.put(key, octets, { security, expiresAtMs: round, originalTtlSeconds: round }, tag);
      model.set(key, { octets, tag, expiresAtMs: round });
    } else if (choice < 7) {
      store.delete(key);
      model.delete(key);
    } else {
      const slot = store.find(key);
      const expected = model.get(key);
      if (expected === undefined ? slot >= 0 : slot < 0) t.fail(`presence in round ${round}`);
      if (expected === undefined || slot < 0) continue;
      const same =
        store.tag(slot) === expected.tag &&
        store.expiresAtMs(slot) === expected.expiresAtMs &&
        store.originalTtlSeconds(slot) === expected.expiresAtMs &&
        store.security(slot) === verdicts[expected.tag & 1] &&
        Buffer.compare(store.read(slot), expected.octets) === 0;
      if (!same) t.fail(`contents in round ${round}`);
    }
  }
  t.equal(store.count, model.size);
  for (const [key, { octets }] of model) {
    if (Buffer.compare(held(store, key) ?? new Uint8Array(1), octets) !== 0) t.fail(key);
  }
  const live = [...model].reduce((sum, [key, { octets }]) => sum + key.length + octets.length, 0);
  t.ok(store.sizeOctets < 4 * live + (4 << 20), `${store.sizeOctets} octets for ${live} live ones`);
  store.clear();
  t.equal(store.count, 0);
  t.equal(store.sizeOctets, 0);
  t.end();
});

t.test('never above the bound, whatever comes; what is found is what was put in', (t) => {
  for (const maxOctets of [10_000, 300_000, 5_000_000]) {
    const prng = new Prng(seed);
    const store = new PackedStore({ maxOctets, secret: seed });
    const latest = new Map<string, number>();
    let wrong = 0;
    for (let round = 0; round < 30_000; round++) {
      const index = prng.below(20_000);
      const length = prng.below(prng.below(50) === 0 ? 5_000 : 300);
      const key = KEY(index);
      store.put(key, octetsOf(round, length), { ...FACTS, security: insecure() }, TAG);
      latest.set(key, round);
      if (store.sizeOctets > maxOctets) t.fail(`${store.sizeOctets} in round ${round}`);
      const other = KEY(prng.below(20_000));
      const found = held(store, other);
      const put = latest.get(other);
      if (found === undefined) continue;
      const expected = put === undefined ? undefined : octetsOf(put, found.length);
      if (expected === undefined || Buffer.compare(found, expected) !== 0) wrong++;
    }
    t.equal(wrong, 0, `${maxOctets} octets: ${store.count} entries`);
    t.ok(store.count > 0 || maxOctets < 20_000);
  }
  t.end();
});

t.test('entries that change all the time stay within about twice what they take', (t) => {
  const prng = new Prng(seed);
  const store = new PackedStore({ maxOctets: 4_000_000, secret: seed });
  const sizes = new Map<string, number>();
  for (let round = 0; round < 60_000; round++) {
    const key = KEY(prng.below(1_600));
    const octets = octetsOf(round, 1 + prng.below(1_500));
    store.put(key, octets, { ...FACTS, security: insecure() }, TAG);
    sizes.set(key, key.length + octets.length);
    held(store, KEY(prng.below(1_600)));
  }
  t.equal(store.count, sizes.size, 'nothing had to go');
  const live = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const share = live / store.sizeOctets;
  t.ok(share > 0.45, `${live} octets in ${store.sizeOctets}`);
  t.end();
});

t.test('a flood of names asked for once pushes out its own kind', (t) => {
  const store = new PackedStore({ maxOctets: 2_000_000, secret: seed });
  const hot = Array.from({ length: 500 }, (_, index) => `hot${index}`);
  const security = secure('example.');
  const put = (key: string) => store.put(key, octetsOf(1, 200), { ...FACTS, security }, TAG);
  hot.forEach(put);
  let hits = 0;
  let asked = 0;
  const rounds = 100_000;
  for (let round = 0; round < rounds; round++) {
    put(`flood${round}`);
    // Each hot name is asked for once in ten thousand: a list ordered by use would have lost it.
    const key = hot[Math.floor(round / 20) % hot.length]!;
    if (round % 20 !== 0) continue;
    const isHeld = held(store, key) !== undefined;
    if (!isHeld) put(key);
    // It takes a second meeting to know them.
    if (round < rounds / 4) continue;
    asked++;
    if (isHeld) hits++;
  }
  t.ok(hits / asked > 0.98, `${(100 * hits) / asked} % of the hot ones found`);
  t.end();
});

t.test('overhead: less than 250 octets for each entry beyond its own', (t) => {
  const store = new PackedStore({ maxOctets: 1 << 30, secret: seed });
  const count = 50_000;
  for (let index = 0; index < count; index++) {
    store.put(KEY(index), octetsOf(index, 180), { ...FACTS, security: secure('example.') }, TAG);
  }
  const overhead = store.sizeOctets / count - 180;
  t.ok(overhead < 250, `${Math.round(overhead)} octets, key included`);
  t.end();
});
