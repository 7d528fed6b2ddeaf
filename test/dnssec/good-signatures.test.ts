/** A signature is checked once; one that is not exactly the same is checked, and refused. */
import t from 'tap';
import { GoodSignatures, type ImportedKey } from '../../src/dnssec/index.js';
import { NodeCryptoProvider } from '../../src/runtime/crypto.js';
import { CRYPTO_PROBES, PROBED_DATA } from '../../src/runtime/crypto-probes.js';

const octets = (...values: number[]) => Uint8Array.from(values);
const flipped = (from: Uint8Array, at: number) =>
  from.map((octet, index) => (index === at ? octet ^ 1 : octet));

/** Whether it is known without a check; what is not known is found wrong. */
const knows = (good: GoodSignatures, ...what: [ImportedKey, Uint8Array, Uint8Array]): boolean =>
  good.isGood(...what, () => false);

t.test('only key, data and signature together are remembered', (t) => {
  const good = new GoodSignatures(100);
  const key = { algorithm: 13, native: 'key' };
  const data = octets(1, 2, 3);
  const signature = octets(7, 8, 9);
  t.notOk(
    good.isGood(key, data, signature, () => false),
    'what is wrong is refused',
  );
  t.notOk(knows(good, key, data, signature), 'and not remembered');
  t.ok(good.isGood(key, data, signature, () => true));
  t.ok(knows(good, key, octets(1, 2, 3), octets(7, 8, 9)));
  t.notOk(knows(good, { ...key }, data, signature), 'another key');
  t.notOk(knows(good, key, octets(1, 2, 4), signature), 'other data');
  t.notOk(knows(good, key, octets(1, 2, 3, 0), signature), 'longer data');
  t.notOk(knows(good, key, octets(), signature), 'no data');
  t.notOk(knows(good, key, data, octets(7, 8)), 'part of the signature');
  data[0] = 9;
  t.notOk(knows(good, key, data, signature), 'the caller may use its buffer again');
  t.ok(knows(good, key, octets(1, 2, 3), signature));
  t.end();
});

t.test('a bounded number of them, none with much data', (t) => {
  const good = new GoodSignatures(100);
  const key = { algorithm: 13, native: 'key' };
  const data = octets(1);
  const signature = (index: number) => octets(index >> 8, index & 0xff);
  let largest = 0;
  for (let index = 0; index < 10_000; index++) {
    good.isGood(key, data, signature(index), () => true);
    if (index % 1_000 === 0) t.ok(knows(good, key, data, signature(index)), `${index}`);
    largest = Math.max(largest, good.count);
  }
  t.ok(largest <= 100, `${largest} signatures`);
  t.notOk(knows(good, key, data, signature(5)), 'what is old has gone');
  t.ok(good.isGood(key, new Uint8Array(4_096), octets(42, 42, 42), () => true));
  t.notOk(knows(good, key, new Uint8Array(4_096), octets(42, 42, 42)));
  t.end();
});

t.test('the provider checks a good signature once', (t) => {
  const [probe] = CRYPTO_PROBES.filter(({ algorithm }) => algorithm === 13);
  const provider = new NodeCryptoProvider();
  const from = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'));
  const key = provider.importKey(13, from(probe!.publicKey))!;
  const data = Uint8Array.from(Buffer.from(PROBED_DATA));
  const signature = from(probe!.signature);
  t.ok(provider.verify(13, key, data, signature));
  // With what OpenSSL cannot use, any further check would fail.
  (key as { native: unknown }).native = undefined;
  t.ok(provider.verify(13, key, data, signature), 'it was not asked again');
  t.notOk(provider.verify(13, key, flipped(data, 0), signature), 'control: here it was');
  t.end();
});

t.test('the provider refuses a forgery also after the genuine one', (t) => {
  const data = Uint8Array.from(Buffer.from(PROBED_DATA));
  for (const probe of CRYPTO_PROBES) {
    const provider = new NodeCryptoProvider();
    const { algorithm } = probe;
    const publicKey = Uint8Array.from(Buffer.from(probe.publicKey, 'base64'));
    const signature = Uint8Array.from(Buffer.from(probe.signature, 'base64'));
    const key = provider.importKey(algorithm, publicKey);
    if (key === undefined || !provider.supports(algorithm)) continue;
    for (const time of ['first', 'again']) {
      t.ok(provider.verify(algorithm, key, data, signature), `${algorithm}: ${time}`);
      t.notOk(provider.verify(algorithm, key, flipped(data, 0), signature), 'other data');
      t.notOk(provider.verify(algorithm, key, data, flipped(signature, 40)), 'other signature');
      t.notOk(provider.verify(algorithm ^ 1, key, data, signature), 'other algorithm');
    }
    const other = provider.importKey(algorithm, flipped(publicKey, publicKey.length - 1));
    const isTaken = other !== undefined && provider.verify(algorithm, other, data, signature);
    t.notOk(isTaken, 'another key');
  }
  t.end();
});
