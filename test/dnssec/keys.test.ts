import t, { type Test } from 'tap';
import {
  type DsSet,
  keyTag,
  type TrustAnchors,
  unsupportedDs,
  type ValidationContext,
  validateDnskeys,
} from '../../src/dnssec/index.js';
import { EdeCode, RRClass, type RRset, RRType } from '../../src/wire/index.js';
import {
  base64,
  context,
  DAY,
  dnskeySet,
  dsRdata,
  dsSet,
  hex,
  KSK,
  makeKey,
  makeRsaKey,
  NOW,
  name,
  octets,
  signed,
  type TestKey,
  tagOf,
  unsigned,
  withFlags,
  ZSK,
} from './signed-zone.js';

const ZONE = name('example.test');
const ksk = makeKey(13, KSK);
const zsk = makeKey(13, ZSK);
const pair = [ksk, zsk];
const good = dnskeySet(ZONE, pair, [ksk]);
const vouched = dsSet(ZONE, [dsRdata(ZONE, ksk)]);

function secure(t: Test, dnskeys: RRset, by: DsSet | TrustAnchors, ctx = context()) {
  const verdict = validateDnskeys(ZONE, dnskeys, by, ctx);
  t.equal(verdict.status, 'secure');
  if (verdict.status !== 'secure') throw new Error(`${verdict.reason}: ${verdict.sentence}`);
  return verdict.keys;
}

function fails(
  t: Test,
  status: 'bogus' | 'insecure',
  reason: string,
  ede: number,
  [dnskeys, by, ctx = context()]: [RRset, DsSet | TrustAnchors, ValidationContext?],
) {
  const verdict = validateDnskeys(ZONE, dnskeys, by, ctx);
  t.equal(verdict.status, status, reason);
  if (verdict.status === 'secure') return;
  t.equal(verdict.reason, reason);
  t.equal(verdict.ede, ede, `EDE of ${reason}`);
  t.match(verdict.sentence, /^[^\n]{20,}\.$/);
}

const dsWith = (key: TestKey, change: (ds: Uint8Array) => void, digestType = 2): Uint8Array => {
  const rdata = dsRdata(ZONE, key, digestType);
  change(rdata);
  return rdata;
};

t.test('DS, key, self-signature: secure; the keys live as long as the chain', (t) => {
  const keys = secure(t, good, vouched);
  t.equal(keys.keys.length, 2);
  t.ok(keys.zone.equals(ZONE));
  t.equal(keys.ttlSeconds, 3600);
  t.equal(keys.validUntilSeconds, NOW + 7 * DAY);
  const brief = secure(t, good, dsSet(ZONE, [dsRdata(ZONE, ksk)], NOW + 40, 1000));
  t.equal(brief.validUntilSeconds, NOW + 40, 'not longer than the DS is proven');
  t.equal(brief.ttlSeconds, 40);
  t.equal(secure(t, good, dsSet(ZONE, [dsRdata(ZONE, ksk)], NOW + DAY, 100)).ttlSeconds, 100);
  const mixed = { ...good, owner: name('EXAMPLE.test') };
  secure(t, mixed, dsSet(name('Example.TEST'), [dsRdata(ZONE, ksk)]));
  t.end();
});

t.test('the key set belongs to the zone', (t) => {
  const elsewhere = { ...good, owner: name('other.test') };
  fails(t, 'bogus', 'key set of another name', EdeCode.DNSSEC_BOGUS, [elsewhere, vouched]);
  const chaos = { ...good, class: RRClass.CH };
  fails(t, 'bogus', 'key set of another name', EdeCode.DNSSEC_BOGUS, [chaos, vouched]);
  const cdnskey = { ...good, type: RRType.CDNSKEY };
  fails(t, 'bogus', 'key set of another name', EdeCode.DNSSEC_BOGUS, [cdnskey, vouched]);
  const foreign = dsSet(name('other.test'), [dsRdata(ZONE, ksk)]);
  fails(t, 'bogus', 'no anchor for zone', EdeCode.DNSKEY_MISSING, [good, foreign]);
  const none = { ...good, rdatas: [] };
  fails(t, 'bogus', 'no keys', EdeCode.DNSKEY_MISSING, [none, vouched]);
  t.end();
});

t.test('a DS must match a key: tag, algorithm, digest', (t) => {
  const wrong: Uint8Array[] = [
    dsWith(ksk, (ds) => ds.set([0, 0])),
    dsWith(ksk, (ds) => ds.set([8], 2)),
    dsWith(ksk, (ds) => ds.set([ds[20]! ^ 1], 20)),
    dsWith(ksk, (ds) => ds.set([4], 3)),
    dsRdata(ZONE, ksk).subarray(0, -1),
    octets(dsRdata(ZONE, ksk), [0]),
    dsRdata(name('other.test'), ksk),
    dsRdata(ZONE, makeKey(13, KSK)),
  ];
  for (const ds of wrong) {
    const entry: [RRset, DsSet] = [good, dsSet(ZONE, [ds])];
    fails(t, 'bogus', 'no key matches DS', EdeCode.DNSKEY_MISSING, entry);
    secure(t, good, dsSet(ZONE, [ds, dsRdata(ZONE, ksk)]));
  }
  for (const digestType of [2, 4]) secure(t, good, dsSet(ZONE, [dsRdata(ZONE, ksk, digestType)]));
  t.end();
});

t.test('the matching key has to sign the key set itself', (t) => {
  const missing = 'keys not signed by secure entry point';
  const byZsk = dnskeySet(ZONE, pair, [zsk]);
  fails(t, 'bogus', missing, EdeCode.RRSIGS_MISSING, [byZsk, vouched]);
  const unsignedSet = dnskeySet(ZONE, pair, []);
  fails(t, 'bogus', 'signature missing', EdeCode.RRSIGS_MISSING, [unsignedSet, vouched]);
  const both = dnskeySet(ZONE, pair, [zsk, ksk]);
  secure(t, both, vouched);
  const broken = both.signatures[1]!.slice();
  broken[60]! ^= 1;
  const badKsk = { ...both, signatures: [both.signatures[0]!, broken] };
  fails(t, 'bogus', 'signature does not verify', EdeCode.DNSSEC_BOGUS, [badKsk, vouched]);
  // An added key makes it another set, so an attacker's key cannot ride along.
  const added = { ...good, rdatas: [...good.rdatas, makeKey(13, ZSK).rdata] };
  fails(t, 'bogus', 'signature does not verify', EdeCode.DNSSEC_BOGUS, [added, vouched]);
  const removed = { ...good, rdatas: [ksk.rdata] };
  fails(t, 'bogus', 'signature does not verify', EdeCode.DNSSEC_BOGUS, [removed, vouched]);
  // A stranger's set, signed by the stranger, with the vouched key lying in it.
  const stranger = makeKey(13, KSK);
  const stolen = dnskeySet(ZONE, [stranger, ksk], [stranger]);
  fails(t, 'bogus', missing, EdeCode.RRSIGS_MISSING, [stolen, vouched]);
  const old = signed(unsigned(ZONE, RRType.DNSKEY, good.rdatas), ksk, ZONE, {
    expiration: NOW - 1,
  });
  fails(t, 'bogus', 'signature expired', EdeCode.SIGNATURE_EXPIRED, [old, vouched]);
  const parent = signed(unsigned(ZONE, RRType.DNSKEY, good.rdatas), ksk, name('test'));
  fails(t, 'bogus', 'signer is another zone', EdeCode.DNSSEC_BOGUS, [parent, vouched]);
  t.end();
});

t.test('flags and protocol of the key that is vouched for', (t) => {
  const cases = [
    [withFlags(ksk, 1), 'no zone key bit', EdeCode.NO_ZONE_KEY_BIT_SET],
    [withFlags(ksk, 257, 4), 'key protocol', EdeCode.DNSKEY_MISSING],
    [withFlags(ksk, 257 | 128), 'key revoked', EdeCode.DNSKEY_MISSING],
  ] as const;
  for (const [key, reason, ede] of cases) {
    const set = dnskeySet(ZONE, [key, zsk], [key]);
    fails(t, 'bogus', reason, ede, [set, dsSet(ZONE, [dsRdata(ZONE, key)])]);
    // The flags are part of the key: the DS of the good one does not match the other.
    fails(t, 'bogus', 'no key matches DS', EdeCode.DNSKEY_MISSING, [set, vouched]);
  }
  const bare = [withFlags(ksk, 1), withFlags(zsk, 0)];
  const flagless = dnskeySet(ZONE, bare, [bare[0]!]);
  fails(t, 'bogus', 'no zone key', EdeCode.NO_ZONE_KEY_BIT_SET, [flagless, vouched]);
  // SEP is advice only: a DS may point to a key without it (RFC 4034 §2.1.1).
  secure(t, dnskeySet(ZONE, pair, [zsk]), dsSet(ZONE, [dsRdata(ZONE, zsk)]));
  t.end();
});

t.test('unsupported DS records: insecure only when all of them are', (t) => {
  const algorithm = (number: number) => dsWith(ksk, (ds) => ds.set([number], 2));
  const digest = (number: number) => dsWith(ksk, (ds) => ds.set([number], 3));
  const { UNSUPPORTED_DNSKEY_ALGORITHM: byAlgorithm, UNSUPPORTED_DS_DIGEST_TYPE: byDigest } =
    EdeCode;
  for (const number of [1, 3, 5, 6, 7, 12, 17, 23, 100, 200, 253, 254]) {
    const set = dsSet(ZONE, [algorithm(number)]);
    fails(t, 'insecure', 'unsupported algorithm', byAlgorithm, [good, set]);
    t.equal(unsupportedDs(set, context())?.reason, 'unsupported algorithm');
    const some = dsSet(ZONE, [algorithm(number), dsWith(ksk, (ds) => ds.set([ds[9]! ^ 1], 9))]);
    fails(t, 'bogus', 'no key matches DS', EdeCode.DNSKEY_MISSING, [good, some]);
    t.equal(unsupportedDs(some, context()), undefined);
  }
  for (const number of [0, 1, 3, 5, 6, 100, 255]) {
    const set = dsSet(ZONE, [digest(number)]);
    fails(t, 'insecure', 'unsupported digest', byDigest, [good, set]);
    secure(t, good, dsSet(ZONE, [digest(number), dsRdata(ZONE, ksk)]));
  }
  const mixed = dsSet(ZONE, [algorithm(100), digest(100)]);
  fails(t, 'insecure', 'unsupported digest', byDigest, [good, mixed]);
  // Behind any number of unsupported ones a supported one counts: no limit hides it.
  const crowd = Array.from({ length: 200 }, (_, index) => {
    return dsWith(ksk, (ds) => ds.set([index >> 8, index & 0xff, 100]));
  });
  secure(t, good, dsSet(ZONE, [...crowd, dsRdata(ZONE, ksk)]));
  const last = dsSet(ZONE, [...crowd, dsWith(ksk, (ds) => ds.set([0, 0]))]);
  fails(t, 'bogus', 'no key matches DS', EdeCode.DNSKEY_MISSING, [good, last]);
  // What has not the form of a DS proves nothing.
  const shapeless = dsSet(ZONE, [Uint8Array.of(1, 2, 3)]);
  fails(t, 'bogus', 'no key matches DS', EdeCode.DNSKEY_MISSING, [good, shapeless]);
  t.equal(unsupportedDs(shapeless, context()), undefined);
  t.end();
});

t.test('RFC 9905: SHA-1 is unsupported until switched on', (t) => {
  for (const number of [5, 7]) {
    const key = makeKey(number, KSK);
    const set = dnskeySet(ZONE, [key], [key]);
    const ds = dsSet(ZONE, [dsRdata(ZONE, key)]);
    const ede = EdeCode.UNSUPPORTED_DNSKEY_ALGORITHM;
    fails(t, 'insecure', 'unsupported algorithm', ede, [set, ds]);
    secure(t, set, ds, context({ policy: { sha1: true } }));
  }
  const on = () => context({ policy: { sha1: true } });
  const weak = dsRdata(ZONE, ksk, 1);
  fails(t, 'insecure', 'unsupported digest', 2, [good, dsSet(ZONE, [weak])]);
  secure(t, good, dsSet(ZONE, [weak]), on());
  // RFC 4509 §3: beside a stronger digest SHA-1 does not count, not even as the last hope.
  const wrong = dsWith(ksk, (ds) => ds.set([ds[20]! ^ 1], 20));
  fails(t, 'bogus', 'no key matches DS', 9, [good, dsSet(ZONE, [weak, wrong]), on()]);
  secure(t, good, dsSet(ZONE, [weak, dsRdata(ZONE, ksk)]), on());
  t.end();
});

t.test('RSA keys: too short or too long is unsupported, broken is bogus', (t) => {
  const rsaSet = (key: TestKey): [RRset, DsSet] => {
    return [dnskeySet(ZONE, [key], [key]), dsSet(ZONE, [dsRdata(ZONE, key)])];
  };
  const small = makeRsaKey(1016);
  fails(t, 'insecure', 'unsupported key', 1, rsaSet(small));
  secure(t, ...rsaSet(small), context({ policy: { rsaMinimumBits: 512 } }));
  secure(t, ...rsaSet(makeRsaKey(1024)));
  secure(t, ...rsaSet(makeRsaKey(1024, 3)));
  const [set] = rsaSet(small);
  const supported = [dsRdata(ZONE, small), dsWith(small, (ds) => ds.set([0, 0]))];
  fails(t, 'bogus', 'key unsupported', 6, [set, dsSet(ZONE, supported)]);
  // A good second path decides.
  secure(
    t,
    dnskeySet(ZONE, [small, ksk], [ksk]),
    dsSet(ZONE, [dsRdata(ZONE, small), dsRdata(ZONE, ksk)]),
  );

  const modulus = (bits: number): Uint8Array => {
    const number = new Uint8Array(bits >> 3).fill(0xff);
    return number;
  };
  const fake = (exponent: readonly number[], bits: number, lastOctet = 0xff): TestKey => {
    const number = modulus(bits);
    number[number.length - 1] = lastOctet;
    const size =
      exponent.length > 255 ? [0, exponent.length >> 8, exponent.length & 255] : [exponent.length];
    const rdata = octets([1, 1, 3, 8], size, exponent, number);
    return { ...ksk, algorithm: 8, rdata, tag: tagOf(rdata) };
  };
  const only = (key: TestKey): [RRset, DsSet] => [
    signed(unsigned(ZONE, RRType.DNSKEY, [key.rdata]), ksk, ZONE, {
      algorithm: 8,
      keyTag: key.tag,
    }),
    dsSet(ZONE, [dsRdata(ZONE, key)]),
  ];
  const unsupported: TestKey[] = [
    fake([1, 0, 1], 512),
    fake([1, 0, 1], 4104),
    fake([1, 0, 1], 16_384),
    fake([1, 0, 0, 0, 3], 2048),
    fake(new Array(256).fill(0xff), 2048),
  ];
  for (const key of unsupported) fails(t, 'insecure', 'unsupported key', 1, only(key));
  const broken: TestKey[] = [
    fake([1], 2048),
    fake([2], 2048),
    fake([1, 0, 0], 2048),
    fake([0], 2048),
    fake([], 2048),
    fake([1, 0, 1], 0),
    fake([1, 0, 1], 2048, 0xfe),
  ];
  for (const key of broken) fails(t, 'bogus', 'key malformed', 6, only(key));
  for (const exponent of [[1, 0, 1], [1, 0, 0, 0, 1], [0, 1, 0, 1], [3]]) {
    fails(t, 'bogus', 'signature does not verify', 6, only(fake(exponent, 4096)));
  }
  t.end();
});

t.test('keys of fixed size', (t) => {
  for (const [algorithm, size] of [
    [13, 64],
    [14, 96],
    [15, 32],
    [16, 57],
  ] as const) {
    for (const length of [0, 1, size - 1, size + 1, 2 * size]) {
      const rdata = octets([1, 1, 3, algorithm], new Uint8Array(length).fill(3));
      const key = { ...ksk, algorithm, rdata, tag: tagOf(rdata) };
      const set = signed(unsigned(ZONE, RRType.DNSKEY, [rdata]), ksk, ZONE, {
        algorithm,
        keyTag: key.tag,
      });
      fails(t, 'bogus', 'key malformed', 6, [set, dsSet(ZONE, [dsRdata(ZONE, key)])]);
    }
  }
  // Of the right size, but no point of the curve.
  const rdata = octets([1, 1, 3, 13], new Uint8Array(64).fill(3));
  const key = { ...ksk, rdata, tag: tagOf(rdata) };
  const set = signed(unsigned(ZONE, RRType.DNSKEY, [rdata]), ksk, ZONE, { keyTag: key.tag });
  fails(t, 'bogus', 'key malformed', 6, [set, dsSet(ZONE, [dsRdata(ZONE, key)])]);
  t.end();
});

t.test('key tags and digests of the RFCs', (t) => {
  // RFC 4034 §5.4 and RFC 4509 §2.3: the same key.
  const owner = name('dskey.example.com');
  const key = octets(
    [1, 0, 3, 5],
    base64(
      'AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMm' +
        'mAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==',
    ),
  );
  t.equal(keyTag(key), 60_485);
  const published = [
    '2BB183AF5F22588179A53B0A98631FAD1A292118',
    'D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A',
  ];
  published.forEach((digest, index) => {
    const ds = dsRdata(owner, { ...ksk, algorithm: 5, rdata: key, tag: 60_485 }, index + 1);
    t.same(ds, octets([0xec, 0x45, 5, index + 1], hex(digest)));
  });
  for (const rdata of [ksk.rdata, zsk.rdata, new Uint8Array(65_535).fill(0xff), Uint8Array.of(1)]) {
    t.equal(keyTag(rdata), tagOf(rdata));
  }
  t.end();
});

t.test('extended-dns-errors.com: the code for each way to break a key set', (t) => {
  const rsaKsk = makeKey(8, KSK);
  const rsaZsk = makeKey(8, ZSK);
  const published = dnskeySet(ZONE, [rsaKsk, rsaZsk], [rsaKsk, rsaZsk]);
  const ds = dsRdata(ZONE, rsaKsk);
  const edit = (rdata: Uint8Array, at: number, value: number): Uint8Array => {
    const edited = rdata.slice();
    edited[at] = value;
    return edited;
  };
  const keySet = (...rdatas: Uint8Array[]): RRset => ({ ...published, rdatas });
  const [ksk, zsk] = [rsaKsk.rdata, rsaZsk.rdata];
  const [byKsk, byZsk] = published.signatures as [Uint8Array, Uint8Array];
  const spoiled = (rrsig: Uint8Array): Uint8Array => edit(rrsig, 60, rrsig[60]! ^ 1);
  const signatures = (...list: Uint8Array[]): RRset => ({ ...published, signatures: list });
  const cases: ReadonlyArray<readonly [name: string, set: RRset, ds: Uint8Array, ede: number]> = [
    ['ds-bad-tag', published, edit(edit(ds, 0, 0), 1, 0), 9],
    ['ds-bogus-digest-value', published, edit(ds, 9, ds[9]! ^ 1), 9],
    ['ds-unassigned-key-algo', published, edit(ds, 2, 100), 1],
    ['ds-unassigned-digest-algo', published, edit(ds, 3, 100), 2],
    ['no-rrsig-ksk', signatures(byZsk), ds, 10],
    ['no-rrsig-dnskey', signatures(), ds, 10],
    ['bad-rrsig-ksk', signatures(spoiled(byKsk), byZsk), ds, 6],
    ['bad-rrsig-dnskey', signatures(spoiled(byKsk), spoiled(byZsk)), ds, 6],
    ['no-dnskey', keySet(), ds, 9],
    ['no-zsk', keySet(ksk), ds, 6],
    ['bad-zsk', keySet(ksk, edit(zsk, 30, zsk[30]! ^ 1)), ds, 6],
    ['no-ksk', keySet(zsk), ds, 9],
    ['bad-ksk', keySet(edit(ksk, 30, ksk[30]! ^ 1), zsk), ds, 9],
    ['no-dnskey-256', keySet(ksk, edit(zsk, 0, 0)), ds, 6],
    ['no-dnskey-257', keySet(edit(ksk, 0, 0), zsk), ds, 9],
    ['no-dnskey-256-257', keySet(edit(ksk, 0, 0), edit(zsk, 0, 0)), ds, 11],
    ['bad-zsk-algo', keySet(ksk, edit(zsk, 3, 7)), ds, 6],
    ['unassigned-zsk-algo', keySet(ksk, edit(zsk, 3, 100)), ds, 6],
    ['bad-ksk-algo', keySet(edit(ksk, 3, 7), zsk), ds, 9],
    ['unassigned-ksk-algo', keySet(edit(ksk, 3, 100), zsk), ds, 9],
  ];
  for (const [label, set, vouching, ede] of cases) {
    const verdict = validateDnskeys(ZONE, set, dsSet(ZONE, [vouching]), context());
    t.not(verdict.status, 'secure', label);
    t.equal(verdict.status === 'insecure', label.startsWith('ds-unassigned'), label);
    if (verdict.status !== 'secure') t.equal(verdict.ede, ede, `${label}: ${verdict.reason}`);
  }
  secure(t, published, dsSet(ZONE, [ds]));
  t.end();
});
