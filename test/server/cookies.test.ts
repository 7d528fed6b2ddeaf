/** Server cookies: SipHash, RFC 9018 and RFC 7873. */
import t from 'tap';
import { CookieJar, sipHash24 } from '../../src/server/index.js';
import {
  cookieOption,
  EdnsOptionCode,
  ednsOption,
  formatHex,
  IpAddress,
  type Message,
  Name,
  parseCookie,
  Rcode,
} from '../../src/wire/index.js';
import {
  ADDRESSES,
  answered,
  FrontDesk,
  insecure,
  later,
  latin1,
  NOW,
  request,
} from './front-desk.js';

t.test('SipHash-2-4', (t) => {
  const key = Uint8Array.from({ length: 16 }, (_, at) => at);
  const upTo = (length: number) => Uint8Array.from({ length }, (_, at) => at);
  // The reference implementation's first, eighth, sixteenth and last vectors.
  t.equal(formatHex(sipHash24(key, upTo(0))), '310e0edd47db6f72');
  t.equal(formatHex(sipHash24(key, upTo(7))), '37d1018bf50002ab');
  t.equal(formatHex(sipHash24(key, upTo(8))), '6224939a79f5f593');
  t.equal(formatHex(sipHash24(key, upTo(15))), 'e545be4961ca29a1');
  t.equal(formatHex(sipHash24(key, upTo(63))), '724506eb4c328a95');
  t.end();
});

const octetsOf = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

t.test('server cookies, against the vectors of RFC 9018 appendix A', (t) => {
  const jar = new CookieJar(octetsOf('e5e973e5a6b2a43f48e7dc849e37bfcf'));
  const made = (clientHex: string, address: string, at: number): string => {
    const cookie = { client: octetsOf(clientHex) };
    return formatHex(jar.check(cookie, IpAddress.parse(address)!, at).option.data);
  };
  // A.1: a new server cookie.
  t.equal(
    made('2464c4abcf10c957', '198.51.100.100', 1559731985),
    '2464c4abcf10c957010000005cf79f111f8130c3eee29480',
  );
  const known = parseCookie(octetsOf('2464c4abcf10c957010000005cf79f111f8130c3eee29480'))!;
  const seen = (cookie: typeof known, address: string, at: number) => {
    const { recognised, option } = jar.check(cookie, IpAddress.parse(address)!, at);
    return { recognised, data: formatHex(option.data) };
  };
  t.same(seen(known, '198.51.100.100', 1559731985 + 1500), {
    recognised: true,
    data: '2464c4abcf10c957010000005cf79f111f8130c3eee29480',
  });
  // A.2: 40 minutes later it is replaced.
  t.same(seen(known, '198.51.100.100', 1559734385), {
    recognised: true,
    data: '2464c4abcf10c957010000005cf7a871d4a564a1442aca77',
  });
  // A.3: reserved octets are hashed as they come and are zero in what is made here.
  const odd = parseCookie(octetsOf('fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5'))!;
  t.equal(seen(odd, '203.0.113.203', 1559727985 + 60).recognised, true);
  t.same(seen(odd, '203.0.113.203', 1559734700), {
    recognised: false,
    data: 'fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e',
  });
  // A.4: IPv6, with the secret rolled over.
  const rolled = new CookieJar(octetsOf('445536bcd2513298075a5d379663c962'));
  const six = { client: octetsOf('22681ab97d52c298') };
  const option = rolled.check(
    six,
    IpAddress.parse('2001:db8:220:1:59de:d0f4:8769:82b8')!,
    1559741961,
  );
  t.equal(formatHex(option.option.data), '22681ab97d52c298010000005cf7c609a6bb79d16625507a');
  t.end();
});

t.test('cookies that are not ours, too old, too new or elsewhere are not recognised', (t) => {
  const jar = new CookieJar(latin1('0123456789abcdef'));
  const home = IpAddress.parse('127.0.0.1')!;
  const at = NOW.wallSeconds;
  const mine = parseCookie(jar.check({ client: latin1('abcdefgh') }, home, at).option.data)!;
  const seen = (cookie: typeof mine, from: string, seconds: number): boolean =>
    jar.check(cookie, IpAddress.parse(from)!, seconds).recognised;
  t.equal(seen(mine, '127.0.0.1', at), true);
  t.equal(seen(mine, '127.0.0.1', at + 3600), true);
  t.equal(seen(mine, '127.0.0.1', at + 3601), false, 'after an hour');
  t.equal(seen(mine, '127.0.0.1', at - 300), true, 'our clock was set back a little');
  t.equal(seen(mine, '127.0.0.1', at - 301), false, 'from the future');
  t.equal(seen(mine, '127.0.0.2', at), false, 'another address');
  t.equal(seen({ ...mine, client: latin1('ABCDEFGH') }, '127.0.0.1', at), false);
  for (let bit = 0; bit < 128; bit++) {
    const server = mine.server!.slice();
    server[bit >> 3]! ^= 0x80 >> (bit & 7);
    t.equal(seen({ ...mine, server }, '127.0.0.1', at), false, `bit ${bit} flipped`);
  }
  t.equal(seen({ ...mine, server: latin1('12345678') }, '127.0.0.1', at), false, '8 octets');
  const other = new CookieJar(latin1('fedcba9876543210'));
  t.equal(other.check(mine, home, at).recognised, false, 'another secret');
  t.end();
});

t.test('cookies in requests (RFC 7873 §5.2)', (t) => {
  const resolution = answered({ sets: [[ADDRESSES, insecure]] });
  const ask = (data: Uint8Array, desk = new FrontDesk()): Message => {
    const octets = request({ edns: { options: [{ code: EdnsOptionCode.COOKIE, data }] } });
    return desk.exchange(octets, resolution);
  };
  const told = (message: Message): Uint8Array =>
    ednsOption(message.edns, EdnsOptionCode.COOKIE)?.data ?? new Uint8Array(0);
  const first = told(ask(latin1('abcdefgh')));
  t.equal(first.length, 24, 'never echoed as it is: a server part is added');
  t.same(first.slice(0, 8), latin1('abcdefgh'));
  t.same(told(ask(first)), first, 'a good one is kept');
  const desk = new FrontDesk();
  desk.now = later(2_000_000);
  const renewed = told(ask(first, desk));
  t.same(renewed.slice(0, 8), first.slice(0, 8));
  t.not(formatHex(renewed), formatHex(first), 'an old one is replaced');
  const wrong = first.slice();
  wrong[23]! ^= 1;
  t.same(told(ask(wrong)), first, 'a wrong one is replaced, and the question answered');
  for (const length of [0, 1, 7, 9, 15, 41, 100]) {
    const data = new Uint8Array(length);
    const octets = request({ edns: { options: [{ code: EdnsOptionCode.COOKIE, data }] } });
    const message = new FrontDesk().replyTo(octets);
    t.equal(message.rcode, Rcode.FORMERR, `${length} octets are no cookie`);
    t.equal(told(message).length, 0);
  }
  const both = [cookieOption(latin1('abcdefgh')), cookieOption(latin1('ijklmnop'))];
  const message = new FrontDesk().exchange(request({ edns: { options: both } }), resolution);
  t.equal(message.edns?.options.length, 1, 'one cookie comes back');
  t.same(told(message), first, 'for the first one');
  t.end();
});

t.test('a client may ask for nothing but a cookie (RFC 7873 §5.4)', (t) => {
  const whole = request({ name: Name.root, edns: { options: [cookieOption(latin1('abcdefgh'))] } });
  const octets = new Uint8Array(whole.length - 5);
  octets.set(whole.slice(0, 12));
  octets.set(whole.slice(17), 12);
  octets[5] = 0;
  const message = new FrontDesk().replyTo(octets);
  t.equal(message.rcode, Rcode.NOERROR);
  t.equal(message.questions.length, 0);
  t.equal(ednsOption(message.edns, EdnsOptionCode.COOKIE)?.data.length, 24);
  t.end();
});
