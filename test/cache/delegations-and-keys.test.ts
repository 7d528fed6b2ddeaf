/** Zone cuts and zone keys in the cache: whose word counts, and when it ends. */
import t from 'tap';
import { type Delegation, DelegationCache, expiryMs, ZoneKeyCache } from '../../src/cache/index.js';
import type { ZoneKeys } from '../../src/dnssec/index.js';
import { Name } from '../../src/wire/index.js';
import { context, DAY, dsRdata, dsSet, makeKey, NOW, zoneKeys } from '../dnssec/signed-zone.js';
import { clock, name, pass, type TestClock } from './made-up-data.js';

interface Cut extends Delegation {
  readonly label: string;
}

const ROOT: Cut = { zone: Name.root, parent: undefined, expiresAtMs: Infinity, label: 'root' };

function cache(): DelegationCache<Cut> {
  return new DelegationCache({ maxOctets: 256 * 1024 });
}

/** What the resolver does with a referral: the end comes from the cache's own rule. */
function refer(
  cuts: DelegationCache<Cut>,
  zone: string,
  parent: Cut,
  ttlSeconds: number,
  now: TestClock,
  label = '',
): Cut {
  const expiresAtMs = cuts.endMs(ttlSeconds, parent, now);
  const cut: Cut = { zone: name(zone), parent, expiresAtMs, label };
  cuts.put(cut, 500, now);
  return cut;
}

t.test('where to begin', (t) => {
  const now = clock();
  const cuts = cache();
  cuts.put(ROOT, 500, now);
  const org = refer(cuts, 'org.', ROOT, DAY, now, 'org');
  refer(cuts, 'example.org.', org, DAY, now, 'example');
  const closest = (text: string) => cuts.closest(name(text), now)?.label;
  t.equal(closest('_25._tcp.mx.EXAMPLE.org.'), 'example');
  t.equal(closest('example.org.'), 'example');
  t.equal(closest('xexample.org.'), 'org', 'by labels, not by letters');
  t.equal(closest('example\\.org.'), 'root', 'a dot inside a label is no cut');
  t.equal(closest('.'), 'root');
  t.equal(cuts.exact(name('mx.example.org.'), now), undefined);
  t.equal(cuts.exact(name('org.'), now), org);
  t.end();
});

t.test('G1: ghost domains', (t) => {
  t.test('whatever the child says, the delegation ends when the parent’s TTL does', (t) => {
    const now = clock();
    const cuts = cache();
    const org = refer(cuts, 'org.', ROOT, DAY, now);
    const ghost = refer(cuts, 'ghost.org.', org, 10, now);
    // From now on the parent has withdrawn it. Every second the attacker makes its servers send
    // NS RRsets with a TTL of a day.
    for (let second = 0; second <= 11; second++) {
      const apex: Cut = { zone: ghost.zone, parent: ghost, expiresAtMs: Infinity, label: 'apex' };
      t.notOk(cuts.put(apex, 500, now), 'its own apex NS RRset');
      const upward: Cut = { zone: org.zone, parent: ghost, expiresAtMs: Infinity, label: 'up' };
      t.notOk(cuts.put(upward, 500, now), 'an upward referral');
      const sideways: Cut = { ...upward, zone: name('victim.org.') };
      t.notOk(cuts.put(sideways, 500, now), 'somebody else’s zone');
      const current = cuts.closest(name(`a${second}.ghost.org.`), now);
      if (second < 10) t.equal(current, ghost, `there after ${second} s`);
      else t.equal(current, org, `gone after ${second} s: the parent is asked`);
      pass(now, 1);
    }
    t.end();
  });

  t.test('Phoenix domains: delegations below it end with it (CVE-2022-30698)', (t) => {
    const now = clock();
    const cuts = cache();
    const org = refer(cuts, 'org.', ROOT, DAY, now);
    let deepest = refer(cuts, 'ghost.org.', org, 10, now);
    // The attacker's server delegates to itself ever deeper, each time for a day.
    let owner = 'ghost.org.';
    for (let depth = 0; depth < 9; depth++) {
      owner = `d${depth}.${owner}`;
      deepest = refer(cuts, owner, deepest, DAY, now, owner);
      t.equal(cuts.closest(name(`x.${owner}`), now)?.label, owner);
      pass(now, 1);
    }
    pass(now, 1);
    t.equal(cuts.closest(name(`x.${owner}`), now), org);
    t.end();
  });

  t.test('an end that the resolver got wrong is put right by the chain of parents', (t) => {
    const now = clock();
    const cuts = cache();
    const org = refer(cuts, 'org.', ROOT, 20, now);
    const child: Cut = { zone: name('a.org.'), parent: org, expiresAtMs: Infinity, label: 'a' };
    const below: Cut = { zone: name('b.a.org.'), parent: child, expiresAtMs: Infinity, label: 'b' };
    t.ok(cuts.put(child, 500, now));
    t.ok(cuts.put(below, 500, now));
    pass(now, 20);
    t.equal(cuts.closest(name('b.a.org.'), now), undefined);
    t.notOk(cuts.put(below, 500, now), 'and it cannot be put in again');
    t.end();
  });

  t.test('TTL 0 lives for 5 s, but not beyond the parent; huge ones are capped', (t) => {
    const now = clock();
    const cuts = cache();
    const org = refer(cuts, 'org.', ROOT, DAY, now);
    const left = (ttl: number, parent: Cut) => (cuts.endMs(ttl, parent, now) - now.cacheMs) / 1000;
    t.equal(Math.ceil(left(0, org)), 5);
    t.equal(Math.ceil(left(3, org)), 5);
    t.equal(Math.ceil(left(2 ** 31, org)), 5, 'TTL with the top bit: 0');
    t.equal(Math.ceil(left(2 ** 31 - 1, ROOT)), DAY);
    const ending: Cut = { ...org, expiresAtMs: expiryMs(2, now) };
    t.equal(Math.ceil(left(0, ending)), 2);
    t.equal(Math.ceil(left(DAY, ending)), 2);
    t.end();
  });
  t.end();
});

t.test('a delegation is only removed by itself; the bound is kept', (t) => {
  const now = clock();
  const cuts = cache();
  const old = refer(cuts, 'example.', ROOT, 300, now, 'old');
  const renewed = refer(cuts, 'example.', ROOT, 300, now, 'new');
  cuts.remove(old);
  t.equal(cuts.exact(name('example.'), now), renewed);
  cuts.remove(renewed);
  t.equal(cuts.count, 0);
  for (let index = 0; index < 2_000; index++) refer(cuts, `z${index}.`, ROOT, DAY, now);
  t.ok(cuts.sizeOctets <= 256 * 1024 && cuts.count > 200, `${cuts.sizeOctets} octets`);
  cuts.clear();
  t.equal(cuts.sizeOctets, 0);
  t.end();
});

t.test('zone keys', (t) => {
  const zone = name('example.');
  const key = makeKey();
  const keysUntil = (seconds: number, ttlSeconds = 3_600): ZoneKeys =>
    zoneKeys(zone, [key], dsSet(zone, [dsRdata(zone, key)], NOW + seconds, ttlSeconds), context());
  const facts = (keys: ZoneKeys, now: TestClock, expiresAtMs = Infinity) => ({
    keys,
    fetchedAtMs: now.cacheMs,
    expiresAtMs,
  });

  t.test('they end with their TTL, with the DS that vouches, and with the chain', (t) => {
    const now = clock();
    t.equal(now.wallSeconds, NOW);
    const cached = new ZoneKeyCache({ maxOctets: 256 * 1024 });
    const keys = keysUntil(DAY);
    cached.put(zone, facts(keys, now), now);
    t.equal(cached.get(zone, now)?.keys, keys);
    pass(now, keys.ttlSeconds - 1);
    t.equal(cached.get(name('EXAMPLE.'), now)?.keys, keys);
    pass(now, 1);
    t.equal(cached.get(zone, now), undefined, 'TTL');

    cached.put(zone, facts(keys, now, expiryMs(30, now)), now);
    pass(now, 30);
    t.equal(cached.get(zone, now), undefined, 'the DS ended: a parent that withdrew it is heard');

    const soon = keysUntil(40_000);
    const later = clock();
    cached.put(zone, facts(soon, later), later);
    later.wallSeconds = NOW + 40_001;
    t.equal(cached.get(zone, later), undefined, 'the chain ended by the wall clock');
    later.wallSeconds = NOW;
    t.equal(cached.get(zone, later), undefined, 'and does not rise again');
    t.end();
  });

  t.test('the wall clock set back prolongs nothing', (t) => {
    const now = clock();
    const cached = new ZoneKeyCache({ maxOctets: 256 * 1024 });
    cached.put(zone, facts(keysUntil(100), now), now);
    now.wallSeconds -= 400 * DAY;
    now.cacheMs += 99_000;
    t.ok(cached.get(zone, now));
    now.cacheMs += 1_000;
    t.equal(cached.get(zone, now), undefined);
    t.end();
  });

  t.test('keys of one zone cannot be filed under another', (t) => {
    const now = clock();
    const cached = new ZoneKeyCache({ maxOctets: 256 * 1024 });
    cached.put(name('victim.'), facts(keysUntil(DAY), now), now);
    t.equal(cached.get(name('victim.'), now), undefined);
    t.equal(cached.count, 0);
    t.end();
  });

  t.test('bounded by octets; removed on request', (t) => {
    const now = clock();
    const cached = new ZoneKeyCache({ maxOctets: 20_000 });
    const first = makeKey();
    for (let index = 0; index < 20; index++) {
      const other = name(`z${index}.`);
      const keys = zoneKeys(other, [first], dsSet(other, [dsRdata(other, first)]), context());
      cached.put(other, facts(keys, now), now);
      t.ok(cached.sizeOctets <= 20_000);
    }
    t.ok(cached.count > 3 && cached.count < 10, `${cached.count} kept`);
    t.ok(cached.get(name('z19.'), now));
    cached.remove(name('z19.'));
    t.equal(cached.get(name('z19.'), now), undefined);
    cached.clear();
    t.equal(cached.sizeOctets, 0);
    t.end();
  });
  t.end();
});
