/** dns-packet as an independent second opinion on ordinary messages (never on hostile ones). */
import packet, { type Answer, type Packet } from 'dns-packet';
import t from 'tap';
import { formatRdata } from '../../src/presentation/index.js';
import {
  decodeMessage,
  encodeMessage,
  type Message,
  parseDs,
  parseMx,
  parseRrsig,
  parseTxt,
  RRType,
  typeMnemonic,
} from '../../src/wire/index.js';

const ANSWERS: Answer[] = [
  { type: 'A', name: 'mail.example.com', ttl: 300, data: '192.0.2.1' },
  { type: 'AAAA', name: 'mail.example.com', ttl: 300, data: '2001:db8::1:0:0:1' },
  { type: 'CNAME', name: 'www.example.com', ttl: 60, data: 'mail.example.com' },
  { type: 'DNAME', name: 'old.example.com', ttl: 60, data: 'new.example.net' },
  { type: 'NS', name: 'example.com', ttl: 86400, data: 'ns1.example.com' },
  { type: 'PTR', name: '1.2.0.192.in-addr.arpa', ttl: 60, data: 'mail.example.com' },
  {
    type: 'MX',
    name: 'example.com',
    ttl: 3600,
    data: { preference: 10, exchange: 'mail.example.com' },
  },
  { type: 'TXT', name: 'example.com', ttl: 5, data: ['v=spf1 -all', 'second'] },
  {
    type: 'SRV',
    name: '_sip._tcp.example.com',
    ttl: 30,
    data: { priority: 1, weight: 2, port: 5060, target: 'sip.example.com' },
  },
  {
    type: 'SOA',
    name: 'example.com',
    ttl: 300,
    data: {
      mname: 'ns1.example.com',
      rname: 'hostmaster.example.com',
      serial: 2024010101,
      refresh: 7200,
      retry: 3600,
      expire: 1209600,
      minimum: 300,
    },
  },
  {
    type: 'DS',
    name: 'child.example.com',
    ttl: 3600,
    data: { keyTag: 20326, algorithm: 8, digestType: 2, digest: Buffer.alloc(32, 7) },
  },
  {
    type: 'DNSKEY',
    name: 'example.com',
    ttl: 3600,
    data: { flags: 257, algorithm: 13, key: Buffer.alloc(64, 9) },
  },
  {
    type: 'RRSIG',
    name: 'mail.example.com',
    ttl: 300,
    data: {
      typeCovered: 'A',
      algorithm: 13,
      labels: 3,
      originalTTL: 300,
      expiration: 1893456000,
      inception: 1577836800,
      keyTag: 4711,
      signersName: 'example.com',
      signature: Buffer.alloc(64, 3),
    },
  },
  {
    type: 'NSEC',
    name: 'a.example.com',
    ttl: 300,
    data: { nextDomain: 'b.example.com', rrtypes: ['A', 'MX', 'RRSIG', 'NSEC', 'CAA'] },
  },
  {
    type: 'NSEC3',
    name: 'p0.example.com',
    ttl: 300,
    data: {
      algorithm: 1,
      flags: 1,
      iterations: 5,
      salt: Buffer.from('aabb', 'hex'),
      nextDomain: Buffer.alloc(20, 5),
      rrtypes: ['A', 'RRSIG'],
    },
  },
  {
    type: 'CAA',
    name: 'example.com',
    ttl: 60,
    data: { flags: 0, tag: 'issue', value: 'ca.example' },
  },
  {
    type: 'TLSA',
    name: '_25._tcp.mail.example.com',
    ttl: 60,
    data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(32, 1) },
  },
  {
    type: 'SSHFP',
    name: 'mail.example.com',
    ttl: 60,
    data: { algorithm: 1, hash: 1, fingerprint: '00'.repeat(20) },
  },
  {
    type: 'NAPTR',
    name: 'example.com',
    ttl: 60,
    data: {
      order: 1,
      preference: 2,
      flags: 'S',
      services: 'SIP+D2T',
      regexp: '',
      replacement: 'sip.example.com',
    },
  },
  { type: 'HINFO', name: 'example.com', ttl: 60, data: { cpu: 'RFC8482', os: '' } },
  {
    type: 'RP',
    name: 'example.com',
    ttl: 60,
    data: { mbox: 'admin.example.com', txt: 'txt.example.com' },
  },
];

function theirMessage(): Packet {
  return {
    type: 'response',
    id: 4242,
    flags: packet.AUTHORITATIVE_ANSWER | packet.RECURSION_DESIRED | packet.AUTHENTIC_DATA,
    questions: [{ type: 'MX', class: 'IN', name: 'example.com' }],
    answers: ANSWERS,
    additionals: [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: 1232,
        flags: packet.DNSSEC_OK,
        options: [],
      } as unknown as Answer,
    ],
  };
}

function ours(octets: Uint8Array): Message {
  const decoded = decodeMessage(octets);
  if (!decoded.ok) throw new Error(`refused: ${decoded.fault.reason}`);
  return decoded.value;
}

t.test('what dns-packet encodes, we decode to the same', (t) => {
  const message = ours(packet.encode(theirMessage()));
  t.equal(message.id, 4242);
  t.match(message, {
    isResponse: true,
    authoritative: true,
    authenticData: true,
    truncated: false,
  });
  t.match(message.edns, { udpSizeOctets: 1232, dnssecOk: true });
  t.equal(message.answer.length, ANSWERS.length);
  for (let index = 0; index < ANSWERS.length; index++) {
    const theirs = ANSWERS[index]!;
    const record = message.answer[index]!;
    t.equal(typeMnemonic(record.type), theirs.type);
    t.equal(String(record.owner), `${theirs.name}.`);
    t.equal(record.ttlSeconds, (theirs as { ttl: number }).ttl);
    t.notMatch(formatRdata(record.type, record.rdata), /^\\#/, `${theirs.type} is understood`);
  }
  const rdataOf = (type: number): Uint8Array =>
    message.answer.find((record) => record.type === type)!.rdata;
  t.equal(String(parseMx(rdataOf(RRType.MX))!.exchange), 'mail.example.com.');
  t.equal(parseDs(rdataOf(RRType.DS))!.keyTag, 20326);
  t.equal(parseRrsig(rdataOf(RRType.RRSIG))!.expirationSeconds, 1893456000);
  t.equal(String(parseRrsig(rdataOf(RRType.RRSIG))!.signer), 'example.com.');
  t.equal(parseTxt(rdataOf(RRType.TXT))!.strings.length, 2);
  t.equal(formatRdata(RRType.NSEC, rdataOf(RRType.NSEC)), 'b.example.com. A MX RRSIG NSEC CAA');
  t.equal(formatRdata(RRType.CAA, rdataOf(RRType.CAA)), '0 issue "ca.example"');
  t.equal(formatRdata(RRType.AAAA, rdataOf(RRType.AAAA)), '2001:db8::1:0:0:1');
  t.end();
});

t.test('what we encode, dns-packet decodes to the same', (t) => {
  const message = ours(packet.encode(theirMessage()));
  const original = packet.decode(packet.encode(theirMessage()));
  const octets = encodeMessage(message, { maxOctets: 0xffff });
  t.ok(octets.length < packet.encode(theirMessage()).length, 'and ours is shorter');
  const theirs = packet.decode(Buffer.from(octets));
  t.equal(theirs.id, 4242);
  t.equal(theirs.flags, original.flags);
  t.same(theirs.questions, original.questions);
  t.same(theirs.answers, original.answers);
  t.same(theirs.additionals, original.additionals);
  t.end();
});

t.test('a changed octet is seen by both', (t) => {
  const octets = packet.encode(theirMessage());
  const changed = Buffer.from(octets);
  const address = changed.indexOf(Buffer.from([192, 0, 2, 1]));
  changed[address + 3] = 2;
  t.notSame(packet.decode(changed).answers, packet.decode(octets).answers);
  t.equal(formatRdata(RRType.A, ours(changed).answer[0]!.rdata), '192.0.2.2');
  t.end();
});
