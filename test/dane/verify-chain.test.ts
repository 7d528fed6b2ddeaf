/** Certificates against TLSA records: each that must pass, beside the forgery that must not. */
import { createHash } from 'node:crypto';
import t, { type Test } from 'tap';
import {
  type ChainVerdict,
  DANE_LIMITS,
  judgeTlsaRecords,
  unmatchedKinds,
  verifyChain,
} from '../../src/dane/index.js';
import { readDer } from '../../src/dane/der.js';
import { permitsName, readNameConstraints } from '../../src/dane/name-constraints.js';
import { weakHashOf } from '../../src/dane/signature-hash.js';
import { parseName } from '../../src/presentation/index.js';
import { certificateTools } from '../../src/runtime/index.js';
import type { Name } from '../../src/wire/index.js';
import {
  CLIENT_AUTH,
  makeCertificate,
  newKey,
  publicKeyInfo,
  SERVER_AUTH,
} from '../support/certificate-maker.js';

/** 2026-03-01 */
const NOW = 1_772_323_200;

const rootKey = newKey();
const middleKey = newKey();
const leafKey = newKey();
const strangerKey = newKey();
const root = { subject: 'Root', key: rootKey };
const middle = { subject: 'Middle', key: middleKey };

const rootCertificate = makeCertificate({ ...root, isAuthority: true, keyUsage: 0x04 });
const middleCertificate = makeCertificate({
  ...middle,
  issuer: root,
  isAuthority: true,
  pathLength: 0,
});
const leafSpec = {
  subject: 'mx.example.org',
  names: ['mx.example.org'],
  key: leafKey,
  issuer: middle,
  purposes: [SERVER_AUTH],
};
const leaf = makeCertificate(leafSpec);
const chain = [leaf, middleCertificate, rootCertificate];

function hash(name: 'sha256' | 'sha512', octets: Uint8Array): Uint8Array {
  return createHash(name).update(octets).digest();
}

function tlsa(usage: number, selector: number, matchingType: number, data: Uint8Array): Uint8Array {
  return Uint8Array.of(usage, selector, matchingType, ...data);
}

function names(...texts: string[]): Name[] {
  return texts.map((text) => parseName(text)!);
}

interface Given {
  readonly records: readonly Uint8Array[];
  readonly certificates?: readonly Uint8Array[];
  readonly names?: readonly Name[];
  readonly nowSeconds?: number;
}

function verify(given: Given): ChainVerdict {
  const presented = {
    certificates: given.certificates ?? chain,
    nowSeconds: given.nowSeconds ?? NOW,
  };
  const referenceNames = given.names ?? names('mx.example.org');
  return verifyChain(judgeTlsaRecords(given.records), presented, referenceNames, certificateTools);
}

function refused(t: Test, verdict: ChainVerdict, code: string, sentence: RegExp): void {
  t.match(verdict, { ok: false, code, sentence }, sentence.source);
  if (!verdict.ok) t.match(verdict.section, /^RFC \d{4} §/);
}

/** Every selector and matching type for one certificate. */
function forms(usage: number, certificate: Uint8Array, key: Uint8Array): Uint8Array[] {
  return [certificate, key].flatMap((selected, selector) => [
    tlsa(usage, selector, 0, selected),
    tlsa(usage, selector, 1, hash('sha256', selected)),
    tlsa(usage, selector, 2, hash('sha512', selected)),
  ]);
}

t.test('DANE-EE: the data count, and nothing else (RFC 7671 §5.1)', (t) => {
  for (const record of forms(3, leaf, publicKeyInfo(leafKey))) {
    t.match(verify({ records: [record] }), { ok: true, depth: 0, name: undefined });
    const forged = Uint8Array.from(record);
    forged[forged.length - 1]! ^= 1;
    refused(t, verify({ records: [forged] }), 'no match', /belong to another certificate or key/);
  }
  const record = tlsa(3, 1, 1, hash('sha256', publicKeyInfo(leafKey)));
  const expired = makeCertificate({ ...leafSpec, notAfter: '250201000000Z', names: ['else.test'] });
  t.match(verify({ records: [record], certificates: [expired] }), { ok: true, depth: 0 });
  const stranger = makeCertificate({ ...leafSpec, key: strangerKey });
  refused(t, verify({ records: [record], certificates: [stranger] }), 'no match', /another/);
  // A chain that contains the right certificate further up proves nothing about the server.
  refused(t, verify({ records: [record], certificates: [stranger, leaf] }), 'no match', /usage 2/);
  t.end();
});

t.test('DANE-EE: the mistakes of those who write records are named', (t) => {
  const key = publicKeyInfo(leafKey);
  const cases: ReadonlyArray<readonly [Uint8Array, RegExp]> = [
    [tlsa(3, 1, 1, hash('sha256', leaf)), /certificate \(selector 0\)/],
    [tlsa(3, 0, 1, hash('sha256', key)), /public key \(selector 1\)/],
    [tlsa(3, 1, 1, hash('sha256', rootCertificate)), /selector 0.*authority \(usage 2\)/],
    [tlsa(2, 1, 1, hash('sha256', key)), /own certificate \(usage 3\)/],
  ];
  for (const [record, sentence] of cases) {
    refused(t, verify({ records: [record] }), 'no match', sentence);
  }
  t.end();
});

t.test('DANE-TA: an authority that was sent, at any height', (t) => {
  for (const [certificate, key, depth] of [
    [rootCertificate, rootKey, 2],
    [middleCertificate, middleKey, 1],
  ] as const) {
    for (const record of forms(2, certificate, publicKeyInfo(key))) {
      t.match(verify({ records: [record] }), { ok: true, depth });
      // The order of what follows the server's certificate does not matter.
      const certificates = [leaf, rootCertificate, middleCertificate];
      t.match(verify({ records: [record], certificates }), { ok: true });
    }
  }
  const record = tlsa(2, 1, 1, hash('sha256', publicKeyInfo(rootKey)));
  const missing = verify({ records: [record], certificates: [leaf, middleCertificate] });
  refused(t, missing, 'no match', /no certificate of an authority that the server sent/);
  const gap = verify({ records: [record], certificates: [leaf, rootCertificate] });
  refused(t, gap, 'authority missing', /Root\), but it has not issued/);
  t.end();
});

t.test('DANE-TA: full data stand in for a certificate that was not sent (§5.2.2)', (t) => {
  const withoutRoot = [leaf, middleCertificate];
  const whole = tlsa(2, 0, 0, rootCertificate);
  const bareKey = tlsa(2, 1, 0, publicKeyInfo(rootKey));
  for (const record of [whole, bareKey]) {
    t.match(verify({ records: [record], certificates: withoutRoot }), { ok: true });
    refused(t, verify({ records: [record], certificates: [leaf] }), 'no match', /no certificate/);
  }
  const wrongKey = tlsa(2, 1, 0, publicKeyInfo(strangerKey));
  refused(t, verify({ records: [wrongKey], certificates: withoutRoot }), 'no match', /no certif/);
  // The name of an authority is free for all; its key is not.
  const impostor = makeCertificate({ ...root, key: strangerKey, isAuthority: true });
  const wrongRoot = tlsa(2, 0, 0, impostor);
  refused(t, verify({ records: [wrongRoot], certificates: withoutRoot }), 'no match', /no certif/);
  t.end();
});

t.test('DANE-TA: names, dates and signatures count', (t) => {
  const records = [tlsa(2, 0, 1, hash('sha256', rootCertificate))];
  const other = { records, names: names('mx.example.net', 'example.net') };
  refused(t, verify(other), 'name mismatch', /not for mx\.example\.net, example\.net/);
  t.match(verify({ records, names: names('example.org', 'mx.example.org') }), {
    ok: true,
    name: { octets: parseName('mx.example.org')!.octets },
  });
  const withLeaf = (changes: object) =>
    verify({
      records,
      certificates: [makeCertificate({ ...leafSpec, ...changes }), ...chain.slice(1)],
    });
  refused(t, withLeaf({ notAfter: '251231235959Z' }), 'expired', /mx\.example\.org has expired/);
  refused(t, withLeaf({ notBefore: '270101000000Z' }), 'not yet valid', /not valid yet/);
  refused(t, withLeaf({ forgedBy: strangerKey }), 'authority missing', /has not issued/);
  refused(t, withLeaf({ purposes: [CLIENT_AUTH] }), 'not for servers', /not for servers/);
  refused(t, withLeaf({ unknownCritical: '1.2.3.4' }), 'extension', /2a0304/);
  t.match(withLeaf({ names: ['*.example.org'] }), { ok: true });
  refused(t, withLeaf({ names: ['*.org'] }), 'name mismatch', /right authority/);
  refused(t, withLeaf({ names: ['m*.example.org'] }), 'name mismatch', /right authority/);
  refused(t, withLeaf({ names: ['*'] }), 'name mismatch', /right authority/);
  t.match(withLeaf({ names: [], subject: 'mx.example.org' }), { ok: true }, 'RFC 6125 §6.4.4');
  refused(t, withLeaf({ names: ['else.test'] }), 'name mismatch', /right authority/);
  t.end();
});

t.test('DANE-TA: only authorities issue, and no further than they may', (t) => {
  const records = [tlsa(2, 0, 1, hash('sha256', rootCertificate))];
  const withMiddle = (changes: object) => {
    const spec = { ...middle, issuer: root, isAuthority: true, ...changes };
    return verify({ records, certificates: [leaf, makeCertificate(spec), rootCertificate] });
  };
  t.match(withMiddle({}), { ok: true });
  // A customer of the authority is no authority: the oldest forgery there is.
  refused(t, withMiddle({ isAuthority: false }), 'not an authority', /Middle is not that of/);
  refused(t, withMiddle({ notAfter: '250201000000Z' }), 'expired', /Middle has expired/);
  refused(t, withMiddle({ keyUsage: 0x80 }), 'authority missing', /has not issued/);
  const narrow = makeCertificate({ ...root, isAuthority: true, pathLength: 0 });
  const tooLong = verify({
    records: [tlsa(2, 0, 1, hash('sha256', narrow))],
    certificates: [leaf, middleCertificate, narrow],
  });
  refused(t, tooLong, 'not an authority', /Root allows 0 authorities below it, not 1/);
  const old = makeCertificate({ ...root, isVersion1: true });
  const oldChain = [leaf, middleCertificate, old];
  t.match(
    verify({ records: [tlsa(2, 0, 1, hash('sha256', old))], certificates: oldChain }),
    { ok: true },
    'an anchor of version 1 has no way to say that it is one',
  );
  // What its customers have is of version 1 as well, if it issues nothing better.
  const refusedCustomer = withMiddle({ isAuthority: undefined, isVersion1: true });
  refused(t, refusedCustomer, 'not an authority', /Middle is not that of/);
  const customer = makeCertificate({ ...middle, issuer: root, isVersion1: true });
  const byBareKey = verify({
    records: [tlsa(2, 1, 0, publicKeyInfo(rootKey))],
    certificates: [leaf, customer],
  });
  refused(t, byBareKey, 'not an authority', /Middle is not that of/);
  t.end();
});

t.test('DANE-TA: an old certificate of an authority does not hide its new one', (t) => {
  const records = [tlsa(2, 0, 1, hash('sha256', rootCertificate))];
  const spec = { ...middle, issuer: root, isAuthority: true };
  const expired = makeCertificate({ ...spec, notAfter: '250201000000Z' });
  for (const both of [
    [expired, middleCertificate],
    [middleCertificate, expired],
  ]) {
    const certificates = [leaf, ...both, rootCertificate];
    t.match(verify({ records, certificates }), { ok: true });
  }
  const alone = verify({ records, certificates: [leaf, expired, rootCertificate] });
  refused(t, alone, 'expired', /Middle has expired/);
  t.end();
});

t.test('DANE-TA: an authority issues for the names that it may (RFC 5280 §4.2.1.10)', (t) => {
  const records = [tlsa(2, 0, 1, hash('sha256', rootCertificate))];
  const within = (constraints: object, isCritical = true) => {
    const spec = { ...middle, issuer: root, isAuthority: true };
    const limited = makeCertificate({ ...spec, nameConstraints: { isCritical, ...constraints } });
    return verify({ records, certificates: [leaf, limited, rootCertificate] });
  };
  const cases = [
    [['example.org'], ['example.net']],
    [['EXAMPLE.org', 'example.net'], ['xample.org']],
    [['mx.example.org'], ['a.mx.example.org']],
    [['.example.org'], ['.mx.example.org']],
    [[''], ['example']],
  ];
  for (const [inside, outside] of cases) {
    for (const isCritical of [true, false]) {
      t.match(within({ permitted: inside }, isCritical), { ok: true }, String(inside));
      t.match(within({ excluded: outside }, isCritical), { ok: true }, String(outside));
      for (const verdict of [
        within({ permitted: outside }, isCritical),
        within({ excluded: inside }, isCritical),
        within({ permitted: inside, excluded: inside }, isCritical),
      ]) {
        refused(t, verdict, 'name mismatch', /Middle does not permit the name mx.example.org/);
      }
    }
  }
  // A name of the holder, as organisations have it (directoryName), is not looked at.
  const directory = Uint8Array.of(0x30, 0x08, 0xa0, 6, 0x30, 4, 0xa4, 2, 0x30, 0);
  refused(t, within({ raw: directory }), 'extension', /Middle has a critical extension/);
  const unreadable = Uint8Array.of(0x30, 4, 0xa0, 2, 0x04, 0);
  refused(t, within({ raw: unreadable }, false), 'authority missing', /has not issued/);
  const nothing = readNameConstraints(readDer(unreadable));
  t.notOk(permitsName(nothing, 'mx.example.org'), 'nor would it be permitted anything');
  // Addresses are nobody's name here: an authority without any may issue for hosts.
  const noAddress = [0xa1, 0x0c, 0x30, 0x0a, 0x87, 8, 0, 0, 0, 0, 0, 0, 0, 0];
  t.match(within({ raw: Uint8Array.of(0x30, noAddress.length, ...noAddress) }), { ok: true });
  t.end();
});

t.test("DANE-TA: the server's own certificate is no authority", (t) => {
  const own = makeCertificate({ ...leafSpec, issuer: { subject: leafSpec.subject, key: leafKey } });
  const records = [tlsa(2, 0, 1, hash('sha256', own))];
  refused(t, verify({ records, certificates: [own] }), 'no match', /usage 3/);
  t.end();
});

t.test('one record that matches is enough; what is unusable never matches', (t) => {
  const good = tlsa(3, 1, 1, hash('sha256', publicKeyInfo(leafKey)));
  const next = tlsa(3, 1, 1, hash('sha256', publicKeyInfo(strangerKey)));
  t.match(verify({ records: [next, good] }), { ok: true, record: { text: /^3 1 1 / } });
  refused(t, verify({ records: [next] }), 'no match', /another/);
  const pkix = tlsa(1, 1, 1, hash('sha256', publicKeyInfo(leafKey)));
  refused(t, verify({ records: [pkix] }), 'no usable record', /no TLSA record can/);
  refused(t, verify({ records: [] }), 'no usable record', /no TLSA record can/);
  // RFC 7671 §9: a weak digest that matches does not help against a strong one that does not.
  const strongWrong = tlsa(3, 1, 2, hash('sha512', publicKeyInfo(strangerKey)));
  refused(t, verify({ records: [good, strongWrong] }), 'no match', /another/);
  const strongRight = tlsa(3, 1, 2, hash('sha512', publicKeyInfo(leafKey)));
  t.match(verify({ records: [next, strongRight] }), { ok: true, record: { text: /^3 1 2 / } });
  t.end();
});

t.test('for publishers: every kind of record matches, or it is named (RFC 7671 §8)', (t) => {
  const key = publicKeyInfo(leafKey);
  const other = publicKeyInfo(strangerKey);
  const now = tlsa(3, 1, 1, hash('sha256', key));
  const next = tlsa(3, 1, 1, hash('sha256', other));
  const kinds = (...records: Uint8Array[]) => {
    t.match(verify({ records }), { ok: true }, 'this client accepts it');
    const presented = { certificates: chain, nowSeconds: NOW };
    const judged = judgeTlsaRecords(records);
    return unmatchedKinds(judged, presented, names('mx.example.org'), certificateTools);
  };
  t.same(kinds(now, next), [], 'a roll-over: one of each kind is enough');
  t.same(kinds(now, tlsa(3, 0, 1, hash('sha256', rootCertificate))), ['3 0 1']);
  t.same(kinds(now, tlsa(2, 0, 1, hash('sha256', rootCertificate))), []);
  const noAuthority = tlsa(2, 0, 1, hash('sha256', leaf));
  t.same(kinds(now, noAuthority, tlsa(3, 1, 0, other)), ['2 0 1', '3 1 0']);
  // Passed over here for the stronger digest; who knows SHA2-256 alone has nothing else.
  t.same(kinds(next, tlsa(3, 1, 2, hash('sha512', key))), ['3 1 1']);
  t.same(kinds(now, tlsa(1, 1, 1, hash('sha256', other))), [], 'nobody uses these for mail');
  t.end();
});

t.test('what is no certificate, or too many of them', (t) => {
  const records = [tlsa(3, 0, 1, hash('sha256', leaf))];
  refused(t, verify({ records, certificates: [] }), 'no certificate', /sent no certificate/);
  for (const broken of [new Uint8Array(0), leaf.subarray(1), leaf.subarray(0, 200)]) {
    const verdict = verify({ records, certificates: [broken] });
    refused(t, verdict, 'unreadable certificate', /cannot be read/);
  }
  const trailing = Uint8Array.of(...leaf, 0);
  refused(t, verify({ records, certificates: [trailing] }), 'unreadable certificate', /read/);
  const crowd = Array.from({ length: DANE_LIMITS.certificates.value }, () => rootCertificate);
  const crowded = [leaf, ...crowd];
  const byAuthority = [tlsa(2, 0, 1, hash('sha256', rootCertificate))];
  const tooMany = verify({ records: byAuthority, certificates: crowded });
  refused(t, tooMany, 'too many certificates', /more/);
  t.match(
    verify({ records, certificates: crowded }),
    { ok: true },
    'RFC 7671 §5.1: only the first',
  );
  const huge = new Uint8Array(DANE_LIMITS.certificateOctets.value + 1);
  refused(t, verify({ records, certificates: [huge] }), 'unreadable certificate', /octets/);
  const other = [leaf, Uint8Array.of(1, 2, 3), middleCertificate, rootCertificate];
  const viaAuthority = [tlsa(2, 0, 1, hash('sha256', rootCertificate))];
  t.match(verify({ records: viaAuthority, certificates: other }), { ok: true, depth: 2 });
  t.end();
});

t.test('DANE-EE: a certificate that only its owner can read will do (RFC 7671 §5.1)', (t) => {
  const odd = makeCertificate({ ...leafSpec, dates: 'once upon' });
  const certificates = [odd, middleCertificate, rootCertificate];
  for (const record of forms(3, odd, publicKeyInfo(leafKey))) {
    t.match(verify({ records: [record], certificates }), { ok: true, depth: 0 });
  }
  const stranger = makeCertificate({ ...leafSpec, dates: 'once upon', key: strangerKey });
  const ofKey = [tlsa(3, 1, 1, hash('sha256', publicKeyInfo(leafKey)))];
  const forged = verify({ records: ofKey, certificates: [stranger] });
  refused(t, forged, 'unreadable certificate', /cannot be read/);
  // An authority's word is about names and dates, so there they have to be read.
  const byAuthority = [tlsa(2, 0, 1, hash('sha256', rootCertificate))];
  refused(t, verify({ records: byAuthority, certificates }), 'unreadable certificate', /be read/);
  t.end();
});

t.test('DANE-TA: no signature counts that can be forged (RFC 8446 §4.4.2.4)', (t) => {
  const records = [tlsa(2, 0, 1, hash('sha256', rootCertificate))];
  const sha1Leaf = makeCertificate({ ...leafSpec, isSha1: true });
  const sha1Middle = makeCertificate({ ...middle, issuer: root, isAuthority: true, isSha1: true });
  const sha1Root = makeCertificate({ ...root, isAuthority: true, isSha1: true });
  for (const certificates of [
    [sha1Leaf, middleCertificate, rootCertificate],
    [leaf, sha1Middle, rootCertificate],
  ]) {
    const verdict = verify({ records, certificates });
    refused(t, verdict, 'weak signature', /signed with SHA-1, which can be forged/);
  }
  const bareKey = [tlsa(2, 1, 0, publicKeyInfo(rootKey))];
  const byKey = verify({ records: bareKey, certificates: [leaf, sha1Middle] });
  refused(t, byKey, 'weak signature', /Middle is signed with SHA-1/);
  // The record vouches for the authority, whatever that has signed itself with.
  const old = [tlsa(2, 0, 1, hash('sha256', sha1Root))];
  const certificates = [leaf, middleCertificate, sha1Root];
  t.match(verify({ records: old, certificates }), { ok: true });
  // For DANE-EE nobody's signature counts.
  const own = [tlsa(3, 1, 1, hash('sha256', publicKeyInfo(leafKey)))];
  t.match(verify({ records: own, certificates: [sha1Leaf] }), { ok: true });
  t.end();
});

t.test('the hash of a signature, by its object identifier', (t) => {
  const hashOf = (hex: string) => weakHashOf(readDer(Uint8Array.from(Buffer.from(hex, 'hex')))!);
  const rsa = (last: string) => hashOf(`300d06092a864886f70d0101${last}0500`);
  t.same(['02', '03', '04', '05'].map(rsa), ['MD2', 'MD4', 'MD5', 'SHA-1']);
  t.same(['0b', '0c', '0d'].map(rsa), [undefined, undefined, undefined]);
  // RSASSA-PSS: SHA-1 is what holds when no hash is named.
  const pss = '06092a864886f70d01010a';
  t.equal(hashOf(`300d${pss}3000`), 'SHA-1');
  t.equal(hashOf(`300b${pss}`), 'SHA-1');
  t.equal(hashOf(`301a${pss}300da00b300906052b0e03021a0500`), 'SHA-1');
  t.equal(hashOf(`301e${pss}3011a00f300d06096086480165030402010500`), undefined, 'SHA-256');
  t.end();
});

t.test('cross-signed authorities cost no more than the limit', (t) => {
  const keys = Array.from({ length: 10 }, newKey);
  const authority = (index: number) => ({
    subject: `Authority ${index % 5}`,
    key: keys[index % 5]!,
  });
  // Five authorities that have each signed each other: the number of ways is exponential.
  const web = keys.slice(0, 15).flatMap((_, index) =>
    index < 5
      ? [1, 2, 3].map((step) =>
          makeCertificate({
            ...authority(index),
            issuer: authority(index + step),
            isAuthority: true,
          }),
        )
      : [],
  );
  const start = makeCertificate({ ...leafSpec, issuer: authority(0) });
  const records = [tlsa(2, 0, 1, hash('sha256', rootCertificate))];
  const verdict = verify({ records, certificates: [start, ...web] });
  refused(t, verdict, 'too much work', /too many ways/);
  t.end();
});
