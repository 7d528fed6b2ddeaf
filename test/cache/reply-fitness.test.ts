/** Which requests a kept reply may answer, and which replies may be kept. */
import t from 'tap';
import type { Security } from '../../src/dnssec/index.js';
import { SeededRandom } from '../../src/lab/index.js';
import {
  decodeMessage,
  EdnsOptionCode,
  extendedErrorOption,
  Rcode,
  RRType,
} from '../../src/wire/index.js';
import { bogusVerdict, clock, indeterminateVerdict, insecure, secure } from './made-up-data.js';
import {
  type Asking,
  ask,
  type Case,
  DO,
  encodeAfresh,
  owner,
  replies,
  tlsa,
  UDP,
} from './made-up-replies.js';

const SEED = 9_521;
t.comment(`seed ${SEED}`);

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
  // Replies that fit these requests in every other way.
  const replyTo = (request: Uint8Array): Uint8Array => {
    const address = [0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 0, 0, 4, 192, 0, 2, 1];
    const reply = Uint8Array.from([...request, ...address]);
    reply[2]! |= 0x80;
    reply[7] = 1;
    return reply;
  };
  const put = (request: Uint8Array) =>
    kept.put(request, replyTo(request), { security: insecure() }, now);
  t.ok(put(plain), 'such a reply is kept');
  t.notOk(put(tooLong), 'but not for a name of 257 octets');
  for (const type of [RRType.ANY, RRType.AXFR, RRType.TKEY, 0, RRType.OPT]) {
    t.notOk(put(ask({ owner, type })), `nor for type ${type}`);
  }
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
