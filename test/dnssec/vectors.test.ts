/** Vectors made by others, each through both crypto providers, whose verdicts must agree. */
import { createHash, sign } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import t from 'tap';
import { digestMatches } from '../../src/dnssec/digests.js';
import {
  ALGORITHMS,
  algorithmIsSupported,
  type CryptoProvider,
  type ImportedKey,
  keyTag,
  LayeredCryptoProvider,
  type ValidationContext,
  validateRRset,
} from '../../src/dnssec/index.js';
import { NobleCryptoProvider } from '../../src/dnssec/noble.js';
import { readZoneKeys } from '../../src/dnssec/read-zone-keys.js';
import { verifySignatures } from '../../src/dnssec/verify-signatures.js';
import { makeZoneKeys, ZoneKey, type ZoneKeys } from '../../src/dnssec/zone-keys.js';
import { loadCryptoProvider, NodeCryptoProvider } from '../../src/runtime/crypto.js';
import { parseDnskey, parseDs, parseNsec3, type RRset, RRType } from '../../src/wire/index.js';
import { newKeyPair } from '../../src/runtime/key-pairs.js';
import { type Entry, readEntries, rrsetsOf } from '../vectors/entry-file.js';
import { projectPath, sharedPath } from '../vectors/shared-data.js';
import { context, KSK, makeKey, octets } from './signed-zone.js';

const PROVIDERS: readonly CryptoProvider[] = [new NodeCryptoProvider(), new NobleCryptoProvider()];

function vectorPath(file: string): string {
  return projectPath('test', 'vectors', 'unbound', file);
}

function contextAt(date: string, crypto: CryptoProvider): ValidationContext {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(date)!.slice(1).map(Number);
  const [year, month, day, hour, minute, second] = parts as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return context({
    nowSeconds: Date.UTC(year, month - 1, day, hour, minute, second) / 1000,
    crypto,
    // The keys of 2007 had 512 bits, and the data are trusted not to waste time.
    policy: { sha1: true, rsaMinimumBits: 512, inceptionSkewSeconds: 0 },
    limits: { signatureChecks: 1e6, failedSignatureChecks: 1e6 },
  });
}

/** The first entry's keys, which the vectors take on trust. */
function trustedKeys(entry: Entry, ctx: ValidationContext): ZoneKeys {
  const rrset = rrsetsOf(entry).find((candidate) => candidate.type === RRType.DNSKEY)!;
  const keys = readZoneKeys(rrset.owner, rrset, ctx);
  if ('status' in keys) throw new Error(keys.sentence);
  const forever = { validUntilSeconds: Number.MAX_SAFE_INTEGER, ttlSeconds: 3600 };
  return makeZoneKeys({ zone: rrset.owner, rrset, keys, ...forever });
}

interface Judged {
  readonly rrset: RRset;
  readonly expected: 'secure' | 'bogus';
  readonly verdicts: readonly string[];
}

/** Every RRset of every entry but the first, judged by each provider. */
function judge(path: string, date: string): Judged[] {
  const [first, ...rest] = readEntries(path);
  const means = PROVIDERS.map((crypto) => {
    const ctx = contextAt(date, crypto);
    return { ctx, keys: trustedKeys(first!, ctx) };
  });
  return rest.flatMap((entry) =>
    rrsetsOf(entry).map((rrset) => {
      const marked = [entry.question.name, rrset.owner].some((owner) =>
        owner.toString().startsWith('bogus'),
      );
      const verdicts = means.map(({ ctx, keys }) => {
        const verdict = validateRRset(rrset, keys, ctx);
        return verdict.status === 'secure' ? 'secure' : verdict.reason;
      });
      const expected = marked || rrset.signatures.length === 0 ? 'bogus' : 'secure';
      return { rrset, expected, verdicts };
    }),
  );
}

const SIGNATURES: ReadonlyArray<
  readonly [file: string, date: string, secure: number, bogus: number]
> = [
  ['test_signatures.8', '20070829144150', 7, 0],
  ['test_signatures.9', '20171215000000', 1, 0],
  ['test_sigs.rsasha256', '20070829144150', 1, 0],
  ['test_sigs.rsasha256_draft', '20090101000000', 1, 0],
  ['test_sigs.rsasha512_draft', '20070829144150', 1, 0],
  ['test_sigs.hinfo', '20090107100022', 3, 1],
  ['test_sigs.ecdsa_p256', '20100908100439', 1, 0],
  ['test_sigs.ecdsa_p384', '20100908100439', 1, 0],
  ['test_sigs.ed25519', '20170530140439', 1, 0],
  ['test_sigs.ed448', '20180408143630', 1, 0],
];

const UNSUPPORTED = [
  ['test_signatures.2', '20080414005004'],
  ['test_signatures.3', '20080416005004'],
  ['test_signatures.4', '20080416005004'],
  ['test_signatures.5', '20080416005004'],
  ['test_signatures.6', '20080416005004'],
  ['test_signatures.7', '20070829144150'],
  ['test_sigs.gost', '20090807060504'],
] as const;

const DS_FILES = ['test_ds.sha1', 'test_ds.sha384'];

t.test('signatures: secure and bogus as marked, with both providers', (t) => {
  for (const [file, date, secure, bogus] of SIGNATURES) {
    const judged = judge(vectorPath(file), date);
    for (const { rrset, expected, verdicts } of judged) {
      const label = `${file}: ${rrset.owner} ${rrset.type}: ${verdicts.join(', ')}`;
      t.equal(verdicts[0], verdicts[1], label);
      t.equal(verdicts[0] === 'secure', expected === 'secure', label);
    }
    const count = (status: string) => judged.filter(({ expected }) => expected === status).length;
    t.equal(count('secure'), secure, `${file}: secure RRsets`);
    t.equal(count('bogus'), bogus, `${file}: bogus RRsets`);
  }
  t.end();
});

t.test('a whole zone of 2007', (t) => {
  const judged = judge(vectorPath('test_signatures.1'), '20070818005004');
  let secure = 0;
  for (const { rrset, expected, verdicts } of judged) {
    const label = `${rrset.owner} ${rrset.type}: ${verdicts.join(', ')}`;
    t.equal(verdicts[0], verdicts[1], label);
    if (expected === 'secure') {
      secure++;
      t.equal(verdicts[0], 'secure', label);
    } else t.not(verdicts[0], 'secure', label);
  }
  t.same([judged.length, secure], [261, 253]);
  t.end();
});

t.test('no file of vectors is left out', (t) => {
  const there = readdirSync(projectPath('test', 'vectors', 'unbound'))
    .filter((file) => file.startsWith('test_'))
    .sort();
  const played = [
    'test_signatures.1',
    ...SIGNATURES.map(([file]) => file),
    'test_sigs.sha1_and_256',
    'test_sigs.revoked',
    ...UNSUPPORTED.map(([file]) => file),
    ...DS_FILES,
    'test_nsec3_hash.1',
  ].sort();
  t.same(there, played);
  const shared = sharedPath('conformance', 'vectors');
  if (shared !== undefined) {
    const others = readdirSync(shared).filter((file) => file.startsWith('test_'));
    t.same(others.sort(), there, 'and none that is not in the repository');
  }
  t.end();
});

t.test('RFC 6840 §5.11: of two algorithms one good signature is enough', (t) => {
  // The vectors were made for a stricter reading; two of the three sets they mark as bogus have one
  // good signature.
  const judged = judge(vectorPath('test_sigs.sha1_and_256'), '20070829144150');
  const secure = judged.map(({ verdicts }) => verdicts.map((verdict) => verdict === 'secure'));
  t.same(secure, [
    [true, true],
    [true, true],
    [true, true],
    [false, false],
  ]);
  t.equal(judged[3]!.verdicts[0], 'signature does not verify');
  t.end();
});

t.test('RFC 5011 §2.1: a revoked key proves nothing but its own revocation', (t) => {
  const path = vectorPath('test_sigs.revoked');
  const judged = judge(path, '20080414005004');
  t.equal(judged.length, 3);
  for (const { rrset, verdicts } of judged) {
    t.same(verdicts, ['key revoked', 'key revoked'], `${rrset.owner} ${rrset.type}`);
  }
  // The signature over the set that holds the key is good; only RFC 5011's machine asks that.
  const own = judged.at(-1)!.rrset;
  t.equal(own.type, RRType.DNSKEY);
  for (const crypto of PROVIDERS) {
    const dnskey = parseDnskey(own.rdatas[0]!)!;
    const key = new ZoneKey(dnskey, keyTag(dnskey.rdata), undefined);
    const ctx = contextAt('20080414005004', crypto);
    t.equal(verifySignatures(own, own.owner, [key], ctx).status, 'good');
  }
  t.end();
});

t.test('DSA and GOST are unsupported', (t) => {
  for (const [file, date] of UNSUPPORTED) {
    const signed = judge(vectorPath(file), date).filter(
      ({ rrset, expected }) => rrset.signatures.length > 0 && expected === 'secure',
    );
    t.ok(signed.length > 0, file);
    for (const { rrset, verdicts } of signed) {
      t.same(verdicts, ['key unsupported', 'key unsupported'], `${file} ${rrset.owner}`);
    }
  }
  for (const crypto of PROVIDERS) {
    for (const algorithm of [0, 1, 2, 3, 4, 6, 9, 11, 12, 17, 23, 252, 253, 254, 255]) {
      t.notOk(crypto.supports(algorithm));
      t.notOk(algorithmIsSupported(algorithm, contextAt('20100101000000', crypto)));
    }
  }
  t.end();
});

t.test('DS digests', (t) => {
  let matches = 0;
  let mismatches = 0;
  for (const file of DS_FILES) {
    for (const entry of readEntries(vectorPath(file))) {
      const records = entry.sections.ANSWER;
      const dsRecord = records.find(({ type }) => type === RRType.DS)!;
      const key = records.find(({ type }) => type === RRType.DNSKEY)!;
      const ds = parseDs(dsRecord.rdata)!;
      const expected = entry.question.name.toString().startsWith('yes');
      for (const crypto of PROVIDERS) {
        const label = `${basename(file)} ${key.owner} ${crypto.name}`;
        t.equal(digestMatches(ds, key.owner, key.rdata, crypto), expected, label);
      }
      if (expected) {
        t.equal(ds.keyTag, keyTag(key.rdata));
        matches++;
      } else mismatches++;
    }
  }
  t.same([matches, mismatches], [4, 3]);
  t.end();
});

t.test('NSEC3 hashes', (t) => {
  const entries = readEntries(vectorPath('test_nsec3_hash.1'));
  t.equal(entries.length, 16);
  for (const entry of entries) {
    const nsec3 = parseNsec3(entry.sections.AUTHORITY[0]!.rdata)!;
    const label = entry.sections.ANSWER[0]!.owner.label(0);
    const expected = Buffer.from(label).toString('latin1').toLowerCase();
    for (const crypto of PROVIDERS) {
      const canonical = entry.question.name.canonicalOctets();
      const hash = crypto.nsec3Hash(canonical, nsec3.salt, nsec3.iterations);
      t.equal(base32hex(hash), expected, `${entry.question.name} ${crypto.name}`);
    }
  }
  t.end();
});

/** RFC 4648 §7, without padding. */
function base32hex(data: Uint8Array): string {
  let bits = '';
  for (const octet of data) bits += octet.toString(2).padStart(8, '0');
  let text = '';
  for (let at = 0; at < bits.length; at += 5) {
    text += '0123456789abcdefghijklmnopqrstuv'[Number.parseInt(bits.slice(at, at + 5), 2)];
  }
  return text;
}

t.test('NSEC3 hashes: both providers, every size of salt, edge counts', (t) => {
  const [first, second] = PROVIDERS as [CryptoProvider, CryptoProvider];
  const longest = new Uint8Array(255).fill(0x61);
  for (const salt of [0, 1, 8, 54, 55, 56, 255].map((size) => new Uint8Array(size).fill(0xab))) {
    for (const iterations of [0, 1, 2, 50, 150]) {
      const hashes = [first, second].map((crypto) => crypto.nsec3Hash(longest, salt, iterations));
      t.same([...hashes[0]!], [...hashes[1]!], `salt ${salt.length}, iterations ${iterations}`);
      t.equal(hashes[0]!.length, 20);
    }
  }
  for (const hash of ['sha1', 'sha256', 'sha384', 'sha512'] as const) {
    for (const size of [0, 1, 63, 64, 65, 127, 128, 129, 4096]) {
      const data = new Uint8Array(size).fill(size);
      const expected = [...createHash(hash).update(data).digest()];
      for (const crypto of PROVIDERS) t.same([...crypto.digest(hash, data)], expected);
    }
  }
  t.end();
});

t.test('both providers agree on what is no key and no signature', (t) => {
  for (const { number, publicKeyOctets, signatureOctets, family } of ALGORITHMS.values()) {
    const key = makeKey(number, KSK);
    const publicKey = key.rdata.subarray(4);
    const data = octets([1, 2, 3]);
    const hash = ALGORITHMS.get(number)!.hash ?? null;
    const good = sign(hash, data, { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
    const size = signatureOctets === 0 ? good.length : signatureOctets;
    const signatures: Array<readonly [string, Uint8Array]> = [
      ['good', good],
      ['empty', octets()],
      ['short', good.subarray(1)],
      ['long', octets(good, [0])],
      ['leading zero', octets([0], good)],
      ['zeros', new Uint8Array(size)],
      ['ones', new Uint8Array(size).fill(0xff)],
      ['swapped', octets(good.subarray(size >> 1), good.subarray(0, size >> 1))],
    ];
    for (let bit = 0; bit < size * 8; bit += Math.ceil(size / 4)) {
      const flipped = new Uint8Array(good);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      signatures.push([`bit ${bit}`, flipped]);
    }
    for (const [what, signature] of signatures) {
      const answers = PROVIDERS.map((crypto) => {
        const imported = crypto.importKey(number, publicKey);
        return imported !== undefined && crypto.verify(number, imported, data, signature);
      });
      t.same(answers, [what === 'good', what === 'good'], `algorithm ${number}, ${what}`);
    }
    if (family === 'rsa') continue;
    for (const length of [0, 1, publicKeyOctets - 1, publicKeyOctets + 1]) {
      const none = PROVIDERS.map((crypto) => crypto.importKey(number, new Uint8Array(length)));
      t.same(none, [undefined, undefined], `algorithm ${number}, key of ${length} octets`);
    }
  }
  // Points that are not on the curve: zero, all ones, x without its y.
  for (const [algorithm, size] of [
    [13, 64],
    [14, 96],
  ] as const) {
    const sound = makeKey(algorithm).rdata.slice(4);
    sound[size - 1]! ^= 1;
    for (const point of [new Uint8Array(size), new Uint8Array(size).fill(0xff), sound]) {
      const none = PROVIDERS.map((crypto) => crypto.importKey(algorithm, point));
      t.same(none, [undefined, undefined]);
    }
  }
  t.end();
});

t.test('RFC 8017: PKCS #1 v1.5 padding is compared as a whole', (t) => {
  // With exponent 3 a forger can make cube roots of paddings that only begin well
  // (CVE-2006-4339): the whole encoding must be right.
  const { publicKey } = newKeyPair({ kind: 'rsa', modulusLength: 3072, publicExponent: 3 });
  const jwk = publicKey.export({ format: 'jwk' });
  const key = octets([1, 3], Buffer.from(jwk.n!, 'base64url'));
  const data = octets([1, 2, 3]);
  const digest = createHash('sha256').update(data).digest();
  const info = Buffer.from('3031300d060960864801650304020105000420', 'hex');
  const begin = Buffer.concat([
    Buffer.of(0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0),
    info,
    digest,
  ]);
  const target = BigInt(`0x${begin.toString('hex')}${'ff'.repeat(384 - begin.length)}`);
  const root = cubeRoot(target);
  const cube = (root ** 3n).toString(16).padStart(768, '0');
  t.equal(cube.slice(0, begin.length * 2), begin.toString('hex'), 'the forgery begins well');
  const forged = octets(Buffer.from(root.toString(16).padStart(768, '0'), 'hex'));
  for (const crypto of PROVIDERS) {
    const imported = crypto.importKey(8, key)!;
    t.notOk(crypto.verify(8, imported, data, forged), crypto.name);
  }
  t.end();
});

t.test('RFC 8017 §5.2.2: a signature is a number below the modulus', (t) => {
  const key = makeKey(8, KSK);
  const publicKey = key.rdata.subarray(4);
  const modulus = BigInt(`0x${Buffer.from(publicKey.subarray(4)).toString('hex')}`);
  const size = publicKey.length - 4;
  let found = 0;
  // Rarely, the modulus leaves next to no room.
  for (let number = 0; number < 16_384 && found < 4; number++) {
    const data = octets([number >> 8, number & 0xff]);
    const good = sign('sha256', data, key.privateKey);
    // The same residue, one modulus higher, where that still fits.
    const other = BigInt(`0x${good.toString('hex')}`) + modulus;
    if (other >= 1n << BigInt(8 * size)) continue;
    found++;
    const twin = octets(Buffer.from(other.toString(16).padStart(2 * size, '0'), 'hex'));
    for (const crypto of PROVIDERS) {
      const imported = crypto.importKey(8, publicKey)!;
      t.ok(crypto.verify(8, imported, data, good), crypto.name);
      t.notOk(crypto.verify(8, imported, data, twin), crypto.name);
    }
  }
  t.ok(found > 0, `${found} such signatures`);
  t.end();
});

function cubeRoot(value: bigint): bigint {
  let low = 0n;
  let high = 1n << 1024n;
  while (low < high) {
    const middle = (low + high + 1n) >> 1n;
    if (middle ** 3n <= value) low = middle;
    else high = middle - 1n;
  }
  return low;
}

t.test('several providers as one', async (t) => {
  const node = new NodeCryptoProvider();
  const withoutEd: CryptoProvider = {
    name: 'policy',
    supports: (algorithm) => algorithm < 15 && node.supports(algorithm),
    importKey: (algorithm, key) => {
      if (algorithm >= 15) throw new Error('forbidden');
      return node.importKey(algorithm, key);
    },
    verify: (algorithm, key, data, signature) => node.verify(algorithm, key, data, signature),
    digest: (hash, data) => node.digest(hash, data),
    nsec3Hash: (owner, salt, iterations) => node.nsec3Hash(owner, salt, iterations),
  };
  const layered = new LayeredCryptoProvider(withoutEd, new NobleCryptoProvider());
  t.equal(layered.name, 'policy + noble');
  for (const { number, hash } of ALGORITHMS.values()) {
    t.ok(layered.supports(number));
    const key = makeKey(number);
    const data = octets([number]);
    const signature = sign(hash ?? null, data, { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
    const imported: ImportedKey = layered.importKey(number, key.rdata.subarray(4))!;
    t.ok(layered.verify(number, imported, data, signature));
    t.notOk(layered.verify(number, imported, octets([0]), signature));
  }
  t.notOk(layered.supports(12));
  t.equal(layered.importKey(12, octets()), undefined);
  t.equal((await loadCryptoProvider({ implementation: 'auto', sha1: true })).name, 'node');
  t.equal((await loadCryptoProvider({ implementation: 'node', sha1: false })).name, 'node');
  t.equal((await loadCryptoProvider({ implementation: 'noble', sha1: false })).name, 'noble');
});
