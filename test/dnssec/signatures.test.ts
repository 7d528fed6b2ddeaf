/** RFC 4035 §5.3, check by check: each acceptance beside the forgery that must be refused. */
import t, { type Test } from 'tap';
import * as door from '../../src/dnssec/index.js';
import {
  isSecure,
  type Security,
  signerOf,
  validateRRset,
  weakest,
} from '../../src/dnssec/index.js';
import { makeInsecure, makeSecure } from '../../src/dnssec/verdicts.js';
import { EdeCode, Name, RRClass, type RRset, RRType } from '../../src/wire/index.js';
import {
  context,
  DAY,
  dsRdata,
  dsSet,
  KSK,
  makeKey,
  NOW,
  name,
  octets,
  type SignatureFields,
  signature,
  signed,
  unsigned,
  withFlags,
  zoneKeys,
} from './signed-zone.js';

const ZONE = name('example.test');
const ksk = makeKey(13, KSK);
const zsk = makeKey(13);
const keys = zoneKeys(ZONE, [ksk, zsk]);

const TLSA = octets([3, 1, 1], new Uint8Array(32).fill(7));
const OWNER = '_25._tcp.mail.example.test';
const TURN = 2 ** 32;
const bare = unsigned(OWNER, RRType.TLSA, [TLSA]);

const sign = (fields: SignatureFields = {}, rrset: RRset = bare): RRset =>
  signed(rrset, zsk, ZONE, fields);

function secure(t: Test, rrset: RRset, what: string, ctx = context()) {
  const verdict = validateRRset(rrset, keys, ctx);
  t.equal(verdict.status, 'secure', what);
  if (verdict.status !== 'secure') throw new Error(`${what}: ${verdict.sentence}`);
  t.ok(isSecure(verdict.security));
  return verdict;
}

function refused(t: Test, rrset: RRset, reason: string, ede: number, ctx = context()) {
  const verdict = validateRRset(rrset, keys, ctx);
  t.equal(verdict.status, 'bogus', reason);
  if (verdict.status !== 'bogus') return;
  t.equal(verdict.reason, reason);
  t.equal(verdict.ede, ede, `EDE of ${reason}`);
  t.match(verdict.section, /^RFC \d{4} §/);
  t.match(verdict.sentence, /^[^\n]{20,}\.$/);
  t.ok(verdict.zone.equals(ZONE));
}

/** The zone's keys as they could be proven at another time. */
function zoneKeysAt(nowSeconds: number) {
  const rrset = unsigned(ZONE, RRType.DNSKEY, [ksk.rdata, zsk.rdata]);
  const times = { inception: (nowSeconds - 1) % TURN, expiration: (nowSeconds + DAY) % TURN };
  const vouching = dsSet(ZONE, [dsRdata(ZONE, ksk)], nowSeconds + DAY);
  const made = door.validateDnskeys(
    ZONE,
    signed(rrset, ksk, ZONE, times),
    vouching,
    context({ nowSeconds }),
  );
  if (made.status !== 'secure') throw new Error(made.sentence);
  return made.keys;
}

t.test('a good signature makes the RRset secure, for as long as the chain holds', (t) => {
  const verdict = secure(t, sign(), 'good');
  t.equal(verdict.ttlSeconds, 3600);
  t.equal(verdict.security.validUntilSeconds, NOW + 7 * DAY);
  t.ok(verdict.security.zone.equals(ZONE));
  t.equal(verdict.wildcard, undefined);
  const shorter = secure(t, sign({ expiration: NOW + 100 }), 'ends soon');
  t.equal(shorter.ttlSeconds, 100, 'TTL ends with the signature');
  t.equal(shorter.security.validUntilSeconds, NOW + 100);
  const vouched = dsSet(ZONE, [dsRdata(ZONE, ksk)], NOW + 50);
  const weakChain = validateRRset(sign(), zoneKeys(ZONE, [ksk, zsk], vouched), context());
  t.equal(weakChain.status === 'secure' && weakChain.security.validUntilSeconds, NOW + 50);
  t.equal(weakChain.status === 'secure' && weakChain.ttlSeconds, 50);
  t.end();
});

t.test('TTL is capped by the original TTL, and may have been counted down', (t) => {
  t.equal(secure(t, { ...sign(), ttlSeconds: 12 }, 'counted down').ttlSeconds, 12);
  t.equal(secure(t, { ...sign(), ttlSeconds: 99_999 }, 'blown up').ttlSeconds, 3600);
  const original = sign();
  const forged = original.signatures[0]!.slice();
  forged[7]! ^= 1;
  const altered = { ...original, signatures: [forged] };
  refused(t, altered, 'signature does not verify', EdeCode.DNSSEC_BOGUS);
  t.end();
});

t.test('RFC 4035 §5.3.1: signature, class, owner, signer, type', (t) => {
  refused(t, bare, 'signature missing', EdeCode.RRSIGS_MISSING);
  const cut = sign().signatures[0]!.subarray(0, 18);
  refused(t, { ...bare, signatures: [cut] }, 'signature malformed', EdeCode.DNSSEC_BOGUS);
  const chaos = { ...bare, class: RRClass.CH };
  refused(t, sign({}, chaos), 'class is not IN', EdeCode.DNSSEC_BOGUS);

  // The zone's own keys sign for a name elsewhere, in their own name and in that of the victim.
  const victim = unsigned('_25._tcp.mail.victim.test', RRType.TLSA, [TLSA]);
  refused(t, sign({}, victim), 'owner outside zone', EdeCode.DNSSEC_BOGUS);
  refused(t, sign({ signer: name('victim.test') }, victim), 'owner outside zone', 6);
  refused(t, sign({}, unsigned('test', RRType.TXT, [TLSA])), 'owner outside zone', 6);
  refused(t, sign({}, unsigned('anexample.test', RRType.TXT, [TLSA])), 'owner outside zone', 6);

  const signers = ['test', 'mail.example.test', '_25._tcp.mail.example.test', '.', 'victim.test'];
  for (const signer of signers) {
    refused(t, sign({ signer: name(signer) }), 'signer is another zone', EdeCode.DNSSEC_BOGUS);
  }
  secure(t, sign({ signer: name('EXAMPLE.Test') }), 'case of the signer does not matter');
  refused(t, sign({ typeCovered: RRType.A }), 'signature of another type', 6);
  t.end();
});

t.test('RFC 4035 §5.3.1: label count', (t) => {
  refused(t, sign({ labels: 6 }), 'labels above owner', EdeCode.DNSSEC_BOGUS);
  refused(t, sign({ labels: 255 }), 'labels above owner', EdeCode.DNSSEC_BOGUS);
  // CVE-2026-44690: a wildcard above the zone, properly signed by the zone's key.
  for (const [labels, source] of [
    [1, '*.test'],
    [0, '*'],
  ] as const) {
    const cross = sign({ labels, signedOwner: name(source) });
    refused(t, cross, 'labels below signer', EdeCode.DNSSEC_BOGUS);
  }
  // A label count lowered afterwards is a wildcard that nobody signed.
  refused(t, sign({ labels: 4 }), 'signature does not verify', EdeCode.DNSSEC_BOGUS);
  t.end();
});

t.test('RFC 4035 §5.3.2: the owner name of a wildcard is rebuilt', (t) => {
  const cases = [
    ['a.example.test', '*.example.test', 2, 'example.test'],
    ['a.b.c.example.test', '*.example.test', 2, 'example.test'],
    ['a.b.c.example.test', '*.b.c.example.test', 4, 'b.c.example.test'],
    ['*.a.example.test', '*.example.test', 2, 'example.test'],
    ['*.*.example.test', '*.example.test', 2, 'example.test'],
    ['A.EXAMPLE.test', '*.example.test', 2, 'example.test'],
  ] as const;
  for (const [owner, source, labels, encloser] of cases) {
    const rrset = unsigned(owner, RRType.TLSA, [TLSA]);
    const fields = { signedOwner: name(source), labels };
    const verdict = secure(t, sign(fields, rrset), `${owner} from ${source}`);
    t.ok(verdict.wildcard?.closestEncloser.equals(name(encloser)), `encloser ${encloser}`);
  }
  const literal = secure(t, sign({}, unsigned('*.example.test', RRType.TLSA, [TLSA])), 'literal');
  t.equal(literal.wildcard, undefined, 'an asterisk asked for literally is not expanded');
  const other = sign(
    { signedOwner: name('*.b.example.test'), labels: 3 },
    unsigned('a.c.example.test', RRType.TLSA, [TLSA]),
  );
  refused(t, other, 'signature does not verify', EdeCode.DNSSEC_BOGUS);
  // RFC 4034 §3.1.3: the asterisk is not counted.
  const counted = sign({ labels: 3 }, unsigned('*.example.test', RRType.TLSA, [TLSA]));
  refused(t, counted, 'labels above owner', EdeCode.DNSSEC_BOGUS);
  const dname = unsigned('a.example.test', RRType.DNAME, [name('x.test').octets]);
  secure(t, sign({}, dname), 'DNAME');
  const wild = sign({ signedOwner: name('*.example.test'), labels: 2 }, dname);
  refused(t, wild, 'wildcard DNAME', EdeCode.DNSSEC_BOGUS);
  t.end();
});

t.test('RFC 4035 §5.3.1, RFC 4034 §3.1.5: times', (t) => {
  secure(t, sign({ expiration: NOW }), 'the last second');
  refused(t, sign({ expiration: NOW - 1 }), 'signature expired', EdeCode.SIGNATURE_EXPIRED);
  secure(t, sign({ inception: NOW + 60 }), 'our clock may be 60 s slow');
  const early = sign({ inception: NOW + 61 });
  refused(t, early, 'signature not yet valid', EdeCode.SIGNATURE_NOT_YET_VALID);
  const reversed = sign({ inception: NOW - 10, expiration: NOW - 11 });
  const code = EdeCode.SIGNATURE_EXPIRED_BEFORE_VALID;
  refused(t, reversed, 'signature expires before inception', code);
  secure(t, sign({ inception: NOW, expiration: NOW }), 'one second long');

  // Half of the number circle away, the order is undefined: refused.
  const far = sign({ inception: 0, expiration: 0x8000_0000 });
  refused(t, far, 'signature expires before inception', code);
  // 68 years later the same numbers would count as the future.
  const later = NOW + 2 ** 31 + 8 * DAY;
  const verdict = validateRRset(sign(), zoneKeysAt(later), context({ nowSeconds: later }));
  t.equal(verdict.status === 'bogus' && verdict.reason, 'signature not yet valid');
  t.end();
});

t.test('RFC 1982: the times of 2106 and after', (t) => {
  const ctx = context({ nowSeconds: TURN + 5 });
  const fields = { inception: TURN - 1000, expiration: 500 };
  const late = zoneKeysAt(TURN + 5);
  const verdict = validateRRset(sign(fields), late, ctx);
  t.equal(verdict.status, 'secure');
  t.equal(verdict.status === 'secure' && verdict.security.validUntilSeconds, TURN + 500);
  const after = validateRRset(
    sign(fields),
    zoneKeysAt(TURN + 501),
    context({ nowSeconds: TURN + 501 }),
  );
  t.equal(after.status === 'bogus' && after.reason, 'signature expired');
  t.end();
});

t.test('keys whose own chain has ended prove nothing', (t) => {
  const vouched = dsSet(ZONE, [dsRdata(ZONE, ksk)], NOW + 50);
  const short = zoneKeys(ZONE, [ksk, zsk], vouched);
  t.equal(validateRRset(sign(), short, context({ nowSeconds: NOW + 50 })).status, 'secure');
  const verdict = validateRRset(sign(), short, context({ nowSeconds: NOW + 51 }));
  t.equal(verdict.status === 'bogus' && verdict.reason, 'keys expired');
  t.end();
});

t.test('the key: tag, algorithm, Zone Key flag, protocol, revocation', (t) => {
  refused(t, sign({ keyTag: zsk.tag ^ 1 }), 'no such key', EdeCode.DNSKEY_MISSING);
  // A rewritten algorithm is no way out of the signed world (RFC 6840 §5.11).
  for (const algorithm of [0, 1, 3, 5, 8, 12, 15, 17, 100, 252, 253, 254, 255]) {
    refused(t, sign({ algorithm }), 'no such key', EdeCode.DNSKEY_MISSING);
  }
  const stranger = makeKey(13);
  const forged = signed(bare, stranger, ZONE, { keyTag: zsk.tag });
  refused(t, forged, 'signature does not verify', EdeCode.DNSSEC_BOGUS);

  const flawed = [
    [withFlags(zsk, 0), 'no zone key bit', EdeCode.NO_ZONE_KEY_BIT_SET],
    [withFlags(zsk, 256, 2), 'key protocol', EdeCode.DNSKEY_MISSING],
    [withFlags(zsk, 256 | 128), 'key revoked', EdeCode.DNSKEY_MISSING],
  ] as const;
  for (const [key, reason, ede] of flawed) {
    const verdict = validateRRset(signed(bare, key, ZONE), zoneKeys(ZONE, [ksk, key]), context());
    t.equal(verdict.status === 'bogus' && verdict.reason, reason);
    t.equal(verdict.status === 'bogus' && verdict.ede, ede);
  }
  // SEP says nothing about what a key may sign (RFC 4034 §2.1.1).
  t.equal(validateRRset(signed(bare, ksk, ZONE), keys, context()).status, 'secure');
  t.end();
});

t.test('every algorithm: good is secure, and every kind of bit flip is not', (t) => {
  for (const algorithm of [5, 7, 8, 10, 13, 14, 15, 16]) {
    const key = makeKey(algorithm, KSK);
    const ctx = () => context({ policy: { sha1: true }, limits: { failedSignatureChecks: 99 } });
    const own = zoneKeys(ZONE, [key], undefined, ctx());
    const good = signed(bare, key, ZONE);
    t.equal(validateRRset(good, own, ctx()).status, 'secure', `algorithm ${algorithm}`);

    const rrsig = good.signatures[0]!;
    const start = 18 + ZONE.octets.length;
    for (const at of [start, (start + rrsig.length) >> 1, rrsig.length - 1]) {
      const flipped = rrsig.slice();
      flipped[at]! ^= 4;
      const verdict = validateRRset({ ...good, signatures: [flipped] }, own, ctx());
      t.equal(verdict.status === 'bogus' && verdict.reason, 'signature does not verify');
    }
    for (const bad of [rrsig.subarray(0, -1), octets(rrsig, [0]), rrsig.subarray(0, start + 1)]) {
      const verdict = validateRRset({ ...good, signatures: [bad] }, own, ctx());
      t.equal(verdict.status === 'bogus' && verdict.reason, 'signature does not verify');
    }
    const empty = { ...good, signatures: [rrsig.subarray(0, start)] };
    const hollow = validateRRset(empty, own, ctx());
    t.equal(hollow.status === 'bogus' && hollow.reason, 'signature malformed');
    const otherData = { ...good, rdatas: [octets([3, 1, 1], new Uint8Array(32).fill(8))] };
    t.equal(validateRRset(otherData, own, ctx()).status, 'bogus', 'other data');
    const added = { ...good, rdatas: [TLSA, octets([3, 1, 1], new Uint8Array(32))] };
    t.equal(validateRRset(added, own, ctx()).status, 'bogus', 'added record');
    const moved = { ...good, owner: name('_26._tcp.mail.example.test') };
    t.equal(validateRRset(moved, own, ctx()).status, 'bogus', 'another owner');
    t.equal(validateRRset({ ...good, type: RRType.TXT }, own, ctx()).status, 'bogus');
  }
  t.end();
});

t.test('RFC 4034 §6: canonical form and order', (t) => {
  const small = Uint8Array.of(0, 10);
  const lowerMx = unsigned('example.test', RRType.MX, [
    octets(small, name('mail.example.test').octets),
    octets(small, name('aa.example.test').octets),
    octets([0, 5], name('zz.example.test').octets),
  ]);
  const mx = sign({}, lowerMx);
  secure(t, { ...mx, rdatas: [...mx.rdatas].reverse() }, 'order of records does not matter');
  const upper = mx.rdatas.map((rdata) => rdata.map((o) => (o >= 0x61 && o <= 0x7a ? o - 32 : o)));
  secure(t, { ...mx, rdatas: upper, owner: name('EXAMPLE.TEST') }, 'case of names does not matter');
  secure(t, { ...mx, rdatas: [...mx.rdatas, ...upper] }, 'equal after folding: counted once');
  refused(t, { ...mx, rdatas: mx.rdatas.slice(1) }, 'signature does not verify', 6);

  // RFC 6840 §5.1: the next name of NSEC keeps its case, which is therefore signed.
  const nsec = sign(
    {},
    unsigned('example.test', RRType.NSEC, [octets(name('Www.example.test').octets, [0, 1, 0x40])]),
  );
  secure(t, nsec, 'NSEC');
  const folded = nsec.rdatas.map((r) => r.map((o) => (o === 0x57 ? 0x77 : o)));
  refused(t, { ...nsec, rdatas: folded }, 'signature does not verify', EdeCode.DNSSEC_BOGUS);

  // Left-justified octets, shorter first: not by length, not signed, not as text.
  const texts = [[0], [0, 0], [1], [0x7f], [0x80], [0xff, 1]].map((o) => octets([o.length], o));
  const txt = sign({}, unsigned('example.test', RRType.TXT, texts));
  for (let turn = 0; turn < texts.length; turn++) {
    const rdatas = [...texts.slice(turn), ...texts.slice(0, turn)];
    secure(t, { ...txt, rdatas }, `turned by ${turn}`);
  }
  t.end();
});

t.test('RFC 6840 §5.11: one good path is enough, wherever it stands', (t) => {
  const good = sign().signatures[0]!;
  const bad = good.slice();
  bad[bad.length - 1]! ^= 1;
  const others = [
    bad,
    signature(bare, zsk, ZONE, { expiration: NOW - DAY }),
    signature(bare, zsk, ZONE, { algorithm: 100, keyTag: 4711 }),
    signature(bare, zsk, ZONE, { signer: name('test') }),
    Uint8Array.of(1, 2, 3),
    signature(bare, zsk, ZONE, { keyTag: 1 }),
  ];
  for (let place = 0; place <= others.length; place++) {
    const signatures = [...others.slice(0, place), good, ...others.slice(place)];
    secure(t, { ...bare, signatures }, `good signature at place ${place}`);
  }
  // Multi-signer (RFC 8901): two providers, each with its own keys in the common set.
  const provider = makeKey(15);
  const both = zoneKeys(ZONE, [ksk, zsk, provider]);
  for (const key of [zsk, provider]) {
    t.equal(validateRRset(signed(bare, key, ZONE), both, context()).status, 'secure');
  }
  t.end();
});

t.test('when every path fails, the most telling reason is told', (t) => {
  const make = (fields: SignatureFields) => signature(bare, zsk, ZONE, fields);
  const bad = make({}).slice();
  bad[bad.length - 1]! ^= 1;
  const ladder: ReadonlyArray<readonly [reason: string, rrsig: Uint8Array]> = [
    ['signature expired', make({ expiration: NOW - 1 })],
    ['signature not yet valid', make({ inception: NOW + DAY })],
    ['signature expires before inception', make({ inception: NOW, expiration: NOW - 1 })],
    ['signature does not verify', bad],
    ['no such key', make({ keyTag: zsk.tag ^ 3 })],
    ['labels below signer', make({ labels: 1 })],
    ['labels above owner', make({ labels: 9 })],
    ['signer is another zone', make({ signer: name('test') })],
    ['signature of another type', make({ typeCovered: RRType.A })],
    ['signature malformed', Uint8Array.of(0)],
  ];
  for (let from = 0; from < ladder.length; from++) {
    const rest = ladder.slice(from, from + 8);
    for (const order of [rest, [...rest].reverse()]) {
      const rrset = { ...bare, signatures: order.map(([, rrsig]) => rrsig) };
      const verdict = validateRRset(rrset, keys, context());
      t.equal(verdict.status === 'bogus' && verdict.reason, ladder[from]![0]);
    }
  }
  t.end();
});

t.test('RFC 4034 §5: a zone does not vouch for itself', (t) => {
  const rdatas = [dsRdata(ZONE, ksk)];
  const own = sign({}, unsigned('example.test', RRType.DS, rdatas));
  refused(t, own, 'DS from the child', EdeCode.DNSSEC_BOGUS);
  secure(t, sign({}, unsigned('child.example.test', RRType.DS, rdatas)), 'DS of a child');
  t.end();
});

t.test('signerOf: the deepest possible signer', (t) => {
  const both = sign({ signer: name('test') }, sign());
  t.ok(signerOf(both)?.equals(ZONE));
  t.ok(signerOf({ ...both, signatures: [...both.signatures].reverse() })?.equals(ZONE));
  t.equal(signerOf(bare), undefined);
  t.equal(signerOf({ ...bare, signatures: [Uint8Array.of(1, 2)] }), undefined);
  t.equal(signerOf(sign({ signer: name('victim.test') })), undefined, 'not above the owner');
  const ds = unsigned('example.test', RRType.DS, [dsRdata(ZONE, ksk)]);
  t.equal(signerOf(sign({}, ds)), undefined, 'a DS is not signed by its owner');
  t.ok(signerOf(sign({ signer: name('test') }, ds))?.equals(name('test')));
  t.ok(signerOf(sign({ signer: Name.root }))?.isRoot);
  t.end();
});

t.test('nobody outside can make a verdict', (t) => {
  const made = makeSecure(ZONE, NOW);
  t.ok(isSecure(made));
  t.ok(door.isInsecure(makeInsecure('no DS', ZONE)));
  const copies: unknown[] = [
    { ...made },
    { status: 'secure', zone: ZONE, validUntilSeconds: NOW },
    Object.create(made as object),
    Object.assign(Object.create(Object.getPrototypeOf(made)), made),
    undefined,
    null,
    'secure',
  ];
  for (const copy of copies) t.notOk(isSecure(copy as Security));
  t.notOk(isSecure(makeInsecure('no DS', ZONE)));
  const secret = ['Secure', 'Insecure', 'makeSecure', 'makeInsecure', 'makeDsSet', 'makeZoneKeys'];
  const exported: readonly string[] = Object.keys(door);
  for (const maker of [...secret, 'DsSet', 'ZoneKeys', 'ZoneKey']) {
    t.notOk(exported.includes(maker), `${maker} stays inside`);
  }
  t.end();
});

t.test('a message is as secure as its weakest part', (t) => {
  const bogus = door.bogus('signature missing', { zone: ZONE });
  const steps: Security[] = [
    bogus,
    door.indeterminate(ZONE),
    door.negativeTrustAnchor(ZONE),
    makeSecure(ZONE, 5),
    makeSecure(ZONE, 9),
  ];
  steps.forEach((weaker, index) => {
    for (const stronger of steps.slice(index)) {
      t.equal(weakest(weaker, stronger), weaker);
      t.equal(weakest(stronger, weaker), weaker);
    }
  });
  t.equal(door.negativeTrustAnchor(ZONE).ede, EdeCode.NEGATIVE_TRUST_ANCHOR);
  t.equal(door.indeterminate(ZONE).section, 'RFC 4033 §5');
  t.end();
});

t.test('the table of reasons is complete and readable', (t) => {
  for (const [reason, row] of Object.entries(door.BOGUS_REASONS)) {
    t.match(row.section, /^RFC \d{4} (?:§|Appendix )[\dA-Z]/, reason);
    t.ok(row.ede >= 1 && row.ede <= 33, reason);
    t.match(row.sentence('www.example. A', 'example.', 'detail'), /\.$/, reason);
  }
  t.end();
});
