/** Denials made from denials: RFC 8198 and RFC 9077, against a plain reading of small zones. */
import t from 'tap';
import { type AggressiveCache, remainingSeconds } from '../../src/cache/index.js';
import { validateNegative } from '../../src/dnssec/index.js';
import { SeededRandom, type Zone } from '../../src/lab/index.js';
import type { DenialSpec } from '../../src/lab/zone-signer.js';
import { type Name, type RRset, RRType } from '../../src/wire/index.js';
import { context, makeKey, signed, zoneKeys } from '../dnssec/signed-zone.js';
import {
  address,
  clock,
  insecure,
  NOW_SECONDS,
  name,
  pass,
  rrsig,
  secure,
  soa,
} from './made-up-data.js';
import {
  APEX,
  aggressiveCache,
  below,
  buildZone,
  chainOf,
  crypto,
  learn,
  type NodeState,
  NSEC,
  NSEC3,
  soaOf,
  truth,
  universe,
} from './small-zones.js';

const SEED = 8_198;
t.comment(`seed ${SEED}`);

const TYPES = [RRType.A, RRType.TLSA, RRType.DS, RRType.CNAME, RRType.NS];

/** DS at the apex belongs to the parent, whatever this zone thinks of it. */
function isLeftOut(zone: Zone, owner: Name, type: number): boolean {
  return type === RRType.DS && owner.equals(zone.origin);
}

interface Tally {
  asked: number;
  synthesised: number;
  wrong: string[];
  missing: string[];
}

function compare(zone: Zone, denials: AggressiveCache, names: readonly Name[], tally: Tally): void {
  const now = clock();
  for (const owner of names) {
    for (const type of TYPES) {
      const wanted = isLeftOut(zone, owner, type) ? undefined : truth(zone, owner, type);
      const got = denials.synthesise(owner, type, now)?.kind;
      tally.asked++;
      if (got !== undefined) tally.synthesised++;
      if (got === wanted) continue;
      const text = `${owner} TYPE${type}: ${got}, in truth ${wanted}`;
      if (got === undefined) tally.missing.push(text);
      else tally.wrong.push(text);
    }
  }
}

t.test('all small zones, the whole chain known: every denial is found, none is wrong', (t) => {
  const nodes: ReadonlyArray<readonly [string, readonly NodeState[]]> = [
    ['a', ['absent', 'data', 'alias', 'cut', 'signed cut', 'dname']],
    ['b', ['absent', 'data', 'cut']],
    ['*', ['absent', 'data', 'alias']],
    ['a.a', ['absent', 'data']],
    ['*.a', ['absent', 'data']],
    ['a.*', ['absent', 'data']],
    ['b.b', ['absent', 'data', 'cut']],
  ];
  const names = universe(['a', 'b', 'c', '*'], 2);
  names.push(...['x.a.a', 'c.b.b', 'z.z.z', 'b.*', '\\000.a', 'a\\000'].map(below));
  const tally: Tally = { asked: 0, synthesised: 0, wrong: [], missing: [] };
  let zones = 0;
  const walk = (index: number, states: Map<string, NodeState>): void => {
    const node = nodes[index];
    if (node === undefined) {
      const zone = buildZone(states);
      zones++;
      const kinds = zones % 8 === 0 ? [NSEC, NSEC3] : [NSEC];
      for (const kind of kinds) {
        const denials = aggressiveCache();
        learn(denials, zone, chainOf(zone, kind, crypto));
        compare(zone, denials, names, tally);
      }
      return;
    }
    for (const state of node[1]) walk(index + 1, new Map([...states, [node[0], state]]));
  };
  walk(0, new Map());
  t.comment(`${zones} zones, ${tally.asked} questions, ${tally.synthesised} answered`);
  t.same(tally.wrong.slice(0, 5), []);
  t.same(tally.missing.slice(0, 5), []);
  t.ok(zones === 1_296 && tally.synthesised > 10_000);
  t.end();
});

t.test('random zones, part of the chain known: what is answered is true', (t) => {
  const random = new SeededRandom(SEED);
  const names = universe(['a', 'b', 'c', '*'], 3);
  const states: readonly NodeState[] = ['data', 'data', 'alias', 'cut', 'signed cut', 'dname'];
  const tally: Tally = { asked: 0, synthesised: 0, wrong: [], missing: [] };
  for (let round = 0; round < 120; round++) {
    const chosen = new Map<string, NodeState>();
    for (let count = 0; count < 6; count++) {
      const owner = names[1 + (random.uint32() % (names.length - 1))]!;
      const state = owner.isWildcard ? 'data' : states[random.uint32() % states.length]!;
      chosen.set(owner.toString().replace('.example.', ''), state);
    }
    const zone = buildZone(chosen);
    const chain = chainOf(zone, round % 2 === 0 ? NSEC : NSEC3, crypto);
    const denials = aggressiveCache();
    learn(
      denials,
      zone,
      chain.filter(() => random.uint32() % 3 !== 0),
    );
    compare(zone, denials, names, tally);
  }
  t.comment(`${tally.asked} questions, ${tally.synthesised} answered, ${tally.missing.length} not`);
  t.same(tally.wrong.slice(0, 5), []);
  t.ok(tally.synthesised > 5_000 && tally.missing.length > 5_000);
  t.end();
});

t.test('a zone that changes: older proofs never contradict newer ones', (t) => {
  const random = new SeededRandom(SEED + 1);
  const names = universe(['a', 'b', 'c', 'd', 'e'], 2);
  for (const kind of [NSEC, NSEC3]) {
    const denials = aggressiveCache();
    const states = new Map<string, NodeState>();
    for (let change = 0; change < 60; change++) {
      const text = names[1 + (random.uint32() % (names.length - 1))]!.toString().replace(
        '.example.',
        '',
      );
      if (!states.delete(text)) states.set(text, 'data');
      const zone = buildZone(states);
      learn(denials, zone, chainOf(zone, kind, crypto));
      const tally: Tally = { asked: 0, synthesised: 0, wrong: [], missing: [] };
      compare(zone, denials, names, tally);
      t.same([...tally.wrong, ...tally.missing], [], `${kind.kind}, change ${change}`) ||
        t.bailout();
      t.equal(denials.spanCount(APEX), chainOf(zone, kind, crypto).length, 'no leftovers');
    }
  }
  t.end();
});

t.test('with real signatures: whoever validates behind us finds the same proof', (t) => {
  const key = makeKey();
  const keys = zoneKeys(APEX, [key]);
  const zone = buildZone(
    new Map<string, NodeState>([
      ['www', 'data'],
      ['*.w', 'data'],
      ['deep.er', 'data'],
      ['cut', 'cut'],
    ]),
  );
  const sign = (set: RRset): RRset => signed({ ...set, signatures: [] }, key, APEX);
  const soaSet = sign(soaOf(zone));
  const names = ['nope', 'a.nope', 'www', 'x.www', 'y.w', 'z.y.w', 'er', 'q.er', 'cut'].map(below);
  for (const kind of [NSEC, NSEC3]) {
    const chain = chainOf(zone, kind, crypto).map(sign);
    const denials = aggressiveCache();
    for (const set of chain) {
      // One record at a time, each through the judge: its own owner has no TLSA record.
      const owner = zone.nodesInOrder().find(({ name: node }) => {
        return Object.hasOwn(
          validateNegative(
            { name: node, type: RRType.DNSKEY, kind: 'no data' },
            [set, soaSet],
            keys,
            context(),
          ),
          'usedRRsets',
        );
      });
      if (owner === undefined) continue;
      const claim = { name: owner.name, type: RRType.DNSKEY, kind: 'no data' } as const;
      const verdict = validateNegative(claim, [set, soaSet], keys, context());
      if (!('usedRRsets' in verdict)) continue;
      const { security, usedRRsets, proofTtlSeconds } = verdict;
      denials.put(APEX, usedRRsets, soaSet, { security, ttlSeconds: proofTtlSeconds }, clock());
    }
    let checked = 0;
    for (const owner of names) {
      const made = denials.synthesise(owner, RRType.TLSA, clock());
      if (made === undefined) continue;
      checked++;
      t.equal(made.kind, truth(zone, owner, RRType.TLSA), `${kind.kind} ${owner}`);
      const claim = { name: owner, type: RRType.TLSA, kind: made.kind };
      const judged = validateNegative(claim, made.authority, keys, context());
      t.equal('usedRRsets' in judged ? judged.security.status : judged.reason, 'secure');
      t.equal('kind' in judged ? judged.kind : '', made.kind);
    }
    t.ok(checked >= 5, `${kind.kind}: ${checked} answers`);
  }
  t.end();
});

t.test('G4: a flood of random names below a signed zone asks almost nothing', (t) => {
  const states = new Map<string, NodeState>();
  for (let index = 0; index < 60; index++) states.set(`host${index}`, 'data');
  const zone = buildZone(states);
  for (const kind of [NSEC, NSEC3]) {
    const random = new SeededRandom(SEED);
    const chain = chainOf(zone, kind, crypto);
    const denials = aggressiveCache();
    const now = clock();
    const authority = aggressiveCache();
    learn(authority, zone, chain);
    let asked = 0;
    for (let query = 0; query < 10_000; query++) {
      const owner = below(`r${random.uint32().toString(36)}`);
      if (denials.synthesise(owner, RRType.A, now) !== undefined) continue;
      asked++;
      const proof = authority.synthesise(owner, RRType.A, now)?.authority ?? [];
      t.ok(proof.length > 0) || t.bailout();
      learn(denials, zone, proof, now);
    }
    t.comment(`${kind.kind}: ${asked} of 10000 questions had to be asked`);
    t.ok(asked <= 200, `${asked}`);
  }
  t.end();
});

t.test('life time: RFC 9077 §3, and both clocks', (t) => {
  const zone = buildZone(new Map<string, NodeState>([['a', 'data']]));
  const chain = chainOf(zone, NSEC, crypto);
  const life = (
    nsecTtl: number,
    soaTtl: number,
    minimum: number,
    more: { judged?: number; original?: number; left?: number } = {},
  ): number | undefined => {
    const now = clock();
    const denials = aggressiveCache();
    const original = more.original ?? nsecTtl;
    const sets = chain.map((set) => ({
      ...set,
      ttlSeconds: nsecTtl,
      signatures: [rrsig(set.owner, set.type, nsecTtl, { signer: APEX, originalTtl: original })],
    }));
    const security = secure(APEX, NOW_SECONDS + (more.left ?? 100_000));
    const facts = more.judged === undefined ? { security } : { security, ttlSeconds: more.judged };
    denials.put(APEX, sets, soa('example.', soaTtl, minimum), facts, now);
    const made = denials.synthesise(below('zzz'), RRType.A, now);
    return made === undefined ? undefined : remainingSeconds(made.expiresAtMs, now);
  };
  t.equal(life(300, 600, 900), 300, 'NSEC TTL');
  t.equal(life(900, 300, 600), 300, 'SOA TTL');
  t.equal(life(900, 600, 300), 300, 'SOA minimum');
  t.equal(life(900, 900, 900, { judged: 200 }), 200, 'what the judge found');
  t.equal(life(900, 900, 900, { original: 100 }), 100, 'original TTL');
  t.equal(life(900, 900, 900, { left: 50 }), 50, 'signature');
  t.equal(life(90_000, 90_000, 90_000), 3_600, 'cap on denials');
  t.equal(life(0, 900, 900), undefined);

  const now = clock();
  const denials = aggressiveCache();
  const security = secure(APEX, NOW_SECONDS + 1_000);
  denials.put(APEX, chain, soaOf(zone), { security }, now);
  const answers = () => denials.synthesise(below('zzz'), RRType.A, now)?.security.status;
  t.equal(answers(), 'secure');
  now.wallSeconds = NOW_SECONDS + 1_001;
  t.equal(answers(), undefined, 'the wall clock was set forward');
  learn(denials, zone, chain, now);
  t.equal(answers(), 'secure');
  now.wallSeconds -= 10 ** 9;
  now.cacheMs += 299_000;
  t.equal(answers(), 'secure');
  now.cacheMs += 1_000;
  t.equal(answers(), undefined, 'the wall clock set back prolongs nothing');
  t.end();
});

t.test('a newer SOA prolongs no older record, and a newer signature none either', (t) => {
  const zone = buildZone(new Map<string, NodeState>([['m', 'data']]));
  const [apex, m] = chainOf(zone, NSEC, crypto).map((set) => ({
    ...set,
    ttlSeconds: 900,
    signatures: [rrsig(set.owner, set.type, 900, { signer: APEX })],
  })) as unknown as [RRset, RRset];
  const now = clock();
  const denials = aggressiveCache();
  const short = secure(APEX, NOW_SECONDS + 400);
  denials.put(APEX, [m], soa('example.', 900, 300), { security: secure(APEX) }, now);
  denials.put(APEX, [apex], soa('example.', 900, 900), { security: secure(APEX) }, now);
  const life = (text: string): number | undefined => {
    const made = denials.synthesise(below(text), RRType.TLSA, now);
    return made === undefined ? undefined : remainingSeconds(made.expiresAtMs, now);
  };
  t.same([life('m'), life('a')], [300, 900], 'each keeps the end that it was given');
  denials.put(APEX, [m], soa('example.', 900, 900), { security: short }, now);
  denials.put(APEX, [apex], soa('example.', 900, 900), { security: secure(APEX) }, now);
  t.equal(life('m'), 400);
  now.wallSeconds += 401;
  t.same([life('m'), life('a')], [undefined, 900], 'each ends with its own signature');
  t.end();
});

t.test('one new record of a changed zone ends the old ones that it contradicts', (t) => {
  const before = buildZone(new Map<string, NodeState>([['d', 'data']]));
  const after = buildZone(
    new Map<string, NodeState>([
      ['b', 'data'],
      ['d', 'data'],
    ]),
  );
  const denials = aggressiveCache();
  const now = clock();
  learn(denials, before, chainOf(before, NSEC, crypto));
  const isDenied = (text: string) => denials.synthesise(below(text), RRType.A, now) !== undefined;
  t.ok(isDenied('a') && isDenied('b') && isDenied('c'));
  const b = chainOf(after, NSEC, crypto).find(({ owner }) => owner.equals(below('b')))!;
  learn(denials, after, [b]);
  t.equal(denials.spanCount(APEX), 2, 'the span around b is gone');
  t.same([isDenied('a'), isDenied('b')], [false, false], 'nothing is known of what lies before');
  t.end();
});

t.test('delegations and DNAMEs at a wildcard mean nothing (RFC 4592 §4.2, §4.4)', (t) => {
  for (const kind of [NSEC, NSEC3]) {
    for (const state of ['cut', 'signed cut', 'dname'] as const) {
      const zone = buildZone(new Map<string, NodeState>([['*', state]]));
      const denials = aggressiveCache();
      learn(denials, zone, chainOf(zone, kind, crypto));
      for (const type of [RRType.DS, RRType.A, RRType.NS]) {
        const made = denials.synthesise(below('x'), type, clock());
        t.equal(made, undefined, `${kind.kind} ${state} TYPE${type}`);
      }
    }
  }
  t.end();
});

t.test('a parent’s records never speak for what a child has', (t) => {
  const parent = buildZone(
    new Map<string, NodeState>([
      ['sub', 'cut'],
      ['zoo', 'data'],
    ]),
  );
  const sub = name('sub.example.');
  const child = buildZone(new Map<string, NodeState>([['www', 'data']]), sub);
  const denials = aggressiveCache();
  const now = clock();
  learn(denials, parent, chainOf(parent, NSEC, crypto));
  t.equal(denials.synthesise(name('nope.sub.example.'), RRType.A, now), undefined);
  t.equal(denials.synthesise(sub, RRType.A, now), undefined, 'at the cut: a referral is due');
  t.equal(
    denials.synthesise(sub, RRType.DS, now)?.zone.toString(),
    'example.',
    'an unsigned child',
  );
  learn(denials, child, chainOf(child, NSEC, crypto));
  t.equal(
    denials.synthesise(name('nope.sub.example.'), RRType.A, now)?.zone.toString(),
    'sub.example.',
  );
  t.equal(denials.synthesise(sub, RRType.TLSA, now)?.zone.toString(), 'sub.example.');
  t.equal(denials.synthesise(sub, RRType.DS, now)?.zone.toString(), 'example.', 'still the parent');
  t.equal(denials.synthesise(name('sup.example.'), RRType.A, now)?.kind, 'name error');
  t.end();
});

t.test('a zone that changes its way of denying begins anew (CVE-2026-33261)', (t) => {
  const zone = buildZone(new Map<string, NodeState>([['a', 'data']]));
  const later = buildZone(
    new Map<string, NodeState>([
      ['a', 'data'],
      ['new', 'data'],
    ]),
  );
  const denials = aggressiveCache();
  const now = clock();
  const isDenied = (text: string) => denials.synthesise(below(text), RRType.A, now) !== undefined;
  learn(denials, zone, chainOf(zone, NSEC, crypto));
  t.ok(isDenied('new'));
  const nsec3 = chainOf(later, NSEC3, crypto);
  learn(denials, later, nsec3);
  t.notOk(isDenied('new'), 'the NSEC records are gone');
  t.ok(isDenied('zzz'));
  t.equal(denials.spanCount(APEX), nsec3.length);
  const hosts = Array.from({ length: 30 }, (_, at) => [`h${at}`, 'data'] as [string, NodeState]);
  const wide = buildZone(new Map(hosts));
  learn(denials, wide, chainOf(wide, NSEC3, crypto));
  const salted = { ...NSEC3, salt: Uint8Array.of(1, 2, 3) } as DenialSpec;
  learn(denials, wide, chainOf(wide, salted, crypto).slice(0, 1));
  t.equal(denials.spanCount(APEX), 1, 'another salt is another chain');
  learn(denials, zone, chainOf(zone, NSEC, crypto));
  t.ok(isDenied('new'), 'and back');
  t.end();
});

t.test('wildcard answers', (t) => {
  const zone = buildZone(
    new Map<string, NodeState>([
      ['*.w', 'data'],
      ['a.w', 'data'],
    ]),
  );
  const encloser = name('w.example.');
  for (const kind of [NSEC, NSEC3]) {
    const denials = aggressiveCache();
    const now = clock();
    const answer = (labels: number, owner = 'q.w.example.'): RRset => ({
      ...address(owner, 120, 7),
      signatures: [rrsig(name(owner), RRType.A, 120, { signer: APEX, labels })],
    });
    const facts = { security: secure(APEX, NOW_SECONDS + 5_000) };
    denials.putWildcard(APEX, answer(2), encloser, facts, now);
    t.equal(denials.wildcardAnswer(name('r.w.example.'), RRType.A, now), undefined, 'no proof yet');
    learn(denials, zone, chainOf(zone, kind, crypto));
    denials.putWildcard(APEX, answer(3), encloser, facts, now);
    t.equal(denials.wildcardAnswer(name('r.w.example.'), RRType.A, now), undefined, 'no wildcard');
    denials.putWildcard(APEX, answer(2), encloser, { security: insecure() }, now);
    t.equal(denials.wildcardAnswer(name('r.w.example.'), RRType.A, now), undefined, 'not secure');
    denials.putWildcard(APEX, answer(2), encloser, facts, now);
    const made = denials.wildcardAnswer(name('R.s.w.example.'), RRType.A, now);
    t.equal(made?.rrset.owner.toString(), 'R.s.w.example.');
    t.equal(made?.rrset.rdatas[0]?.[3], 7);
    t.equal(made?.proof.length, 1);
    t.equal(made?.security.status, 'secure');
    t.equal(remainingSeconds(made?.expiresAtMs ?? 0, now), 120);
    t.equal(denials.wildcardAnswer(name('a.w.example.'), RRType.A, now), undefined, 'it exists');
    t.equal(denials.wildcardAnswer(name('x.a.w.example.'), RRType.A, now), undefined, 'encloser');
    t.equal(denials.wildcardAnswer(name('w.example.'), RRType.A, now), undefined);
    t.equal(denials.wildcardAnswer(name('r.w.example.'), RRType.AAAA, now), undefined);
    t.equal(denials.synthesise(name('r.w.example.'), RRType.A, now), undefined);
    t.equal(denials.synthesise(name('r.w.example.'), RRType.AAAA, now)?.kind, 'no data');
    pass(now, 120);
    t.equal(denials.wildcardAnswer(name('r.w.example.'), RRType.A, now), undefined, 'ended');
  }
  t.end();
});
