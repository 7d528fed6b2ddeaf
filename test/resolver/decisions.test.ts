/** The resolver's small decisions, each a pure function: what to ask, whom to heed, and so on. */
import t from 'tap';
import { parseName, parseRecord } from '../../src/presentation/index.js';
import { speaksFor } from '../../src/resolver/alias-chains.js';
import { classify } from '../../src/resolver/classify-response.js';
import { Deadlines } from '../../src/resolver/deadlines.js';
import { Deferred } from '../../src/resolver/deferred.js';
import { isForbidden } from '../../src/resolver/forbidden-addresses.js';
import { LIMITS } from '../../src/resolver/limits.js';
import { nextStep } from '../../src/resolver/qname-minimisation.js';
import { sanitise } from '../../src/resolver/sanitise.js';
import { specialResolution } from '../../src/resolver/special-answers.js';
import type { ZoneCut } from '../../src/resolver/zone-cut.js';
import {
  IpAddress,
  type Message,
  type Name,
  type ResourceRecord,
  Rcode,
  RRType,
} from '../../src/wire/index.js';

const name = (text: string): Name => {
  const parsed = parseName(text);
  if (parsed === undefined) throw new Error(`not a name: ${text}`);
  return parsed;
};

const record = (text: string): ResourceRecord => {
  const parsed = parseRecord(text);
  if (parsed === undefined || !('owner' in parsed)) throw new Error(`not a record: ${text}`);
  return parsed;
};

function message(fields: Partial<Message>): Message {
  return {
    id: 1,
    opcode: 0,
    rcode: 0,
    isResponse: true,
    authoritative: true,
    truncated: false,
    recursionDesired: false,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: false,
    questions: [],
    answer: [],
    authority: [],
    additional: [],
    sizeOctets: 0,
    ...fields,
  } as Message;
}

t.test('RFC 9156: relaxed minimisation hides names from the root and top-level domains', (t) => {
  const asked = name('_25._tcp.mx.example.com.');
  const step = (zone: string, known: number, type: number = RRType.TLSA, mode = 'relaxed') =>
    nextStep(mode as 'relaxed', name(zone), asked, type, known, 0);
  const shown = (s: { name: Name; type: number; isProbe: boolean }) => [s.name.toString(), s.type];
  t.same(shown(step('.', 0)), ['com.', RRType.A]);
  t.same(shown(step('com.', 1)), ['example.com.', RRType.A]);
  t.same(shown(step('com.', 2)), ['mx.example.com.', RRType.A], 'an empty non-terminal: one more');
  t.same(shown(step('com.', 3)), [asked.toString(), RRType.TLSA], 'never steps over _tcp');
  t.same(shown(step('example.com.', 2)), [asked.toString(), RRType.TLSA], 'the whole name below');
  t.same(shown(step('.', 0, RRType.TLSA, 'off')), [asked.toString(), RRType.TLSA]);
  t.same(shown(step('example.com.', 2, RRType.TLSA, 'strict')), ['mx.example.com.', RRType.A]);
  const whole = nextStep('relaxed', name('com.'), name('example.com.'), RRType.A, 1, 0);
  t.notOk(whole.isProbe, 'the question itself, where a probe would be the same');
  const ds = nextStep('relaxed', name('com.'), name('example.com.'), RRType.DS, 1, 0);
  t.equal(ds.type, RRType.DS, 'DS is the parent’s to answer: asked as it is');
  const spent = nextStep(
    'strict',
    name('.'),
    asked,
    RRType.TLSA,
    0,
    LIMITS.minimisationSteps.value,
  );
  t.equal(spent.isProbe, false, 'MAX_MINIMISE_COUNT');
  t.end();
});

t.test('sanitise drops what the asked zone has no say about', (t) => {
  const clean = sanitise(
    message({
      answer: [record('www.example.com. 60 IN A 8.8.8.8'), record('victim.test. 60 IN A 6.6.6.6')],
      authority: [
        record('victim.test. 60 IN NS ns.evil.test.'),
        record('example.com. 60 IN MX 0 victim.test.'),
        record('example.com. 60 IN NS ns.example.com.'),
      ],
      additional: [
        record('ns.example.com. 60 IN A 8.8.4.4'),
        record('victim.test. 60 IN A 6.6.6.6'),
        record('example.com. 60 IN TXT "no address"'),
      ],
    }),
    name('example.com.'),
    true,
  );
  t.same(
    clean.answer.map((set) => set.owner.toString()),
    ['www.example.com.'],
    'I1: bailiwick',
  );
  t.same(
    clean.authority.map((set) => set.type),
    [RRType.NS],
    'I4: no MX in an authority section',
  );
  t.same(
    clean.glue.map((each) => each.owner.toString()),
    ['ns.example.com.'],
  );
  t.end();
});

t.test(
  'RFC 9460 §4.3: service parameters pass as they are, other malformed records do not',
  (t) => {
    const twice = Uint8Array.of(0, 1, 0, 0, 1, 0, 3, 2, 0x68, 0x32, 0, 1, 0, 3, 2, 0x68, 0x33);
    const https = { ...record('www.example.com. 60 IN HTTPS 1 .'), rdata: twice };
    const address = { ...record('www.example.com. 60 IN A 8.8.8.8'), rdata: twice };
    const clean = sanitise(message({ answer: [https, address] }), name('com.'), true);
    t.same(
      clean.answer.map((set) => set.type),
      [RRType.HTTPS],
    );
    t.same(clean.answer[0]?.rdatas, [twice]);
    t.end();
  },
);

t.test('a record of another class never rides along (CVE-2026-123599)', (t) => {
  const chaos = { ...record('www.example.com. 60 IN A 6.6.6.6'), class: 3 };
  const clean = sanitise(message({ answer: [chaos] }), name('example.com.'), true);
  t.equal(clean.answer.length, 0);
  t.end();
});

t.test('classify tells the outcomes apart', (t) => {
  const zone = name('com.');
  const asked = name('www.example.com.');
  const kind = (fields: Partial<Message>, type: number = RRType.A, forwarding = false) => {
    const result = classify(sanitise(message(fields), zone, true), zone, asked, type, forwarding);
    return result.kind === 'unusable' ? result.why : result.kind;
  };
  const soa = record('com. 60 IN SOA a.com. b.com. 1 2 3 4 5');
  const delegation = record('example.com. 60 IN NS ns.example.com.');
  t.equal(kind({ answer: [record('www.example.com. 60 IN A 8.8.8.8')] }), 'answer');
  t.equal(kind({ answer: [record('www.example.com. 60 IN CNAME x.com.')] }), 'answer');
  t.equal(kind({ answer: [record('example.com. 60 IN DNAME x.com.')] }), 'answer');
  t.equal(kind({ answer: [record('www.example.com. 60 IN AAAA 2600::1')] }), 'no data', 'I11');
  const tooLong = { rcode: Rcode.YXDOMAIN, answer: [record('example.com. 60 IN DNAME x.com.')] };
  t.equal(kind(tooLong), 'answer', 'RFC 6672 §2.2');
  const nonsense = { rcode: Rcode.YXDOMAIN, answer: [record('www.example.com. 60 IN A 8.8.8.8')] };
  t.equal(kind(nonsense), 'other rcode', 'YXDOMAIN without a DNAME');
  t.equal(kind({ authority: [delegation], authoritative: false }), 'referral');
  t.equal(kind({ authority: [delegation] }), 'referral', 'AA may be set on a referral');
  t.equal(kind({ authority: [record('com. 60 IN NS a.com.')], authoritative: false }), 'lame');
  t.equal(kind({ authority: [soa] }), 'no data');
  t.equal(kind({ rcode: Rcode.NXDOMAIN, authority: [soa] }), 'name error');
  t.equal(kind({ rcode: Rcode.REFUSED }), 'refused');
  t.equal(kind({ rcode: Rcode.SERVFAIL }), 'server failure');
  const recursive = { authoritative: false, recursionAvailable: true };
  const data = [record('www.example.com. 60 IN A 8.8.8.8')];
  t.equal(
    kind({ ...recursive, answer: data }),
    'lame',
    'somebody’s resolver does not speak for com',
  );
  t.equal(
    kind({ ...recursive, answer: data }, RRType.A, true),
    'answer',
    'unless it is a forwarder',
  );
  t.equal(
    kind({ authoritative: false, answer: data }),
    'answer',
    'AA missing, RA clear: tolerated',
  );
  t.end();
});

t.test('T9: glue cannot aim us at this host or its neighbours', (t) => {
  const forbidden = [
    '0.0.0.0',
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '168.63.129.16',
    '100.64.0.1',
    '192.0.2.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
    'fe80::1',
    'fc05::20:1',
    'ff02::1',
    '2001:db8::1',
    'c000:201::',
  ];
  for (const text of forbidden) t.ok(isForbidden(IpAddress.parse(text)!, false), text);
  for (const text of ['8.8.8.8', '192.5.6.30', '2001:500:2f::f', '2a00:1450::1']) {
    t.notOk(isForbidden(IpAddress.parse(text)!, false), text);
  }
  t.notOk(isForbidden(IpAddress.parse('127.0.0.1')!, true), 'allow-loopback-servers');
  t.ok(isForbidden(IpAddress.parse('10.0.0.1')!, true), 'and no more than that');
  t.end();
});

t.test('RFC 6761: special names are answered here, without AD', (t) => {
  const loopback = specialResolution(name('a.localhost.'), RRType.A);
  t.equal(loopback?.answer[0]?.rrset.rdatas[0]?.join('.'), '127.0.0.1');
  t.equal(loopback?.security.status, 'indeterminate');
  t.equal(specialResolution(name('mail.onion.'), RRType.A)?.rcode, Rcode.NXDOMAIN);
  t.equal(specialResolution(name('4.3.2.10.in-addr.arpa.'), RRType.PTR)?.rcode, Rcode.NXDOMAIN);
  t.equal(specialResolution(name('10.in-addr.arpa.'), RRType.NS)?.rcode, Rcode.NOERROR);
  t.equal(specialResolution(name('10.in-addr.arpa.'), RRType.DS), undefined, 'the parent’s');
  t.equal(specialResolution(name('localhost.example.com.'), RRType.A), undefined);
  t.equal(specialResolution(name('8.8.8.8.in-addr.arpa.'), RRType.PTR), undefined);
  t.end();
});

t.test('deadlines fire in order, once, and cancelled ones never', (t) => {
  const deadlines = new Deadlines();
  const fired: number[] = [];
  const order = [5, 3, 9, 1, 7, 3, 8, 2];
  const timers = order.map((at) => deadlines.schedule(at, () => fired.push(at)));
  timers[2]!.cancel();
  t.equal(deadlines.nextMs(), 1);
  deadlines.fireDue(3);
  t.same(fired, [1, 2, 3, 3]);
  deadlines.schedule(4, () => deadlines.schedule(4, () => fired.push(4)));
  deadlines.fireDue(100);
  t.same(fired, [1, 2, 3, 3, 4, 5, 7, 8], 'a timer set by a timer fires too when due');
  t.equal(deadlines.nextMs(), undefined);
  t.end();
});

t.test('a deferred value reaches early and late listeners once', (t) => {
  const deferred = new Deferred<number>(0);
  const seen: number[] = [];
  deferred.whenSettled((value) => seen.push(value));
  deferred.settle(1);
  deferred.settle(2);
  deferred.whenSettled((value) => seen.push(value * 10));
  t.same(seen, [1, 10]);
  t.end();
});

t.test('RFC 4035 §3.1.4.1: who speaks for the target of an alias', (t) => {
  const cut = (zone: string): ZoneCut => ({ zone: name(zone) }) as ZoneCut;
  const speaks = (zone: string, target: string, type: number, deepest?: string): boolean =>
    speaksFor(cut(zone), name(target), type, deepest === undefined ? undefined : cut(deepest));
  t.ok(speaks('example.', 'a.example.', RRType.A));
  t.ok(speaks('example.', 'example.', RRType.A), 'the zone for its apex');
  t.notOk(speaks('example.', 'example.', RRType.DS), 'but the parent for its DS records');
  t.ok(speaks('example.', 'child.example.', RRType.DS), 'as it does itself for a child’s');
  t.notOk(speaks('example.', 'a.other.', RRType.A), 'nor for what is not below it');
  t.notOk(speaks('example.', 'a.child.example.', RRType.A, 'child.example.'), 'or known to be cut');
  t.ok(speaks('example.', 'a.child.example.', RRType.A, 'example.'));
  t.end();
});
