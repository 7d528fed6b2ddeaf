/** RDATA in text, both ways, type by type; the text vectors shared with other resolvers. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import {
  formatBase32Hex,
  formatBase64,
  formatRdata,
  formatTime,
  parseBase32Hex,
  parseBase64,
  parseHex,
  parseMasterFile,
  parsePeriod,
  parseRdataText,
  parseRootAnchorsXml,
  parseTime,
  parseTrustAnchors,
  readRootAnchorsXml,
} from '../../src/presentation/index.js';
import {
  concatOctets,
  equalOctets,
  parseDs,
  type ResourceRecord,
  RRType,
  typeFromMnemonic,
  typeMnemonic,
  typesWithLayout,
} from '../../src/wire/index.js';
import { projectPath } from '../vectors/shared-data.js';
import { randomRdata } from '../fuzz/generate.js';
import { chooseSeed, Prng } from '../fuzz/mutate.js';
import { hex, name, toHex } from '../wire/octet-text.js';

const seed = chooseSeed();
t.comment(`replay with ANCHORITE_SEED=${seed}`);

function sharedFile(path: string): string | undefined {
  let root = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(root, 'package.json'))) root = dirname(root);
  const file = join(process.env.ANCHORITE_SHARED ?? join(root, '..', 'shared'), path);
  return existsSync(file) ? file : undefined;
}

/** Type, text, octets; and the canonical text when it differs. */
const CASES: Array<[keyof typeof RRType, string, string, string?]> = [
  ['A', '192.0.2.1', 'c0000201'],
  ['AAAA', '2001:DB8:0::1', '20010db8000000000000000000000001', '2001:db8::1'],
  ['NS', 'ns.Example.', '02"ns"07"Example"00'],
  [
    'SOA',
    'a. b. 1 2h 3 4w 5',
    '01"a"00 01"b"00 00000001 00001c20 00000003 0024ea00 00000005',
    'a. b. 1 7200 3 2419200 5',
  ],
  ['MX', '10 mail.', '000a 04"mail"00'],
  ['TXT', 'a "b c"', '01"a" 03"b c"', '"a" "b c"'],
  ['HINFO', 'RFC8482 ""', '07"RFC8482" 00', '"RFC8482" ""'],
  ['RP', 'a. b.', '01"a"00 01"b"00'],
  ['SRV', '1 2 25 a.', '0001 0002 0019 01"a"00'],
  [
    'NAPTR',
    '100 10 "u" "E2U+sip" "!^.*$!\\\\1!" .',
    '0064 000a 01"u" 07"E2U+sip" 09"!^.*$!"5c"1!" 00',
  ],
  ['DNAME', 'a.b.', '01"a"01"b"00'],
  ['DS', '20326 RSASHA256 2 E06D 44B8', '4f66 08 02 e06d44b8', '20326 8 2 e06d44b8'],
  ['CDS', '0 0 0 00', '0000 00 00 00'],
  ['SSHFP', '4 2 aabb', '04 02 aabb'],
  [
    'RRSIG',
    'A 5 3 86400 20030322173103 20030220173103 2642 example.com. oJB1',
    '0001 05 03 00015180 3e7c9dd7 3e5510d7 0a52 07"example"03"com"00 a09075',
  ],
  [
    'RRSIG',
    'TYPE65280 ED25519 3 1 4294967295 0 1 . AAAA',
    'ff00 0f 03 00000001 ffffffff 00000000 0001 00 000000',
    'TYPE65280 15 3 1 21060207062815 19700101000000 1 . AAAA',
  ],
  [
    'NSEC',
    'host.example.com. A MX RRSIG NSEC TYPE1234',
    '04"host"07"example"03"com"00 0006400100000003 041b000000000000000000000000000000000000000000000000000020',
  ],
  ['NSEC', '\\000.a.', '0100 01"a"00'],
  ['DNSKEY', '257 3 13 qqo=', '0101 03 0d aaaa'],
  ['CDNSKEY', '0 3 0 AA==', '0000 03 00 00'],
  [
    'NSEC3',
    '1 0 0 - 00000000000000000000000000000000',
    '01 00 0000 00 14 0000000000000000000000000000000000000000',
  ],
  ['NSEC3PARAM', '1 0 0 -', '01 00 0000 00'],
  ['NSEC3PARAM', '1 0 12 aabbccdd', '01 00 000c 04 aabbccdd'],
  ['TLSA', '3 1 1 AABB (CC)', '03 01 01 aabbcc', '3 1 1 aabbcc'],
  ['SMIMEA', '3 0 0 aa', '03 00 00 aa'],
  ['OPENPGPKEY', 'qqo=', 'aaaa'],
  ['CSYNC', '66 3 A NS AAAA', '00000042 0003 000460000008'],
  ['ZONEMD', '1 1 1 000102030405060708090a0b', '00000001 01 01 000102030405060708090a0b'],
  ['URI', '10 1 "ftp://example/"', '000a 0001 "ftp://example/"'],
  ['CAA', '0 issue "ca.example; x=\\"y\\""', '00 05"issue" "ca.example; x="22"y"22'],
  ['CAA', '128 tbs Unknown', '80 03"tbs" "Unknown"', '128 tbs "Unknown"'],
  ['EUI48', '00-00-5e-90-01-2a', '00005e90012a'],
  ['EUI64', '00-00-5e-ef-00-00-00-2a', '00005eef0000002a'],
  ['NID', '10 14:4fff:ff20:ee64', '000a 00144fffff20ee64', '10 0014:4fff:ff20:ee64'],
  ['L32', '10 10.1.2.0', '000a 0a010200'],
  ['LP', '10 a.', '000a 01"a"00'],
  [
    'LOC',
    '42 21 54 N 71 06 18 W -24m 30m',
    '00 33 16 13 89172dd0 70be15f0 00988d20',
    '42 21 54.000 N 71 6 18.000 W -24.00m 30.00m 10000.00m 10.00m',
  ],
  ['CERT', 'PKIX 65535 RSASHA256 qqo=', '0001 ffff 08 aaaa', '1 65535 8 qqo='],
  ['IPSECKEY', '10 1 2 192.0.2.38 qqo=', '0a 01 02 c0000226 aaaa'],
  ['IPSECKEY', '10 3 2 gw.example. qqo=', '0a 03 02 02"gw"07"example"00 aaaa'],
  ['IPSECKEY', '10 0 2 . qqo=', '0a 00 02 aaaa'],
  ['HIP', '2 200100 qqo= rv.', '03 02 0002 200100 aaaa 02"rv"00'],
  ['APL', '1:192.168.32.0/21 !2:ff00::/8', '0001 15 03 c0a820 0002 08 81 ff'],
  ['APL', '', ''],
  ['NSAP', '0x47.0005.80', '47000580', '0x47000580'],
];

t.test('each type, text to octets and back', (t) => {
  for (const [mnemonic, text, octets, canonical] of CASES) {
    const type = RRType[mnemonic];
    const rdata = parseRdataText(type, text);
    t.equal(rdata && toHex(rdata), toHex(hex(octets)), `${mnemonic} ${text}`);
    t.equal(formatRdata(type, hex(octets)), canonical ?? text);
  }
  t.end();
});

t.test('RFC 9460 Appendix D: SVCB in text', (t) => {
  const vectors: Array<[string, string, string?]> = [
    ['0 foo.example.com.', '0000 03"foo"07"example"03"com"00'],
    ['1 .', '0001 00'],
    ['16 foo.example.com. port=53', '0010 03"foo"07"example"03"com"00 0003 0002 0035'],
    [
      '1 foo.example.com. key667=hello',
      '0001 03"foo"07"example"03"com"00 029b 0005 "hello"',
      '1 foo.example.com. key667="hello"',
    ],
    [
      '1 foo.example.com. key667="hello\\210qoo"',
      '0001 03"foo"07"example"03"com"00 029b 0009 "hello"d2"qoo"',
    ],
    [
      '1 foo.example.com. ipv6hint="2001:db8::1,2001:db8::53:1"',
      '0001 03"foo"07"example"03"com"00 0006 0020 20010db8000000000000000000000001 20010db8000000000000000000530001',
      '1 foo.example.com. ipv6hint=2001:db8::1,2001:db8::53:1',
    ],
    [
      '16 foo.example.org. (alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1)',
      '0010 03"foo"07"example"03"org"00 0000 0004 0001 0004 0001 0009 02"h2"05"h3-19" 0004 0004 c0000201',
      '16 foo.example.org. mandatory=alpn,ipv4hint alpn="h2,h3-19" ipv4hint=192.0.2.1',
    ],
    [
      '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
      '0010 03"foo"07"example"03"org"00 0001 000c 08"f"5c"oo,bar"02"h2"',
    ],
    [
      '16 foo.example.org. alpn=f\\\\\\092oo\\092,bar,h2',
      '0010 03"foo"07"example"03"org"00 0001 000c 08"f"5c"oo,bar"02"h2"',
      '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
    ],
    [
      '1 . no-default-alpn alpn=h2 ech=qqo= dohpath=/q{?dns} ohttp',
      '0001 00 0001 0003 026832 0002 0000 0005 0002 aaaa 0007 0008 "/q{?dns}" 0008 0000',
      '1 . alpn="h2" no-default-alpn ech=qqo= dohpath="/q{?dns}" ohttp',
    ],
  ];
  for (const [text, octets, canonical] of vectors) {
    const rdata = parseRdataText(RRType.SVCB, text);
    t.equal(rdata && toHex(rdata), toHex(hex(octets)), text);
    t.equal(formatRdata(RRType.HTTPS, hex(octets)), canonical ?? text);
  }
  const bad = [
    '1 . key1',
    '1 . key1=',
    '1 . port=65536',
    '1 . port',
    '1 . ipv4hint=::1',
    '1 . ech=!',
  ];
  bad.push(
    '1 . alpn=',
    '1 . alpn=h2,,h3',
    '1 . foo=1',
    '1 . port=1 port=2',
    '1 . no-default-alpn=x',
    '1',
  );
  for (const text of bad) t.equal(parseRdataText(RRType.SVCB, text), undefined, text);
  t.match(formatRdata(RRType.SVCB, hex('0001 00 0003 0001 35')), /^\\# 8 /, 'a port of one octet');
  t.match(formatRdata(RRType.SVCB, hex('0001 00 0001 0002 0568')), /^\\# 9 /, 'an alpn cut off');
  t.end();
});

t.test('text that is no RDATA', (t) => {
  const bad: Array<[keyof typeof RRType, string]> = [
    ['A', ''],
    ['A', '1.2.3'],
    ['AAAA', '192.0.2.1'],
    ['TXT', ''],
    ['SOA', 'a. b. 1 2 3 4'],
    ['NSEC3', '1 0 0 abc 00000000'],
    ['NSEC3', '1 0 0 - -'],
    ['NSEC3PARAM', '1 0 65536 -'],
    ['TLSA', '3 1 1'],
    ['TLSA', '256 1 1 aa'],
    ['ZONEMD', '1 1 1 aabb'],
    ['CAA', '0 "" x'],
    ['CAA', '0 a-b x'],
    ['URI', '1 1 ""'],
    ['LOC', '91 0 0 N 0 0 0 E 0m'],
    ['LOC', '90 0 1 N 0 0 0 E 0m'],
    ['LOC', '1 60 0 N 0 0 0 E 0m'],
    ['LOC', '1 0 0 E 0 0 0 N 0m'],
    ['LOC', '1 0 0 N 1 0 0 E -100001m'],
    ['APL', '3:1.2.3.4/8'],
    ['APL', '1:1.2.3.4/33'],
    ['APL', '1:::1/8'],
    ['IPSECKEY', '10 1 2 ::1 qqo='],
    ['IPSECKEY', '10 4 2 . qqo='],
    ['EUI48', '00-00-5e-90-01'],
    ['EUI48', '0-00-5e-90-01-2a'],
    ['NID', '1 1:2:3:4:5'],
    ['DHCID', '===='],
    ['NXT', 'a. A'],
    ['MX', '10 a. b.'],
    ['MX', '10 a.\n20 b.'],
    ['WKS', '192.0.2.1 6 25'],
  ];
  for (const [mnemonic, text] of bad) {
    t.equal(parseRdataText(RRType[mnemonic], text), undefined, `${mnemonic} ${text}`);
  }
  t.equal(
    formatRdata(RRType.A, hex('c00002')),
    '\\# 3 c00002',
    'malformed RDATA are shown as octets',
  );
  t.equal(formatRdata(RRType.NULL, hex('')), '\\# 0');
  t.match(formatRdata(RRType.LOC, hex(`00 fa 00 00 ${'80000000'.repeat(3)}`)), /^\\# 16 /);
  t.end();
});

t.test('every type: random RDATA survive their text', (t) => {
  const prng = new Prng(seed);
  for (const type of typesWithLayout()) {
    let wrong = '';
    let opaque = 0;
    for (let round = 0; round < 300; round++) {
      const rdata = randomRdata(prng, type);
      const text = formatRdata(type, rdata);
      if (text.startsWith('\\#')) opaque++;
      const back = parseRdataText(type, text);
      if (back === undefined || !equalOctets(back, rdata)) wrong = text;
    }
    t.equal(wrong, '', `${typeMnemonic(type)} (seed ${seed})`);
    // Random parameter values rarely have the form of their keys; NXT has no text of its own.
    const mayBeOpaque = [RRType.SVCB, RRType.HTTPS, RRType.NXT, RRType.LOC] as number[];
    if (!mayBeOpaque.includes(type)) t.equal(opaque, 0, `${typeMnemonic(type)} has its own text`);
  }
  t.end();
});

t.test('RFC 4648: hexadecimal, base64, base32hex', (t) => {
  const vectors = ['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar'];
  const base64 = ['', 'Zg==', 'Zm8=', 'Zm9v', 'Zm9vYg==', 'Zm9vYmE=', 'Zm9vYmFy'];
  const base32 = ['', 'co', 'cpng', 'cpnmu', 'cpnmuog', 'cpnmuoj1', 'cpnmuoj1e8'];
  for (let index = 0; index < vectors.length; index++) {
    const octets = hex(`"${vectors[index]}"`);
    t.equal(formatBase64(octets), base64[index]);
    t.equal(toHex(parseBase64(base64[index]!)!), toHex(octets));
    t.equal(formatBase32Hex(octets), base32[index]);
    t.equal(toHex(parseBase32Hex(base32[index]!.toUpperCase())!), toHex(octets));
  }
  for (const bad of ['Z', 'Zg', 'Zg=', 'Zh==', 'Zm9=', 'Z===', 'Zg==Zg==', 'Zm9v!', '====']) {
    t.equal(parseBase64(bad), undefined, bad);
  }
  for (const bad of ['c', 'cp1', 'cz', 'w0']) t.equal(parseBase32Hex(bad), undefined, bad);
  for (const bad of ['a', '0g', ' 00', 'é0']) t.equal(parseHex(bad), undefined, bad);
  t.end();
});

t.test('RFC 4034 §3.2: times', (t) => {
  const prng = new Prng(seed);
  for (let round = 0; round < 3000; round++) {
    const seconds = round < 1000 ? 951_782_400 - 500 + round : prng.uint32();
    const iso = new Date(seconds * 1000).toISOString().slice(0, 19).replace(/[-T:]/g, '');
    if (formatTime(seconds) !== iso) t.fail(`${seconds} is ${iso}`);
    if (parseTime(iso) !== seconds) t.fail(`${iso} is ${seconds}`);
  }
  t.equal(parseTime('20240229235959'), 1709251199);
  t.equal(parseTime('4294967295'), 0xffffffff);
  t.equal(parseTime('21060207062816'), 0, 'modulo 2^32');
  for (const bad of ['20230229000000', '20240001000000', '20241301000000', '20240100000000']) {
    t.equal(parseTime(bad), undefined, bad);
  }
  for (const bad of [
    '20240101240000',
    '20240101006000',
    '19691231235959',
    '4294967296',
    '2024',
    '-1',
  ]) {
    t.equal(parseTime(bad), bad === '2024' ? 2024 : undefined, bad);
  }
  t.equal(parsePeriod('1D'), 86_400);
  for (const bad of ['', 'h', '1x', '1h-1', ' 1', '99999999999', '4294967296', '9999999w']) {
    t.equal(parsePeriod(bad), undefined, bad);
  }
  t.end();
});

t.test('trust anchors', (t) => {
  const file = sharedFile('data/root-ds.txt');
  const keys = sharedFile('data/root-dnskey.txt');
  if (file === undefined || keys === undefined)
    t.comment('SKIPPED: no root anchors (ANCHORITE_SHARED)');
  else {
    const { records } = parseTrustAnchors(readFileSync(file, 'utf8'));
    t.same(
      records!.map((record) => parseDs(record.rdata)!.keyTag),
      [20326, 38696],
    );
    t.equal(parseTrustAnchors(readFileSync(keys, 'utf8')).records?.length, 2);
  }
  const unknown = parseTrustAnchors('. IN DS 1 200 2 aabb');
  t.equal(unknown.records?.length, 1, 'unknown algorithms load: the validator warns');
  const other = parseTrustAnchors('. DS 1 8 2 aabb\n\nexample. A 192.0.2.1');
  t.match(other.error, { line: 3, message: /is a DS or DNSKEY record, not A/ });
  t.match(parseTrustAnchors('. CH DS 1 8 2 aabb').error, { message: /class IN/ });
  t.match(parseTrustAnchors('. DS 1 8 2').error, { line: 1 });
  t.same(parseTrustAnchors('').records, []);
  t.end();
});

const XML = `<?xml version="1.0" encoding="UTF-8"?>
<!-- a comment -->
<TrustAnchor id="x" source='y'>
<Zone>.</Zone>
<KeyDigest id="a" validFrom="2017-02-02T00:00:00+00:00" validUntil="2019-01-11T02:00:00+02:00">
<KeyTag>20326</KeyTag><Algorithm>8</Algorithm><DigestType>2</DigestType>
<Digest>E06D 44B8</Digest><!-- another -->
<PublicKey>qqo=</PublicKey><Flags>257</Flags>
</KeyDigest>
<KeyDigest id="b" validFrom="2024-07-18T00:00:00Z"><KeyTag>38696</KeyTag><Algorithm>8</Algorithm>
<DigestType>2</DigestType><Digest>683D</Digest></KeyDigest>
</TrustAnchor>
`;

t.test('RFC 9718: root-anchors.xml', (t) => {
  const [first, second] = parseRootAnchorsXml(XML);
  t.match(first, { keyTag: 20326, algorithm: 8, digestType: 2, flags: 257 });
  t.equal(toHex(first!.digest), 'e06d44b8');
  t.equal(toHex(first!.publicKey!), 'aaaa');
  t.equal(first!.validFromSeconds, Date.UTC(2017, 1, 2) / 1000);
  t.equal(first!.validUntilSeconds, Date.UTC(2019, 0, 11) / 1000, 'time zones count');
  t.equal(second!.validUntilSeconds, undefined);
  const bad: Array<[string, string, RegExp]> = [
    ['<Zone>.</Zone>', '<Zone>org.</Zone>', /not for the root/],
    ['<KeyTag>20326</KeyTag>', '', /lacks its key tag/],
    ['<KeyTag>20326', '<KeyTag>99999', /lacks its key tag/],
    ['E06D 44B8', 'E06', /not hexadecimal/],
    ['E06D 44B8', '', /not hexadecimal/],
    ['2017-02-02T', '2017-02-30T', /no date and time/],
    ['+00:00', '', /no date and time/],
    ['qqo=', 'qqo', /public key/],
    ['257', 'x', /public key/],
    ['</TrustAnchor>', '', /not closed/],
    ['</TrustAnchor>', '</TrustAnchor>x', /follows/],
    ['</KeyTag>', '</Keytag>', /closed by another tag/],
    ['<TrustAnchor id="x"', '<TrustAnchor id="x" id="z"', /given twice/],
    ['E06D', '&amp;', /entities/],
    ['<TrustAnchor', '<!DOCTYPE x []><TrustAnchor', /no name/],
    ['<Zone>.', `${'<a>'.repeat(20)}<Zone>.`, /nested too deeply/],
  ];
  for (const [found, replacement, expected] of bad) {
    const text = XML.replace(found, replacement);
    t.match(readRootAnchorsXml(text).error, expected, replacement);
    t.same(parseRootAnchorsXml(text), []);
  }
  t.match(readRootAnchorsXml('').error, /missing/);
  t.match(readRootAnchorsXml('<TrustAnchor><Zone>.</Zone></TrustAnchor>').error, /no KeyDigest/);
  const file = sharedFile('data/root-anchors.xml');
  if (file === undefined) t.comment('SKIPPED: root-anchors.xml is not there (ANCHORITE_SHARED)');
  else {
    const anchors = parseRootAnchorsXml(readFileSync(file, 'utf8'));
    t.same(
      anchors.map((anchor) => anchor.keyTag),
      [19036, 20326, 38696],
    );
    t.equal(anchors[0]!.validUntilSeconds, Date.UTC(2019, 0, 11) / 1000);
  }
  t.end();
});

// What the vectors contain beyond the types known here: obsolete or meta types, text forms that
// contradict their own RFC (NSAP-PTR data as a string), and leniency we do not share.
const NOT_SUPPORTED = [/\tATMA\t/, /\sWKS\s/, /\tTSIG\t/, /\tNSAP-PTR\t/, /\t42N 71 06 18.3W/];
NOT_SUPPORTED.push(/MX 10 "foo bar.nl"/);

t.test('the text vectors of another implementation', (t) => {
  for (const [part, count, unsupported] of [
    ['4', 42, 3],
    ['5', 110, 10],
  ] as const) {
    const folder = projectPath('test', 'vectors', 'unbound', 'rrtext');
    const file = join(folder, `test_ldnsrr.${part}`);
    const compared = join(folder, `test_ldnsrr.c${part}`);
    const texts = readFileSync(file, 'utf8').split('\n');
    const entries = texts.filter((line) => line.trim() !== '' && !line.startsWith(';'));
    const expected = readFileSync(compared, 'utf8').split('\n');
    t.equal(entries.length, count);
    let skipped = 0;
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[index]!;
      if (NOT_SUPPORTED.some((pattern) => pattern.test(entry))) {
        skipped++;
        continue;
      }
      // Each entry stands alone there: one without an owner belongs to the root.
      const { records, error } = parseMasterFile(/^\s/.test(entry) ? `. ${entry}` : entry);
      const shown = entry.slice(0, 70);
      if (records === undefined) t.fail(`${shown}: ${error.message}`);
      else t.equal(wireForm(records[0]!), expected[2 * index], shown);
    }
    t.equal(skipped, unsupported, 'the list of exceptions is exact');
  }
  t.end();
});

function wireForm({ owner, type, class: rrClass, ttlSeconds, rdata }: ResourceRecord): string {
  const fixed = new Uint8Array(10);
  const view = new DataView(fixed.buffer);
  view.setUint16(0, type);
  view.setUint16(2, rrClass);
  view.setUint32(4, ttlSeconds);
  view.setUint16(8, rdata.length);
  return toHex(concatOctets(owner.octets, fixed, rdata)).toUpperCase();
}

t.test('mnemonics of types in text are those of the registry', (t) => {
  for (const [mnemonic, value] of Object.entries(RRType)) {
    t.equal(typeFromMnemonic(mnemonic), value);
  }
  t.equal(String(name('a.')), 'a.');
  t.end();
});
