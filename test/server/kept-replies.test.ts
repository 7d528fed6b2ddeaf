/** Replies given from memory: the octets of the long way, for the same clients, and no longer. */
import t from 'tap';
import { ReplyCache } from '../../src/cache/index.js';
import { makeSecure } from '../../src/dnssec/verdicts.js';
import type { Now, Resolution } from '../../src/resolver/index.js';
import type { Client, NameServerConfig } from '../../src/server/index.js';
import { EdnsOptionCode, ednsOption, equalOctets, Rcode, RRType } from '../../src/wire/index.js';
import { chooseSeed, Prng } from '../fuzz/mutate.js';
import {
  ADDRESSES,
  type Ask,
  answered,
  client,
  FrontDesk,
  forged,
  insecure,
  later,
  NOW,
  NSEC,
  name,
  onlyReply,
  optOut,
  parsed,
  questionOf,
  repliesOf,
  request,
  rrset,
  SIGNED_ADDRESSES,
  SOA,
  secure,
  silenceOf,
  ZONE,
} from './front-desk.js';

const seed = chooseSeed();
t.comment(`replay with ANCHORITE_SEED=${seed}`);

function remembering(config: Partial<NameServerConfig> = {}): FrontDesk {
  return new FrontDesk(config, new ReplyCache({ maxOctets: 1_000_000, secret: seed }));
}

/** Whether the reply came from memory; if not, the resolver answers with `resolution`. */
function isRecalled(desk: FrontDesk, octets: Uint8Array, resolution: Resolution, from?: Client) {
  const effects = desk.receive(octets, from);
  if (repliesOf(effects).length === 1) return true;
  desk.server.finished(questionOf(effects).handle, resolution, desk.now);
  return false;
}

const positive = answered({ sets: [[SIGNED_ADDRESSES, secure]] });

t.test(
  'an alias to what nobody answered (RFC 7672 §2.2.2) is not kept for the TTL of the alias',
  (t) => {
    const asked = name('_25._tcp.mx.example.org');
    const alias = rrset(asked, RRType.CNAME, [name('elsewhere.example').octets], true);
    const octets = request({ name: asked, type: RRType.TLSA, ad: true });
    const whole = answered({ sets: [[alias, secure]], security: insecure });
    const madeUp = { ...whole, unanswered: true } as const;
    const desk = remembering();
    t.equal(isRecalled(desk, octets, madeUp), false, 'asked for the first time');
    t.equal(isRecalled(desk, octets, whole), false, 'asked again: the resolver knows when');
    t.equal(isRecalled(desk, octets, whole), true, 'without the mark it would be kept');
    t.end();
  },
);

/** With a cookie now and then, of any length that one may have. */
function ednsFor(prng: Prng): NonNullable<Ask['edns']> {
  const plain = { dnssecOk: prng.oneIn(2), size: prng.below(5_000) };
  if (prng.oneIn(2)) return plain;
  const length = prng.oneIn(3) ? 16 + prng.below(25) : prng.oneIn(2) ? 8 : 24;
  const data = Uint8Array.from({ length }, (_, at) => (at === 8 ? 1 : prng.below(256)));
  const cookie = { code: EdnsOptionCode.COOKIE, data };
  const other = { code: EdnsOptionCode.NSID, data: new Uint8Array(0) };
  const options = prng.oneIn(6) ? [cookie, other] : [cookie];
  return { ...plain, options };
}

t.test('a client with a cookie is answered from memory, and gets its own cookie back', (t) => {
  const desk = remembering();
  const ask = (octet: number) =>
    request({
      edns: {
        dnssecOk: true,
        options: [{ code: EdnsOptionCode.COOKIE, data: new Uint8Array(8).fill(octet) }],
      },
    });
  t.equal(isRecalled(desk, ask(1), positive), false, 'asked for the first time');
  for (const octet of [1, 2]) {
    const message = onlyReply(desk.receive(ask(octet)));
    const data = ednsOption(message.edns!, EdnsOptionCode.COOKIE)!.data;
    t.same(data.subarray(0, 8), new Uint8Array(8).fill(octet), 'its own');
    t.equal(data.length, 24);
  }
  const plain = request({ edns: { dnssecOk: true } });
  t.equal(isRecalled(desk, plain, positive), true, 'and so is one without');
  t.equal(onlyReply(desk.receive(plain)).edns?.options.length, 0, 'that gets none');
  t.end();
});

t.test('from memory and the long way: octet for octet the same', (t) => {
  const prng = new Prng(seed);
  const names = ['www.example.org', 'mail.example.org', 'a.b.example.org'].map(name);
  const alias = rrset(names[1]!, RRType.CNAME, [names[0]!.octets], true);
  const target = { ...SIGNED_ADDRESSES, owner: names[0]! };
  const resolutionFor = (asked: number): Resolution => {
    if (asked === 0) return answered({ sets: [[target, secure]] });
    if (asked === 1)
      return answered({
        sets: [
          [alias, secure],
          [target, insecure],
        ],
      });
    return answered({
      rcode: Rcode.NXDOMAIN,
      beside: [
        [SOA, secure],
        [NSEC, secure],
      ],
    });
  };
  const withMemory = remembering();
  let recalled = 0;
  for (let round = 0; round < 20_000; round++) {
    const asked = prng.below(names.length);
    const octets = names[asked]!.octets.slice();
    for (let at = 0; at < octets.length; at++) {
      const isLetter = octets[at]! >= 0x61;
      if (isLetter && prng.oneIn(3)) octets[at]! -= 0x20;
    }
    const sent = request({
      id: prng.below(0x10000),
      ad: prng.oneIn(2),
      cd: prng.oneIn(4),
      ...(prng.oneIn(3) ? {} : { edns: ednsFor(prng) }),
    });
    const whole = new Uint8Array(
      sent.length - SIGNED_ADDRESSES.owner.octets.length + octets.length,
    );
    whole.set(sent.subarray(0, 12));
    whole.set(octets, 12);
    whole.set(sent.subarray(12 + SIGNED_ADDRESSES.owner.octets.length), 12 + octets.length);
    const now = later(round);
    const fresh = new FrontDesk();
    // What the cache gives later has that much less to live.
    const resolution = older(resolutionFor(asked), Math.floor(now.cacheMs / 1000) - 1);
    withMemory.now = now;
    fresh.now = now;
    const transport = prng.oneIn(4) ? 'tcp' : 'udp';
    const from = client('127.0.0.1', 1_024 + (round & 0x3fff), transport);
    const long = replyOf(fresh, whole, resolution, from);
    const first = withMemory.receive(whole, from);
    if (repliesOf(first).length === 1) recalled++;
    const short =
      repliesOf(first)[0]?.octets ?? finish(withMemory, questionOf(first).handle, resolution);
    if (!equalOctets(long, short)) {
      t.same(parsed(short), parsed(long), `round ${round}`);
      break;
    }
  }
  t.ok(recalled > 3_000, `${recalled} of 20,000 came from memory`);
  t.end();
});

function older(resolution: Resolution, seconds: number): Resolution {
  const aged = (parts: Resolution['answer']): Resolution['answer'] =>
    parts.map((part) => ({ ...part, ttlSeconds: part.ttlSeconds - seconds }));
  return { ...resolution, answer: aged(resolution.answer), authority: aged(resolution.authority) };
}

function replyOf(desk: FrontDesk, octets: Uint8Array, resolution: Resolution, from: Client) {
  return finish(desk, questionOf(desk.receive(octets, from)).handle, resolution);
}

function finish(desk: FrontDesk, handle: number, resolution: Resolution): Uint8Array {
  return repliesOf(desk.server.finished(handle, resolution, desk.now))[0]!.octets;
}

t.test('AD is given only to those who would have got it', (t) => {
  const variants: Ask[] = [
    {},
    { ad: true },
    { edns: {} },
    { edns: { dnssecOk: true } },
    { ad: true, edns: { dnssecOk: true } },
  ];
  for (const first of variants) {
    const desk = remembering();
    isRecalled(desk, request(first), positive);
    for (const second of variants) {
      const effects = desk.receive(request(second));
      const message =
        repliesOf(effects)[0]?.message ??
        onlyReply(desk.server.finished(questionOf(effects).handle, positive, desk.now));
      const interested = second.ad === true || second.edns?.dnssecOk === true;
      t.equal(message.authenticData, interested);
      t.equal(message.edns !== undefined, second.edns !== undefined);
      t.equal(
        message.answer.some(({ type }) => type === RRType.RRSIG),
        second.edns?.dnssecOk === true,
      );
    }
  }
  t.end();
});

t.test('what is not kept', (t) => {
  const again = (resolution: Resolution, ask: Ask = {}, config: Partial<NameServerConfig> = {}) => {
    const desk = remembering(config);
    isRecalled(desk, request(ask), resolution);
    return isRecalled(desk, request({ ...ask, id: 2 }), resolution);
  };
  t.equal(again(positive), true, 'an ordinary answer is');
  t.equal(again(answered({ sets: [[ADDRESSES, insecure]] })), true);
  t.equal(again(answered({ rcode: Rcode.NXDOMAIN, beside: [[SOA, optOut]] })), true);
  t.equal(again(positive, { cd: true }), false, 'CD=1');
  const unchecked = { rcode: Rcode.NOERROR, answer: [ADDRESSES], authority: [] };
  const failed = answered({ rcode: Rcode.SERVFAIL, security: forged, unchecked });
  t.equal(again(failed, { cd: true }), false, 'unvalidated data');
  t.equal(again(failed), false, 'failures');
  t.equal(again({ ...positive, stale: true }), false, 'stale data');
  t.equal(again(answered()), false, 'nothing');
  t.equal(again(positive, {}, { reportAnswers: true }), false, 'when answers are logged');
  t.equal(new FrontDesk().receive(request()).length, 1);
  t.end();
});

t.test('a question with CD=1 is never answered from what was kept without it', (t) => {
  const desk = remembering();
  isRecalled(desk, request(), positive);
  t.equal(isRecalled(desk, request({ cd: true }), positive), false);
  t.equal(isRecalled(desk, request(), positive), true);
  t.end();
});

t.test('memory ends with the TTL, the signature, and in time for a refresh', (t) => {
  const until = (resolution: Resolution, type: number, step: (seconds: number) => Now): number => {
    const desk = remembering();
    isRecalled(desk, request({ type }), resolution);
    for (let seconds = 0; ; seconds++) {
      desk.now = step(seconds);
      if (repliesOf(desk.receive(request({ type, id: seconds }))).length === 0) return seconds;
    }
  };
  const together = (seconds: number): Now => later(seconds * 1000);
  // 120 s are left of 300: at 30 s, a tenth of the whole, the resolver wants to hear of it.
  t.equal(until(positive, RRType.A, together), 90);
  const denial = answered({ rcode: Rcode.NXDOMAIN, beside: [[SOA, secure]] });
  t.equal(until(denial, RRType.A, together), 120, 'denials are not refreshed');
  const mx = rrset(name('www.example.org'), RRType.MX, [Uint8Array.of(0, 10, 0)]);
  t.equal(until(answered({ sets: [[mx, insecure]] }), RRType.MX, together), 5);
  const short = makeSecure(ZONE, NOW.wallSeconds + 20);
  t.equal(until(answered({ sets: [[ADDRESSES, short]] }), RRType.A, together), 21);
  const mixed = answered({
    sets: [
      [ADDRESSES, secure],
      [ADDRESSES, short],
    ],
    security: secure,
  });
  t.equal(until(mixed, RRType.A, together), 21, 'the part that ends first counts');
  const stepped = (seconds: number): Now => ({ ...NOW, wallSeconds: NOW.wallSeconds + seconds });
  t.equal(until(answered({ sets: [[ADDRESSES, short]] }), RRType.A, stepped), 21, 'clock step');
  t.end();
});

t.test('strangers get nothing from memory', (t) => {
  const desk = remembering();
  isRecalled(desk, request(), positive);
  t.equal(onlyReply(desk.receive(request(), client('192.0.2.1'))).rcode, Rcode.REFUSED);
  const echo = client('127.0.0.1', 19);
  t.equal(silenceOf(desk.receive(request(), echo)), 'port of another service');
  const response = request();
  response[2]! |= 0x80;
  t.equal(silenceOf(desk.receive(response)), 'response');
  t.end();
});
