/** What is answered on the spot, what is passed on, and what gets no reply at all. */
import t from 'tap';
import { AccessList } from '../../src/server/index.js';
import {
  cookieOption,
  EDNS_FLAG_CO,
  EdeCode,
  EdnsOptionCode,
  ednsOption,
  extendedErrorsOf,
  IpPrefix,
  Name,
  Rcode,
  RRClass,
  RRType,
  rcodeMnemonic,
} from '../../src/wire/index.js';
import {
  type Ask,
  answered,
  client,
  FrontDesk,
  latin1,
  name,
  parsed,
  questionOf,
  repliesOf,
  request,
  SIGNED_ADDRESSES,
  secure,
  silenceOf,
} from './front-desk.js';

const desk = new FrontDesk();

t.test('an ordinary question goes to the resolver as it was asked', (t) => {
  const asked = questionOf(desk.receive(request({ name: name('wWw.Example.ORG'), cd: true })));
  t.match(asked, { type: RRType.A, checkingDisabled: true, recursionDesired: true });
  t.equal(asked.name.toString(), 'wWw.Example.ORG.');
  t.end();
});

t.test('the root, the longest name and odd octets are names like others', (t) => {
  const label = new Uint8Array(63).fill(0);
  const longest = Name.fromLabels([label, label, label, new Uint8Array(61).fill(0xff)])!;
  t.equal(longest.octets.length, 255);
  for (const asked of [Name.root, longest, Name.fromLabels([latin1('a.b'), latin1('\\')])!]) {
    const fresh = new FrontDesk();
    const resolution = answered({ rcode: Rcode.NXDOMAIN });
    const message = fresh.exchange(request({ name: asked, edns: {} }), resolution);
    t.same(message.questions[0]?.name.octets, asked.octets);
  }
  t.end();
});

t.test('requests that are answered on the spot', (t) => {
  const cases: readonly (readonly [string, Ask, number, number?])[] = [
    ['NOTIFY', { opcode: 4 }, Rcode.NOTIMP],
    ['UPDATE', { opcode: 5 }, Rcode.NOTIMP],
    ['IQUERY', { opcode: 1 }, Rcode.NOTIMP],
    ['STATUS', { opcode: 2 }, Rcode.NOTIMP],
    ['an unassigned opcode', { opcode: 15, edns: {} }, Rcode.NOTIMP],
    ['class CH', { class: RRClass.CH, type: RRType.TXT }, Rcode.REFUSED],
    ['class HS', { class: RRClass.HS }, Rcode.REFUSED],
    ['class NONE', { class: RRClass.NONE }, Rcode.REFUSED],
    ['class ANY', { class: RRClass.ANY }, Rcode.REFUSED],
    ['class 0', { class: 0 }, Rcode.REFUSED],
    ['EDNS version 1', { edns: { version: 1 } }, Rcode.BADVERS],
    ['EDNS version 255', { edns: { version: 255 } }, Rcode.BADVERS],
    ['EDNS version 1 before all else', { class: 3, edns: { version: 1 } }, Rcode.BADVERS],
    ['AXFR', { type: RRType.AXFR, edns: {} }, Rcode.REFUSED, EdeCode.NOT_SUPPORTED],
    ['IXFR', { type: RRType.IXFR, edns: {} }, Rcode.REFUSED, EdeCode.NOT_SUPPORTED],
    ['MAILA', { type: RRType.MAILA, edns: {} }, Rcode.REFUSED, EdeCode.NOT_SUPPORTED],
    ['MAILB', { type: RRType.MAILB, edns: {} }, Rcode.REFUSED, EdeCode.NOT_SUPPORTED],
    ['OPT', { type: RRType.OPT, edns: {} }, Rcode.REFUSED, EdeCode.NOT_SUPPORTED],
    ['TSIG', { type: RRType.TSIG, edns: {} }, Rcode.REFUSED, EdeCode.NOT_SUPPORTED],
    ['TKEY', { type: RRType.TKEY, edns: {} }, Rcode.REFUSED, EdeCode.NOT_SUPPORTED],
    ['type 0', { type: 0, edns: {} }, Rcode.REFUSED, EdeCode.NOT_SUPPORTED],
    ['type 200', { type: 200, edns: {} }, Rcode.REFUSED, EdeCode.NOT_SUPPORTED],
    ['NXNAME', { type: RRType.NXNAME, edns: {} }, Rcode.FORMERR, EdeCode.INVALID_QUERY_TYPE],
    ['RD=0', { rd: false, edns: {} }, Rcode.REFUSED, EdeCode.NOT_AUTHORITATIVE],
  ];
  for (const [what, ask, rcode, ede] of cases) {
    const message = desk.replyTo(request({ id: 0x0102, ...ask }));
    t.equal(rcodeMnemonic(message.rcode), rcodeMnemonic(rcode), what);
    t.equal(message.id, 0x0102, `${what}: the ID comes back`);
    t.equal(message.opcode, ask.opcode ?? 0, `${what}: the opcode comes back`);
    t.equal(message.recursionDesired, ask.rd !== false, `${what}: RD comes back`);
    t.notOk(message.authenticData || message.authoritative || message.truncated, `${what}: flags`);
    t.equal(message.edns !== undefined, ask.edns !== undefined, `${what}: OPT for OPT`);
    t.equal(message.edns?.version ?? 0, 0, `${what}: our version`);
    const codes = extendedErrorsOf(message.edns).map(({ code }) => code);
    t.same(codes, ede === undefined ? [] : [ede], `${what}: EDE`);
    if (ask.opcode === undefined) t.equal(message.questions.length, 1, `${what}: the question`);
  }
  t.end();
});

t.test('types that look odd and are not', (t) => {
  const types = [RRType.RRSIG, RRType.NSEC3, RRType.NULL, 62_347, 65_280, 127, 256, RRType.DLV];
  for (const type of types) {
    t.equal(questionOf(new FrontDesk().receive(request({ type }))).type, type);
  }
  t.end();
});

t.test('CD and AD of a request come back as the RFCs say', (t) => {
  const message = desk.replyTo(request({ rd: false, cd: true, ad: true }));
  t.equal(message.checkingDisabled, true, 'CD as sent');
  t.equal(message.authenticData, false, 'AD is ours to set');
  t.equal(message.recursionAvailable, true);
  t.end();
});

t.test('what is not a request gets no reply', (t) => {
  const whole = request();
  for (let length = 0; length < 12; length++) {
    t.equal(silenceOf(desk.receive(whole.slice(0, length))), 'too short', `${length} octets`);
  }
  const response = whole.slice();
  response[2]! |= 0x80;
  t.equal(silenceOf(desk.receive(response)), 'response');
  const malformedResponse = response.slice(0, 13);
  t.equal(silenceOf(desk.receive(malformedResponse)), 'response', 'not even a FORMERR');
  for (const rcode of [1, 2, 4, 5]) {
    const error = response.slice(0, 12);
    error[3] = rcode;
    error[5] = 0;
    t.equal(silenceOf(desk.receive(error)), 'response', `error ${rcode}`);
  }
  t.end();
});

t.test('ports of services that answer anything get nothing (CVE-2024-2169)', (t) => {
  for (const port of [0, 7, 9, 13, 17, 19, 37]) {
    const from = client('127.0.0.1', port);
    t.equal(silenceOf(desk.receive(request(), from)), 'port of another service', `port ${port}`);
  }
  const server = client('127.0.0.1', 53);
  const malformed = request().slice(0, 20);
  t.equal(silenceOf(desk.receive(malformed, server)), 'port of another service', 'no errors to 53');
  t.equal(silenceOf(desk.receive(request({ opcode: 4 }), server)), 'port of another service');
  t.ok(questionOf(new FrontDesk().receive(request(), server)), 'but answers');
  t.end();
});

t.test('malformed requests are format errors', (t) => {
  const plain = request();
  const withOpt = request({ edns: {} });
  const opt = withOpt.slice(plain.length);
  const put = (octets: Uint8Array, at: number, ...values: number[]): Uint8Array => {
    const changed = octets.slice();
    changed.set(values, at);
    return changed;
  };
  const joined = (...parts: Uint8Array[]): Uint8Array => {
    return Uint8Array.from(parts.flatMap((part) => [...part]));
  };
  const record = joined(Uint8Array.of(0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4), latin1('abcd'));
  const cases: readonly (readonly [string, Uint8Array, boolean?])[] = [
    ['no question', put(plain, 5, 0).slice(0, 12)],
    [
      'no question and an OPT',
      put(joined(plain.slice(0, 12), opt), 4, 0, 0, 0, 0, 0, 0, 0, 1),
      true,
    ],
    ['two questions', put(joined(plain, plain.slice(12)), 5, 2)],
    ['cut in the name', plain.slice(0, 20)],
    ['cut in the type', plain.slice(0, plain.length - 3)],
    ['trailing octets', joined(plain, Uint8Array.of(0))],
    ['a pointer as name', put(plain, 12, 0xc0, 0x0c)],
    ['a pointer into the header', put(plain, 12, 0xc0, 0x02)],
    ['label type 0x40', put(plain, 12, 0x41)],
    ['label type 0x80', put(plain, 12, 0x81)],
    ['counts that lie', put(plain, 4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
    ['an answer', put(joined(plain, record), 7, 1)],
    ['an authority record', put(joined(plain, record), 9, 1)],
    ['two OPT records', put(joined(withOpt, opt), 11, 2), true],
    ['OPT in the answer section', put(put(withOpt, 7, 1), 11, 0), true],
    ['OPT not at the root', put(joined(plain, Uint8Array.of(1, 0x61), opt), 11, 1), true],
    ['OPT cut off', put(withOpt, withOpt.length - 1, 9)],
    [
      'an option cut off',
      put(joined(withOpt, latin1('\0\x0a\0\x08ab')), withOpt.length - 1, 6),
      true,
    ],
    ['33 options', request({ edns: { options: manyOptions(33) } }), true],
  ];
  for (const [what, octets, hasOpt = false] of cases) {
    const message = desk.replyTo(octets);
    t.equal(message.rcode, Rcode.FORMERR, what);
    t.equal(message.id, 0x4711, `${what}: ID`);
    t.equal(message.edns !== undefined, hasOpt, `${what}: OPT exactly when there was one`);
    t.equal(message.recursionDesired, true, `${what}: RD`);
  }
  t.ok(questionOf(new FrontDesk().receive(request({ edns: { options: manyOptions(32) } }))));
  t.end();
});

function manyOptions(count: number): { code: number; data: Uint8Array }[] {
  return Array.from({ length: count }, (_, at) => ({ code: 65_001 + at, data: latin1('x') }));
}

t.test('a request that is far too long is not even read', (t) => {
  const padding = (length: number) => ({
    code: EdnsOptionCode.PADDING,
    data: new Uint8Array(length),
  });
  const whole = request({ edns: { options: [padding(4_096 - request({ edns: {} }).length - 4)] } });
  t.equal(whole.length, 4_096);
  t.ok(questionOf(new FrontDesk().receive(whole)));
  const long = request({ edns: { options: [padding(whole.length)] } });
  t.match(desk.replyTo(long), { rcode: Rcode.FORMERR, id: 0x4711, questions: [], edns: undefined });
  t.end();
});

t.test('records that a query may carry', (t) => {
  // A TSIG or SIG(0) record stands in the additional section; what is not understood is ignored.
  const plain = request();
  const octets = new Uint8Array(plain.length + 15);
  octets.set(plain);
  octets.set([0, 0, 250, 0, 255, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4], plain.length);
  octets[11] = 1;
  t.ok(questionOf(new FrontDesk().receive(octets)));
  t.end();
});

t.test('EDNS as RFC 6891 and the compliance tests have it', (t) => {
  const resolution = answered({ sets: [[SIGNED_ADDRESSES, secure]] });
  const ask = (edns: NonNullable<Ask['edns']>) =>
    new FrontDesk().exchange(request({ edns }), resolution);
  t.equal(new FrontDesk().exchange(request(), resolution).edns, undefined, 'no OPT without OPT');
  const plain = ask({});
  t.match(plain.edns, { udpSizeOctets: 1232, version: 0, dnssecOk: false, flags: 0, options: [] });
  t.match(ask({ dnssecOk: true }).edns, { dnssecOk: true, flags: 0x8000 }, 'DO comes back');
  t.equal(ask({ flags: 0x7fff }).edns?.flags, 0, 'unknown flags do not');
  t.equal(ask({ flags: EDNS_FLAG_CO, dnssecOk: true }).edns?.flags, 0x8000, 'nor does CO');
  t.same(ask({ options: manyOptions(3) }).edns?.options, [], 'unknown options neither');
  const nsid = { code: EdnsOptionCode.NSID, data: new Uint8Array(0) };
  t.same(ask({ options: [nsid, nsid] }).edns?.options, [], 'nor NSID, however often');
  t.equal(ask({ size: 0 }).truncated, false, 'sizes below 512 mean 512');
  t.end();
});

t.test('keepalive is told over TCP to those who ask (RFC 7828)', (t) => {
  const options = [{ code: EdnsOptionCode.KEEPALIVE, data: new Uint8Array(0) }];
  const resolution = answered({ sets: [[SIGNED_ADDRESSES, secure]] });
  const ask = (transport: 'udp' | 'tcp', edns: NonNullable<Ask['edns']>) => {
    const from = client('127.0.0.1', 999, transport);
    const message = new FrontDesk().exchange(request({ edns }), resolution, from);
    return ednsOption(message.edns, EdnsOptionCode.KEEPALIVE)?.data;
  };
  t.same(ask('tcp', { options }), Uint8Array.of(0, 100), '10 s in units of 100 ms');
  t.equal(ask('udp', { options }), undefined);
  t.equal(ask('tcp', {}), undefined);
  t.end();
});

t.test('ANY is answered with next to nothing (RFC 8482)', (t) => {
  for (const transport of ['udp', 'tcp'] as const) {
    const octets = request({ type: RRType.ANY, ad: true, edns: { dnssecOk: true } });
    const message = desk.replyTo(octets, client('127.0.0.1', 9_999, transport));
    t.equal(message.rcode, Rcode.NOERROR);
    t.equal(message.authenticData, false);
    t.equal(message.answer.length, 1);
    t.match(message.answer[0], { type: RRType.HINFO });
    t.same(message.answer[0]?.rdata, latin1('\x07RFC8482\0'));
  }
  t.end();
});

t.test('who may not ask is refused, and told no more than they sent', (t) => {
  const stranger = client('192.0.2.1');
  const octets = request({ edns: { options: [cookieOption(latin1('abcdefgh'))] } });
  const [reply] = repliesOf(desk.receive(octets, stranger));
  t.equal(reply?.message.rcode, Rcode.REFUSED);
  t.equal(reply?.message.recursionAvailable, false);
  t.ok((reply?.octets.length ?? 0) <= octets.length, 'not larger than the request');
  t.equal(desk.server.outstandingQuestions > 0, true, 'from earlier tests');
  for (const odd of [request({ type: RRType.ANY }), request({ opcode: 4 }), octets.slice(0, 20)]) {
    const refused = repliesOf(desk.receive(odd, stranger))[0]!;
    t.equal(refused.message.rcode, Rcode.REFUSED);
    t.ok(refused.octets.length <= odd.length);
  }
  const quiet = new FrontDesk({ strangers: 'silence' });
  t.equal(silenceOf(quiet.receive(octets, stranger)), 'may not ask');
  t.ok(questionOf(quiet.receive(octets)), 'loopback may');
  t.end();
});

t.test('access lists', (t) => {
  const prefixes = ['192.0.2.0/24', '2001:db8::/32'].map((text) => IpPrefix.parse(text)!);
  const list = new AccessList(prefixes);
  const admits = (text: string): boolean => list.admits(client(text).address);
  t.ok(admits('192.0.2.255'));
  t.ok(admits('2001:db8:ffff::1'));
  t.ok(admits('::ffff:192.0.2.1'), 'IPv4 in disguise is IPv4');
  t.notOk(admits('192.0.3.0'));
  t.notOk(admits('2001:db9::'));
  t.notOk(admits('127.0.0.1'), 'nothing is added on its own');
  t.notOk(AccessList.loopback.admits(client('::ffff:192.0.2.1').address));
  t.ok(AccessList.loopback.admits(client('127.255.255.254').address));
  t.ok(AccessList.loopback.admits(client('::1').address));
  t.notOk(AccessList.loopback.admits(client('128.0.0.1').address));
  t.end();
});

t.test('RD=0 is passed on when the operator allows it', (t) => {
  const open = new FrontDesk({ cacheSnooping: true });
  t.equal(questionOf(open.receive(request({ rd: false }))).recursionDesired, false);
  t.end();
});

t.test('cached and uncached names look the same to RD=0 (cache snooping)', (t) => {
  const fresh = new FrontDesk();
  fresh.exchange(request(), answered({ sets: [[SIGNED_ADDRESSES, secure]] }));
  const known = repliesOf(fresh.receive(request({ rd: false })))[0]!.octets;
  const unknown = repliesOf(
    fresh.receive(request({ rd: false, name: name('w2w.example.org') })),
  )[0]!;
  t.equal(parsed(known).rcode, Rcode.REFUSED);
  t.equal(known.length, unknown.octets.length);
  t.end();
});
