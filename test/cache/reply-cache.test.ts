/** Whole replies: octet for octet what encoding afresh gives, and for nobody else's request. */
import t from 'tap';
import { ReplyCache, remainingSeconds } from '../../src/cache/index.js';
import type { Security } from '../../src/dnssec/index.js';
import { SeededRandom } from '../../src/lab/index.js';
import {
  buildQuery,
  decodeMessage,
  EDNS_FLAG_DO,
  type Edns,
  EdnsOptionCode,
  type EncodableMessage,
  encodeMessage,
  extendedErrorOption,
  Name,
  Rcode,
  type ResourceRecord,
  RRClass,
  RRType,
} from '../../src/wire/index.js';
import {
  bogusVerdict,
  clock,
  DAY,
  indeterminateVerdict,
  insecure,
  NOW_SECONDS,
  name,
  pass,
  rrsig,
  secure,
  soaRdata,
  type TestClock,
} from './made-up-data.js';

const SEED = 9_520;
t.comment(`seed ${SEED}`);

const UDP = 1_232;
const TCP = 65_535;

/** A record of the answer with the moment at which it ends on the cache clock. */
interface Part {
  readonly owner: Name;
  readonly type: number;
  readonly rdata: Uint8Array;
  readonly expiresAtMs: number;
}

interface Case {
  readonly type: number;
  readonly rcode?: number;
  readonly answer: readonly Part[];
  readonly authority: readonly Part[];
}

interface Asking {
  readonly id?: number;
  readonly owner: Name;
  readonly type: number;
  readonly rd?: boolean;
  readonly cd?: boolean;
  readonly ad?: boolean;
  readonly edns?: { size?: number; dnssecOk?: boolean; options?: Edns['options'] } | undefined;
}

function ask(asking: Asking): Uint8Array {
  const { edns } = asking;
  const octets = buildQuery({
    id: asking.id ?? 0x1234,
    name: asking.owner,
    type: asking.type,
    class: RRClass.IN,
    recursionDesired: asking.rd ?? true,
    checkingDisabled: asking.cd ?? false,
    ...(edns === undefined
      ? {}
      : {
          edns: {
            udpSizeOctets: edns.size ?? UDP,
            dnssecOk: edns.dnssecOk ?? false,
            options: edns.options ?? [],
          },
        }),
  });
  if (asking.ad === true) octets[3]! |= 0x20;
  return octets;
}

const DO: Asking['edns'] = { dnssecOk: true };

/** What the server's long way would send at this moment. */
function encodeAfresh(
  request: Uint8Array,
  made: Case,
  isAuthentic: boolean,
  now: TestClock,
  options: Edns['options'] = [],
): Uint8Array {
  const decoded = decodeMessage(request);
  if (!decoded.ok) throw new Error(decoded.fault.reason);
  const { value } = decoded;
  const records = (parts: readonly Part[]): ResourceRecord[] =>
    parts.map(({ owner, type, rdata, expiresAtMs }) => ({
      owner,
      type,
      class: RRClass.IN,
      ttlSeconds: remainingSeconds(expiresAtMs, now),
      rdata,
    }));
  const dnssecOk = value.edns?.dnssecOk ?? false;
  const message: EncodableMessage = {
    id: value.id,
    rcode: made.rcode ?? Rcode.NOERROR,
    isResponse: true,
    recursionDesired: value.recursionDesired,
    recursionAvailable: true,
    authenticData: isAuthentic && (value.authenticData || dnssecOk),
    checkingDisabled: value.checkingDisabled,
    questions: value.questions,
    answer: records(made.answer),
    authority: records(made.authority),
    edns:
      value.edns === undefined
        ? undefined
        : {
            udpSizeOctets: UDP,
            version: 0,
            dnssecOk,
            flags: dnssecOk ? EDNS_FLAG_DO : 0,
            options,
          },
  };
  return encodeMessage(message, { maxOctets: TCP });
}

function replies(options: Partial<ConstructorParameters<typeof ReplyCache>[0]> = {}): ReplyCache {
  return new ReplyCache({ maxOctets: 4 * 1024 * 1024, secret: 0x5eed, ...options });
}

const owner = name('_25._tcp.mx.Example.org.');

function tlsa(now: TestClock, ttlSeconds = 300): Case {
  const ends = (Math.floor(now.cacheMs / 1000) + ttlSeconds) * 1000;
  const rdata = Uint8Array.from([3, 1, 1, ...new Uint8Array(32).fill(0xcc)]);
  const signature = rrsig(owner, RRType.TLSA, ttlSeconds, { signer: name('example.org.') });
  return {
    type: RRType.TLSA,
    answer: [
      { owner, type: RRType.TLSA, rdata, expiresAtMs: ends },
      { owner, type: RRType.RRSIG, rdata: signature, expiresAtMs: ends },
    ],
    authority: [],
  };
}

t.test('random replies, moments and letter cases: bit for bit what encoding afresh gives', (t) => {
  const random = new SeededRandom(SEED);
  const pick = <T>(from: readonly T[]): T => from[random.uint32() % from.length]!;
  const start = clock();
  const mixed = (plain: Name): Name => {
    const octets = plain.octets.slice();
    for (let at = 0; at < octets.length; at++) {
      const octet = octets[at]!;
      const isLetter = (octet | 0x20) >= 0x61 && (octet | 0x20) <= 0x7a && octet >= 0x41;
      if (isLetter && random.uint32() % 2 === 0) octets[at] = octet ^ 0x20;
    }
    return Name.fromOctets(octets)!;
  };
  const names = ['mx.example.org.', 'example.org.', 'a.b.example.net.', 'org.', '.'].map(name);
  const part = (from: Name): Part => {
    const ttl = 1 + (random.uint32() % 500);
    const expiresAtMs = (Math.floor(start.cacheMs / 1000) + ttl) * 1000;
    const target = mixed(pick(names)).octets;
    const rdatas: ReadonlyArray<readonly [number, Uint8Array]> = [
      [RRType.A, Uint8Array.of(192, 0, 2, 1)],
      [RRType.AAAA, new Uint8Array(16).fill(0x20)],
      [RRType.MX, Uint8Array.from([0, 10, ...target])],
      [RRType.CNAME, target],
      [RRType.NS, target],
      [RRType.SOA, soaRdata(mixed(pick(names)), 300)],
      [RRType.TXT, Uint8Array.of(2, 0x41, 0x42)],
      [RRType.TLSA, new Uint8Array(35).fill(3)],
      [RRType.RRSIG, rrsig(from, RRType.A, ttl, { signer: pick(names) })],
      [RRType.SRV, Uint8Array.from([0, 1, 0, 2, 0, 25, ...target])],
    ];
    const [type, rdata] = pick(rdatas);
    return { owner: from, type, rdata, expiresAtMs };
  };
  let hits = 0;
  let caseHits = 0;
  let wrong = 0;
  let overdue = 0;
  const kept = replies();
  for (let round = 0; round < 4_000; round++) {
    kept.clear();
    const asked = mixed(pick(names));
    const owners = [asked, ...names, mixed(asked)];
    const made: Case = {
      type: pick([RRType.A, RRType.MX, RRType.TLSA]),
      rcode: pick([Rcode.NOERROR, Rcode.NXDOMAIN]),
      answer: Array.from({ length: random.uint32() % 4 }, () => part(pick(owners))),
      authority: Array.from({ length: random.uint32() % 4 }, () => part(pick(owners))),
    };
    const edns = pick([undefined, DO, { dnssecOk: false }]);
    const asking = { type: made.type, edns, ad: pick([true, false]), rd: pick([true, false]) };
    const now = clock();
    now.cacheMs = start.cacheMs + (random.uint32() % 900);
    const options =
      edns === undefined ? [] : pick([[], [extendedErrorOption({ code: 27, text: 'x' })]]);
    const first = ask({ ...asking, owner: asked });
    const reply = encodeAfresh(first, made, true, now, options);
    kept.put(first, reply, { security: secure('org.') }, now);
    for (let again = 0; again < 4; again++) {
      now.cacheMs += random.uint32() % 200_000;
      const letters = again % 2 === 0 ? asked : mixed(asked);
      const request = ask({ ...asking, owner: letters, id: random.uint32() & 0xffff });
      const got = kept.get(request, TCP, true, now);
      if (got === undefined) continue;
      hits++;
      if (again % 2 === 1) caseHits++;
      const parts = [...made.answer, ...made.authority];
      if (parts.some(({ expiresAtMs }) => expiresAtMs <= now.cacheMs)) overdue++;
      const afresh = encodeAfresh(request, made, true, now, options);
      if (Buffer.compare(got, afresh) !== 0) wrong++;
    }
  }
  t.comment(`${hits} hits, ${caseHits} of them in other letters`);
  t.equal(wrong, 0);
  t.equal(overdue, 0, 'the smallest TTL ends the reply');
  t.ok(hits > 3_000 && caseHits > 500);
  t.end();
});

t.test('one reply, looked at closely', (t) => {
  const now = clock();
  const kept = replies();
  const request = ask({ owner, type: RRType.TLSA, edns: DO });
  const reply = encodeAfresh(request, tlsa(now), true, now);
  t.ok(kept.put(request, reply, { security: secure('example.org.') }, now));
  const get = (asking: Partial<Asking> = {}) =>
    kept.get(ask({ owner, type: RRType.TLSA, edns: DO, ...asking }), UDP, false, now);
  t.same(get(), reply);
  const other = get({ id: 0xbeef, owner: name('_25._TCP.mx.EXAMPLE.org.') })!;
  t.equal(other[0]! * 256 + other[1]!, 0xbeef);
  t.same(other.subarray(12, 12 + owner.octets.length), name('_25._TCP.mx.EXAMPLE.org.').octets);
  t.same(get(), reply, 'what was handed out is the caller’s own');
  other.fill(0);
  t.same(get(), reply);

  pass(now, 299);
  const last = decodeMessage(get()!);
  t.same(last.ok && last.value.answer.map(({ ttlSeconds }) => ttlSeconds), [1, 1]);
  pass(now, 1);
  t.equal(get(), undefined, 'gone with its TTL');
  t.equal(kept.count, 0);
  t.end();
});

t.test('a reply answers only what is asked in the same way', (t) => {
  const now = clock();
  const kept = replies();
  const security = secure('example.org.');
  const variants: Asking[] = [];
  for (const rd of [true, false]) {
    for (const cd of [true, false]) {
      for (const ad of [true, false]) {
        for (const edns of [undefined, { dnssecOk: false }, DO]) {
          variants.push({ owner, type: RRType.TLSA, rd, cd, ad, edns });
        }
      }
    }
  }
  for (const asking of variants) {
    kept.clear();
    const request = ask(asking);
    t.ok(kept.put(request, encodeAfresh(request, tlsa(now), true, now), { security }, now));
    const answered = variants.filter(
      (other) => kept.get(ask(other), UDP, false, now) !== undefined,
    );
    t.same(answered, [asking]);
  }
  for (const asking of variants) {
    const request = ask(asking);
    kept.put(request, encodeAfresh(request, tlsa(now), true, now), { security }, now);
  }
  t.equal(kept.count, variants.length, 'all of them side by side');
  for (const asking of variants) {
    const reply = kept.get(ask(asking), UDP, false, now)!;
    const wantsAd = asking.ad === true || asking.edns?.dnssecOk === true;
    t.equal((reply[3]! & 0x20) !== 0, wantsAd, 'RFC 6840 §5.8: AD for those who asked');
    t.equal((reply[3]! & 0x10) !== 0, asking.cd === true);
  }
  const others: Asking[] = [
    { owner, type: RRType.A, edns: DO },
    { owner: name('_25._tcp.mx.example.com.'), type: RRType.TLSA, edns: DO },
    { owner: name('_25\\._tcp.mx.example.org.'), type: RRType.TLSA, edns: DO },
    { owner: name('_25._tcp.mx.example\\.org.'), type: RRType.TLSA, edns: DO },
    { owner: name('_25._tcp.mx.example.org\\000.'), type: RRType.TLSA, edns: DO },
    { owner: name('_25._tcp.mx.example.orG\\032.'), type: RRType.TLSA, edns: DO },
  ];
  for (const other of others) t.equal(kept.get(ask(other), UDP, false, now), undefined);
  t.end();
});

t.test('type numbers are not letters: TYPE 0x41 is not TYPE 0x61', (t) => {
  const now = clock();
  const kept = replies();
  const made = { ...tlsa(now), type: 0x0141 };
  const request = ask({ owner, type: 0x0141 });
  kept.put(request, encodeAfresh(request, made, false, now), { security: insecure() }, now);
  t.ok(kept.get(request, UDP, false, now));
  t.equal(kept.get(ask({ owner, type: 0x0161 }), UDP, false, now), undefined);
  t.end();
});

t.test('requests that have to go the long way', (t) => {
  const now = clock();
  const kept = replies();
  const plain = ask({ owner, type: RRType.TLSA });
  const withOpt = ask({ owner, type: RRType.TLSA, edns: DO });
  for (const request of [plain, withOpt]) {
    const reply = encodeAfresh(request, tlsa(now), true, now);
    t.ok(kept.put(request, reply, { security: secure('example.org.') }, now));
  }
  const end = plain.length;
  const changed = (from: Uint8Array, edits: Record<number, number>): Uint8Array => {
    const octets = from.slice();
    for (const [at, value] of Object.entries(edits)) octets[Number(at)] = value;
    return octets;
  };
  const asked = (edns: Asking['edns'], type: number = RRType.TLSA) => ask({ owner, type, edns });
  const option = (code: number, data: Uint8Array) =>
    asked({ dnssecOk: true, options: [{ code, data }] });
  const refused: ReadonlyArray<readonly [why: string, octets: Uint8Array]> = [
    ['nothing', new Uint8Array(0)],
    ['a header', plain.slice(0, 12)],
    ['cut off', plain.slice(0, -1)],
    ['cut off in the name', plain.slice(0, 20)],
    ['surplus', Uint8Array.from([...plain, 0])],
    ['surplus behind OPT', Uint8Array.from([...withOpt, 0])],
    ['a reply', changed(plain, { 2: 0x81 })],
    ['an opcode', changed(plain, { 2: 0x21 })],
    ['AA', changed(plain, { 2: 0x05 })],
    ['TC', changed(plain, { 2: 0x03 })],
    ['RA', changed(plain, { 3: 0x80 })],
    ['Z', changed(plain, { 3: 0x40 })],
    ['rcode', changed(plain, { 3: 0x01 })],
    ['no question', changed(plain, { 5: 0 })],
    ['two questions', changed(plain, { 5: 2 })],
    ['many questions', changed(plain, { 4: 1 })],
    ['an answer', changed(plain, { 7: 1 })],
    ['an authority record', changed(plain, { 9: 1 })],
    ['two additional records', changed(withOpt, { 11: 2 })],
    ['many additional records', changed(withOpt, { 10: 1 })],
    ['OPT uncounted', changed(withOpt, { 11: 0 })],
    ['OPT missing', changed(plain, { 11: 1 })],
    ['class CH', changed(plain, { [end - 1]: 3 })],
    ['class ANY', changed(plain, { [end - 1]: 255 })],
    ['a pointer', changed(plain, { 12: 0xc0 })],
    ['a long label', changed(plain, { 12: 64 })],
    ['OPT with an owner', changed(withOpt, { [end]: 1 })],
    ['not OPT', changed(withOpt, { [end + 2]: 42 })],
    ['extended rcode', changed(withOpt, { [end + 5]: 1 })],
    ['EDNS version 1', changed(withOpt, { [end + 6]: 1 })],
    ['CO flag (RFC 9824)', changed(withOpt, { [end + 7]: 0xc0 })],
    ['unknown flag', changed(withOpt, { [end + 8]: 1 })],
    ['a cookie', option(EdnsOptionCode.COOKIE, new Uint8Array(8))],
    ['padding', option(EdnsOptionCode.PADDING, new Uint8Array(4))],
    ['an empty option', option(EdnsOptionCode.NSID, new Uint8Array(0))],
    ['type ANY', asked(DO, RRType.ANY)],
    ['type AXFR', asked(DO, RRType.AXFR)],
    ['type 0', asked(DO, 0)],
    ['type OPT', asked(DO, RRType.OPT)],
  ];
  for (const [why, octets] of refused) {
    t.equal(kept.get(octets, UDP, false, now), undefined, why);
    const reply = encodeAfresh(withOpt, tlsa(now), true, now);
    t.notOk(kept.put(octets, reply, { security: secure('example.org.') }, now), why);
  }
  t.equal(kept.count, 2);
  const tooLong = new Uint8Array(12 + 4 * 64 + 1 + 4);
  tooLong.set(plain.subarray(0, 12));
  for (let label = 0; label < 4; label++) tooLong[12 + label * 64] = 63;
  tooLong.set([0, 1, 0, 1], tooLong.length - 4);
  t.equal(kept.get(tooLong, UDP, false, now), undefined, 'a name of 257 octets');
  t.end();
});

t.test('random octets: no exception, no answer', (t) => {
  const random = new SeededRandom(SEED);
  const now = clock();
  const kept = replies();
  const model = ask({ owner, type: RRType.TLSA, edns: DO });
  const reply = encodeAfresh(model, tlsa(now), true, now);
  kept.put(model, reply, { security: secure('example.org.') }, now);
  const mutated = (from: Uint8Array): Uint8Array => {
    const octets = from.slice(
      0,
      from.length - (random.uint32() % 4 === 0 ? random.uint32() % 60 : 0),
    );
    for (let count = random.uint32() % 4; count >= 0 && octets.length > 0; count--) {
      octets[random.uint32() % octets.length] = random.uint32() & 0xff;
    }
    return octets;
  };
  let wrong = 0;
  for (let round = 0; round < 40_000; round++) {
    const request = mutated(model);
    const got = kept.get(request, UDP, false, now);
    // Whatever gets an answer asks for just this.
    const decoded = decodeMessage(request);
    if (got !== undefined) {
      const question = decoded.ok ? decoded.value.questions[0] : undefined;
      if (question?.type !== RRType.TLSA || !question.name.equals(owner)) wrong++;
    }
    kept.put(model, mutated(reply), { security: secure('example.org.') }, now);
    kept.put(request, mutated(reply), { security: insecure() }, now);
  }
  t.equal(wrong, 0);
  t.end();
});

t.test('replies that are not kept', (t) => {
  const now = clock();
  const request = ask({ owner, type: RRType.TLSA, edns: DO });
  const good = encodeAfresh(request, tlsa(now), true, now);
  const bare = encodeAfresh(request, tlsa(now), false, now);
  const attempt = (
    reply: Uint8Array,
    security: Security = secure('example.org.'),
    asking: Uint8Array = request,
  ): boolean => {
    const kept = replies();
    const was = kept.put(asking, reply, { security }, now);
    t.equal(kept.count, was ? 1 : 0);
    return was;
  };
  const changed = (at: number, value: number): Uint8Array => {
    const octets = good.slice();
    octets[at] = value;
    return octets;
  };
  t.ok(attempt(good));

  t.test('the AD bit needs a verdict', (t) => {
    t.ok((good[3]! & 0x20) !== 0 && (bare[3]! & 0x20) === 0);
    t.notOk(attempt(good, insecure()), 'insecure');
    t.notOk(attempt(good, indeterminateVerdict()), 'indeterminate');
    const fake = { status: 'secure', zone: owner, validUntilSeconds: 2 ** 40 };
    t.notOk(attempt(good, fake as unknown as Security), 'a look-alike');
    t.ok(attempt(bare, insecure()));
    t.ok(attempt(bare, indeterminateVerdict()));
    t.notOk(attempt(bare, bogusVerdict()), 'bogus data are kept in no form');
    t.end();
  });

  t.test('errors, cut replies, other questions', (t) => {
    t.notOk(attempt(changed(2, good[2]! | 0x02)), 'TC');
    t.notOk(attempt(changed(2, good[2]! & 0x7f)), 'a query');
    t.notOk(attempt(changed(2, good[2]! | 0x28)), 'another opcode');
    t.notOk(attempt(changed(3, (good[3]! & 0xf0) | Rcode.SERVFAIL)), 'SERVFAIL');
    t.notOk(attempt(changed(3, (good[3]! & 0xf0) | Rcode.REFUSED)), 'REFUSED');
    t.ok(attempt(changed(3, (good[3]! & 0xf0) | Rcode.NXDOMAIN)), 'NXDOMAIN');
    t.notOk(attempt(changed(2, good[2]! ^ 0x01)), 'RD as nobody asked');
    t.notOk(attempt(changed(3, good[3]! ^ 0x10)), 'CD as nobody asked');
    t.notOk(attempt(changed(13, good[13]! ^ 0x01)), 'another name');
    t.notOk(attempt(good, undefined, ask({ owner, type: RRType.A, edns: DO })), 'another type');
    t.notOk(attempt(good, undefined, ask({ owner, type: RRType.TLSA })), 'OPT to one without');
    const plain = ask({ owner, type: RRType.TLSA });
    const withoutOpt = encodeAfresh(plain, tlsa(now), false, now);
    t.notOk(attempt(withoutOpt), 'no OPT to one with');
    t.notOk(attempt(good.slice(0, -1)), 'cut off');
    t.notOk(attempt(Uint8Array.from([...good, 0])), 'surplus octets');
    t.notOk(attempt(good.slice(0, 20)), 'cut in the question');
    t.end();
  });

  t.test('options that are the client’s own', (t) => {
    for (const code of [EdnsOptionCode.COOKIE, EdnsOptionCode.KEEPALIVE, EdnsOptionCode.NSID]) {
      const own = [{ code, data: new Uint8Array(8) }];
      t.notOk(attempt(encodeAfresh(request, tlsa(now), true, now, own)), `option ${code}`);
    }
    const errors = [
      extendedErrorOption({ code: 3, text: 'why' }),
      extendedErrorOption({ code: 4, text: '' }),
    ];
    t.ok(attempt(encodeAfresh(request, tlsa(now), true, now, errors)), 'extended errors are not');
    t.end();
  });

  t.test('nothing that ends at once, or never', (t) => {
    t.notOk(attempt(encodeAfresh(request, tlsa(now, 0), true, now)), 'TTL 0');
    const empty: Case = { type: RRType.TLSA, answer: [], authority: [] };
    t.notOk(attempt(encodeAfresh(request, empty, false, now)), 'no record: nothing tells its end');
    const at = good.length - 11 - 4;
    t.ok(at > 0);
    const ttlAt = 12 + owner.octets.length + 4 + 2 + 4;
    t.notOk(attempt(changed(ttlAt, 0x80)), 'TTL with the top bit');
    const kept = replies();
    const facts = { security: secure('example.org.'), notAfterMs: now.cacheMs };
    t.notOk(kept.put(request, good, facts, now));
    t.end();
  });

  t.test('large ones', (t) => {
    const small = replies({ maxReplyOctets: good.length });
    t.ok(small.put(request, good, { security: secure('example.org.') }, now));
    const smaller = replies({ maxReplyOctets: good.length - 1 });
    t.notOk(smaller.put(request, good, { security: secure('example.org.') }, now));
    t.end();
  });
  t.end();
});

t.test('sizes: what does not fit goes the long way, where it is cut', (t) => {
  const now = clock();
  const kept = replies();
  const made = tlsa(now);
  const many: Case = { ...made, answer: Array.from({ length: 12 }, () => made.answer[0]!) };
  const request = ask({ owner, type: RRType.TLSA, edns: { size: 4_096 } });
  const reply = encodeAfresh(request, many, false, now);
  t.ok(reply.length > 512 && reply.length < UDP);
  kept.put(request, reply, { security: insecure() }, now);
  const get = (size: number, limit: number, overTcp: boolean) =>
    kept.get(ask({ owner, type: RRType.TLSA, edns: { size } }), limit, overTcp, now);
  t.ok(get(UDP, UDP, false));
  t.ok(get(reply.length, UDP, false));
  t.equal(get(reply.length - 1, UDP, false), undefined, 'too large for the client');
  t.equal(get(0, UDP, false), undefined, 'sizes below 512 count as 512');
  t.ok(get(512, TCP, true), 'over TCP the UDP size does not count');
  t.equal(get(4_096, reply.length - 1, false), undefined, 'too large for us');
  const short = ask({ owner, type: RRType.TLSA });
  const plain = encodeAfresh(short, many, false, now);
  kept.put(short, plain, { security: insecure() }, now);
  t.equal(kept.get(short, UDP, false, now), undefined, 'without EDNS: 512');
  t.ok(kept.get(short, TCP, true, now));
  t.end();
});

t.test('clocks', (t) => {
  const request = ask({ owner, type: RRType.TLSA, edns: DO });
  const now = clock();
  const kept = replies();
  const until = NOW_SECONDS + 100;
  const reply = encodeAfresh(request, tlsa(now, 5_000), true, now);
  const put = () => kept.put(request, reply, { security: secure('example.org.', until) }, now);
  put();
  now.wallSeconds = until;
  t.ok(kept.get(request, UDP, false, now));
  now.wallSeconds = until + 1;
  t.equal(kept.get(request, UDP, false, now), undefined, 'AD ends with the signatures');
  now.wallSeconds = NOW_SECONDS;
  t.equal(kept.get(request, UDP, false, now), undefined, 'and does not come back');
  put();
  now.wallSeconds -= 20 * 365 * DAY;
  now.cacheMs += 4_999_000;
  t.ok(kept.get(request, UDP, false, now));
  now.cacheMs += 1_000;
  t.equal(kept.get(request, UDP, false, now), undefined, 'set back, it prolongs nothing');
  put();
  const limited = replies();
  limited.put(
    request,
    reply,
    { security: secure('example.org.'), notAfterMs: now.cacheMs + 2_000 },
    now,
  );
  now.cacheMs += 1_000;
  t.ok(limited.get(request, UDP, false, now));
  now.cacheMs += 1_000;
  t.equal(limited.get(request, UDP, false, now), undefined, 'the caller’s own end');
  t.end();
});

t.test('collisions of the hash cost a look-up, never a wrong answer', (t) => {
  // Of 120,000 questions in 30 bits some do collide; each must still get its own answer.
  const now = clock();
  const kept = replies({ maxOctets: 400 * 1024 * 1024 });
  const address = (index: number): Uint8Array =>
    Uint8Array.of(10, (index >> 16) & 0xff, (index >> 8) & 0xff, index & 0xff);
  const facts = { security: insecure() };
  const expiresAtMs = now.cacheMs + 10 ** 6;
  const count = 120_000;
  const requests: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    const asked = name(`h${index.toString(36)}.example.`);
    const request = ask({ owner: asked, type: RRType.A });
    const made: Case = {
      type: RRType.A,
      answer: [{ owner: asked, type: RRType.A, rdata: address(index), expiresAtMs }],
      authority: [],
    };
    kept.put(request, encodeAfresh(request, made, false, now), facts, now);
    requests.push(request);
  }
  let wrong = 0;
  let missing = 0;
  for (const [index, request] of requests.entries()) {
    const got = kept.get(request, UDP, false, now);
    if (got === undefined) missing++;
    else if (Buffer.compare(got.subarray(-4), address(index)) !== 0) wrong++;
  }
  t.comment(`${missing} of ${count} displaced by others`);
  t.equal(wrong, 0);
  t.ok(missing < 60, `${missing}`);
  t.end();
});

t.test('bounded by octets', (t) => {
  const now = clock();
  const maxOctets = 100_000;
  const kept = replies({ maxOctets });
  let largest = 0;
  for (let index = 0; index < 2_000; index++) {
    const asked = name(`r${index}.example.org.`);
    const request = ask({ owner: asked, type: RRType.TLSA, edns: DO });
    const reply = encodeAfresh(request, tlsa(now), true, now);
    kept.put(request, reply, { security: secure('example.org.') }, now);
    largest = Math.max(largest, kept.sizeOctets);
  }
  t.ok(largest <= maxOctets && largest > maxOctets * 0.9, `${largest}`);
  kept.clear();
  t.equal(kept.sizeOctets, 0);
  t.end();
});
