/** RFC 6698 §2.2, §2.3 and RFC 7671: TLSA records in text and back, and what is not one. */
import t from 'tap';
import { formatRecord, parseRdataText, parseRecord } from '../../../src/presentation/index.js';
import { equalOctets, RRType } from '../../../src/wire/index.js';

t.test('RFC 6698 §2.3: the examples', (t) => {
  const examples = [
    [
      `_443._tcp.www.example.com. IN TLSA (
        0 0 1 d2abde240d7cd3ee6b4b28c54df034b9
              7983a1d16e8a410e4561cb106618e971 )`,
      [0, 0, 1],
      32,
    ],
    [
      `_443._tcp.www.example.com. IN TLSA (
        1 1 2 92003ba34942dc74152e2f2c408d29ec
              a5a520e7f2e06bb944f4dca346baf63c
              1b177615d466f6c4b71c216a50292bd5
              8c9ebdd2f74e38fe51ffd48c43326cbc )`,
      [1, 1, 2],
      64,
    ],
    ['_443._tcp.www.example.com. IN TLSA ( 3 0 0 30820307308201efa003020102020 1 )', [3, 0, 0], 15],
  ] as const;
  for (const [text, fields, size] of examples) {
    const record = parseRecord(text);
    t.ok(record !== undefined, text.slice(0, 60));
    t.equal(record!.type, RRType.TLSA);
    t.same([...record!.rdata.subarray(0, 3)], fields);
    t.equal(record!.rdata.length - 3, size);
    const again = parseRecord(formatRecord(record!));
    t.ok(equalOctets(again!.rdata, record!.rdata), 'and back');
  }
  t.end();
});

t.test(
  'RFC 6698 §2.1, RFC 7671 §4: every usage, selector and matching type keeps its octets',
  (t) => {
    // What a value means is for the mailer to say (§7.1 to §7.4); a resolver passes it on.
    for (let value = 0; value < 256; value++) {
      for (const fields of [
        [value, 0, 1],
        [3, value, 1],
        [3, 1, value],
      ]) {
        const rdata = parseRdataText(RRType.TLSA, `${fields.join(' ')} 00ff`);
        t.same([...(rdata ?? [])], [...fields, 0, 255]);
      }
    }
    t.end();
  },
);

t.test('RFC 6698 §2.2: what is not a TLSA record', (t) => {
  for (const text of [
    '3 1',
    '3 1 1',
    '3 1 1 0',
    '3 1 1 0g',
    '256 1 1 00',
    '3 -1 1 00',
    '3 1 x 00',
  ]) {
    t.equal(parseRdataText(RRType.TLSA, text), undefined, text);
  }
  t.end();
});
