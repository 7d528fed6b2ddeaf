/** Writing messages: compression (RFC 1035 §4.1.4, RFC 3597 §4), truncation (RFC 2181 §9). */
import t from 'tap';
import {
  buildQuery,
  concatOctets,
  decodeMessage,
  type EncodableMessage,
  encodeMessage,
  MAX_COMPRESSION_LOOKUPS,
  type Message,
  Name,
  type ResourceRecord,
  RRType,
} from '../../src/wire/index.js';
import { leastCpuMs } from '../fuzz/mutate.js';
import { hex, name, record, toHex } from './octet-text.js';

function message(fields: Partial<EncodableMessage>): EncodableMessage {
  return { id: 1, isResponse: true, questions: [], ...fields };
}

function decoded(octets: Uint8Array): Message {
  const result = decodeMessage(octets);
  if (!result.ok) throw new Error(`does not decode: ${result.fault.reason}`);
  return result.value;
}

const question = { name: name('www.example.com.'), type: RRType.A, class: 1 };
const edns = { udpSizeOctets: 1232, version: 0, dnssecOk: true, flags: 0x8000, options: [] };

t.test('RFC 3597 §4: names are compressed in RFC 1035 types and in no other', (t) => {
  const target = name('mail.example.com.').octets;
  const u16 = Uint8Array.of(0, 10);
  const sizeOfRdata = (type: number, rdata: Uint8Array): number => {
    const fields = { questions: [question], answer: [record('www.example.com.', type, rdata)] };
    const octets = encodeMessage(message(fields), { maxOctets: 512 });
    t.equal(toHex(decoded(octets).answer[0]!.rdata), toHex(rdata), `type ${type} comes back`);
    // Header, question, and a record whose owner is a pointer.
    return octets.length - 12 - 21 - 12;
  };
  const compressed = 'mail'.length + 1 + 2;
  for (const type of [RRType.NS, RRType.CNAME, RRType.PTR, RRType.MB]) {
    t.equal(sizeOfRdata(type, target), compressed, `type ${type}`);
  }
  t.equal(sizeOfRdata(RRType.MX, concatOctets(u16, target)), 2 + compressed);
  const soa = concatOctets(target, name('root.mail.example.com.').octets, new Uint8Array(20));
  t.equal(sizeOfRdata(RRType.SOA, soa), compressed + 'root'.length + 1 + 2 + 20);
  const srv = concatOctets(u16, u16, u16, target);
  for (const [type, rdata] of [
    [RRType.DNAME, target],
    [RRType.SRV, srv],
    [RRType.KX, concatOctets(u16, target)],
    [RRType.NSEC, concatOctets(target, hex('0001 40'))],
    [RRType.RRSIG, concatOctets(new Uint8Array(18), target, new Uint8Array(64))],
    [RRType.RP, concatOctets(target, target)],
    [RRType.SVCB, concatOctets(u16, target)],
    [65280, target],
  ] as const) {
    t.equal(sizeOfRdata(type, rdata), rdata.length, `type ${type} is left whole`);
  }
  t.end();
});

t.test('RFC 1035 §4.1.4: the longest suffix seen before is pointed at', (t) => {
  const answer = [
    record('www.example.com.', RRType.CNAME, name('host.example.com.').octets),
    record('host.example.com.', RRType.A, hex('c0000201')),
    record('other.net.', RRType.A, hex('c0000202')),
    record('.', RRType.NS, name('a.other.net.').octets),
  ];
  const fields = message({ questions: [question], answer });
  const octets = encodeMessage(fields, { maxOctets: 512 });
  const expected = `0001 8000 0001 0004 0000 0000
    03"www"07"example"03"com"00 0001 0001
    c00c 0005 0001 0000012c 0007 04"host"c010
    c02d 0001 0001 0000012c 0004 c0000201
    05"other"03"net"00 0001 0001 0000012c 0004 c0000202
    00 0002 0001 0000012c 0004 01"a"c044`;
  t.equal(toHex(octets), toHex(hex(expected)));
  const plain = encodeMessage(fields, { maxOctets: 512, compress: false });
  t.equal(plain.length, 12 + 21 + (17 + 28) + (18 + 14) + (11 + 14) + (1 + 10 + 13));
  t.same(decoded(plain).answer.length, 4);
  t.end();
});

t.test(
  'RFC 4343 §4: an owner takes the case of an equal name before it, RDATA keep theirs',
  (t) => {
    const asked = { ...question, name: name('wWw.eXaMpLe.CoM.') };
    const answer = [
      record('www.example.com.', RRType.CNAME, name('www.EXAMPLE.com.').octets),
      record('www.EXAMPLE.com.', RRType.A, hex('c0000201')),
    ];
    const octets = encodeMessage(message({ questions: [asked], answer }), { maxOctets: 512 });
    const result = decoded(octets);
    t.equal(String(result.questions[0]!.name), 'wWw.eXaMpLe.CoM.');
    t.equal(String(result.answer[0]!.owner), 'wWw.eXaMpLe.CoM.');
    t.equal(toHex(result.answer[0]!.rdata), toHex(name('www.EXAMPLE.com.').octets));
    t.ok(result.answer[1]!.owner.equals(asked.name));
    t.end();
  },
);

t.test('CVE-2024-8508: no set of names makes compression expensive', (t) => {
  const answer: ResourceRecord[] = [];
  for (let index = 0; index < 1300; index++) {
    const labels = Array.from({ length: 9 }, (_, at) => Uint8Array.of(index >> 8, index & 255, at));
    const owner = Name.fromLabels(labels)!;
    answer.push({ owner, type: RRType.NS, class: 1, ttlSeconds: 1, rdata: owner.octets });
  }
  const fields = message({ answer });
  const best = leastCpuMs(() => encodeMessage(fields, { maxOctets: 0xffff }), 10);
  const octets = encodeMessage(fields, { maxOctets: 0xffff });
  t.ok(best < 5, `1,300 names without a common suffix take ${best.toFixed(2)} ms`);
  const result = decoded(octets);
  t.ok(result.truncated, 'and what does not fit is cut');
  t.ok(result.answer.length > 700);
  t.equal(MAX_COMPRESSION_LOOKUPS, 256);
  t.ok(result.answer.every((each, index) => each.owner.equals(answer[index]!.owner)));
  t.end();
});

t.test('names that nest in themselves do not point into what is still being written', (t) => {
  const answer = ['a.', 'a.a.', 'a.a.a.', 'b.a.', 'a.b.a.', 'a.a.b.a.a.'].map((owner) =>
    record(owner, RRType.NS, name(`ns.${owner}`).octets),
  );
  const result = decoded(encodeMessage(message({ answer }), { maxOctets: 512 }));
  t.same(
    result.answer.map((each) => [String(each.owner), toHex(each.rdata)]),
    answer.map((each) => [String(each.owner), toHex(each.rdata)]),
  );
  t.end();
});

t.test('a suffix whose hash collides with its own name is not mistaken for it', (t) => {
  // Found by search: the hash of "oluqqe." falls where that of "oluqqe.oluqqe." stands, equal in
  // every bit that is compared, while the octets behind the first label are still an older
  // message's; zeros there look like the end of the name.
  const zeros = record('x.', 65280, new Uint8Array(300));
  encodeMessage(message({ answer: [zeros] }), { maxOctets: 512 });
  for (const label of ['oluqqe', 'bljwkf']) {
    const owner = `${label}.${label}.`;
    const octets = encodeMessage(message({ answer: [record(owner, 65280, new Uint8Array(9))] }), {
      maxOctets: 512,
    });
    t.equal(String(decoded(octets).answer[0]!.owner), owner);
    encodeMessage(message({ answer: [zeros] }), { maxOctets: 512 });
  }
  t.end();
});

t.test('pointers reach only 16,383 octets far', (t) => {
  const answer = Array.from({ length: 300 }, (_, index) =>
    record(
      `host${index}.example.com.`,
      RRType.TXT,
      concatOctets(Uint8Array.of(99), new Uint8Array(99).fill(index)),
    ),
  );
  const octets = encodeMessage(message({ answer }), { maxOctets: 0xffff });
  t.ok(octets.length > 0x4000 + 0x1000);
  const result = decoded(octets);
  t.ok(result.answer.every((each, index) => each.owner.equals(answer[index]!.owner)));
  t.end();
});

t.test('RFC 2181 §9: additional records go first, then whole RRsets with TC', (t) => {
  const rrset = (owner: string, count: number): ResourceRecord[] =>
    Array.from({ length: count }, (_, index) =>
      record(owner, RRType.A, Uint8Array.of(10, 0, 0, index)),
    );
  const signature = (owner: string): ResourceRecord =>
    record(
      owner,
      RRType.RRSIG,
      concatOctets(hex('0001 0d02'), new Uint8Array(14), hex('00'), new Uint8Array(64)),
    );
  const fields = message({
    questions: [question],
    answer: [...rrset('www.example.com.', 4), signature('www.example.com.')],
    authority: [...rrset('b.example.com.', 3), signature('b.example.com.')],
    additional: [...rrset('c.example.com.', 2), ...rrset('d.example.com.', 2)],
    edns,
  });
  const whole = encodeMessage(fields, { maxOctets: 4096 });
  const shape = (maxOctets: number): unknown[] => {
    const octets = encodeMessage(fields, { maxOctets });
    t.ok(octets.length <= maxOctets, `${octets.length} octets are at most ${maxOctets}`);
    const { answer, authority, additional, truncated, edns: opt } = decoded(octets);
    t.equal(opt?.udpSizeOctets, 1232, 'OPT is always kept');
    return [answer.length, authority.length, additional.length, truncated];
  };
  t.same(shape(whole.length), [5, 4, 4, false], 'it fits exactly');
  // An RRset of two addresses takes 18 octets and 16 more.
  t.same(shape(whole.length - 1), [5, 4, 2, false], 'one additional RRset goes, without TC');
  t.same(shape(whole.length - 34), [5, 4, 2, false]);
  t.same(shape(whole.length - 35), [5, 4, 0, false], 'no half RRset stays');
  t.same(shape(whole.length - 68), [5, 4, 0, false]);
  t.same(shape(whole.length - 69), [5, 0, 0, true], 'authority goes whole, with TC');
  t.same(shape(260), [5, 0, 0, true]);
  t.same(shape(150), [0, 0, 0, true], 'the signature takes its RRset along');
  t.equal(
    decoded(encodeMessage({ ...fields, truncated: true }, { maxOctets: 4096 })).truncated,
    true,
  );
  t.end();
});

t.test('RFC 6891 §6.1.3: the upper bits of the rcode go into OPT', (t) => {
  const octets = encodeMessage(message({ rcode: 23, edns }), { maxOctets: 512 });
  t.equal(octets[3]! & 15, 7);
  t.equal(octets[17], 1);
  t.equal(decoded(octets).rcode, 23);
  const options = [
    { code: 3, data: hex('aabb') },
    { code: 65001, data: hex('') },
  ];
  const again = decoded(encodeMessage(message({ edns: { ...edns, options } }), { maxOctets: 512 }));
  t.same(
    again.edns!.options.map((option) => [option.code, toHex(option.data)]),
    [
      [3, 'aabb'],
      [65001, ''],
    ],
  );
  t.end();
});

t.test('queries', (t) => {
  const plain = buildQuery({ id: 0xabcd, name: name('eXample.'), type: 52, class: 1 });
  t.equal(toHex(plain), toHex(hex('abcd 0000 0001 0000 0000 0000 07"eXample"00 0034 0001')));
  const options = [{ code: 10, data: hex('0102030405060708') }];
  const full = buildQuery({
    id: 1,
    name: name('a.'),
    type: RRType.MX,
    class: 1,
    recursionDesired: true,
    checkingDisabled: true,
    edns: { udpSizeOctets: 1232, dnssecOk: true, options },
  });
  const expected = `0001 0110 0001 0000 0000 0001 01"a"00 000f 0001
    00 0029 04d0 00 00 8000 000c 000a 0008 0102030405060708`;
  t.equal(toHex(full), toHex(hex(expected)));
  const result = decoded(full);
  t.match(result, { recursionDesired: true, checkingDisabled: true, isResponse: false });
  t.equal(result.edns!.dnssecOk, true);
  t.end();
});
