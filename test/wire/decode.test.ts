/** RFC 1035 §4, RFC 6891 §6, RFC 9267: reading messages. Each acceptance with its refusal. */
import t from 'tap';
import {
  decodeMessage,
  encodeMessage,
  groupRRsets,
  MAX_KEPT_RDATAS,
  MAX_POINTERS_PER_MESSAGE,
  type Message,
  RRType,
  rdataIsWellFormed,
  type WireFaultReason,
} from '../../src/wire/index.js';
import { leastCpuMs } from '../fuzz/mutate.js';
import { header, hex, name, record, toHex } from './octet-text.js';

const hexLyingCounts = hex(header(0, 0xffff, 0xffff, 0xffff, 0xffff));
const QUESTION = '07"example"03"com"00 0001 0001';

function accepted(text: string | Uint8Array): Message {
  const decoded = decodeMessage(typeof text === 'string' ? hex(text) : text);
  if (!decoded.ok) throw new Error(`refused: ${decoded.fault.reason} at ${decoded.fault.offset}`);
  return decoded.value;
}

function refused(text: string | Uint8Array): WireFaultReason | 'accepted' {
  const decoded = decodeMessage(typeof text === 'string' ? hex(text) : text);
  return decoded.ok ? 'accepted' : decoded.fault.reason;
}

function record16(owner: string, type: number, rdata: string, ttl = '0000012c'): string {
  const length = hex(rdata).length.toString(16).padStart(4, '0');
  return `${owner} ${type.toString(16).padStart(4, '0')} 0001 ${ttl} ${length} ${rdata}`;
}

t.test('RFC 1035 §4.1.1: every header bit has its place', (t) => {
  const plain = accepted(header(0, 0, 0, 0, 0));
  t.equal(plain.id, 0x1234);
  t.same(plain.questions, [], 'no question is legal to decode');
  const bits = {
    isResponse: 0x8000,
    authoritative: 0x0400,
    truncated: 0x0200,
    recursionDesired: 0x0100,
    recursionAvailable: 0x0080,
    authenticData: 0x0020,
    checkingDisabled: 0x0010,
  } as const;
  for (const [field, bit] of Object.entries(bits)) {
    const message = accepted(header(bit, 0, 0, 0, 0));
    t.equal(message[field as keyof typeof bits], true, field);
    const set = Object.keys(bits).filter((other) => message[other as keyof typeof bits]);
    t.same(set, [field], `${field} alone`);
    t.same(toHex(encodeMessage(message, { maxOctets: 512 })), toHex(hex(header(bit, 0, 0, 0, 0))));
  }
  t.equal(accepted(header(0x2800, 0, 0, 0, 0)).opcode, 5);
  t.equal(accepted(header(0x0003, 0, 0, 0, 0)).rcode, 3);
  t.equal(refused('1234 0100 0001 0000 0000 00'), 'short header');
  t.end();
});

t.test('RFC 1035 §4.1.2: questions', (t) => {
  const one = accepted(header(0x0100, 1, 0, 0, 0) + QUESTION);
  t.equal(String(one.questions[0]!.name), 'example.com.');
  t.equal(one.questions[0]!.type, RRType.A);
  t.equal(one.sizeOctets, 29);
  const two = accepted(header(0, 2, 0, 0, 0) + QUESTION + 'c00c 001c 0001');
  t.equal(two.questions.length, 2, 'two questions decode: refusing them is the caller’s');
  t.equal(refused(`${header(0, 1, 0, 0, 0)}07"example"03"com"00 0001 00`), 'cut off');
  t.equal(refused(`${header(0, 1, 0, 0, 0)}07"example"03"com"`), 'name cut off');
  t.equal(refused(`${header(0, 1, 0, 0, 0)}${QUESTION}00`), 'trailing octets');
  const malformed = decodeMessage(hex(`${header(0x0100, 1, 0, 0, 0)}${QUESTION}00`));
  t.notOk(malformed.ok);
  if (!malformed.ok) {
    t.equal(malformed.id, 0x1234, 'enough is kept for a FORMERR reply');
    t.equal(malformed.flags, 0x0100);
    t.equal(String(malformed.question?.name), 'example.com.');
    t.match(malformed.fault, { section: 'RFC 1035 §4.1', offset: 29, sentence: /^Octets follow/ });
  }
  t.end();
});

t.test('RFC 9267 §6: counts are weighed before anything is made of them', (t) => {
  t.equal(refused(header(0, 0xffff, 0xffff, 0xffff, 0xffff)), 'counts exceed length');
  t.equal(refused(header(0, 1, 2, 0, 0) + QUESTION), 'counts exceed length');
  t.equal(refused(header(0, 1, 1, 0, 0) + QUESTION), 'cut off', 'what might fit is looked at');
  const record = record16('c00c', 1, 'c0000201');
  t.equal(accepted(header(0, 1, 1, 0, 0) + QUESTION + record).answer.length, 1);
  t.equal(refused(header(0, 1, 4, 0, 0) + QUESTION + record), 'counts exceed length');
  t.equal(refused(header(0, 1, 0, 0, 0) + QUESTION + record), 'trailing octets');
  const start = process.cpuUsage();
  for (let times = 0; times < 20_000; times++) refused(hexLyingCounts);
  const { user, system } = process.cpuUsage(start);
  t.ok((user + system) / 20_000 < 20, `a lying header costs ${(user + system) / 20_000} µs`);
  t.end();
});

t.test('RFC 1035 §4.1.4: pointers lead strictly backwards into the body', (t) => {
  const at = (pointer: string): string => `${header(0, 1, 0, 0, 0)}${pointer} 0001 0001`;
  t.equal(refused(at('c00c')), 'bad pointer', 'to itself');
  t.equal(refused(at('c00e')), 'bad pointer', 'forwards');
  t.equal(refused(at('c000')), 'bad pointer', 'into the header');
  t.equal(refused(at('c00b')), 'bad pointer', 'into the last octet of the header');
  t.equal(refused(at('01"a"c00c')), 'bad pointer', 'into the name that is being read');
  t.equal(refused(`${header(0, 1, 0, 0, 0)}03"abc"c0`), 'name cut off', 'half a pointer');
  const mutual = `${header(0, 2, 0, 0, 0)}c012 0001 0001 c00c 0001 0001`;
  t.equal(refused(mutual), 'bad pointer', 'to each other');
  const tail = `${header(0, 2, 0, 0, 0)}${QUESTION} 03"www"c014 0001 0001`;
  t.equal(String(accepted(tail).questions[1]!.name), 'www.com.', 'to the tail of a name');
  const chained = `${header(0, 3, 0, 0, 0)}${QUESTION} 01"a"c00c 0001 0001 01"b"c01d 0001 0001`;
  t.equal(String(accepted(chained).questions[2]!.name), 'b.a.example.com.');
  t.equal(refused(`${header(0, 1, 0, 0, 0)}40 00 0001 0001`), 'unknown label type');
  t.equal(refused(`${header(0, 1, 0, 0, 0)}80 00 0001 0001`), 'unknown label type');
  t.end();
});

t.test('RFC 1035 §2.3.4: 63 octets a label, 255 a name, however they are put together', (t) => {
  const label = (length: number): string =>
    length.toString(16).padStart(2, '0') + '61'.repeat(length);
  const ask = (text: string): string => `${header(0, 1, 0, 0, 0)}${text} 0001 0001`;
  const longest = `${label(63)}${label(63)}${label(63)}${label(61)}00`;
  t.equal(hex(longest).length, 255);
  t.equal(accepted(ask(longest)).questions[0]!.name.octets.length, 255);
  t.equal(refused(ask(`${label(63)}${label(63)}${label(63)}${label(62)}00`)), 'name too long');
  // 127 labels of one octet are the most there can be.
  t.equal(accepted(ask(`${label(1).repeat(127)}00`)).questions[0]!.name.labelCount, 127);
  t.equal(refused(ask(`${label(1).repeat(128)}00`)), 'name too long');
  const joined = (first: number): string =>
    `${header(0, 2, 0, 0, 0)}${label(63)}${label(63)}${label(63)}00 0001 0001 ${label(first)}c00c 0001 0001`;
  t.equal(accepted(joined(61)).questions[1]!.name.octets.length, 255);
  t.equal(refused(joined(62)), 'name too long', 'by way of a pointer');
  t.end();
});

/** Names that are one pointer each to the one before: a ladder, and records that use its top. */
function pointerLadder(rungs: number, users: number): Uint8Array {
  let text = header(0, rungs + 1, users, 0, 0);
  text += '01"a"00 0001 0001';
  let previous = 12;
  let at = 12 + 7;
  for (let rung = 0; rung < rungs; rung++) {
    text += `01"b"${(0xc000 | previous).toString(16)} 0001 0001`;
    previous = at;
    at += 8;
  }
  for (let user = 0; user < users; user++) {
    text += `01"c"${(0xc000 | previous).toString(16)} 0001 0001 00000000 0000`;
  }
  return hex(text);
}

t.test('RFC 9267 §2: pointer ladders are cut short', (t) => {
  // 80 rungs cost 3,240 hops to build (the first one, the second two...), each user 81 more.
  t.equal(MAX_POINTERS_PER_MESSAGE, 4096);
  t.equal(accepted(pointerLadder(80, 10)).answer[9]!.owner.labelCount, 82);
  t.equal(refused(pointerLadder(80, 11)), 'too many pointers');
  t.equal(refused(pointerLadder(80, 2000)), 'too many pointers');
  t.equal(accepted(barePointers(127, 1)).answer[1]!.owner.labelCount, 1);
  t.equal(refused(barePointers(128, 1)), 'too many pointers', 'in one name');
  t.equal(refused(barePointers(8000, 1300)), 'too many pointers');
  const ladder = barePointers(8000, 1300);
  t.ok(costMs(ladder) < 2, `64 KiB of pointers cost ${costMs(ladder)} ms`);
  t.end();
});

/** Pointers to pointers, hidden in opaque RDATA, and records that refer to the last of them. */
function barePointers(links: number, users: number): Uint8Array {
  let chain = '00';
  for (let link = 1; link < links; link++) {
    const target = link === 1 ? 23 : 24 + 2 * (link - 2);
    chain += (0xc000 | target).toString(16);
  }
  const last = (0xc000 | (24 + 2 * (links - 2))).toString(16);
  const using = `01"x"${last} 0001 0001 00000000 0000`;
  return hex(header(0, 0, users + 1, 0, 0) + record16('00', 65280, chain) + using.repeat(users));
}

function costMs(octets: Uint8Array): number {
  return leastCpuMs(() => decodeMessage(octets), 10);
}

t.test('RFC 1035 §4.1.3: RDLENGTH rules where a record ends', (t) => {
  const answer = (record: string): string => header(0x8000, 1, 1, 0, 0) + QUESTION + record;
  const mx = accepted(answer(record16('c00c', 15, '000a 04"mail"c00c'))).answer[0]!;
  t.equal(toHex(mx.rdata), toHex(hex('000a 04"mail"07"example"03"com"00')), 'names are expanded');
  t.equal(refused(answer(record16('c00c', 15, '000a 04"mail"c00c 00'))), 'rdata length', 'surplus');
  t.equal(refused(answer('c00c 000f 0001 0000012c 0002 000a')), 'name cut off');
  const alias = 'c00c 0005 0001 0000012c 0001 04 "abcd"00';
  const next = record16('c00c', 1, 'c0000201');
  t.equal(
    refused(`${header(0x8000, 1, 2, 0, 0)}${QUESTION}${alias} ${next}`),
    'rdata length',
    'a name that runs over its record',
  );
  t.equal(refused(answer('c00c 0001 0001 0000012c 0005 c0000201')), 'cut off');
  t.equal(refused(answer(record16('c00c', 6, 'c00c c00c 00000001'))), 'rdata length', 'short SOA');
  const soa = `c00c c00c ${'00000001'.repeat(5)}`;
  t.equal(accepted(answer(record16('c00c', 6, soa))).answer[0]!.rdata.length, 46);
  t.equal(refused(answer(record16('c00c', 6, `${soa}00`))), 'rdata length');
  t.end();
});

t.test('one odd record does not kill a message: its octets are kept and called malformed', (t) => {
  const odd = (type: number, rdata: string): boolean => {
    const records = record16('c00c', type, rdata) + record16('c00c', 1, 'c0000201');
    const text = `${header(0x8000, 1, 2, 0, 0)}${QUESTION}${records}`;
    const { answer } = accepted(text);
    t.equal(toHex(answer[0]!.rdata), toHex(hex(rdata)), `type ${type} is kept as it came`);
    t.ok(rdataIsWellFormed(1, answer[1]!.rdata), 'and what follows is read');
    return rdataIsWellFormed(type, answer[0]!.rdata);
  };
  t.notOk(odd(RRType.A, 'c00002'), 'three octets are no address');
  t.notOk(odd(RRType.A, 'c000020100'));
  t.notOk(odd(RRType.AAAA, 'c0000201'));
  t.notOk(odd(RRType.SRV, '0000 0000 0019 c00c'), 'RFC 2782: no compression in SRV');
  t.notOk(odd(RRType.DNAME, 'c00c'), 'nor in DNAME (RFC 6672 §2.5)');
  t.notOk(odd(RRType.NSEC, 'c00c 0001 40'));
  t.notOk(odd(RRType.TXT, '05"abc"'));
  t.ok(odd(RRType.TXT, '03"abc"'), 'the same with the right length');
  t.ok(odd(65280, 'c00c'), 'unknown types are opaque (RFC 3597 §3)');
  t.end();
});

t.test('RFC 2181 §8: a TTL is 31 bits, and a larger one is zero', (t) => {
  const ttl = (text: string): number =>
    accepted(header(0, 1, 1, 0, 0) + QUESTION + record16('c00c', 1, 'c0000201', text)).answer[0]!
      .ttlSeconds;
  t.equal(ttl('7fffffff'), 0x7fffffff);
  t.equal(ttl('80000000'), 0);
  t.equal(ttl('ffffffff'), 0);
  t.equal(ttl('00015180'), 86_400);
  t.end();
});

t.test('RFC 6891 §6.1: the OPT record', (t) => {
  const opt = (rdata = '', owner = '00', ttl = '00008000'): string =>
    `${owner} 0029 04d0 ${ttl} ${hex(rdata).length.toString(16).padStart(4, '0')} ${rdata}`;
  const withOpt = (text: string, count = 1): string =>
    header(0x0100, 1, 0, 0, count) + QUESTION + text;
  const { edns, additional, rcode } = accepted(withOpt(opt('000a 0008 0102030405060708')));
  t.match(edns, { udpSizeOctets: 1232, version: 0, dnssecOk: true, flags: 0x8000 });
  t.equal(toHex(edns!.options[0]!.data), '0102030405060708');
  t.same(additional, [], 'OPT is taken out of the additional section');
  t.equal(rcode, 0);
  t.equal(accepted(withOpt(opt('', '00', '01008000'))).rcode, 16, 'BADVERS is 1 in OPT, 0 below');
  t.equal(accepted(withOpt(opt('', '00', '00058000'))).edns!.version, 5);
  t.equal(accepted(withOpt(opt('').replace('04d0', '0100'))).edns!.udpSizeOctets, 512, '§6.2.3');
  t.equal(accepted(header(0x0100, 1, 0, 0, 0) + QUESTION).edns, undefined);
  t.equal(refused(withOpt(opt() + opt(), 2)), 'opt twice');
  t.equal(refused(withOpt(opt('', '01"a"00'))), 'opt owner');
  t.equal(refused(withOpt(opt('', 'c00c'))), 'opt owner');
  t.equal(refused(header(0, 1, 1, 0, 0) + QUESTION + opt()), 'opt misplaced');
  t.equal(refused(header(0, 1, 0, 1, 0) + QUESTION + opt()), 'opt misplaced');
  t.equal(refused(withOpt(opt('000a 0009 0102030405060708'))), 'opt cut off');
  t.equal(refused(withOpt(opt('000a 00'))), 'opt cut off');
  t.equal(accepted(withOpt(opt('fde9 0000'.repeat(32)))).edns!.options.length, 32);
  t.equal(refused(withOpt(opt('fde9 0000'.repeat(33)))), 'too many options');
  const many = hex(withOpt(opt('fde9 0000'.repeat(16_000))));
  t.ok(costMs(many) < 1, `16,000 options cost ${costMs(many)} ms`);
  const between = withOpt(`${opt()}${record16('c00c', 1, 'c0000201')}`, 2);
  t.equal(accepted(between).additional.length, 1, 'records may follow OPT');
  t.end();
});

t.test('values are copies: nothing remembers the packet', (t) => {
  const rdata = 'ab'.repeat(100);
  const packet = Buffer.from(
    hex(
      header(0, 1, 1, 0, 1) +
        QUESTION +
        record16('c00c', 65280, rdata) +
        '00 0029 04d0 00000000 0005 000a 0001 07',
    ),
  );
  const message = accepted(packet);
  packet.fill(0xee);
  t.equal(String(message.questions[0]!.name), 'example.com.');
  t.equal(toHex(message.answer[0]!.rdata), rdata);
  t.equal(toHex(message.edns!.options[0]!.data), '07');
  t.equal(message.answer[0]!.rdata.constructor, Uint8Array, 'and plain arrays, not buffers');
  t.not(message.answer[0]!.rdata.buffer, packet.buffer);
  t.end();
});

t.test('RFC 2181 §5: records of one owner, class and type are one RRset', (t) => {
  const signature = (covered: number, last: number): Uint8Array =>
    Uint8Array.of(0, covered, 13, 2, ...new Array<number>(14).fill(0), 0, last);
  const sets = groupRRsets([
    record('a.example.', 1, hex('c0000201'), 300),
    record('b.example.', 1, hex('c0000201'), 300),
    record('A.EXAMPLE.', 1, hex('c0000202'), 100),
    record('a.example.', 1, hex('c0000201'), 300),
    record('a.example.', 46, signature(1, 1)),
    record('a.example.', 46, signature(1, 1)),
    record('a.example.', 46, signature(1, 2)),
    record('a.example.', 46, signature(28, 1)),
    record('b.example.', 46, signature(46, 1)),
  ]);
  t.same(
    sets.map((set) => [String(set.owner), set.type, set.rdatas.length, set.signatures.length]),
    [
      ['a.example.', 1, 2, 2],
      ['b.example.', 1, 1, 0],
      ['a.example.', 46, 1, 0],
      ['b.example.', 46, 1, 0],
    ],
  );
  t.equal(sets[0]!.ttlSeconds, 100, '§5.2: the lowest TTL');
  t.equal(groupRRsets([]).length, 0);
  const other = { ...record('a.example.', 1, hex('c0000201')), class: 3 };
  t.equal(groupRRsets([record('a.example.', 1, hex('c0000201')), other]).length, 2, 'by class too');
  t.end();
});

t.test('thousands of records in one RRset are grouped in linear time', (t) => {
  const owner = name('many.example.');
  const fixed = { owner, type: 1, class: 1, ttlSeconds: 5 };
  const many = Array.from({ length: 6000 }, (_, index) => ({
    ...fixed,
    rdata: Uint8Array.of(10, 0, index >> 8, index & 255),
  }));
  const signatures = many.map(({ rdata }) => ({
    ...fixed,
    type: 46,
    rdata: Uint8Array.of(0, 1, 13, 2, ...rdata),
  }));
  const [set] = groupRRsets([...many, ...signatures]);
  t.equal(set!.rdatas.length, MAX_KEPT_RDATAS, 'one more than the 256 anyone believes');
  t.equal(set!.signatures.length, MAX_KEPT_RDATAS);
  t.equal(groupRRsets(many.slice(0, 200))[0]!.rdatas.length, 200);
  const twice = groupRRsets([...many.slice(0, 200), ...many.slice(0, 200)]);
  t.equal(twice[0]!.rdatas.length, 200, 'duplicates of a long list are noticed');
  const distinct = many.map((each, index) => ({ ...each, owner: name(`n${index}.example.`) }));
  const best = leastCpuMs(() => {
    groupRRsets([...many, ...signatures]);
    groupRRsets(distinct);
  });
  t.ok(best < 30, `18,000 records are grouped in ${best.toFixed(1)} ms`);
  t.end();
});
