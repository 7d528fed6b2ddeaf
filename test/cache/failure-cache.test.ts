/** Failures in the cache: RFC 9520, and who decides how long they last. */
import t from 'tap';
import { type Failure, FailureCache } from '../../src/cache/index.js';
import { EdeCode, RRType } from '../../src/wire/index.js';
import { bogusVerdict, clock, indeterminateVerdict, name } from './made-up-data.js';

const MX = name('mx.example.');
const FAILURE: Failure = {
  security: indeterminateVerdict(),
  errors: [{ code: EdeCode.NO_REACHABLE_AUTHORITY, text: 'at example.' }],
  sentence: 'no server of example. answered',
};

/** Fails again as soon as it may; gives the waits in seconds. */
function waits(failures: FailureCache, count: number): number[] {
  const now = clock();
  const found: number[] = [];
  for (let round = 0; round < count; round++) {
    const { untilMs } = failures.put(MX, RRType.TLSA, FAILURE, now);
    found.push((untilMs - now.cacheMs) / 1000);
    now.cacheMs = untilMs;
  }
  return found;
}

t.test('RFC 9520 §3.2: 5 s, doubling, at most 300 s', (t) => {
  t.same(waits(new FailureCache(), 10), [5, 10, 20, 40, 80, 160, 300, 300, 300, 300]);
  const own = new FailureCache({ firstSeconds: 1, capSeconds: 3 });
  t.same(waits(own, 4), [1, 2, 3, 3]);
  t.equal(Math.max(...waits(new FailureCache(), 200)), 300, 'no overflow after many');
  t.end();
});

t.test('while nobody is heard, a failure says as much about our own network', (t) => {
  let repliesHeard = 0;
  const failures = new FailureCache({ repliesHeard: () => repliesHeard });
  t.same(waits(failures, 3), [5, 5, 5]);
  const now = clock();
  now.cacheMs += 15_000;
  const waitsNow = (): number => {
    const { untilMs } = failures.put(MX, RRType.TLSA, FAILURE, now);
    const seconds = (untilMs - now.cacheMs) / 1_000;
    now.cacheMs = untilMs;
    return seconds;
  };
  repliesHeard++;
  t.equal(waitsNow(), 10, 'others answer: it is this one that fails');
  t.equal(waitsNow(), 10, 'and again nobody');
  repliesHeard++;
  t.equal(waitsNow(), 20);
  t.end();
});

t.test('a lifted failure is tried once more at once, and is then a repeat', (t) => {
  const now = clock();
  const failures = new FailureCache();
  failures.lift(MX, RRType.TLSA, now);
  t.equal(failures.count, 0, 'there was none');
  for (const [seconds, afterLifting] of [
    [5, undefined],
    [10, 'stands'],
  ] as const) {
    const { untilMs } = failures.put(MX, RRType.TLSA, FAILURE, now);
    t.equal((untilMs - now.cacheMs) / 1_000, seconds);
    failures.lift(MX, RRType.TLSA, now);
    const held = failures.get(MX, RRType.TLSA, now);
    t.equal(held === undefined ? undefined : 'stands', afterLifting);
  }
  t.end();
});

t.test('of the same moment, too, what was heard since counts', (t) => {
  let repliesHeard = 0;
  const failures = new FailureCache({ repliesHeard: () => repliesHeard });
  const now = clock();
  const { untilMs } = failures.put(MX, RRType.TLSA, FAILURE, now);
  repliesHeard++;
  now.cacheMs = untilMs - 1;
  failures.put(MX, RRType.TLSA, FAILURE, now);
  now.cacheMs = untilMs;
  t.equal(failures.put(MX, RRType.TLSA, FAILURE, now).repeats, 2);
  t.end();
});

t.test('what is told again is what was told first', (t) => {
  const now = clock();
  const failures = new FailureCache();
  const bogus = { ...FAILURE, security: bogusVerdict(), sentence: 'no signature' };
  failures.put(MX, RRType.TLSA, bogus, now);
  const held = failures.get(name('MX.example.'), RRType.TLSA, now);
  t.equal(held?.security.status, 'bogus');
  t.equal(held?.sentence, 'no signature');
  t.same(held?.errors, bogus.errors);
  t.equal(failures.get(MX, RRType.A, now), undefined, 'another type is another question');
  t.equal(failures.get(name('a.mx.example.'), RRType.TLSA, now), undefined);
  now.cacheMs += 4_999;
  t.ok(failures.get(MX, RRType.TLSA, now));
  now.cacheMs += 1;
  t.equal(failures.get(MX, RRType.TLSA, now), undefined, 'after 5 s it is asked again');
  t.end();
});

t.test('a failure that is told with a proof ends with the proof, if that is sooner', (t) => {
  const now = clock();
  const failures = new FailureCache();
  const until = (notAfterMs: number): number => {
    return failures.put(MX, RRType.TLSA, { ...FAILURE, notAfterMs }, now).untilMs;
  };
  const startMs = now.cacheMs;
  t.equal(until(startMs + 2_000), startMs + 2_000);
  now.cacheMs += 2_000;
  t.equal(failures.get(MX, RRType.TLSA, now), undefined);
  t.equal(until(startMs + 900_000), now.cacheMs + 10_000, 'and never later than without');
  t.end();
});

t.test('G5: one forged failure costs 5 s; recovery starts afresh', (t) => {
  const now = clock();
  const failures = new FailureCache();
  for (let round = 0; round < 6; round++) {
    now.cacheMs = failures.put(MX, RRType.TLSA, FAILURE, now).untilMs;
  }
  failures.recovered(MX, RRType.TLSA);
  t.equal(failures.get(MX, RRType.TLSA, now), undefined);
  t.equal(failures.put(MX, RRType.TLSA, FAILURE, now).untilMs - now.cacheMs, 5_000);
  t.end();
});

t.test('failures long ago are forgotten; those of the same moment count once', (t) => {
  const now = clock();
  const failures = new FailureCache();
  failures.put(MX, RRType.TLSA, FAILURE, now);
  now.cacheMs += 100;
  const again = failures.put(MX, RRType.TLSA, FAILURE, now);
  t.equal(again.repeats, 1, 'questions that were under way together');
  t.equal(again.untilMs - now.cacheMs, 4_900, 'and they do not prolong it');
  now.cacheMs = again.untilMs + 299_999;
  t.equal(failures.put(MX, RRType.TLSA, FAILURE, now).repeats, 2);
  now.cacheMs += 10_000 + 300_000;
  t.equal(failures.put(MX, RRType.TLSA, FAILURE, now).repeats, 1, 'quiet for five minutes');
  t.end();
});

t.test('zones fail apart from their names; clocks that jump forward end failures', (t) => {
  const now = clock();
  const failures = new FailureCache();
  failures.putZone(MX, FAILURE, now);
  t.ok(failures.getZone(MX, now));
  t.equal(failures.get(MX, RRType.TLSA, now), undefined);
  t.equal(failures.get(MX, RRType.A, now), undefined);
  failures.put(MX, RRType.A, FAILURE, now);
  failures.zoneRecovered(MX);
  t.equal(failures.getZone(MX, now), undefined);
  t.ok(failures.get(MX, RRType.A, now));
  now.wallSeconds -= 10 ** 9;
  t.ok(failures.get(MX, RRType.A, now), 'the wall clock has no say');
  now.cacheMs += 5_000;
  t.equal(failures.get(MX, RRType.A, now), undefined);
  t.end();
});

t.test('bounded', (t) => {
  const now = clock();
  const failures = new FailureCache({ maxEntries: 100 });
  for (let index = 0; index < 1_000; index++) {
    failures.put(name(`r${index}.example.`), RRType.A, FAILURE, now);
  }
  t.equal(failures.count, 100);
  t.ok(failures.get(name('r999.example.'), RRType.A, now));
  failures.clear();
  t.equal(failures.count, 0);
  t.end();
});
