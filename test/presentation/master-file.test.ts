/** Master files: RFC 1035 §5, RFC 2308 §4, RFC 3597 §5; real zones; text that is none. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import {
  formatRecord,
  type MasterFileOptions,
  parseMasterFile,
  parseName,
  parseRecord,
  parseRootHints,
  readRootHints,
} from '../../src/presentation/index.js';
import { equalOctets, groupRRsets, parseSoa, RRType } from '../../src/wire/index.js';
import { chooseSeed, leastCpuMs, Prng } from '../fuzz/mutate.js';
import { name, toHex } from '../wire/octet-text.js';

const seed = chooseSeed();
t.comment(`replay with ANCHORITE_SEED=${seed}`);

/** Above the folder that holds package.json, wherever the tests were compiled to. */
function sharedFile(path: string): string | undefined {
  let root = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(root, 'package.json'))) root = dirname(root);
  const file = join(process.env.ANCHORITE_SHARED ?? join(root, '..', 'shared'), path);
  return existsSync(file) ? file : undefined;
}

function lines(text: string, options?: MasterFileOptions): string[] {
  const { records, error } = parseMasterFile(text, options);
  if (error !== undefined) throw new Error(`line ${error.line}: ${error.message}`);
  return records.map((record) => formatRecord(record).replaceAll('\t', ' '));
}

function errorOf(text: string): string {
  const { error } = parseMasterFile(text);
  return error === undefined ? 'accepted' : `${error.line}: ${error.message}`;
}

t.test('RFC 1035 §5.3: the example of the standard', (t) => {
  const text = `@   IN  SOA     VENERA      Action\\.domains (
                                 20     ; SERIAL
                                 7200   ; REFRESH
                                 600    ; RETRY
                                 3600000; EXPIRE
                                 60)    ; MINIMUM

        NS      A.ISI.EDU.
        NS      VENERA
        MX      10      VENERA
        MX      20      VAXA

A       A       26.3.0.103

VENERA  A       10.1.0.52
        A       128.9.0.32
`;
  const { records } = parseMasterFile(text, { origin: name('ISI.EDU.') });
  t.equal(records?.length, 8);
  const soa = parseSoa(records![0]!.rdata)!;
  t.equal(String(soa.mname), 'VENERA.ISI.EDU.');
  t.equal(String(soa.rname), 'Action\\.domains.ISI.EDU.');
  t.match(soa, { serial: 20, refresh: 7200, retry: 600, expire: 3600000, minimumSeconds: 60 });
  t.same(
    records!
      .map((record) => formatRecord({ ...record, ttlSeconds: 0 }).replaceAll('\t', ' '))
      .slice(1),
    [
      'ISI.EDU. 0 IN NS A.ISI.EDU.',
      'ISI.EDU. 0 IN NS VENERA.ISI.EDU.',
      'ISI.EDU. 0 IN MX 10 VENERA.ISI.EDU.',
      'ISI.EDU. 0 IN MX 20 VAXA.ISI.EDU.',
      'A.ISI.EDU. 0 IN A 26.3.0.103',
      'VENERA.ISI.EDU. 0 IN A 10.1.0.52',
      'VENERA.ISI.EDU. 0 IN A 128.9.0.32',
    ],
  );
  t.same(parseMasterFile(text).lines, [1, 8, 9, 10, 11, 13, 15, 16]);
  t.end();
});

t.test('TTL and class: either order, carried over, $TTL (RFC 2308 §4)', (t) => {
  const text = `
a. 60 IN A 192.0.2.1
a. IN 61 A 192.0.2.2
a. 62 A 192.0.2.3
a. A 192.0.2.4
$TTL 1h30m
b. A 192.0.2.5
b. 7 A 192.0.2.6
b. A 192.0.2.7
c. CH TXT "x"
c. TXT "y"
`;
  t.same(lines(text), [
    'a. 60 IN A 192.0.2.1',
    'a. 61 IN A 192.0.2.2',
    'a. 62 IN A 192.0.2.3',
    'a. 62 IN A 192.0.2.4',
    'b. 5400 IN A 192.0.2.5',
    'b. 7 IN A 192.0.2.6',
    'b. 5400 IN A 192.0.2.7',
    'c. 5400 CH TXT "x"',
    'c. 5400 CH TXT "y"',
  ]);
  t.same(lines('a. A 192.0.2.1'), ['a. 3600 IN A 192.0.2.1'], 'one hour when nothing says');
  t.same(lines('a. A 192.0.2.1', { defaultTtlSeconds: 5 }), ['a. 5 IN A 192.0.2.1']);
  t.same(lines('a. 1w2d3h4m5s A 192.0.2.1'), ['a. 788645 IN A 192.0.2.1']);
  t.same(lines('a. 2147483647 CLASS1 TYPE1 192.0.2.1'), ['a. 2147483647 IN A 192.0.2.1']);
  t.match(errorOf('a. 2147483648 A 192.0.2.1'), /not a TTL/, 'RFC 2181 §8');
  t.match(errorOf('a. 5y A 192.0.2.1'), /not a TTL/);
  t.end();
});

t.test('$ORIGIN, @ and owners left out', (t) => {
  const text = `$ORIGIN example.
@ A 192.0.2.1
www A 192.0.2.2
    AAAA ::1
$ORIGIN sub
www A 192.0.2.3
@ MX 0 @
\\@ A 192.0.2.4
other.org. A 192.0.2.5
`;
  t.same(
    lines(text).map((line) => line.replace(' 3600 IN', '')),
    [
      'example. A 192.0.2.1',
      'www.example. A 192.0.2.2',
      'www.example. AAAA ::1',
      'www.sub.example. A 192.0.2.3',
      'sub.example. MX 0 sub.example.',
      '\\@.sub.example. A 192.0.2.4',
      'other.org. A 192.0.2.5',
    ],
    'the same text is another owner below another origin',
  );
  t.same(lines('www A 192.0.2.1', { origin: name('x.') }), ['www.x. 3600 IN A 192.0.2.1']);
  t.same(lines('@ A 192.0.2.1'), ['. 3600 IN A 192.0.2.1'], 'no origin: the root');
  t.match(errorOf('  A 192.0.2.1'), /no owner name/);
  t.end();
});

t.test('quotes, escapes, comments, parentheses', (t) => {
  t.same(lines('a. TXT "semi;colon (not) a comment" ; but this'), [
    'a. 3600 IN TXT "semi;colon (not) a comment"',
  ]);
  t.same(lines('a. TXT one two\\ three "qu\\"ote" \\"x \\065\\200'), [
    'a. 3600 IN TXT "one" "two three" "qu\\"ote" "\\"x" "A\\200"',
  ]);
  t.same(
    lines('a. TXT é "日本"'),
    ['a. 3600 IN TXT "\\195\\169" "\\230\\151\\165\\230\\156\\172"'],
    'what is not ASCII stands for its UTF-8',
  );
  t.same(lines('a. TXT (\n"x" ; one\n"y" ; two\n)\n\nb. TXT z'), [
    'a. 3600 IN TXT "x" "y"',
    'b. 3600 IN TXT "z"',
  ]);
  t.same(lines('a. MX (10 b.)\r\nb. MX 10 (c.)\r\n'), [
    'a. 3600 IN MX 10 b.',
    'b. 3600 IN MX 10 c.',
  ]);
  t.same(lines('a. TXT ("x""y")'), ['a. 3600 IN TXT "x" "y"'], 'no space is needed');
  t.same(lines('a. TXT "" ""'), ['a. 3600 IN TXT "" ""']);
  t.same(lines('; nothing\n\n   ; at all\n'), []);
  t.same(lines('a\\.b\\032c.d. A 192.0.2.1'), ['a\\.b\\032c.d. 3600 IN A 192.0.2.1']);
  const [, second] = parseMasterFile('a. TXT (\n\n"x"\n)\nb. A 192.0.2.1').lines!;
  t.equal(second, 5, 'lines are counted inside parentheses');
  t.end();
});

t.test('RFC 3597 §5: types and classes by number, data by \\#', (t) => {
  t.same(lines('a. CLASS32 TYPE731 \\# 6 abcd ( ef 01 23 45 )'), [
    'a. 3600 CLASS32 TYPE731 \\# 6 abcdef012345',
  ]);
  t.same(lines('a. TYPE62347 \\# 0'), ['a. 3600 IN TYPE62347 \\# 0']);
  t.same(lines('e. IN A \\# 4 C0000201'), ['e. 3600 IN A 192.0.2.1'], 'known types too');
  t.match(errorOf('e. A \\# 3 C00002'), /not valid RDATA/, 'if they are valid');
  t.match(errorOf('e. TYPE731 \\# 5 abcd'), /not 5 octets/);
  t.match(errorOf('e. TYPE731 \\# 2 abc'), /not 2 octets/);
  t.match(errorOf('e. TYPE731 abcd'), /TYPE731 is written as/);
  t.end();
});

t.test('what is wrong is said with its line', (t) => {
  const wrong: Array<[string, RegExp]> = [
    ['\n\na. A 192.0.2.256', /^3: not an IPv4 address: 192\.0\.2\.256$/],
    ['a. A ::1', /^1: not an IPv4 address/],
    ['a. A', /^1: an address is missing/],
    ['a. A 192.0.2.1 x', /^1: A: surplus text/],
    ['a. MX b. 10', /^1: a number is not a number from 0 to 65535: b\./],
    ['a. MX 70000 b.', /^1: .*from 0 to 65535/],
    ['a. MX 1 b..c.', /^1: not a domain name: b\.\.c\./],
    ['a..b. A 192.0.2.1', /^1: not a domain name/],
    [`${'x'.repeat(64)}. A 192.0.2.1`, /^1: not a domain name/],
    ['a. NOSUCH x', /^1: unknown type or class: NOSUCH/],
    ['a. IN', /^1: a type is missing/],
    ['a.', /^1: a type is missing/],
    ['a. TXT "open', /^1: a quoted string is not closed/],
    ['b. A 192.0.2.1\na. TXT (\n"x"', /^2: a parenthesis is not closed/],
    ['a. TXT "x" )', /^1: a closing parenthesis/],
    ['a. TXT \\256', /^1: bad escape/],
    [`a. TXT "${'x'.repeat(256)}"`, /^1: a character-string is longer/],
    ['a. DS 1 8 2', /^1: DS: /],
    ['a. DS 1 8 2 abc', /^1: DS: bad hex field/],
    ['a. DNSKEY 256 3 8 ab=', /^1: DNSKEY: bad base64 field/],
    ['a. RRSIG A 8 1 5 20200230000000 20200101000000 1 . AAAA', /^1: RRSIG: bad time field/],
    ['a. NSEC b. A NOSUCH', /^1: unknown type: NOSUCH/],
    ['a. SVCB 1 . port=x', /^1: bad service parameter/],
    ['$INCLUDE other', /^1: \$INCLUDE is not supported/],
    ['$GENERATE 1-2 a$ A 192.0.2.$', /^1: surplus text after \$GENERATE/],
    ['$FOO', /^1: unknown directive/],
    ['$TTL x', /^1: not a TTL/],
    ['$ORIGIN ..', /^1: not a domain name/],
  ];
  for (const [text, expected] of wrong) t.match(errorOf(text), expected, text);
  t.end();
});

t.test('one record', (t) => {
  t.equal(parseRecord('a. A 192.0.2.1')?.type, RRType.A);
  t.equal(parseRecord('a. A 192.0.2.1\nb. A 192.0.2.1'), undefined, 'two are not one');
  t.equal(parseRecord(''), undefined);
  t.equal(parseRecord('a. A'), undefined);
  t.equal(String(parseRecord('www A 192.0.2.1', { origin: name('x.') })?.owner), 'www.x.');
  t.end();
});

t.test('names in text', (t) => {
  t.equal(String(parseName('a.b')), 'a.b.', 'no origin: absolute');
  t.equal(String(parseName('a.b', name('c.'))), 'a.b.c.');
  t.equal(String(parseName('a.b.', name('c.'))), 'a.b.');
  t.equal(String(parseName('a\\.', name('c.'))), 'a\\..c.', 'an escaped dot at the end is no end');
  t.equal(toHex(parseName('\\000\\255\\a')!.octets), '0300ff6100');
  for (const bad of ['', '.a', 'a..', '..', 'a\\', 'a\\25', 'a\\256', 'a\\2x5', 'é', 'a\\é']) {
    t.equal(parseName(bad), undefined, JSON.stringify(bad));
  }
  const long = 'abcdefg.'.repeat(31);
  t.equal(parseName(`${long}abcde.`)?.octets.length, 255);
  t.equal(parseName(`${long}abcde`)?.octets.length, 255, 'with or without its dot');
  t.equal(parseName(`${long}abcdef.`), undefined);
  t.equal(parseName(`${long}abcdef`), undefined);
  t.equal(parseName(`${long}abc`, name('de.')), undefined);
  t.equal(parseName(`${long}ab`, name('de.'))?.octets.length, 255);
  t.end();
});

t.test('the real root zones: read whole, quickly, and printed back', (t) => {
  for (const [serial, count] of [
    ['2017082100', 22_772],
    ['2020101902', 21_591],
  ] as const) {
    const file = sharedFile(`data/root-zone-${serial}.txt.gz`);
    if (file === undefined) {
      t.comment(`SKIPPED: root zone ${serial} is not there (ANCHORITE_SHARED)`);
      continue;
    }
    const text = gunzipSync(readFileSync(file)).toString('utf8');
    const start = process.cpuUsage();
    const { records, error } = parseMasterFile(text);
    const { user, system } = process.cpuUsage(start);
    t.equal(error, undefined);
    t.equal(records?.length, count, `${serial}: ${count} records`);
    t.ok(user + system < 1_000_000, `read in ${Math.round((user + system) / 1000)} ms of CPU`);
    const soa = parseSoa(records![0]!.rdata);
    t.equal(soa?.serial, Number(serial));
    const sets = groupRRsets(records!);
    t.equal(
      sets.filter((set) => set.type === RRType.RRSIG).length,
      0,
      'each signature has its set',
    );
    let wrong = 0;
    for (const record of records!) {
      const back = parseRecord(formatRecord(record));
      if (!back?.owner.equals(record.owner) || !equalOctets(back.rdata, record.rdata)) wrong++;
      else if (back.ttlSeconds !== record.ttlSeconds || back.type !== record.type) wrong++;
    }
    t.equal(wrong, 0, 'what is printed reads back as the same octets');
  }
  t.end();
});

t.test('RFC 9609: root hints', (t) => {
  const file = sharedFile('data/root-hints.txt');
  if (file === undefined) t.comment('SKIPPED: the root hints are not there (ANCHORITE_SHARED)');
  else {
    const hints = parseRootHints(readFileSync(file, 'utf8'));
    t.equal(hints.length, 13);
    t.ok(hints.every((hint) => hint.addresses.length === 2));
    const last = hints.find((hint) => hint.name.equals(name('m.root-servers.net.')))!;
    t.same(last.addresses.map(String), ['202.12.27.33', '2001:dc3::35']);
  }
  const some = '. NS a.\n. NS b.\na. A 192.0.2.1\nc. A 192.0.2.2\nx. NS c.';
  t.same(
    parseRootHints(some).map((hint) => String(hint.name)),
    ['a.'],
    'only usable root servers',
  );
  t.match(readRootHints('a. A 192.0.2.1').error, { message: /no name server of the root/ });
  t.match(readRootHints('. NS a.\na. A 1').error, { line: 2 });
  t.same(parseRootHints('nonsense'), []);
  t.end();
});

t.test('damaged text: an error or records, never an exception', (t) => {
  const prng = new Prng(seed);
  const base = `$ORIGIN example.
$TTL 300
@ SOA ns host ( 1 2 3 4 5 ) ; comment
@ NS ns\nns A 192.0.2.1\n AAAA 2001:db8::1
x TXT "a\\"b" c\\032d\n_25._tcp TLSA 3 1 1 aabbcc
y SVCB 1 . alpn="h2,h3" port=443 ipv4hint=192.0.2.1 mandatory=alpn
y LOC 42 21 54 N 71 06 18 W -24m 30m\ny APL 1:192.168.32.0/21 !2:FF00::/8
y RRSIG A 13 2 300 20300101000000 20200101000000 1 example. AAAA
y NSEC3 1 1 5 aabb 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG
y TYPE65280 \\# 3 abcdef\ny CAA 0 issue "ca"\ny HIP 2 2001 AAAA rv. \ny EUI48 00-00-5e-90-01-2a
`;
  t.equal(errorOf(base), 'accepted', 'the undamaged text is fine');
  const characters = '()"\\;$@.\n\t -0aA:=,#\u0000\u00e9\ud800';
  let accepted = 0;
  let slowestMs = 0;
  for (let round = 0; round < 5000; round++) {
    let text = base;
    for (let left = prng.between(1, 4); left > 0; left--) {
      const at = prng.below(text.length);
      const end = at + prng.below(prng.oneIn(4) ? 30 : 2);
      const added = prng.oneIn(3) ? '' : characters[prng.below(characters.length)]!;
      text = text.slice(0, at) + added + text.slice(end);
    }
    const start = process.hrtime.bigint();
    const { records, error } = parseMasterFile(text);
    const tookMs = Number(process.hrtime.bigint() - start) / 1e6;
    // What seems slow is measured again.
    if (tookMs > 20)
      slowestMs = Math.max(
        slowestMs,
        leastCpuMs(() => parseMasterFile(text)),
      );
    if (error === undefined) {
      accepted++;
      for (const record of records) formatRecord(record);
    } else if (!(error.line >= 1 && error.message.length > 0)) t.fail(`no reason (seed ${seed})`);
  }
  t.ok(accepted > 200 && accepted < 4800, `${accepted} of 5000 are still master files`);
  t.ok(slowestMs < 20, `the slowest took ${slowestMs.toFixed(1)} ms (seed ${seed})`);
  t.end();
});
