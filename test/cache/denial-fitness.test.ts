/** What may not take part in denials made from denials, how much is kept, and in which order. */
import t from 'tap';
import { canonicalSortKey } from '../../src/cache/denial-spans.js';
import { AggressiveCache } from '../../src/cache/index.js';
import type { CryptoProvider, Security } from '../../src/dnssec/index.js';
import { SeededRandom } from '../../src/lab/index.js';
import type { DenialSpec } from '../../src/lab/zone-signer.js';
import { Name, type RRset, RRType, TypeBitmap } from '../../src/wire/index.js';
import {
  address,
  bogusVerdict,
  clock,
  insecure,
  NOW_SECONDS,
  name,
  rrset,
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
} from './small-zones.js';

const SEED = 8_198;
t.comment(`seed ${SEED}`);

t.test('what is not fit for use again', (t) => {
  const zone = buildZone(new Map<string, NodeState>([['a', 'data']]));
  const chain = chainOf(zone, NSEC, crypto);
  const isKnown = (
    sets: readonly RRset[],
    security: Security = secure(APEX),
    soaSet: RRset = soaOf(zone),
  ): boolean => {
    const denials = aggressiveCache();
    denials.put(APEX, sets, soaSet, { security }, clock());
    return denials.synthesise(below('zzz'), RRType.A, clock()) !== undefined;
  };
  const nsec = (owner: string, next: Name, types: number[], fields = {}): RRset => {
    const rdata = Uint8Array.from([...next.octets, ...TypeBitmap.of(types).octets]);
    return rrset(owner, RRType.NSEC, 300, [rdata], { signer: APEX, ...fields });
  };
  t.ok(isKnown(chain), 'the good chain is used');

  t.test('verdicts', (t) => {
    for (const security of [insecure(), bogusVerdict(), secure('.'), secure('sub.example.')]) {
      t.notOk(isKnown(chain, security), `${security.status} by ${security.zone}`);
    }
    const fake = { status: 'secure', zone: APEX, validUntilSeconds: 2 ** 40 };
    t.notOk(isKnown(chain, fake as unknown as Security), 'a look-alike');
    t.notOk(isKnown(chain, secure(APEX, NOW_SECONDS)), 'ends now');
    t.end();
  });

  t.test('signatures', (t) => {
    t.notOk(isKnown(chain.map((set) => ({ ...set, signatures: [] }))), 'unsigned');
    const by = (fields: Parameters<typeof rrsig>[3]) =>
      chain.map((set) => ({
        ...set,
        signatures: [rrsig(set.owner, set.type, 300, { signer: APEX, ...fields })],
      }));
    t.ok(isKnown(by({})));
    t.notOk(isKnown(by({ signer: Name.root })), 'signed by the parent');
    t.notOk(isKnown(by({ signer: name('a.example.') })), 'signed by a child');
    // F2, CVE-2026-44690: a denial record that came out of a wildcard.
    t.notOk(isKnown(by({ labels: 0 })), 'made from a wildcard');
    t.end();
  });

  t.test('F4: the next name lies outside the zone', (t) => {
    const out = nsec('example.', name('zzz.test.'), [RRType.SOA, RRType.NSEC]);
    t.notOk(isKnown([out]));
    const before = nsec('other.', name('other.'), [RRType.NSEC], { labels: 1 });
    t.notOk(isKnown([before]), 'the owner lies outside');
    t.end();
  });

  t.test('malformed, several in one set, of another type', (t) => {
    const [first] = chain;
    t.notOk(isKnown([{ ...first!, rdatas: [Uint8Array.of(0xff)] }]));
    t.notOk(isKnown([{ ...first!, rdatas: [] }]));
    t.notOk(isKnown([{ ...first!, rdatas: [...first!.rdatas, ...first!.rdatas] }]));
    t.notOk(isKnown([{ ...first!, type: RRType.TXT }]));
    t.end();
  });

  t.test('the SOA', (t) => {
    t.notOk(isKnown(chain, secure(APEX), soa('sub.example.', 300, 300)), 'of another zone');
    t.notOk(isKnown(chain, secure(APEX), soa('example.', 300, 0)), 'minimum 0');
    t.notOk(isKnown(chain, secure(APEX), soa('example.', 0, 300)), 'TTL 0');
    t.notOk(isKnown(chain, secure(APEX), address('example.', 300)), 'not an SOA');
    t.end();
  });

  t.test('RFC 9824: records made for one name', (t) => {
    const made = (owner: string, types: number[]): RRset =>
      nsec(owner, name(`\\000.${owner}`), types);
    const denials = aggressiveCache();
    for (const set of [
      made('gone.example.', [RRType.RRSIG, RRType.NSEC, RRType.NXNAME]),
      made('here.example.', [RRType.RRSIG, RRType.NSEC, RRType.A]),
    ]) {
      denials.put(APEX, [set], soaOf(zone), { security: secure(APEX) }, clock());
    }
    t.equal(denials.spanCount(APEX), 0, 'they only take room');
    const wide = nsec('gone.example.', APEX, [RRType.RRSIG, RRType.NSEC, RRType.NXNAME]);
    t.notOk(isKnown([wide]));
    t.end();
  });

  t.test('NSEC3: opt-out, too many iterations, no hashing at hand', (t) => {
    const small = buildZone(new Map<string, NodeState>([['a', 'data']]));
    const known = (spec: DenialSpec, options = {}): boolean => {
      const denials = aggressiveCache(options);
      learn(denials, small, chainOf(small, spec, crypto));
      return denials.synthesise(below('zzz'), RRType.A, clock()) !== undefined;
    };
    t.ok(known(NSEC3));
    t.notOk(known({ ...NSEC3, optOut: true } as DenialSpec), 'opt-out: delegations may hide');
    t.ok(known({ ...NSEC3, iterations: 50 } as DenialSpec, { maxHashBlocks: 1_000 }));
    t.notOk(known({ ...NSEC3, iterations: 51 } as DenialSpec, { maxHashBlocks: 1_000 }));
    t.ok(
      known({ ...NSEC3, iterations: 51 } as DenialSpec, {
        nsec3MaxIterations: 51,
        maxHashBlocks: 1_000,
      }),
    );
    const plain = new AggressiveCache({ maxOctets: 1_000_000 });
    learn(plain, small, chainOf(small, NSEC3, crypto));
    t.equal(plain.zoneCount, 0);
    t.end();
  });

  t.test('questions that no denial answers', (t) => {
    const denials = aggressiveCache();
    learn(denials, zone, chain);
    for (const type of [0, RRType.OPT, RRType.ANY, RRType.AXFR, 200]) {
      t.equal(denials.synthesise(below('zzz'), type, clock()), undefined, `type ${type}`);
    }
    t.equal(denials.synthesise(name('zzz.test.'), RRType.A, clock()), undefined);
    t.equal(denials.synthesise(APEX, RRType.DS, clock()), undefined, 'the parent’s to say');
    t.equal(denials.synthesise(APEX, RRType.TLSA, clock())?.kind, 'no data');
    t.end();
  });
  t.end();
});

t.test('CVE-2023-50868: hashing is bounded, however long the name', (t) => {
  let blocks = 0;
  const counting: CryptoProvider = Object.assign(Object.create(crypto), {
    nsec3Hash: (octets: Uint8Array, salt: Uint8Array, iterations: number) => {
      blocks += iterations + Math.ceil((octets.length + salt.length + 9) / 64);
      return crypto.nsec3Hash(octets, salt, iterations);
    },
  });
  const zone = buildZone(new Map<string, NodeState>([['a', 'data']]));
  const spec: DenialSpec = { ...NSEC3, iterations: 50 } as DenialSpec;
  const denials = aggressiveCache({ crypto: counting });
  // Only the apex is known, so that nothing ends the search early.
  learn(denials, zone, chainOf(zone, spec, crypto).slice(0, 1));
  const labels = Array.from({ length: 110 }, () => 'x').join('.');
  blocks = 0;
  denials.synthesise(below(labels), RRType.A, clock());
  t.ok(blocks <= 128, `${blocks} blocks`);
  t.ok(blocks > 0);
  t.end();
});

t.test('bounds', (t) => {
  const now = clock();
  const maxOctets = 200_000;
  const denials = aggressiveCache({ maxOctets, maxSpansPerZone: 100 });
  let largest = 0;
  for (let index = 0; index < 60; index++) {
    const apex = name(`z${index}.`);
    const states = new Map<string, NodeState>();
    for (let host = 0; host < 15; host++) states.set(`h${host}`, 'data');
    const zone = buildZone(states, apex);
    learn(denials, zone, chainOf(zone, NSEC, crypto), now);
    largest = Math.max(largest, denials.sizeOctets);
    // Using it throws ended spans out; the sum must stay right all the same.
    denials.synthesise(name(`x.z${index}.`), RRType.A, { ...now, cacheMs: now.cacheMs + 10 ** 6 });
  }
  t.ok(largest <= maxOctets && largest > maxOctets / 2, `${largest} octets`);
  t.ok(denials.zoneCount < 60 && denials.synthesise(name('x.z59.'), RRType.TXT, now));

  const big = buildZone(
    new Map(Array.from({ length: 400 }, (_, host) => [`h${host}`, 'data' as NodeState])),
  );
  const alone = aggressiveCache({ maxSpansPerZone: 100 });
  for (const set of chainOf(big, NSEC, crypto)) learn(alone, big, [set], now);
  t.ok(alone.spanCount(APEX) <= 100 && alone.spanCount(APEX) >= 70, `${alone.spanCount(APEX)}`);
  const tiny = aggressiveCache({ maxOctets: 20_000 });
  for (const set of chainOf(big, NSEC, crypto)) {
    learn(tiny, big, [set], now);
    t.ok(tiny.sizeOctets <= 20_000) || t.bailout();
  }
  t.ok(tiny.spanCount(APEX) > 3);
  const none = aggressiveCache({ maxOctets: 100 });
  learn(none, big, chainOf(big, NSEC, crypto), now);
  t.equal(none.sizeOctets, 0);
  alone.clear();
  t.equal(alone.sizeOctets, 0);
  t.end();
});

t.test('sort keys order names as RFC 4034 §6.1 does', (t) => {
  const random = new SeededRandom(SEED);
  const pick = [0, 1, 2, 0x2a, 0x2e, 0x41, 0x5a, 0x61, 0x7a, 0xc0, 0xff];
  const names = Array.from({ length: 300 }, () => {
    const labels = Array.from({ length: random.uint32() % 4 }, () =>
      Uint8Array.from(
        { length: 1 + (random.uint32() % 3) },
        () => pick[random.uint32() % pick.length]!,
      ),
    );
    return Name.fromLabels(labels)!;
  });
  let wrong = 0;
  for (const a of names) {
    for (const b of names) {
      const [left, right] = [canonicalSortKey(a), canonicalSortKey(b)];
      const order = left < right ? -1 : left > right ? 1 : 0;
      if (order !== Math.sign(a.compareCanonical(b))) wrong++;
    }
  }
  t.equal(wrong, 0);
  const rfc = ['example.', 'a.example.', 'yljkjljk.a.example.', 'Z.a.example.', 'zABC.a.EXAMPLE.'];
  rfc.push('z.example.', '\\001.z.example.', '*.z.example.', '\\200.z.example.');
  const sorted = rfc.map((text) => canonicalSortKey(name(text)));
  t.same([...sorted].sort(), sorted, 'the example of RFC 4034 §6.1');
  const longest = Name.fromLabels([63, 63, 63, 61].map((size) => new Uint8Array(size)))!;
  t.equal(canonicalSortKey(longest).length, 2 * 250 + 4);
  t.end();
});
