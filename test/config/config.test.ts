/** Settings: what is read, what is refused and in which words. */
import t from 'tap';
import {
  type Config,
  makeConfig,
  type RawSetting,
  readFlags,
  readOptions,
  readYamlSettings,
  SETTING_NAMES,
  SETTINGS,
  type SettingKey,
  showConfig,
} from '../../src/config/index.js';
import { readInstant, readSpan, writeInstant } from '../../src/config/instants.js';
import { nearestName } from '../../src/config/nearest-name.js';
import { isList, type RawScalar, type Setting } from '../../src/config/setting.js';

const KEYS = Object.keys(SETTINGS) as SettingKey[];

function one(name: string, value: RawScalar | readonly RawScalar[]): RawSetting {
  return { name, value, place: 'here', subject: `here: ${name}` };
}

function configOf(...settings: RawSetting[]): Config {
  const result = makeConfig(settings);
  if (!result.ok) throw new Error(result.errors.map(({ message }) => message).join('; '));
  return result.config;
}

function refusalOf(name: string, value: RawScalar | readonly RawScalar[]): string {
  const result = makeConfig([one(name, value)]);
  return result.ok ? 'accepted' : result.errors.map(({ message }) => message).join('; ');
}

function shown(config: Config): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const key of KEYS) {
    const setting = SETTINGS[key] as Setting<unknown>;
    const value = config[key];
    if (Array.isArray(value)) values[key] = value.map((entry) => setting.kind.write(entry));
    else if (value !== undefined) values[key] = setting.kind.write(value);
  }
  return values;
}

async function fromYaml(text: string) {
  const { settings, errors } = await readYamlSettings(text, 'test.yaml');
  const result = makeConfig(settings);
  const messages = [...errors, ...(result.ok ? [] : result.errors)].map(({ message }) => message);
  return { result, messages, lines: errors.concat(result.ok ? [] : result.errors) };
}

t.test('the schema agrees with itself', (t) => {
  t.equal(new Set(SETTING_NAMES).size, KEYS.length, 'every name stands once');
  for (const key of KEYS) {
    const setting = SETTINGS[key] as Setting<unknown>;
    t.match(setting.name, /^[a-z][a-z0-9-]*$/, `${setting.name} is written in kebab case`);
    t.match(setting.description, /\.$/, `${setting.name} is described in a sentence`);
    t.match(setting.reason, /\.$/, `${setting.name} says why in a sentence`);
    t.ok(setting.kind.read(setting.example).ok, `the example of ${setting.name} is accepted`);
    const { fallback } = setting;
    const values = fallback === undefined ? [] : Array.isArray(fallback) ? fallback : [fallback];
    for (const value of values) {
      const written = setting.kind.write(value);
      const read = setting.kind.read(written);
      t.ok(read.ok, `the default of ${setting.name} is allowed: ${written}`);
      if (read.ok) t.equal(setting.kind.write(read.value), written);
    }
    t.notOk(setting.kind.read('\0..').ok, `${setting.name} does not take anything at all`);
  }
  t.end();
});

t.test('defaults are those of the reference', (t) => {
  const values = shown(configOf());
  t.same(values.listen, ['127.0.0.1:5335', '[::1]:5335']);
  t.same(values.allow, ['127.0.0.0/8', '::1/128']);
  t.equal(values.ednsSizeOctets, 1232);
  t.equal(values.nsec3MaxIterations, 50);
  t.equal(values.qnameMinimisation, 'relaxed');
  t.equal(values.sha1, 'off');
  t.equal(values.clock, 'system');
  t.equal(configOf().trustAnchors, undefined, 'absent anchors are not an empty list');
  t.ok(Object.isFrozen(configOf()) && Object.isFrozen(configOf().listen));
  t.end();
});

t.test('values that are accepted', (t) => {
  const cases: ReadonlyArray<readonly [name: string, raw: RawScalar, key: SettingKey, RawScalar]> =
    [
      ['edns-size', '512', 'ednsSizeOctets', 512],
      ['edns-size', 4096, 'ednsSizeOctets', 4096],
      ['rfc5011', 'off', 'rfc5011', 'off'],
      ['rfc5011', 'Yes', 'rfc5011', 'on'],
      ['rfc5011', false, 'rfc5011', 'off'],
      ['rfc5011', '', 'rfc5011', 'on'],
      ['qname-minimisation', false, 'qnameMinimisation', 'off'],
      ['cache-size', '64M', 'cacheSizeOctets', '64M'],
      ['cache-size', '1GiB', 'cacheSizeOctets', '1G'],
      ['cache-size', '1500000', 'cacheSizeOctets', 1_500_000],
      ['max-ttl', '6h', 'maxTtlSeconds', 21_600],
      ['max-ttl', 60, 'maxTtlSeconds', 60],
      ['clock', '@1603108800', 'clock', '2020-10-19T12:00:00Z'],
      ['clock', '2020-10-19', 'clock', '2020-10-19T00:00:00Z'],
      ['clock', '+90d', 'clock', '+7776000'],
      ['clock', '-3600', 'clock', '-3600'],
      ['workers', 'auto', 'workers', 'auto'],
      ['workers', '4', 'workers', 4],
    ];
  for (const [name, raw, key, expected] of cases) {
    t.equal(shown(configOf(one(name, raw)))[key], expected, `${name}: ${raw}`);
  }
  t.same(shown(configOf(one('listen', ['::1', '0.0.0.0:0', '[::]:53']))).listen, [
    '[::1]:5335',
    '0.0.0.0:0',
    '[::]:53',
  ]);
  t.same(shown(configOf(one('forward', '192.0.2.1'))).forward, ['192.0.2.1:53']);
  t.same(shown(configOf(one('negative-trust-anchor', 'Example.ORG'))).negativeTrustAnchors, [
    'Example.ORG.',
  ]);
  t.end();
});

t.test('values that are refused, each with what is allowed', (t) => {
  const cases: ReadonlyArray<readonly [name: string, raw: RawScalar | RawScalar[], RegExp]> = [
    [
      'edns-size',
      511,
      /^here: edns-size must be a whole number of octets from 512 to 4096; 511 is/,
    ],
    ['edns-size', 4097, /from 512 to 4096; 4097 is not/],
    ['edns-size', '1232.5', /"1232.5" is not/],
    ['edns-size', '0x4d0', /"0x4d0" is not/],
    ['edns-size', -1, /-1 is not/],
    ['edns-size', [1232, 1400], /given 2 times but takes one value/],
    ['rfc5011', 'maybe', /must be on or off; "maybe" is not/],
    ['rfc5011', 1, /must be on or off; 1 is not/],
    ['qname-minimisation', true, /must be strict, relaxed or off; true is not/],
    ['listen', '127.0.0.1:99999', /a port is a number from 0 to 65535/],
    ['listen', '127.0.0.1:', /a port is/],
    ['listen', 'localhost:53', /must be an IPv4 or IPv6 address/],
    ['listen', '[127.0.0.1', /must be an IPv4 or IPv6 address/],
    ['listen', '127.0.0.01', /must be an IPv4 or IPv6 address/],
    ['listen', [], /listen is empty/],
    ['forward', '192.0.2.1:0', /a port is a number from 1 to 65535/],
    ['allow', '10.1.2.3/8', /bits beyond the prefix; 10.0.0.0\/8 would be that block/],
    ['allow', '10.0.0.0/33', /must be an address block/],
    ['cache-size', '512', /must be octets from 1M to 64G/],
    ['cache-size', '10X', /"10X" is not/],
    ['max-ttl', '8d', /from 1 to 604800/],
    ['nsec3-max-iterations', 151, /from 0 to 150; 151 is not/],
    ['workers', 0, /from 1 to 64, or auto/],
    ['clock', '2020-02-30', /system, an instant such as/],
    ['clock', '+', /an offset such as/],
    ['clock', 'noon', /"noon" is not/],
    ['negative-trust-anchor', 'a..b', /must be a domain name/],
    ['negative-trust-anchor', '', /must be a domain name/],
    ['trust-anchor', '. IN A 192.0.2.1', /must be DS or DNSKEY records/],
    ['trust-anchor', 'rubbish', /must be DS or DNSKEY records/],
    ['query-address', ['192.0.2.1', '192.0.2.2'], /two addresses of IPv4/],
    ['query-address', 'eth0', /must be an IPv4 or IPv6 address/],
    ['root-hints', '', /must be the path of a file/],
    ['ends-size', 1, /^here: ends-size is not a setting; did you mean 'edns-size'\?/],
    ['edns_size', 1, /did you mean 'edns-size'/],
    ['nonsense', 1, /^here: nonsense is not a setting$/],
  ];
  for (const [name, raw, expected] of cases) {
    t.match(refusalOf(name, raw), expected, `${name}: ${JSON.stringify(raw)}`);
  }
  t.match(makeConfig([one('ipv4', false), one('ipv6', false)]), {
    ok: false,
    errors: [{ key: 'ipv4', message: /both off/ }],
  });
  t.match(makeConfig([one('min-ttl', '1h'), one('max-ttl', '1m')]), {
    ok: false,
    errors: [{ key: 'min-ttl', message: /min-ttl is greater than max-ttl/ }],
  });
  t.end();
});

t.test('all mistakes are told at once', (t) => {
  const result = makeConfig([one('edns-size', 1), one('sha1', 'perhaps'), one('lisen', 'x')]);
  t.same(result.ok ? [] : result.errors.map(({ key }) => key), ['edns-size', 'sha1', 'lisen']);
  t.end();
});

t.test('YAML: lines, lists, and what is not a list of settings', async (t) => {
  const good = await fromYaml(
    [
      '# a comment',
      'listen:',
      '  - 127.0.0.1:53',
      "  - '[::1]:53'",
      'allow: 192.0.2.0/24',
      'prefetch: off',
      'sha1: true',
      "edns-size: '1400'",
      'trust-anchor: []',
    ].join('\n'),
  );
  t.same(good.messages, []);
  if (good.result.ok) {
    const values = shown(good.result.config);
    t.same(values.listen, ['127.0.0.1:53', '[::1]:53']);
    t.same(values.allow, ['192.0.2.0/24'], 'a lone value is a list of one');
    t.same([values.prefetch, values.sha1, values.ednsSizeOctets], ['off', 'on', 1400]);
    t.same(values.trustAnchors, [], 'an empty list is kept apart from no list');
    t.equal(good.result.places.get('ednsSizeOctets'), 'test.yaml line 8');
  }
  const cases: ReadonlyArray<readonly [text: string, line: number | undefined, RegExp]> = [
    ['a: 1\nb: 2', 1, /^test.yaml line 1: a is not a setting$/],
    ['\n\nedns-size: 9\n', 3, /^test.yaml line 3: edns-size must be a whole number/],
    ['edns-size: 1e3', 1, /"1e3" is not/],
    ['edns-size: 1232\nedns-size: 1400', 2, /stands twice; the first time at test.yaml line 1/],
    ['listen:\n  - 127.0.0.1\n  - nowhere', 1, /"nowhere" is not/],
    ['listen:', 1, /listen has no value; write '\[\]' for an empty list/],
    ['listen: { address: 127.0.0.1 }', 1, /must be a plain value or a list of plain values/],
    ['listen: [[1]]', 1, /must be a plain value or a list/],
    ['listen: &a 127.0.0.1\nallow: *a', 2, /allow must be a plain value/],
    ['listen: [::1]:5335', 1, /not YAML: .*needs quotes: '\[::1\]:5335'/],
    ['- edns-size: 1', 1, /expected lines of the form 'setting: value'/],
    ['edns-size 1232', 1, /expected lines of the form/],
    ['listen: "127', 1, /not YAML/],
    ['\tlisten: x', 1, /not YAML/],
  ];
  for (const [text, line, expected] of cases) {
    const { messages, lines } = await fromYaml(text);
    t.match(messages[0] ?? 'accepted', expected, JSON.stringify(text));
    t.equal(lines[0]?.line, line, `the line of ${JSON.stringify(text)}`);
  }
  for (const empty of ['', '# nothing\n', '---\n', '{}']) {
    t.same((await fromYaml(empty)).messages, [], `${JSON.stringify(empty)} asks for the defaults`);
  }
});

t.test('flags override the file, setting by setting', async (t) => {
  const { settings } = await readYamlSettings('edns-size: 1400\nlisten: 127.0.0.1:53', 'f.yaml');
  const flags = readFlags({ listen: ['::1', '127.0.0.2'], prefetch: false, hedging: '', _: [] });
  const result = makeConfig(settings, flags);
  if (!result.ok) throw new Error('refused');
  const values = shown(result.config);
  t.same(values.listen, ['[::1]:5335', '127.0.0.2:5335']);
  t.same([values.ednsSizeOctets, values.prefetch, values.hedging], [1400, 'off', 'on']);
  t.equal(result.places.get('listen'), '--listen');
  t.same(configOf(...readFlags({ 'trust-anchor': '' })).trustAnchors, []);
  const twice = makeConfig(readFlags({ 'edns-size': ['1232', '1400'] }));
  t.match(twice, { ok: false, errors: [{ message: /^--edns-size is given 2 times/ }] });
  t.end();
});

t.test('options of the library have the same names in camel case', (t) => {
  const config = configOf(...readOptions({ ednsSize: 1400, ipv6: false, serveStale: undefined }));
  t.same([config.ednsSizeOctets, config.ipv6, config.serveStale], [1400, false, false]);
  const wrong = makeConfig(readOptions({ ednsSizes: 1 }));
  t.match(wrong, {
    ok: false,
    errors: [{ message: /option ednsSizes.*did you mean 'edns-size'/ }],
  });
  t.end();
});

t.test('what config show prints is read back to the same configuration', async (t) => {
  const settings = KEYS.map((key) => {
    const setting = SETTINGS[key] as Setting<unknown>;
    return one(setting.name, isList(setting) ? [setting.example] : setting.example);
  });
  for (const layer of [[], settings.filter(({ name }) => name !== 'ipv4'), [one('forward', [])]]) {
    const first = makeConfig(layer);
    if (!first.ok) throw new Error(JSON.stringify(first.errors));
    const text = showConfig(first.config, first.places);
    const again = await fromYaml(text);
    t.same(again.messages, [], text);
    if (again.result.ok) t.same(shown(again.result.config), shown(first.config));
  }
});

t.test('instants agree with the calendar', (t) => {
  // Every 40 days and an odd number of seconds, to pass through all months and leap years.
  for (let second = 0; second < 4_102_444_800; second += 40 * 86_400 + 12_347) {
    const text = `${new Date(second * 1000).toISOString().slice(0, 19)}Z`;
    if (writeInstant(second) !== text) t.equal(writeInstant(second), text);
    if (readInstant(text) !== second) t.equal(readInstant(text), second);
  }
  for (const wrong of ['2019-02-29', '2020-13-01', '2020-01-01T24:00:00Z', '1969-12-31', 'x']) {
    t.equal(readInstant(wrong), undefined, wrong);
  }
  t.same(
    [readSpan('1h30m'), readSpan('2w'), readSpan('10'), readSpan('1y')],
    [5400, 1_209_600, undefined, undefined],
  );
  t.end();
});

t.test('suggestions', (t) => {
  t.equal(nearestName('lisen', SETTING_NAMES), 'listen');
  t.equal(nearestName('trust-anchors', SETTING_NAMES), 'trust-anchor');
  t.equal(nearestName('qname', SETTING_NAMES), 'qname-minimisation');
  t.equal(nearestName('x', SETTING_NAMES), undefined);
  t.equal(nearestName('dnssec-validation', SETTING_NAMES), undefined);
  t.end();
});
