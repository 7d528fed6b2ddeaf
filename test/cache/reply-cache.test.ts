/** Whole replies: octet for octet what encoding afresh gives, and for nobody else's request. */
import t from 'tap';
import { SeededRandom } from '../../src/lab/index.js';
import { decodeMessage, extendedErrorOption, Name, Rcode, RRType } from '../../src/wire/index.js';
import {
  clock,
  DAY,
  insecure,
  NOW_SECONDS,
  name,
  pass,
  rrsig,
  secure,
  soaRdata,
} from './made-up-data.js';
import {
  type Asking,
  ask,
  type Case,
  DO,
  encodeAfresh,
  owner,
  type Part,
  replies,
  TCP,
  tlsa,
  UDP,
} from './made-up-replies.js';

const SEED = 9_520;
t.comment(`seed ${SEED}`);

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
