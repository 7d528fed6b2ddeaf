/** Names: RFC 1035 §3.1, RFC 4034 §6.1, RFC 4343; addresses: RFC 4291, RFC 5952. */
import t from 'tap';
import { parseName } from '../../src/presentation/index.js';
import { groupRRsets, IpAddress, IpPrefix, Name, octetKey } from '../../src/wire/index.js';
import { longestName, randomName } from '../fuzz/generate.js';
import { chooseSeed, Prng } from '../fuzz/mutate.js';
import { hex, name, record, toHex } from './octet-text.js';

const seed = chooseSeed();
t.comment(`replay with ANCHORITE_SEED=${seed}`);

t.test('RFC 1035 §3.1, §2.3.4: what is a name', (t) => {
  t.equal(Name.fromOctets(hex('00'))?.isRoot, true);
  t.equal(Name.fromOctets(hex('03"com"00'))?.labelCount, 1);
  t.equal(Name.fromOctets(hex('03"com"')), undefined, 'no end');
  t.equal(Name.fromOctets(hex('03"com"0000')), undefined, 'two ends');
  t.equal(Name.fromOctets(hex('')), undefined);
  t.equal(Name.fromOctets(hex('c00c')), undefined, 'a pointer is no name');
  t.equal(Name.fromOctets(hex(`40${'61'.repeat(64)}00`)), undefined, 'a label of 64');
  const prng = new Prng(seed);
  t.equal(longestName(prng).octets.length, 255);
  t.equal(longestName(prng).prepend(hex('61')), undefined, 'nothing fits before the longest');
  t.equal(longestName(prng).wildcard(), undefined);
  t.equal(Name.fromLabels([new Uint8Array(64)]), undefined);
  t.equal(Name.fromLabels([new Uint8Array(0)]), undefined);
  t.end();
});

t.test('RFC 4343: letters have no case, other octets are themselves', (t) => {
  t.ok(name('ExAmPlE.').equals(name('eXaMpLe.')));
  t.equal(name('ExAmPlE.').key, name('eXaMpLe.').key);
  t.notOk(name('\\192.').equals(name('\\224.')), 'À and à in Latin-1 are different octets');
  t.notOk(name('\\064.').equals(name('\\096.')), '@ and ` differ by the same bit as letters do');
  t.notOk(name('\\091.').equals(name('\\123.')), 'so do [ and {');
  t.notOk(name('a\\.b.').equals(name('a.b.')), 'a dot in a label is not a separator');
  t.not(name('a\\.b.').key, name('a.b.').key, 'so the cache cannot mix them up');
  t.equal(name('ExAmPlE.').toString(), 'ExAmPlE.', 'case is kept');
  t.equal(toHex(name('ExAmPlE.').canonicalOctets()), toHex(name('example.').octets));
  t.end();
});

t.test('RFC 4034 §6.1: the canonical order of its own example', (t) => {
  const ordered = [
    'example.',
    'a.example.',
    'yljkjljk.a.example.',
    'Z.a.example.',
    'zABC.a.EXAMPLE.',
    'z.example.',
    '\\001.z.example.',
    '*.z.example.',
    '\\200.z.example.',
  ].map(name);
  for (let left = 0; left < ordered.length; left++) {
    for (let right = 0; right < ordered.length; right++) {
      const order = Math.sign(ordered[left]!.compareCanonical(ordered[right]!));
      t.equal(order, Math.sign(left - right), `${ordered[left]} ${ordered[right]}`);
    }
  }
  t.equal(name('A.').compareCanonical(name('a.')), 0);
  t.end();
});

t.test('ancestors', (t) => {
  const mail = name('mx.Mail.example.com.');
  t.ok(mail.isAtOrBelow(name('EXAMPLE.com.')));
  t.ok(mail.isAtOrBelow(mail));
  t.notOk(mail.isBelow(mail));
  t.ok(mail.isBelow(Name.root));
  t.notOk(mail.isAtOrBelow(name('ample.com.')), 'half a label is no ancestor');
  t.notOk(name('x\\003com.').isAtOrBelow(name('com.')), 'nor are octets that look like one');
  t.notOk(name('example.com.').isAtOrBelow(mail));
  t.equal(String(mail.parent()), 'Mail.example.com.');
  t.ok(Name.root.parent().isRoot);
  t.equal(String(mail.suffix(2)), 'example.com.');
  t.ok(mail.suffix(0).isRoot);
  t.equal(mail.suffix(9), mail);
  t.equal(String(mail.commonAncestor(name('a.b.example.COM.'))), 'example.com.');
  t.ok(mail.commonAncestor(name('org.')).isRoot);
  t.equal(toHex(mail.label(1)), toHex(hex('"Mail"')));
  t.equal(
    String(name('a.b.old.').replaceSuffix(name('old.'), name('new.example.'))),
    'a.b.new.example.',
  );
  const long = longestName(new Prng(seed)).parent();
  t.equal(long.prepend(new Uint8Array(10))?.replaceSuffix(Name.root, name('x.'))?.labelCount, 5);
  t.equal(
    long.prepend(new Uint8Array(62))!.replaceSuffix(Name.root, name('x.')),
    undefined,
    'RFC 6672 §2.2: too long is noticed',
  );
  t.equal(String(name('example.').wildcard()), '*.example.');
  t.ok(name('*.example.').isWildcard);
  t.notOk(name('\\*a.example.').isWildcard);
  t.notOk(name('a.*.example.').isWildcard);
  t.end();
});

t.test('every name survives its text, its octets and its ancestors', (t) => {
  const prng = new Prng(seed);
  let wrong = 0;
  for (let round = 0; round < 20_000; round++) {
    const any = round % 50 === 0 ? longestName(prng) : randomName(prng, [randomName(prng)]);
    const back = parseName(any.toString());
    if (back === undefined || toHex(back.octets) !== toHex(any.octets)) wrong++;
    if (Name.fromOctets(any.octets.slice())?.labelCount !== any.labelCount) wrong++;
    if (toHex(Name.fromLabels(any.labels())!.octets) !== toHex(any.octets)) wrong++;
    for (let labels = 0; labels <= any.labelCount; labels++) {
      if (any.suffix(labels).labelCount !== labels || !any.isAtOrBelow(any.suffix(labels))) wrong++;
    }
    if (octetKey(any.canonicalOctets()) !== any.key) wrong++;
  }
  t.equal(wrong, 0, `seed ${seed}`);
  t.end();
});

t.test('canonical order is a total order that agrees with comparing reversed labels', (t) => {
  const prng = new Prng(seed ^ 3);
  const suffixes = [randomName(prng), randomName(prng)];
  let wrong = 0;
  for (let round = 0; round < 20_000; round++) {
    const a = randomName(prng, suffixes);
    const b = randomName(prng, suffixes);
    const reversed = (each: Name): string =>
      each
        .labels()
        .reverse()
        .map((label) =>
          Buffer.from(label)
            .toString('latin1')
            .replace(/[A-Z]/g, (upper) => upper.toLowerCase()),
        )
        .map((label) =>
          [...label].map((octet) => String.fromCharCode(octet.charCodeAt(0) + 1)).join(''),
        )
        .join('\0');
    const expected = reversed(a) < reversed(b) ? -1 : reversed(a) > reversed(b) ? 1 : 0;
    if (Math.sign(a.compareCanonical(b)) !== expected) wrong++;
    if (Math.sign(b.compareCanonical(a)) !== -expected) wrong++;
    if ((expected === 0) !== a.equals(b)) wrong++;
  }
  t.equal(wrong, 0, `seed ${seed}`);
  t.end();
});

t.test('RFC 5952: addresses have one text', (t) => {
  const same = ['0.0.0.0', '192.0.2.1', '255.255.255.255', '::', '::1', '1::', '2001:db8::1'];
  same.push('2001:db8:0:1:1:1:1:1', '2001:0:0:1::1', '::ffff:192.0.2.1', 'fe80::1:0:0:1');
  for (const text of same) t.equal(String(IpAddress.parse(text)), text);
  const shortened = {
    '2001:0DB8:0000:0000:0000:0000:0000:0001': '2001:db8::1',
    '2001:db8::0:1': '2001:db8::1',
    '2001:db8:0:0:1:0:0:1': '2001:db8::1:0:0:1',
    '1:0:0:0:0:0:0:0': '1::',
    '::FFFF:c000:201': '::ffff:192.0.2.1',
    '::192.0.2.1': '::c000:201',
  };
  for (const [text, canonical] of Object.entries(shortened)) {
    t.equal(String(IpAddress.parse(text)), canonical, text);
  }
  const bad = ['', '1.2.3', '1.2.3.4.5', '1.2.3.256', '01.2.3.4', '1.2.3.4 ', '+1.2.3.4', '1.2.3.'];
  bad.push(':', ':::', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '::1::', '1::2::3', '12345::', 'g::');
  bad.push(
    '1:2:3:4:5:6:7::8:9',
    'fe80::1%eth0',
    '1.2.3.4::',
    '::1.2.3',
    '1:2:3:4:5:6:7:1.2.3.4',
    '0x1.2.3.4',
  );
  bad.push(`${'0:'.repeat(40)}1`, '1:2:3:4:5:6:7:', ':1:2:3:4:5:6:7');
  for (const text of bad) t.equal(IpAddress.parse(text), undefined, `${text} is none`);
  t.equal(IpAddress.fromOctets(new Uint8Array(5)), undefined);
  t.ok(IpAddress.parse('127.3.2.1')!.isLoopback);
  t.ok(IpAddress.parse('::1')!.isLoopback);
  t.ok(IpAddress.parse('::ffff:127.0.0.1')!.isLoopback);
  t.notOk(IpAddress.parse('::ffff:10.0.0.1')!.isLoopback);
  t.equal(String(IpAddress.parse('::ffff:10.0.0.1')!.unmapped()), '10.0.0.1');
  t.not(IpAddress.parse('::ffff:10.0.0.1')!.key, IpAddress.parse('10.0.0.1')!.key);
  t.end();
});

t.test('prefixes', (t) => {
  const isIn = (address: string, prefix: string): boolean =>
    IpAddress.parse(address)!.isIn(IpPrefix.parse(prefix)!);
  t.ok(isIn('10.255.0.1', '10.0.0.0/8'));
  t.notOk(isIn('11.0.0.1', '10.0.0.0/8'));
  t.ok(isIn('192.0.2.129', '192.0.2.128/25'));
  t.notOk(isIn('192.0.2.127', '192.0.2.128/25'));
  t.ok(isIn('192.0.2.1', '0.0.0.0/0'));
  t.notOk(isIn('::1', '0.0.0.0/0'), 'IPv6 is in no IPv4 prefix');
  t.ok(isIn('2001:db8:ffff::', '2001:db8::/32'));
  t.notOk(isIn('2001:db9::', '2001:db8::/32'));
  t.ok(isIn('::1', '::1'));
  t.equal(String(IpPrefix.parse('10.1.2.3/8')), '10.0.0.0/8');
  for (const bad of [
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '::/129',
    '/8',
    '10.0.0.0/08',
    'x/8',
  ]) {
    t.equal(IpPrefix.parse(bad), undefined, bad);
  }
  t.end();
});

t.test('names are compared by octets also when grouping', (t) => {
  const sets = groupRRsets([
    record('a\\.b.', 1, hex('c0000201')),
    record('a.b.', 1, hex('c0000201')),
    record('A.B.', 1, hex('c0000202')),
  ]);
  t.same(
    sets.map((set) => set.rdatas.length),
    [1, 2],
  );
  t.end();
});
