/** TCP framing (RFC 7766 §8) and the data of EDNS options (RFC 7828, 7873, 8914). */
import t from 'tap';
import {
  cookieOption,
  decodeUtf8,
  EdeCode,
  EdnsOptionCode,
  ednsOption,
  encodeUtf8,
  extendedErrorOption,
  extendedErrorsOf,
  frame,
  keepaliveOption,
  opcodeMnemonic,
  paddingOption,
  parseCookie,
  parseExtendedError,
  parseKeepalive,
  rcodeMnemonic,
  TcpDeframer,
  typeFromMnemonic,
  typeMnemonic,
} from '../../src/wire/index.js';
import { hex, toHex } from './octet-text.js';

t.test('RFC 7766 §8: messages in a stream', (t) => {
  const first = new Uint8Array(12).fill(1);
  const second = new Uint8Array(300).fill(2);
  const stream = new Uint8Array([...frame(first), ...frame(second)]);
  t.equal(toHex(frame(first).slice(0, 3)), '000c01');
  t.same(
    new TcpDeframer().push(stream).map((message) => message.length),
    [12, 300],
  );
  const slow = new TcpDeframer();
  const received: Uint8Array[] = [];
  for (const octet of stream) received.push(...slow.push(Uint8Array.of(octet)));
  t.same(received.map(toHex), [toHex(first), toHex(second)], 'one octet at a time');
  t.equal(slow.pendingOctets, 0);
  slow.push(stream.subarray(0, 5));
  t.equal(slow.pendingOctets, 5, 'what is pending is known');
  t.notOk(slow.broken);
  t.end();
});

t.test('a length that holds no header breaks the stream for good', (t) => {
  for (const length of [0, 1, 11]) {
    for (const cut of [true, false]) {
      const deframer = new TcpDeframer();
      const bad = new Uint8Array([...frame(new Uint8Array(12)), 0, length, ...new Uint8Array(50)]);
      const received = cut
        ? [...bad].flatMap((octet) => deframer.push(Uint8Array.of(octet)))
        : deframer.push(bad);
      t.equal(received.length, 1, 'what came before is delivered');
      t.ok(deframer.broken, `a length of ${length}`);
      t.equal(deframer.pendingOctets, 0, 'nothing is retained');
      t.same(deframer.push(frame(new Uint8Array(12))), [], 'nothing follows');
    }
  }
  const shortest = new TcpDeframer();
  t.equal(shortest.push(frame(new Uint8Array(12))).length, 1, 'twelve octets are a message');
  t.end();
});

t.test('memory follows what arrived, not what was announced', (t) => {
  const before = process.memoryUsage().arrayBuffers;
  const connections = Array.from({ length: 1000 }, () => {
    const deframer = new TcpDeframer();
    deframer.push(hex('ffff 00'));
    return deframer;
  });
  const perConnection = (process.memoryUsage().arrayBuffers - before) / connections.length;
  t.ok(perConnection < 2048, `${perConnection} octets for an announced 65,535`);
  const chunk = Buffer.alloc(65_536, 7);
  const deframer = new TcpDeframer();
  deframer.push(Buffer.concat([hex('0100'), chunk.subarray(0, 10)]));
  const [message] = deframer.push(chunk.subarray(0, 300));
  chunk.fill(0);
  t.equal(message!.length, 256);
  t.ok(
    message!.every((octet) => octet === 7),
    'messages are copies',
  );
  t.end();
});

t.test('RFC 8914: extended errors', (t) => {
  const option = extendedErrorOption({ code: EdeCode.SIGNATURE_EXPIRED, text: 'expired: é' });
  t.equal(option.code, EdnsOptionCode.EDE);
  t.equal(toHex(option.data), `0007${Buffer.from('expired: é').toString('hex')}`);
  t.same(parseExtendedError(option.data), { code: 7, text: 'expired: é' });
  t.same(parseExtendedError(hex('0006')), { code: 6, text: '' });
  t.same(parseExtendedError(hex('0006 "x" 00')), { code: 6, text: 'x' }, '§2: the null is no part');
  t.equal(parseExtendedError(hex('00')), undefined);
  const edns = { udpSizeOctets: 512, version: 0, dnssecOk: false, flags: 0 };
  const options = [option, { code: 3, data: hex('') }, { code: 15, data: hex('01') }];
  t.same(extendedErrorsOf({ ...edns, options }), [{ code: 7, text: 'expired: é' }]);
  t.same(extendedErrorsOf(undefined), []);
  t.equal(ednsOption({ ...edns, options }, 3), options[1]);
  t.equal(ednsOption(undefined, 3), undefined);
  t.end();
});

t.test('RFC 3629: UTF-8 both ways, anything else is replaced', (t) => {
  const texts = ['', 'ascii', 'é ß €', '日本', '😀', '\u0000\u007f\u0080\u07ff\u0800\uffff'];
  for (const text of texts) {
    t.equal(toHex(encodeUtf8(text)), Buffer.from(text).toString('hex'));
    t.equal(decodeUtf8(encodeUtf8(text)), text);
  }
  t.equal(toHex(encodeUtf8('\ud800')), 'efbfbd', 'a lone surrogate');
  for (const bad of ['ff', 'c0af', 'e08080', 'eda080', 'f4908080', '80', 'c3', 'e282', 'f09f98']) {
    const text = decodeUtf8(hex(`"a"${bad}"b"`));
    t.match(text, /^a\ufffd+b$/, bad);
  }
  t.end();
});

t.test('RFC 7873 §4, §5.2.2: cookies', (t) => {
  const client = hex('0102030405060708');
  const server = hex('1112131415161718');
  t.same(parseCookie(cookieOption(client).data), { client });
  t.same(parseCookie(cookieOption(client, server).data), { client, server });
  t.same(parseCookie(cookieOption(client, new Uint8Array(32)).data)?.server?.length, 32);
  for (const length of [0, 7, 9, 15, 41]) {
    t.equal(parseCookie(new Uint8Array(length)), undefined, `${length} octets`);
  }
  t.end();
});

t.test('RFC 7828 §3.1: keepalive; RFC 7830: padding', (t) => {
  t.equal(toHex(keepaliveOption(12_345).data), '007b');
  t.equal(toHex(keepaliveOption().data), '');
  t.equal(toHex(keepaliveOption(1e9).data), 'ffff');
  t.equal(parseKeepalive(hex('007b')), 12_300);
  t.equal(parseKeepalive(hex('')), undefined);
  t.equal(parseKeepalive(hex('010203')), undefined);
  t.equal(toHex(paddingOption(3).data), '000000');
  t.end();
});

t.test('mnemonics', (t) => {
  t.equal(rcodeMnemonic(3), 'NXDOMAIN');
  t.equal(rcodeMnemonic(23), 'BADCOOKIE');
  t.equal(rcodeMnemonic(3000), 'RCODE3000');
  t.equal(opcodeMnemonic(4), 'NOTIFY');
  t.equal(opcodeMnemonic(9), 'OPCODE9');
  t.equal(typeMnemonic(52), 'TLSA');
  t.equal(typeMnemonic(65280), 'TYPE65280');
  t.equal(typeFromMnemonic('tlsa'), 52);
  t.equal(typeFromMnemonic('TYPE52'), 52);
  for (const bad of ['', 'TYPE', 'TYPE65536', 'TYPE-1', 'TYPE1x', 'constructor', 'toString']) {
    t.equal(typeFromMnemonic(bad), undefined, bad);
  }
  t.end();
});
