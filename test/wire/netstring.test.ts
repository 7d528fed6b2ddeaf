/** Netstrings: what is one, what breaks the stream, and that pieces make no difference. */
import t from 'tap';
import { NetstringReader, netstring } from '../../src/wire/index.js';

const LIMIT = 20;

const octetsOfText = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const textOfOctets = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');

/** What a reader makes of a stream that comes in pieces of a size. */
function read(text: string, pieceOctets = text.length): { contents: string[]; broken: boolean } {
  const reader = new NetstringReader(LIMIT);
  const contents: string[] = [];
  const octets = octetsOfText(text);
  for (let at = 0; at < octets.length; at += Math.max(1, pieceOctets)) {
    reader.push(octets.subarray(at, at + Math.max(1, pieceOctets)));
    for (let next = reader.next(); next !== undefined; next = reader.next()) {
      contents.push(textOfOctets(next));
    }
  }
  return { contents, broken: reader.broken };
}

t.test('contents, however the stream is cut', (t) => {
  const stream = '5:hello,0:,3:a,b,20:12345678901234567890,';
  const contents = ['hello', '', 'a,b', '12345678901234567890'];
  for (let piece = 1; piece <= stream.length; piece++) {
    t.same(read(stream, piece), { contents, broken: false }, `pieces of ${piece}`);
  }
  t.same(read('5:hel'), { contents: [], broken: false }, 'a part waits for the rest');
  t.end();
});

t.test('what is no netstring breaks the stream, and nothing after it counts', (t) => {
  for (const bad of ['21:', '999999999', '05:hello,', '-1:', ':x,', 'QUERY', '5:hello.', '1 :a,']) {
    t.same(read(`2:ok,${bad}2:no,`), { contents: ['ok'], broken: true }, bad);
  }
  t.end();
});

t.test('nothing is held beyond what arrived, and after a break nothing at all', (t) => {
  const reader = new NetstringReader(LIMIT);
  reader.push(octetsOfText('20:ab'));
  t.equal(reader.next(), undefined);
  t.equal(reader.heldOctets, 5);
  reader.push(octetsOfText('x'.repeat(30)));
  reader.next();
  t.match(reader, { broken: true, heldOctets: 0 });
  t.end();
});

t.test('written as it is read', (t) => {
  t.equal(textOfOctets(netstring(octetsOfText('OK dane-only'))), '12:OK dane-only,');
  t.equal(textOfOctets(netstring(new Uint8Array(0))), '0:,');
  t.end();
});
