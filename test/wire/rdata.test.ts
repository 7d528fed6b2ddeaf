/** RDATA: views, checks and canonical form. Octets are worked examples of the RFCs named. */
import t from 'tap';
import {
  buildRdata,
  buildSignedPrefix,
  canonicalRdata,
  concatOctets,
  equalOctets,
  isRevoked,
  isSep,
  isZoneKey,
  layoutOf,
  nameOfRdata,
  parseCaa,
  parseCsync,
  parseDnskey,
  parseDs,
  parseNaptr,
  parseNsec,
  parseNsec3,
  parseNsec3Param,
  parseRdata,
  parseRrsig,
  parseSoa,
  parseSrv,
  parseSvcb,
  parseTlsa,
  parseTxt,
  parseZonemd,
  RRType,
  rdataIsWellFormed,
  TypeBitmap,
  typeMnemonic,
  typeOfRdata,
  typesWithLayout,
  uncompressedNameEnd,
} from '../../src/wire/index.js';
import { randomName, randomRdata } from '../fuzz/generate.js';
import { chooseSeed, MUTATORS, Prng } from '../fuzz/mutate.js';
import { hex, name, toHex } from './octet-text.js';

const seed = chooseSeed();
t.comment(`replay with ANCHORITE_SEED=${seed}`);

t.test('RFC 4034 §3.1: RRSIG', (t) => {
  // The example of RFC 4034 §3.3.
  const signature = Buffer.from(
    'oJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip8WTrPYGv07h108dUKGMeDPKijVCHX3DDKdfb+v6oB9wfuh3DTJXUAfI/' +
      'M0zmO/zz8bW0Rznl8O3tGNazPwQKkRN20XPXV6nwwfoXmJQbsLNrLfkGJ5D6fwFm8nN+6pBzeDQfsS3Ap3o=',
    'base64',
  );
  const prefix = hex('0001 05 03 00015180 3e7c9dd7 3e5510d7 0a52 07"example"03"com"00');
  const rrsig = parseRrsig(concatOctets(prefix, signature))!;
  t.match(rrsig, { typeCovered: 1, algorithm: 5, labels: 3, originalTtlSeconds: 86400 });
  t.match(rrsig, { expirationSeconds: 1048354263, inceptionSeconds: 1045762263, keyTag: 2642 });
  t.equal(String(rrsig.signer), 'example.com.');
  t.equal(toHex(rrsig.signature), signature.toString('hex'));
  t.equal(toHex(rrsig.signedPrefix), toHex(prefix));
  t.equal(toHex(buildSignedPrefix(rrsig)), toHex(prefix));
  const late = parseRrsig(hex('0001 05 03 ffffffff ffffffff 80000000 0a52 00 01'))!;
  t.equal(late.expirationSeconds, 0xffffffff, 'times are unsigned');
  t.equal(late.inceptionSeconds, 0x80000000);
  t.equal(late.originalTtlSeconds, 0xffffffff);
  t.equal(parseRrsig(prefix.slice(0, 18)), undefined, 'no signer');
  t.equal(parseRrsig(prefix.slice(0, 25)), undefined, 'half a signer');
  t.equal(parseRrsig(concatOctets(prefix.slice(0, 18), hex('c00c'))), undefined, 'compressed');
  t.notOk(rdataIsWellFormed(RRType.RRSIG, prefix), 'no signature');
  t.ok(rdataIsWellFormed(RRType.RRSIG, concatOctets(prefix, hex('00'))));
  t.end();
});

t.test('RFC 4034 §2.1, RFC 5011 §3: DNSKEY and its flags', (t) => {
  const key = parseDnskey(hex('0101 03 0d aabb'))!;
  t.match(key, { flags: 257, protocol: 3, algorithm: 13 });
  t.same([isZoneKey(key), isSep(key), isRevoked(key)], [true, true, false]);
  const flagsOf = (flags: string): boolean[] => {
    const each = parseDnskey(hex(`${flags} 03 0d aabb`))!;
    return [isZoneKey(each), isSep(each), isRevoked(each)];
  };
  t.same(flagsOf('0100'), [true, false, false]);
  t.same(flagsOf('0181'), [true, true, true]);
  t.same(flagsOf('0001'), [false, true, false]);
  t.same(
    flagsOf('8000'),
    [false, false, false],
    'the zone key flag is bit 7, counted from the left',
  );
  t.equal(parseDnskey(hex('0101 03')), undefined);
  t.equal(toHex(parseDnskey(hex('0101 05 0d aa'))!.publicKey), 'aa', 'other protocols are read');
  t.end();
});

t.test('RFC 4034 §5.1: DS', (t) => {
  t.match(parseDs(hex('4f66 08 02 e06d')), { keyTag: 20326, algorithm: 8, digestType: 2 });
  t.equal(parseDs(hex('4f66 08 02')), undefined, 'no digest');
  t.notOk(rdataIsWellFormed(RRType.DS, hex('4f66 08 02')));
  t.ok(rdataIsWellFormed(RRType.CDS, hex('0000 00 00 00')), 'RFC 8078 §4: the delete request');
  t.end();
});

t.test('RFC 4034 §4.1: NSEC and its bit map', (t) => {
  // The example of RFC 4034 §4.3: host.example.com. A MX RRSIG NSEC TYPE1234
  const rdata = hex(`04"host"07"example"03"com"00
    0006 400100000003 041b 000000000000000000000000000000000000000000000000000020`);
  const nsec = parseNsec(rdata)!;
  t.equal(String(nsec.nextName), 'host.example.com.');
  t.same(nsec.types.types(), [1, 15, 46, 47, 1234]);
  for (const present of [1, 15, 46, 47, 1234]) t.ok(nsec.types.has(present));
  for (const absent of [0, 2, 14, 16, 48, 127, 128, 257, 302, 1233, 1235, 65535]) {
    t.notOk(nsec.types.has(absent), `type ${absent}`);
  }
  t.equal(toHex(TypeBitmap.of([1234, 47, 15, 1, 46, 1]).octets), toHex(nsec.types.octets));
  t.ok(TypeBitmap.of([1, 15]).equals(TypeBitmap.of([15, 1])));
  t.notOk(TypeBitmap.of([1, 15]).equals(TypeBitmap.of([1])));
  const bitmap = (text: string): boolean => TypeBitmap.fromOctets(hex(text)) !== undefined;
  t.ok(bitmap(''), 'none at all (an empty non-terminal of RFC 5155)');
  t.ok(bitmap('0001 40 0101 40'));
  t.ok(bitmap('0002 4000'), 'a trailing zero octet is tolerated');
  t.notOk(bitmap('0101 40 0001 40'), 'blocks out of order');
  t.notOk(bitmap('0001 40 0001 40'), 'a block twice');
  t.notOk(bitmap('0000'), 'an empty block');
  t.notOk(bitmap(`0021 ${'40'.repeat(33)}`), 'a block of 33');
  t.ok(bitmap(`0020 ${'40'.repeat(32)}`));
  t.notOk(bitmap('0002 40'), 'a block that is cut off');
  t.notOk(bitmap('00'), 'half a block head');
  t.equal(parseNsec(hex('c00c 0001 40')), undefined);
  t.equal(parseNsec(hex('01"a"00 0002 40')), undefined);
  t.end();
});

t.test('RFC 5155 §3.2, §4.2: NSEC3 and NSEC3PARAM', (t) => {
  // In the manner of RFC 5155 Appendix A: opt-out, 12 iterations, salt aabbccdd.
  const rdata = hex(`01 01 000c 04 aabbccdd 14 ${'17'.repeat(20)} 0007 62 00 00 00 00 02 90`);
  const nsec3 = parseNsec3(rdata)!;
  t.match(nsec3, { hashAlgorithm: 1, flags: 1, iterations: 12 });
  t.equal(toHex(nsec3.salt), 'aabbccdd');
  t.equal(toHex(nsec3.nextHash), '17'.repeat(20));
  t.same(nsec3.types.types(), [1, 2, 6, 46, 48, 51]);
  t.equal(parseNsec3(hex('01 00 0000 00 14 0102')), undefined, 'a hash cut off');
  t.equal(parseNsec3(hex('01 00 0000 00 00')), undefined, 'no hash');
  t.equal(parseNsec3(hex('01 00 0000 05 aabb')), undefined, 'a salt cut off');
  t.equal(parseNsec3(hex('01 00 0000 00 01 aa 0000')), undefined, 'a bad bit map');
  t.match(parseNsec3Param(hex('01 00 000c 04 aabbccdd')), { iterations: 12 });
  t.equal(parseNsec3Param(hex('01 00 000c 04 aabbccdd 00')), undefined, 'surplus');
  t.end();
});

t.test('hosts, mail, services', (t) => {
  t.equal(String(nameOfRdata(RRType.NS, hex('02"ns"00'))), 'ns.');
  t.equal(nameOfRdata(RRType.NS, hex('02"ns"0000')), undefined);
  t.equal(nameOfRdata(RRType.MX, hex('02"ns"00')), undefined, 'MX is more than a name');
  const soa = parseSoa(hex('01"m"00 01"r"00 ffffffff 00000e10 00000258 00015180 0000012c'))!;
  t.match(soa, { serial: 0xffffffff, refresh: 3600, retry: 600, expire: 86400 });
  t.equal(soa.minimumSeconds, 300);
  t.equal(parseSoa(hex('01"m"00 01"r"00 ffffffff 00000e10 00000258 00015180 000001')), undefined);
  t.match(parseSrv(hex('0001 0002 0019 01"t"00')), { priority: 1, weight: 2, port: 25 });
  t.equal(parseSrv(hex('0001 0002 0019 01"t"')), undefined);
  t.same(parseTxt(hex('03"abc" 00 01"d"'))!.strings.map(toHex), ['616263', '', '64']);
  t.equal(parseTxt(hex('')), undefined, 'RFC 1035 §3.3.14: at least one string');
  t.equal(parseTxt(hex('03"ab"')), undefined);
  const naptr = parseNaptr(hex('0064 000a 01"u" 07"E2U+sip" 02"!!" 00'))!;
  t.match(naptr, { order: 100, preference: 10 });
  t.ok(naptr.replacement.isRoot);
  t.match(parseTlsa(hex('03 01 01 aabb')), { usage: 3, selector: 1, matchingType: 1 });
  t.equal(parseTlsa(hex('03 01 01')), undefined, 'no association data');
  t.match(parseCaa(hex('80 05"issue" "ca.example"')), { flags: 128 });
  t.equal(parseCaa(hex('80 00')), undefined, 'no tag');
  t.equal(parseCaa(hex('80 06"issue"')), undefined);
  t.match(parseCsync(hex('00000042 0003 0004 60000008')), { soaSerial: 66, flags: 3 });
  t.match(parseZonemd(hex(`0000002a 01 02 ${'00'.repeat(12)}`)), { serial: 42, scheme: 1 });
  t.equal(parseZonemd(hex(`0000002a 01 02 ${'00'.repeat(11)}`)), undefined, 'RFC 8976 §2.2.4');
  t.end();
});

t.test('RFC 9460 Appendix D: SVCB', (t) => {
  const svcb = parseSvcb(hex('0010 03"foo"07"example"03"com"00 0003 0002 0035'))!;
  t.equal(svcb.priority, 16);
  t.same(
    svcb.params.map((param) => [param.key, toHex(param.value)]),
    [[3, '0035']],
  );
  t.equal(parseSvcb(hex('0001 00 0003 0002 0035 0001 0003 026832')), undefined, 'keys descend');
  t.equal(parseSvcb(hex('0001 00 0003 0002 0035 0003 0002 0035')), undefined, 'a key twice');
  t.equal(parseSvcb(hex('0001 00 0003 0003 0035')), undefined, 'a value cut off');
  t.equal(parseSvcb(hex('0001 00 0003 00')), undefined);
  t.end();
});

t.test('RFC 4034 §6.2 as corrected by RFC 6840 §5.1: which names are folded', (t) => {
  const upper = hex('03"WWW"07"EXAMPLE"00');
  const lower = hex('03"www"07"example"00');
  const folded: Array<[number, string, string]> = [
    ...[RRType.NS, RRType.MD, RRType.MF, RRType.CNAME, RRType.MB, RRType.MG, RRType.MR].map(
      (type): [number, string, string] => [type, '', ''],
    ),
    [RRType.PTR, '', ''],
    [RRType.DNAME, '', ''],
    [RRType.MX, '000A', ''],
    [RRType.AFSDB, '0041', ''],
    [RRType.RT, '0041', ''],
    [RRType.KX, '0041', ''],
    [RRType.SRV, '0041 0042 0043', ''],
    [RRType.NAPTR, '0041 0042 01"U" 01"E" 01"X"', ''],
    [RRType.SOA, '00', '41424344'.repeat(5)],
    [RRType.MINFO, '00', ''],
    [RRType.RP, '00', ''],
    [RRType.PX, '0041 00', ''],
    [RRType.SIG, '0041 05 03 41424344 41424344 41424344 4142', '41424344'],
    [RRType.RRSIG, '0041 05 03 41424344 41424344 41424344 4142', '41424344'],
    [RRType.NXT, '', '41424344'],
    [RRType.A6, '40 4142434445464748', ''],
  ];
  for (const [type, before, after] of folded) {
    const rdata = concatOctets(hex(before), upper, hex(after));
    const expected = concatOctets(hex(before), lower, hex(after));
    t.equal(toHex(canonicalRdata(type, rdata)), toHex(expected), `${typeMnemonic(type)} is folded`);
    t.equal(canonicalRdata(type, expected), expected, 'and canonical RDATA come back as they are');
  }
  const kept: Array<[number, string, string]> = [
    [RRType.NSEC, '', '0001 41'],
    [RRType.SVCB, '0001', ''],
    [RRType.HTTPS, '0001', ''],
    [RRType.LP, '0001', ''],
    [RRType.TALINK, '00', ''],
    [RRType.HINFO, '', ''],
    [RRType.TXT, '', ''],
    [65280, '', ''],
  ];
  for (const [type, before, after] of kept) {
    const rdata = concatOctets(hex(before), upper, hex(after));
    t.equal(canonicalRdata(type, rdata), rdata, `${typeMnemonic(type)} keeps its case`);
  }
  const hip = concatOctets(hex('01 02 0001 41 41'), upper);
  t.equal(canonicalRdata(RRType.HIP, hip), hip);
  t.equal(canonicalRdata(RRType.A6, hex('00')).length, 1);
  const original = hex('000A 01"A"00');
  t.equal(toHex(canonicalRdata(RRType.MX, original)), '000a016100');
  t.equal(toHex(original), '000a014100', 'the original is not written to');
  t.end();
});

t.test(
  'every type: random RDATA are well-formed, views agree, building gives the octets back',
  (t) => {
    const prng = new Prng(seed);
    for (const type of typesWithLayout()) {
      let wrong = 0;
      for (let round = 0; round < 300; round++) {
        const rdata = randomRdata(prng, type);
        const view = parseRdata(type, rdata);
        if (!rdataIsWellFormed(type, rdata) || !view.ok) wrong++;
        else if (!equalOctets(buildRdata(view.value), rdata)) wrong++;
        else if (typeOfRdata(view.value) !== type) wrong++;
      }
      t.equal(wrong, 0, `${typeMnemonic(type)} (seed ${seed})`);
    }
    t.end();
  },
);

t.test('every type: a view exists exactly when the octets are well-formed', (t) => {
  const prng = new Prng(seed ^ 1);
  const names = ['setOctet', 'truncate', 'extend', 'insert', 'remove', 'nudge', 'setLengthField'];
  for (const type of typesWithLayout()) {
    const valid = parseRdata(type, randomRdata(prng, type));
    if (valid.ok && valid.value.type === 'other') continue;
    let disagreements = 0;
    let malformed = 0;
    for (let round = 0; round < 600; round++) {
      const rdata = randomRdata(prng, type).slice();
      const mutated = MUTATORS[prng.pick(names)]!(prng, rdata, [rdata]);
      const wellFormed = rdataIsWellFormed(type, mutated);
      if (!wellFormed) malformed++;
      if (parseRdata(type, mutated).ok !== wellFormed) disagreements++;
      if (canonicalRdata(type, mutated).length !== mutated.length) disagreements++;
    }
    t.equal(disagreements, 0, `${typeMnemonic(type)} (seed ${seed})`);
    const structured = layoutOf(type)!.fields.some((kind) => kind !== 'base64');
    // The fewest are noticed where most octets are free: of SSHFP seven in 600.
    t.comment(`${typeMnemonic(type)}: ${malformed} of 600 mutations were noticed`);
    if (structured) t.notOk(rdataIsWellFormed(type, new Uint8Array(0)), 'nothing at all');
  }
  t.end();
});

t.test('names inside RDATA end where they end', (t) => {
  t.equal(uncompressedNameEnd(hex('01"a"00 ffff'), 0), 3);
  t.equal(uncompressedNameEnd(hex('ff 01"a"00'), 1), 4);
  t.equal(uncompressedNameEnd(hex('01"a"'), 0), -1);
  t.equal(uncompressedNameEnd(hex('40'), 0), -1);
  const prng = new Prng(seed);
  for (let round = 0; round < 200; round++) {
    const each = randomName(prng);
    if (uncompressedNameEnd(each.octets, 0) !== each.octets.length) t.fail(String(each));
  }
  t.ok(name('a.').octets.length === 3);
  t.end();
});
