/** What the caches really take, held against what they say; each in a process of its own. */
import t from 'tap';
import { CACHE_LIMITS } from '../../src/cache/index.js';
import type { Measured } from './fill-caches.js';
import { MEGABYTE, measure } from './measure-cache.js';

function describe(cache: string, measured: Measured): string {
  const { count, sizeOctets, usedOctets, rssOctets } = measured;
  const each = (octets: number) => Math.round(octets / count);
  return (
    `${count} ${cache}: counted ${each(sizeOctets)} octets each, used ${each(usedOctets)}; ` +
    `process ${Math.round(rssOctets / MEGABYTE)} MB`
  );
}

t.test('100,000 signed TLSA RRsets: the process stays below 160 MB', (t) => {
  const measured = measure('tlsa', 100_000);
  t.comment(describe('TLSA RRsets', measured));
  t.equal(measured.count, 100_000);
  t.ok(measured.rssOctets < 160 * MEGABYTE, `${measured.rssOctets}`);
  // Owner, digest and signature are some 190 of them.
  t.ok(measured.usedOctets / measured.count < 190 + 250, 'at most 250 octets beyond the payload');
  t.end();
});

t.test('the count is honest: what is used is what was counted, to a tenth', (t) => {
  const cases: ReadonlyArray<readonly [cache: string, count: number]> = [
    ['tlsa', 30_000],
    ['tlsa-rsa', 20_000],
    ['address', 30_000],
    ['addresses', 20_000],
    ['text', 10_000],
    ['negatives', 20_000],
    ['replies', 30_000],
    ['spans', 20_000],
  ];
  for (const [cache, count] of cases) {
    const measured = measure(cache, count);
    t.comment(describe(cache, measured));
    t.ok(measured.count > count * 0.9);
    t.ok(measured.usedOctets < measured.sizeOctets * 1.1, `${cache}: not counted too little`);
    t.ok(measured.usedOctets > measured.sizeOctets * 0.7, `${cache}: nor much too much`);
  }
  t.end();
});

t.test('what is bounded by number takes little', (t) => {
  const { failureEntries, servers } = CACHE_LIMITS;
  for (const [cache, limit] of [
    ['failures', failureEntries],
    ['servers', servers],
  ] as const) {
    const measured = measure(cache, limit.value);
    t.comment(`${cache}: ${Math.round(measured.usedOctets / MEGABYTE)} MB when full`);
    t.equal(measured.count, limit.value);
    t.ok(measured.usedOctets < 25 * MEGABYTE, cache);
  }
  t.end();
});
