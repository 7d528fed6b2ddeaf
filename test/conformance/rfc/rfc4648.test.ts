/** RFC 4648 §10: the test vectors of base16, base64 and base32hex (as RFC 5155 §3.3 uses it). */
import t from 'tap';
import {
  formatBase32Hex,
  formatBase64,
  parseBase32Hex,
  parseBase64,
  parseHex,
} from '../../../src/presentation/index.js';

const VECTORS = [
  ['', '', '', ''],
  ['f', '66', 'Zg==', 'CO======'],
  ['fo', '666F', 'Zm8=', 'CPNG===='],
  ['foo', '666F6F', 'Zm9v', 'CPNMU==='],
  ['foob', '666F6F62', 'Zm9vYg==', 'CPNMUOG='],
  ['fooba', '666F6F6261', 'Zm9vYmE=', 'CPNMUOJ1'],
  ['foobar', '666F6F626172', 'Zm9vYmFy', 'CPNMUOJ1E8======'],
] as const;

t.test('§10: each vector, both ways', (t) => {
  for (const [text, hex, base64, padded] of VECTORS) {
    const octets = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    // RFC 5155 §3.3: without padding, and in either case.
    const base32hex = padded.replaceAll('=', '');
    if (text !== '') {
      t.same(parseHex(hex), octets, `base16 of ${text}`);
      t.same(parseBase64(base64), octets, `base64 of ${text}`);
      t.same(parseBase32Hex(base32hex), octets, `base32hex of ${text}`);
      t.same(parseBase32Hex(base32hex.toLowerCase()), octets, `the same in lower case`);
    }
    t.equal(formatBase64(octets), base64);
    t.equal(formatBase32Hex(octets).toUpperCase(), base32hex);
  }
  t.end();
});

t.test('§3.5, §7: what is not base32hex', (t) => {
  for (const text of ['W', 'CW', 'C', 'CPN', 'CPNMUO', 'CO======', 'C O', '-', 'CP1Z']) {
    t.equal(parseBase32Hex(text), undefined, text);
  }
  // §3.5: bits of the last character that stand for nothing must be zero, or a name has two forms.
  t.equal(parseBase32Hex('CP'), undefined);
  t.end();
});

t.test('every octet string of up to two octets comes back', (t) => {
  let count = 0;
  const lost: number[][] = [];
  for (let first = 0; first < 256; first++) {
    for (const octets of [
      [first],
      ...Array.from({ length: 256 }, (_, second) => [first, second]),
    ]) {
      count++;
      const back = parseBase32Hex(formatBase32Hex(Uint8Array.from(octets)));
      if (back === undefined || Buffer.compare(back, Buffer.from(octets)) !== 0) lost.push(octets);
    }
  }
  t.same(lost, []);
  t.equal(count, 256 + 65_536);
  t.end();
});
