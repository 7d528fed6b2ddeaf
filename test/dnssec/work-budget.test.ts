/** KeyTrap (CVE-2023-50387) and its kin: work stays bounded, and running out is never insecure. */
import { createHash } from 'node:crypto';
import t from 'tap';
import {
  type CryptoProvider,
  type ImportedKey,
  ImportedKeyCache,
  type ValidationContext,
  validateDnskeys,
  validateRRset,
  WorkBudget,
} from '../../src/dnssec/index.js';
import { NodeCryptoProvider } from '../../src/runtime/crypto.js';
import { type RRset, RRType } from '../../src/wire/index.js';
import { leastCpuMs } from '../fuzz/mutate.js';
import {
  type ContextOptions,
  context,
  dnskeySet,
  dsRdata,
  dsSet,
  KSK,
  LIMITS,
  makeKey,
  makeRsaKey,
  name,
  octets,
  signature,
  signed,
  type TestKey,
  tagOf,
  unsigned,
  zoneKeys,
} from './signed-zone.js';

const ZONE = name('example.test');
const node = new NodeCryptoProvider();

/** Counts what reaches the crypto library. */
class CountingProvider implements CryptoProvider {
  readonly name = 'counting';
  imports = 0;
  verifications = 0;
  digests = 0;

  supports(algorithm: number): boolean {
    return node.supports(algorithm);
  }

  importKey(algorithm: number, publicKey: Uint8Array): ImportedKey | undefined {
    this.imports++;
    return node.importKey(algorithm, publicKey);
  }

  verify(algorithm: number, key: ImportedKey, data: Uint8Array, rrsig: Uint8Array): boolean {
    this.verifications++;
    return node.verify(algorithm, key, data, rrsig);
  }

  digest(hash: 'sha1' | 'sha256' | 'sha384' | 'sha512', data: Uint8Array): Uint8Array {
    this.digests++;
    return node.digest(hash, data);
  }

  nsec3Hash(owner: Uint8Array, salt: Uint8Array, iterations: number): Uint8Array {
    return node.nsec3Hash(owner, salt, iterations);
  }
}

function counted(options: ContextOptions = {}): [ValidationContext, CountingProvider] {
  const crypto = new CountingProvider();
  return [context({ ...options, crypto }), crypto];
}

/**
 * Another key with the same tag: the tag is a sum of 16-bit words, so exchanging two words of an
 * RSA modulus leaves it alone.
 */
function twin(key: TestKey, turn: number): TestKey {
  const rdata = key.rdata.slice();
  const [a, b] = [20 + 2 * (turn % 25), 72 + 2 * Math.floor(turn / 25)];
  const word = rdata.slice(a, a + 2);
  rdata.set(rdata.subarray(b, b + 2), a);
  rdata.set(word, b);
  return { ...key, rdata, tag: tagOf(rdata) };
}

const rsa = makeRsaKey(1024);
// Two words of a random modulus can be alike: exchanging those gives the key itself.
const twins = Array.from({ length: 750 }, (_, turn) => twin(rsa, turn))
  .filter(({ rdata }) => Buffer.compare(rdata, rsa.rdata) !== 0)
  .slice(0, 700);
const TXT = Uint8Array.of(1, 0x61);
const bare = unsigned('www.example.test', RRType.TXT, [TXT]);

function badSignatures(count: number): Uint8Array[] {
  const good = signature(bare, rsa, ZONE);
  return Array.from({ length: count }, (_, index) => {
    const bad = good.slice();
    // Unlike the good one for any index.
    const at = bad.length - 20;
    bad[at]! ^= (index + 1) >> 8;
    bad[at + 1]! ^= (index + 1) & 0xff;
    return bad;
  });
}

t.test('twins do share the tag, and are other keys', (t) => {
  t.ok(twins.every(({ tag }) => tag === rsa.tag));
  const distinct = new Set(twins.map(({ rdata }) => Buffer.from(rdata).toString('hex')));
  t.equal(distinct.size, 700, 'exchanges of unlike words give unlike keys');
  t.notOk(distinct.has(Buffer.from(rsa.rdata).toString('hex')));
  t.end();
});

t.test('two keys of one tag are tried, a third is not', (t) => {
  const [first, second] = twins;
  const good = signed(bare, rsa, ZONE);
  const two = zoneKeys(ZONE, [rsa, first!]);
  t.equal(validateRRset(good, two, context()).status, 'secure');
  const ordered = zoneKeys(ZONE, [makeKey(13, KSK), first!, rsa]);
  const [ctx, crypto] = counted();
  t.equal(validateRRset(good, ordered, ctx).status, 'secure', 'the second is the one');
  t.equal(crypto.verifications, 2);
  t.equal(ctx.budget.failedSignatureChecks, 1);
  const three = zoneKeys(ZONE, [makeKey(13, KSK), first!, second!, rsa]);
  const verdict = validateRRset(good, three, context());
  t.equal(verdict.status === 'bogus' && verdict.reason, 'budget: keys per tag');
  t.end();
});

t.test('KeyTrap: keys of one tag times bad signatures', (t) => {
  for (const keyCount of [1, 8, 31]) {
    const keys = zoneKeys(ZONE, [makeKey(13, KSK), ...twins.slice(0, keyCount)]);
    for (const signatureCount of [1, 8, 64, 580]) {
      const [ctx, crypto] = counted();
      const trap = { ...bare, signatures: badSignatures(signatureCount) };
      const label = `${keyCount} keys, ${signatureCount} signatures`;
      const judge = () => t.equal(validateRRset(trap, keys, ctx).status, 'bogus', label);
      const ms = leastCpuMs(judge, 1);
      t.ok(crypto.verifications <= LIMITS.signatureChecksPerRRset, label);
      t.ok(crypto.verifications <= LIMITS.failedSignatureChecks, label);
      t.ok(ms < 250, `${label}: ${ms.toFixed(1)} ms`);
    }
  }
  for (const keyCount of [64, 580]) {
    const many = twins.slice(0, keyCount);
    const set = dnskeySet(ZONE, [rsa, ...many], [rsa]);
    const [ctx, crypto] = counted();
    const verdict = validateDnskeys(ZONE, set, dsSet(ZONE, [dsRdata(ZONE, rsa)]), ctx);
    t.equal(verdict.status === 'bogus' && verdict.reason, 'budget: keys per zone');
    t.equal(crypto.verifications + crypto.digests + crypto.imports, 0);
  }
  t.end();
});

t.test('a whole question: 32 checks, 4 failures, then nothing more', (t) => {
  const keys = zoneKeys(ZONE, [rsa]);
  const good = signed(bare, rsa, ZONE);
  const bad = { ...bare, signatures: badSignatures(1) };

  const [ctx, crypto] = counted();
  for (let turn = 0; turn < 32; turn++) t.equal(validateRRset(good, keys, ctx).status, 'secure');
  const late = validateRRset(good, keys, ctx);
  t.equal(late.status === 'bogus' && late.reason, 'budget: signature checks');
  t.equal(ctx.budget.exhausted, 'budget: signature checks');
  t.equal(crypto.verifications, 32);

  const [failing, counting] = counted();
  for (let turn = 0; turn < 4; turn++) {
    const verdict = validateRRset(bad, keys, failing);
    t.equal(verdict.status === 'bogus' && verdict.reason, 'signature does not verify');
  }
  for (const rrset of [bad, good]) {
    const verdict = validateRRset(rrset, keys, failing);
    t.equal(verdict.status === 'bogus' && verdict.reason, 'budget: failed signature checks');
    t.equal(verdict.status === 'bogus' && verdict.ede, 6);
  }
  t.equal(counting.verifications, 4);
  t.end();
});

t.test('at most 8 signatures are looked at, and 4 of them checked', (t) => {
  const keys = zoneKeys(ZONE, [rsa, makeKey(13)]);
  const good = signature(bare, rsa, ZONE);
  const strangers = Array.from({ length: 8 }, (_, index) =>
    signature(bare, rsa, ZONE, { keyTag: (rsa.tag + 1 + index) & 0xffff }),
  );
  const eighth = { ...bare, signatures: [...strangers.slice(0, 7), good] };
  t.equal(validateRRset(eighth, keys, context()).status, 'secure', 'unknown keys cost nothing');
  const ninth = { ...bare, signatures: [...strangers, good] };
  const verdict = validateRRset(ninth, keys, context());
  t.equal(verdict.status === 'bogus' && verdict.reason, 'budget: signatures per RRset');

  const generous = { limits: { failedSignatureChecks: 32 } };
  const fourth = { ...bare, signatures: [...badSignatures(3), good] };
  t.equal(validateRRset(fourth, keys, context(generous)).status, 'secure');
  const fifth = { ...bare, signatures: [...badSignatures(4), good] };
  const [ctx, crypto] = counted(generous);
  const refused = validateRRset(fifth, keys, ctx);
  t.equal(refused.status === 'bogus' && refused.reason, 'budget: signatures per RRset');
  t.equal(crypto.verifications, 4);
  t.end();
});

t.test('malformed keys with the right tag count as failures (CVE-2025-8677)', (t) => {
  const ksk = makeKey(13, KSK);
  const junk: TestKey[] = [];
  // A sum of words has many solutions: the same tag, and no point of the curve among them.
  for (let turn = 0; junk.length < 30; turn++) {
    const filling = createHash('sha512').update(`seed 1, ${turn}`).digest();
    const rdata = octets([1, 0, 3, 13], filling);
    const rest = (0xffff + 4711 - tagOf(octets(rdata.subarray(0, 66), [0, 0]))) % 0xffff;
    rdata.set([rest >> 8, rest & 0xff], 66);
    if (tagOf(rdata) === 4711) junk.push({ ...ksk, rdata, tag: 4711 });
  }
  const keys = zoneKeys(ZONE, [ksk, ...junk]);
  const rrsig = signature(bare, ksk, ZONE, { keyTag: 4711 });
  const [ctx, crypto] = counted();
  for (let turn = 0; turn < 10; turn++) {
    const verdict = validateRRset({ ...bare, signatures: [rrsig] }, keys, ctx);
    t.equal(verdict.status, 'bogus');
    if (turn === 0) t.equal(verdict.status === 'bogus' && verdict.reason, 'budget: keys per tag');
  }
  t.ok(crypto.imports <= 4, `${crypto.imports} imports`);
  t.equal(crypto.verifications, 0);
  t.equal(ctx.budget.exhausted, 'budget: failed signature checks');
  t.end();
});

t.test('HashTrap: DS records times keys of one tag', (t) => {
  const crowd = twins.slice(0, 31);
  const set = dnskeySet(ZONE, [rsa, ...crowd], [rsa]);
  const wrong = (count: number): Uint8Array[] =>
    Array.from({ length: count }, (_, index) => {
      const rdata = dsRdata(ZONE, rsa);
      rdata.set([index, 0xaa, rdata[12]! ^ 1], 10);
      return rdata;
    });
  for (const count of [1, 8, 64, 200]) {
    const [ctx, crypto] = counted();
    const verdict = validateDnskeys(ZONE, set, dsSet(ZONE, wrong(count)), ctx);
    t.equal(verdict.status === 'bogus' && verdict.reason, 'budget: DS mismatches', `${count} DS`);
    t.ok(crypto.digests <= LIMITS.dsMismatches, `${crypto.digests} digests`);
    t.equal(crypto.verifications, 0);
  }
  // Three wrong ones before the right one are within the limit.
  const small = dnskeySet(ZONE, [rsa], [rsa]);
  const late = dsSet(ZONE, [...wrong(3), dsRdata(ZONE, rsa)]);
  t.equal(validateDnskeys(ZONE, small, late, context()).status, 'secure');
  // Eight DS records of keys that are not there, and the right one after them.
  const absent = Array.from({ length: 8 }, () => dsRdata(ZONE, makeKey(13, KSK)));
  const ninth = dsSet(ZONE, [...absent, dsRdata(ZONE, rsa)]);
  const verdict = validateDnskeys(ZONE, small, ninth, context());
  t.equal(verdict.status === 'bogus' && verdict.reason, 'budget: DS records');
  t.end();
});

t.test('large RRsets are refused before they are sorted', (t) => {
  const records = (count: number): RRset =>
    unsigned(
      'www.example.test',
      RRType.A,
      Array.from({ length: count }, (_, index) => Uint8Array.of(10, 0, index >> 8, index & 0xff)),
    );
  const keys = zoneKeys(ZONE, [rsa]);
  t.equal(validateRRset(signed(records(256), rsa, ZONE), keys, context()).status, 'secure');
  for (const count of [257, 4000]) {
    const verdict = validateRRset(signed(records(count), rsa, ZONE), keys, context());
    t.equal(verdict.status === 'bogus' && verdict.reason, 'budget: records per RRset');
  }
  t.end();
});

t.test('no limit, however small, makes anything insecure or secure', (t) => {
  const ksk = makeKey(13, KSK);
  const set = dnskeySet(ZONE, [ksk, rsa], [ksk]);
  const ds = dsSet(ZONE, [dsRdata(ZONE, ksk)]);
  const keys = zoneKeys(ZONE, [ksk, rsa]);
  for (const limit of Object.keys(LIMITS)) {
    for (const value of [0, 1]) {
      const limits = { [limit]: value };
      const forKeys = validateDnskeys(ZONE, set, ds, context({ limits }));
      const forData = validateRRset(signed(bare, rsa, ZONE), keys, context({ limits }));
      const forged = { ...bare, signatures: badSignatures(3) };
      for (const verdict of [forKeys, forData]) {
        const refused = verdict.status === 'bogus' && verdict.reason.startsWith('budget: ');
        t.ok(verdict.status === 'secure' || refused, `${limit} ${value}: ${verdict.status}`);
      }
      t.equal(validateRRset(forged, keys, context({ limits })).status, 'bogus');
    }
  }
  t.end();
});

t.test('NSEC3 hashes are paid for before they are made', (t) => {
  const budget = new WorkBudget(LIMITS);
  t.ok(budget.tryNsec3Hashes(600));
  t.equal(budget.exhausted, undefined);
  t.notOk(budget.tryNsec3Hashes(1));
  t.equal(budget.exhausted, 'budget: NSEC3 hashes');
  t.equal(budget.nsec3Hashes, 600);
  t.end();
});

t.test('imported keys are remembered, a bounded number of them', (t) => {
  const cache = new ImportedKeyCache(100);
  let made = 0;
  const make = (algorithm: number): ImportedKey => {
    made++;
    return { algorithm, native: made };
  };
  const key = (index: number) => Uint8Array.of(index >> 8, index & 0xff);
  let largest = 0;
  const first = cache.get(13, key(0), make);
  t.equal(cache.get(13, key(0), make), first);
  t.not(cache.get(14, key(0), make), first, 'the algorithm is part of the key');
  for (let index = 0; index < 10_000; index++) {
    cache.get(13, key(index), make);
    cache.get(13, key(0), make);
    largest = Math.max(largest, cache.count);
  }
  t.ok(largest <= 100, `${largest} keys`);
  t.equal(cache.get(13, key(0), make), first, 'what is used stays');
  const before = made;
  cache.get(13, key(9_990), make);
  t.equal(made, before, 'what is recent stays');
  cache.get(13, key(10), make);
  t.equal(made, before + 1, 'what is old has gone');
  const failing = () => undefined;
  t.equal(cache.get(13, Uint8Array.of(9), failing), undefined);
  t.ok(cache.get(13, Uint8Array.of(9), make), 'failures are not remembered');
  t.end();
});
