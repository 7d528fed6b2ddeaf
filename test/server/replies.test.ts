/** What clients are told: the AD bit, DNSSEC records, errors, sizes, cookies. */
import t from 'tap';
import type { Security } from '../../src/dnssec/index.js';
import { makeInsecure, makeSecure } from '../../src/dnssec/verdicts.js';
import type { Resolution } from '../../src/resolver/index.js';
import { CLIENT_LIMITS, extraText } from '../../src/server/index.js';
import {
  EdeCode,
  extendedErrorsOf,
  type Message,
  Name,
  Rcode,
  type RRset,
  RRType,
} from '../../src/wire/index.js';
import {
  ADDRESSES,
  answered,
  client,
  excepted,
  FrontDesk,
  forged,
  insecure,
  NOW,
  NSEC,
  name,
  optOut,
  parsed,
  pretended,
  questionOf,
  repliesOf,
  request,
  rrset,
  SIGNED_ADDRESSES,
  SOA,
  secure,
  uncovered,
  unsupported,
  ZONE,
} from './front-desk.js';

interface Bits {
  readonly ad: boolean;
  readonly dnssecOk: boolean;
  readonly cd: boolean;
}

const ALL_BITS: readonly Bits[] = [false, true].flatMap((ad) =>
  [false, true].flatMap((dnssecOk) => [false, true].map((cd) => ({ ad, dnssecOk, cd }))),
);

function ask(resolution: Resolution, { ad, dnssecOk, cd }: Bits, type: number = RRType.A): Message {
  const octets = request({ ad, cd, type, edns: { dnssecOk } });
  return new FrontDesk().exchange(octets, resolution);
}

const typesOf = (records: readonly { readonly type: number }[]): number[] => {
  return records.map(({ type }) => type);
};

t.test('AD, DO and CD against every status (RFC 4035 §3.2, RFC 6840 §5.7-5.9)', (t) => {
  const positive = (security: Security): Resolution =>
    answered({ sets: [[SIGNED_ADDRESSES, security]] });
  const negative = (security: Security, rcode: number): Resolution =>
    answered({
      rcode,
      beside: [
        [SOA, security],
        [NSEC, security],
      ],
    });
  for (const bits of ALL_BITS) {
    const { ad, dnssecOk, cd } = bits;
    const label = `AD=${+ad} DO=${+dnssecOk} CD=${+cd}`;
    const interested = ad || dnssecOk;
    const data = dnssecOk ? [RRType.A, RRType.A, RRType.RRSIG] : [RRType.A, RRType.A];
    const proof = dnssecOk ? [RRType.SOA, RRType.RRSIG, RRType.NSEC, RRType.RRSIG] : [RRType.SOA];

    for (const [what, security, expected] of [
      ['secure', secure, interested],
      ['insecure', insecure, false],
      ['opt-out', optOut, false],
      ['unsupported', unsupported, false],
      ['negative trust anchor', excepted, false],
      ['no trust anchor', uncovered, false],
      ['pretended', pretended, false],
    ] as const) {
      const message = ask(positive(security), bits);
      t.equal(message.rcode, Rcode.NOERROR, `${label} ${what}: rcode`);
      t.equal(message.authenticData, expected, `${label} ${what}: AD`);
      t.same(typesOf(message.answer), data, `${label} ${what}: records`);
      t.equal(message.edns?.dnssecOk, dnssecOk, `${label} ${what}: DO`);
      t.equal(message.checkingDisabled, cd, `${label} ${what}: CD`);
      for (const rcode of [Rcode.NXDOMAIN, Rcode.NOERROR]) {
        const denial = ask(negative(security, rcode), bits);
        t.equal(denial.rcode, rcode, `${label} ${what}: denial`);
        t.equal(denial.authenticData, expected, `${label} ${what}: AD of the denial`);
        t.same(typesOf(denial.authority), proof, `${label} ${what}: proof`);
      }
    }
  }
  t.end();
});

t.test('bogus data leaves only with CD, and never with AD', (t) => {
  const errors = [{ code: EdeCode.DNSSEC_BOGUS, text: 'signature does not verify' }];
  const unchecked = { rcode: Rcode.NOERROR, answer: [SIGNED_ADDRESSES, NSEC], authority: [NSEC] };
  const failed = answered({ rcode: Rcode.SERVFAIL, security: forged, errors, unchecked });
  for (const bits of ALL_BITS) {
    const label = `AD=${+bits.ad} DO=${+bits.dnssecOk} CD=${+bits.cd}`;
    const message = ask(failed, bits);
    t.equal(message.authenticData, false, label);
    t.equal(message.rcode, bits.cd ? Rcode.NOERROR : Rcode.SERVFAIL, `${label}: rcode`);
    t.same(extendedErrorsOf(message.edns), errors, `${label}: says why`);
    if (!bits.cd) {
      t.same([...message.answer, ...message.authority], [], `${label}: nothing else`);
    } else if (bits.dnssecOk) {
      const { A, RRSIG } = RRType;
      t.same(typesOf(message.answer), [A, A, RRSIG, RRType.NSEC, RRSIG], label);
    } else {
      t.same(typesOf(message.answer), [RRType.A, RRType.A], label);
      t.same(message.authority, [], label);
    }
  }
  t.end();
});

t.test('a resolver that lets bogus data through is stopped here', (t) => {
  const plain = { ad: true, dnssecOk: true, cd: false };
  const leaks: readonly (readonly [string, Resolution])[] = [
    ['as a whole', answered({ sets: [[SIGNED_ADDRESSES, secure]], security: forged })],
    ['in the answer', answered({ sets: [[SIGNED_ADDRESSES, forged]], security: secure })],
    [
      'in the authority',
      answered({ sets: [[SIGNED_ADDRESSES, secure]], beside: [[NSEC, forged]], security: secure }),
    ],
  ];
  for (const [where, resolution] of leaks) {
    const message = ask(resolution, plain);
    t.equal(message.rcode, Rcode.SERVFAIL, where);
    t.same(message.answer, [], where);
    t.equal(message.authenticData, false, where);
  }
  t.equal(extendedErrorsOf(ask(leaks[0]![1], plain).edns)[0]?.code, EdeCode.DNSSEC_BOGUS);
  t.end();
});

t.test('one insecure link makes the whole insecure (RFC 4035 §3.2.3)', (t) => {
  const alias = rrset(name('mail.example.org'), RRType.CNAME, [ADDRESSES.owner.octets], true);
  const bits = { ad: true, dnssecOk: true, cd: false };
  const chain = (first: Security, second: Security, whole: Security): boolean => {
    const sets = [
      [alias, first],
      [SIGNED_ADDRESSES, second],
    ] as const;
    return ask(answered({ sets, security: whole }), bits).authenticData;
  };
  t.equal(chain(secure, secure, secure), true);
  t.equal(chain(insecure, secure, insecure), false);
  t.equal(chain(secure, insecure, insecure), false);
  t.equal(chain(secure, insecure, secure), false, 'though the whole is called secure');
  t.equal(chain(insecure, secure, secure), false);
  t.equal(chain(secure, secure, insecure), false, 'though each is secure (opt-out)');
  t.equal(chain(secure, secure, pretended), false);
  t.equal(chain(secure, pretended, secure), false);
  const beside = [
    [SOA, secure],
    [NSEC, insecure],
  ] as const;
  const denial = answered({ rcode: Rcode.NXDOMAIN, beside, security: secure });
  t.equal(ask(denial, bits).authenticData, false, 'authority counts');
  const quiet = { ...bits, dnssecOk: false };
  t.equal(ask(denial, quiet).authenticData, false, 'even where it is not shown');
  t.end();
});

t.test('answers that are never authentic', (t) => {
  const bits = { ad: true, dnssecOk: true, cd: false };
  const good = { sets: [[SIGNED_ADDRESSES, secure]] as const };
  t.equal(ask(answered(good), bits).authenticData, true, 'the same, unspoilt');
  t.equal(ask(answered({ ...good, stale: true }), bits).authenticData, false, 'stale');
  t.equal(ask(answered({ security: secure }), bits).authenticData, false, 'empty');
  const { SERVFAIL, REFUSED, FORMERR, NOTIMP, YXDOMAIN } = Rcode;
  for (const rcode of [SERVFAIL, REFUSED, FORMERR, NOTIMP, YXDOMAIN]) {
    t.equal(ask(answered({ ...good, rcode }), bits).authenticData, false, `rcode ${rcode}`);
  }
  t.end();
});

t.test('a signature that ended meanwhile: no answer rather than one without AD', (t) => {
  const ends = NOW.wallSeconds + 10;
  const short = makeSecure(ZONE, ends);
  const at = (wallSeconds: number, cd: boolean): Message => {
    const desk = new FrontDesk();
    desk.now = { ...NOW, wallSeconds };
    const octets = request({ ad: true, cd, edns: {} });
    return desk.exchange(octets, answered({ sets: [[SIGNED_ADDRESSES, short]] }));
  };
  t.match(at(ends, false), { rcode: Rcode.NOERROR, authenticData: true });
  const late = at(ends + 1, false);
  t.match(late, { rcode: Rcode.SERVFAIL, authenticData: false, answer: [] });
  t.equal(extendedErrorsOf(late.edns)[0]?.code, EdeCode.SIGNATURE_EXPIRED);
  t.match(at(ends + 1, true), { rcode: Rcode.NOERROR, authenticData: false });
  t.end();
});

t.test('DNSSEC records that were asked for are answers (RFC 4035 §3.2.1)', (t) => {
  const bits = { ad: true, dnssecOk: false, cd: false };
  for (const type of [RRType.NSEC, RRType.DNSKEY, RRType.DS, RRType.NSEC3PARAM]) {
    const set: RRset = { ...NSEC, owner: name('www.example.org'), type };
    const message = ask(answered({ sets: [[set, secure]] }), bits, type);
    t.same(typesOf(message.answer), [type], 'without DO, but as asked');
    t.equal(message.authenticData, true);
  }
  const signatures: RRset = {
    ...ADDRESSES,
    type: RRType.RRSIG,
    rdatas: SIGNED_ADDRESSES.signatures,
  };
  const message = ask(answered({ sets: [[signatures, insecure]] }), bits, RRType.RRSIG);
  t.same(typesOf(message.answer), [RRType.RRSIG]);
  t.end();
});

t.test('proof of a wildcard goes with DO, other authority goes if not minimal', (t) => {
  const names = rrset(ZONE, RRType.NS, [name('ns.example.org').octets], true);
  const resolution = answered({
    sets: [[SIGNED_ADDRESSES, secure]],
    beside: [
      [NSEC, secure],
      [names, secure],
    ],
  });
  const show = (dnssecOk: boolean, minimalResponses: boolean): number[] => {
    const desk = new FrontDesk({ minimalResponses });
    return typesOf(desk.exchange(request({ edns: { dnssecOk } }), resolution).authority);
  };
  t.same(show(false, true), []);
  t.same(show(true, true), [RRType.NSEC, RRType.RRSIG]);
  t.same(show(false, false), [RRType.NS]);
  t.same(show(true, false), [RRType.NSEC, RRType.RRSIG, RRType.NS, RRType.RRSIG]);
  t.end();
});

t.test('the SOA of a denial at the end of a chain goes with every reply (RFC 2308 §2.2)', (t) => {
  const alias = rrset(name('www.example.org'), RRType.CNAME, [ZONE.octets]);
  const resolution = answered({ sets: [[alias, insecure]], beside: [[SOA, insecure]] });
  const desk = new FrontDesk({ minimalResponses: true });
  t.same(typesOf(desk.exchange(request(), resolution).authority), [RRType.SOA]);
  t.end();
});

t.test('chains keep their order, TTLs are what is left, case is the client’s', (t) => {
  const links = ['a', 'b', 'c'].map((label, at) => {
    const target = ['b', 'c', 'www'][at]!;
    return rrset(name(`${label}.example.org`), RRType.CNAME, [
      name(`${target}.example.org`).octets,
    ]);
  });
  const sets = [...links, ADDRESSES].map((set) => [set, insecure] as const);
  const desk = new FrontDesk();
  const message = desk.exchange(request({ name: name('A.eXample.ORG') }), answered({ sets }));
  t.same(
    message.answer.map(({ owner }) => owner.toString().toLowerCase()),
    ['a', 'b', 'c', 'www', 'www'].map((label) => `${label}.example.org.`),
  );
  t.equal(message.questions[0]?.name.toString(), 'A.eXample.ORG.');
  for (const { ttlSeconds } of message.answer) t.equal(ttlSeconds, 120, 'not the original 300');
  t.end();
});

t.test('Extended DNS Errors (RFC 8914)', (t) => {
  const bits = { ad: false, dnssecOk: false, cd: false };
  const long = `${'x'.repeat(80)}\u0007\n\u00e9`;
  const errors = [1, 6, 22, 22, 23, 24, 0].map((code) => ({ code, text: long }));
  const failed = answered({ rcode: Rcode.SERVFAIL, security: uncovered, errors });
  const told = extendedErrorsOf(ask(failed, bits).edns);
  t.same(
    told.map(({ code }) => code),
    [1, 6, 22, 23],
    'each code once, and not too many',
  );
  for (const { text } of told) t.equal(text.length, CLIENT_LIMITS.extraTextOctets.value);
  t.equal(new FrontDesk().exchange(request(), failed).edns, undefined, 'only with EDNS');
  const withVerdict = ask(answered({ sets: [[ADDRESSES, unsupported]] }), bits);
  t.match(extendedErrorsOf(withVerdict.edns), [{ code: EdeCode.UNSUPPORTED_DNSKEY_ALGORITHM }]);
  const anchor = ask(answered({ sets: [[ADDRESSES, excepted]] }), bits);
  t.match(extendedErrorsOf(anchor.edns), [{ code: EdeCode.NEGATIVE_TRUST_ANCHOR }]);
  t.same(extendedErrorsOf(ask(answered({ sets: [[ADDRESSES, insecure]] }), bits).edns), []);
  const iterations = makeInsecure('NSEC3 iterations', ZONE, '500');
  const costly = answered({ rcode: Rcode.NXDOMAIN, beside: [[SOA, iterations]] });
  t.match(extendedErrorsOf(ask(costly, bits).edns), [
    { code: EdeCode.UNSUPPORTED_NSEC3_ITERATIONS, text: 'NSEC3 iterations' },
  ]);
  t.end();
});

t.test('text for clients is short and printable', (t) => {
  t.equal(extraText('plain'), 'plain');
  t.equal(extraText('a\u001b[31m\u0000\u007f'), 'a\\027[31m\\000\\127');
  t.equal(extraText('\u00e9'), '\\195\\169');
  t.equal(extraText('\ud800'), '\\239\\191\\189', 'half a character');
  t.equal(extraText('x'.repeat(64)), 'x'.repeat(64));
  t.equal(extraText('x'.repeat(65)), `${'x'.repeat(61)}...`);
  t.ok(extraText('\n'.repeat(100)).length <= 64);
  t.end();
});

t.test('replies fit (RFC 1035 §4.2.1, RFC 6891 §6.2.5, RFC 2181 §9)', (t) => {
  const addresses = Array.from({ length: 100 }, (_, at) => Uint8Array.of(10, 0, at >> 8, at));
  const alias = rrset(name('www.example.org'), RRType.CNAME, [name('big.example.org').octets]);
  const big = rrset(name('big.example.org'), RRType.A, addresses);
  const sets = [
    [alias, insecure],
    [big, insecure],
  ] as const;
  const resolution = answered({ sets });
  const sizes = new Map<string, { octets: number; message: Message }>();
  for (const [what, octets, transport] of [
    ['no EDNS', request(), 'udp'],
    ['EDNS 100', request({ edns: { size: 100 } }), 'udp'],
    ['EDNS 512', request({ edns: { size: 512 } }), 'udp'],
    ['EDNS 1000', request({ edns: { size: 1000 } }), 'udp'],
    ['EDNS 4096', request({ edns: { size: 4096 } }), 'udp'],
    ['EDNS 65535', request({ edns: { size: 65535 } }), 'udp'],
    ['TCP', request(), 'tcp'],
  ] as const) {
    const desk = new FrontDesk();
    const from = client('127.0.0.1', 4_242, transport);
    const { handle } = questionOf(desk.receive(octets, from));
    const [reply] = repliesOf(desk.server.finished(handle, resolution, NOW));
    sizes.set(what, { octets: reply!.octets.length, message: reply!.message });
  }
  const limits = { 'no EDNS': 512, 'EDNS 100': 512, 'EDNS 512': 512, 'EDNS 1000': 1000 };
  for (const [what, limit] of Object.entries({
    ...limits,
    'EDNS 4096': 1232,
    'EDNS 65535': 1232,
  })) {
    const { octets, message } = sizes.get(what)!;
    t.ok(octets <= limit, `${what}: ${octets} octets`);
    t.equal(message.truncated, true, `${what}: TC`);
    t.same(typesOf(message.answer), [RRType.CNAME], `${what}: whole RRsets only`);
    t.equal(message.edns !== undefined, what !== 'no EDNS', `${what}: OPT survives`);
  }
  const whole = sizes.get('TCP')!;
  t.equal(whole.message.truncated, false);
  t.equal(whole.message.answer.length, 101);
  t.ok(whole.octets > 1232);
  t.end();
});

t.test('ns:. with AD, as Postfix probes it', (t) => {
  const rootServers = rrset(Name.root, RRType.NS, [name('a.root-servers.net').octets], true);
  const rootSecure = makeSecure(Name.root, NOW.wallSeconds + 1_000);
  const octets = request({
    name: Name.root,
    type: RRType.NS,
    ad: true,
    edns: { size: 4096, dnssecOk: true },
  });
  const desk = new FrontDesk();
  const message = desk.exchange(octets, answered({ sets: [[rootServers, rootSecure]] }));
  t.match(message, { rcode: Rcode.NOERROR, authenticData: true, recursionAvailable: true });
  t.match(parsed(octetsOfReply(octets)).answer, [{ type: RRType.NS }, { type: RRType.RRSIG }]);

  function octetsOfReply(asked: Uint8Array): Uint8Array {
    const again = new FrontDesk();
    const { handle } = questionOf(again.receive(asked));
    const resolution = answered({ sets: [[rootServers, rootSecure]] });
    return repliesOf(again.server.finished(handle, resolution, NOW))[0]!.octets;
  }
  t.end();
});
