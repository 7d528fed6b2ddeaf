/** RFC 4035 §5, RFC 6840 §5.10: where chains of trust begin. */
import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import {
  type DsSet,
  keyTag,
  TrustAnchors,
  type ValidationContext,
  validateDnskeys,
} from '../../src/dnssec/index.js';
import {
  EdeCode,
  Name,
  type ResourceRecord,
  RRClass,
  type RRset,
  RRType,
} from '../../src/wire/index.js';
import {
  base64,
  context,
  DAY,
  dnskeySet,
  dsRdata,
  hex,
  KSK,
  makeKey,
  makeRsaKey,
  NOW,
  name,
  octets,
  type TestKey,
  withFlags,
  ZSK,
} from './signed-zone.js';

const ZONE = name('example.test');
const ksk = makeKey(13, KSK);
const zsk = makeKey(13, ZSK);
const pair = [ksk, zsk];
const good = dnskeySet(ZONE, pair, [ksk]);

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

function anchorRecord(owner: Name, type: number, rdata: Uint8Array): ResourceRecord {
  return { owner, type, class: RRClass.IN, ttlSeconds: 0, rdata };
}

function anchors(...records: ResourceRecord[]): TrustAnchors {
  return TrustAnchors.from(records, context());
}

// KSK-2017 and KSK-2024 as the root zone publishes them.
const ROOT_KEYS = [
  'AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixHlFlExOLAJr5emLvN7SWX' +
    'gnLh4+B5xQlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8efS3rCj/' +
    'EWgvIWgb9tarpVUDK/b58Da+sqqls3eNbuv7pr+eoZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/ilBmSVIzu' +
    'DWfdRUfhHdY6+cn8HFRm+2hM8AnXGXws9555KrUB5qihylGa8subX2Nn6UwNR1AkUTV74bU=',
  'AwEAAa96jeuknZlaeSrvyAJj6ZHv28hhOKkx3rLGXVaC6rXTsDc449/cidltpkyGwCJNnOAlFNKF2jBosZBU5eeHspaQ' +
    'WOmOElZsjICMQMC3aeHbGiShvZsx4wMYSjH8e7Vrhbu6irwCzVBApESjbUdpWWmEnhathWu1jo+siFUiRAAxm9qyJNg/' +
    'wOZqqzL/dL/q8PkcRU5oUKEpUge71M3ej2/7CPqpdVwuMoTvoB+ZOT4YeGyxMvHmbrxlFzGOHOijtzN+u1TQNatX2XBu' +
    'zZNQ1K+s2CXkPIZo7s6JgZyvaBevYtxPvYLw4z9mR7K2vaF18UYH9Z9GNUUeayffKC73PYc=',
];

t.test('trust anchors: by name and key, DS and DNSKEY, several', (t) => {
  const asDs = anchors(anchorRecord(ZONE, RRType.DS, dsRdata(ZONE, ksk)));
  const asKey = anchors(anchorRecord(ZONE, RRType.DNSKEY, ksk.rdata));
  const spare = makeKey(13, KSK);
  const several = anchors(
    anchorRecord(ZONE, RRType.DNSKEY, spare.rdata),
    anchorRecord(name('Example.Test'), RRType.DS, dsRdata(ZONE, ksk)),
    anchorRecord(Name.root, RRType.DNSKEY, makeKey(13, KSK).rdata),
  );
  for (const set of [asDs, asKey, several]) {
    const keys = secure(t, good, set);
    t.equal(keys.validUntilSeconds, NOW + 7 * DAY);
    t.equal(keys.ttlSeconds, 3600);
  }
  const other = anchors(anchorRecord(ZONE, RRType.DNSKEY, spare.rdata));
  fails(t, 'bogus', 'no key matches anchor', EdeCode.DNSKEY_MISSING, [good, other]);
  // The same key at another name is worth nothing, and the key set of another name neither.
  const misplaced = anchors(anchorRecord(Name.root, RRType.DNSKEY, ksk.rdata));
  fails(t, 'bogus', 'no anchor for zone', EdeCode.DNSKEY_MISSING, [good, misplaced]);
  const root = dnskeySet(Name.root, pair, [ksk]);
  const verdict = validateDnskeys(Name.root, root, asKey, context());
  t.equal(verdict.status === 'bogus' && verdict.reason, 'no anchor for zone');
  const replaced = { ...root, owner: ZONE };
  fails(t, 'bogus', 'signer is another zone', EdeCode.DNSSEC_BOGUS, [replaced, asKey]);
  // The same material with other flags is another key.
  const revoked = dnskeySet(ZONE, [withFlags(ksk, 257 | 128), zsk], [withFlags(ksk, 257 | 128)]);
  fails(t, 'bogus', 'no key matches anchor', EdeCode.DNSKEY_MISSING, [revoked, asKey]);
  const byOther = dnskeySet(ZONE, pair, [zsk]);
  fails(t, 'bogus', 'keys not signed by secure entry point', 10, [byOther, asKey]);
  t.end();
});

t.test('trust anchors: what covers a name', (t) => {
  const set = anchors(
    anchorRecord(name('test'), RRType.DNSKEY, ksk.rdata),
    anchorRecord(name('a.b.test'), RRType.DS, dsRdata(name('a.b.test'), ksk)),
  );
  t.notOk(set.isEmpty);
  t.equal(set.zones.length, 2);
  const closest = (text: string) => set.closestAtOrAbove(name(text))?.toString();
  t.equal(closest('test'), 'test.');
  t.equal(closest('b.TEST'), 'test.');
  t.equal(closest('A.b.test'), 'a.b.test.');
  t.equal(closest('x.a.b.test'), 'a.b.test.');
  t.equal(closest('xa.b.test'), 'test.');
  t.equal(closest('attest'), undefined);
  t.equal(closest('.'), undefined);
  t.equal(set.statusIfUncovered(name('x.test')), undefined);
  const outside = set.statusIfUncovered(name('x.org'));
  t.equal(outside?.status, 'indeterminate');
  t.ok(TrustAnchors.none.isEmpty);
  t.equal(TrustAnchors.none.statusIfUncovered(Name.root)?.status, 'indeterminate');
  t.end();
});

t.test('trust anchors that cannot be used are left out and named', (t) => {
  const unknown = ksk.rdata.slice();
  unknown[3] = 200;
  const records: ReadonlyArray<readonly [ResourceRecord, string]> = [
    [anchorRecord(ZONE, RRType.DNSKEY, unknown), 'unsupported algorithm'],
    [
      anchorRecord(
        ZONE,
        RRType.DS,
        dsWith(ksk, (ds) => ds.set([5], 2)),
      ),
      'unsupported algorithm',
    ],
    [anchorRecord(ZONE, RRType.DS, dsRdata(ZONE, ksk, 1)), 'unsupported digest'],
    [anchorRecord(ZONE, RRType.DNSKEY, withFlags(ksk, 257 | 128).rdata), 'revoked'],
    [anchorRecord(ZONE, RRType.DNSKEY, withFlags(ksk, 1).rdata), 'not a zone key'],
    [anchorRecord(ZONE, RRType.DNSKEY, ksk.rdata.subarray(0, 20)), 'malformed'],
    [anchorRecord(ZONE, RRType.DNSKEY, makeRsaKey(1016).rdata), 'unsupported key'],
    [anchorRecord(ZONE, RRType.DS, Uint8Array.of(1)), 'malformed'],
    [anchorRecord(ZONE, RRType.A, Uint8Array.of(1, 2, 3, 4)), 'not a DS or DNSKEY of class IN'],
    [
      { ...anchorRecord(ZONE, RRType.DNSKEY, ksk.rdata), class: 3 },
      'not a DS or DNSKEY of class IN',
    ],
  ];
  const set = anchors(...records.map(([record]) => record));
  t.ok(set.isEmpty);
  t.same(
    set.unsupported.map(({ why }) => why),
    records.map(([, why]) => why),
  );
  t.equal(set.closestAtOrAbove(ZONE), undefined);
  t.end();
});

t.test('the shipped anchors are those of the published root keys', (t) => {
  const folder = new URL('../../../trust-anchors/', import.meta.url);
  const records = readFileSync(new URL('root.ds', folder), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(';'))
    .map((line) => line.split(' '));
  t.same(
    records.map(([owner, rrClass, type]) => `${owner} ${rrClass} ${type}`),
    ['. IN DS', '. IN DS'],
  );
  const xml = readFileSync(new URL('root-anchors.xml', folder), 'utf8');
  records.forEach(([, , , tag, algorithm, digestType, digest], index) => {
    const published = ROOT_KEYS[index]!;
    const rdata = octets([1, 1, 3, 8], base64(published));
    t.equal(keyTag(rdata), Number(tag));
    const ds = dsRdata(Name.root, { ...ksk, algorithm: 8, rdata, tag: keyTag(rdata) });
    t.same(ds.subarray(2), octets([Number(algorithm), Number(digestType)], hex(digest!)));
    t.match(xml, `<KeyTag>${tag}</KeyTag>`);
    t.match(xml, `<Digest>${digest}</Digest>`);
  });
  t.end();
});
