/** The command line: which words are understood, and what is said about those that are not. */
import t from 'tap';
import { readCommandLine } from '../../src/cli/command-line.js';
import { COMMANDS } from '../../src/cli/commands.js';
import { helpText } from '../../src/cli/help.js';
import { escapeControls, type Log, textLine } from '../../src/cli/log.js';
import { limitComplaints } from '../../src/cli/log-limiter.js';
import { SETTING_NAMES } from '../../src/config/index.js';

function problemsOf(line: string): readonly string[] {
  const read = readCommandLine(line === '' ? [] : line.split(' '));
  return read.kind === 'wrong' ? read.problems : [read.kind];
}

t.test('what is understood', (t) => {
  const cases: ReadonlyArray<readonly [string, string, object, readonly string[]]> = [
    ['serve', 'serve', {}, []],
    ['serve --listen ::1 --listen 127.0.0.1:53', 'serve', { listen: ['::1', '127.0.0.1:53'] }, []],
    ['serve --listen=::1', 'serve', { listen: '::1' }, []],
    ['serve --edns-size 1400 --lab', 'serve', { 'edns-size': '1400', lab: true }, []],
    ['serve --no-prefetch --hedging --lab', 'serve', { prefetch: false, hedging: '' }, []],
    ['serve --rfc5011=off', 'serve', { rfc5011: 'off' }, []],
    ['serve --trust-anchor=', 'serve', { 'trust-anchor': '' }, []],
    ['serve --clock -3600', 'serve', { clock: '-3600' }, []],
    ['serve --clock=-3600', 'serve', { clock: '-3600' }, []],
    ['resolve example.org', 'resolve', {}, ['example.org']],
    ['resolve example.org MX --trace', 'resolve', { trace: true }, ['example.org', 'MX']],
    ['resolve --json 1.2 TYPE1', 'resolve', { json: true }, ['1.2', 'TYPE1']],
    ['resolve -- --odd', 'resolve', {}, ['--odd']],
    ['config check a.yaml', 'config check', {}, ['a.yaml']],
    ['lab list --json', 'lab list', { json: true }, []],
  ];
  for (const [line, path, flags, positionals] of cases) {
    const read = readCommandLine(line.split(' '));
    t.match(read, { kind: 'run', command: { path }, invocation: { flags } }, line);
    if (read.kind === 'run') t.same(read.invocation.positionals, positionals, line);
  }
  const bench = readCommandLine(['bench', '--smoke', '--help']);
  t.match(bench, { kind: 'run', invocation: { rest: ['--smoke', '--help'] } });
  t.end();
});

t.test('what is not', (t) => {
  const cases: ReadonlyArray<readonly [line: string, problem: RegExp | string]> = [
    ['serv', /^'serv' is not a command; did you mean 'serve'\?$/],
    ['frobnicate', /^'frobnicate' is not a command$/],
    ['--lab', /'--lab' comes before a command/],
    ['config', /nothing follows 'config'; expected 'config check' or 'config show'/],
    ['config chekc x', /'chekc' follows 'config'; expected/],
    ['serve --lisen ::1', /--lisen is not a flag; did you mean '--listen'\?/],
    ['serve -p 53', /-p is not a flag/],
    ['serve extra', /'extra' is more than 'serve' takes/],
    ['serve --config', /--config needs a value: FILE/],
    ['serve --config a --config b', /--config is given 2 times/],
    ['serve --__proto__ x', /is not a flag/],
    ['resolve', /^NAME is missing$/],
    ['resolve a b c', /'c' is more than 'resolve' takes/],
    ['resolve example.org --listen ::1', /--listen is not a flag/],
    ['config check', /FILE is missing/],
    ['', 'help'],
    ['--help', 'help'],
    ['serve --help', 'help'],
    ['config --help', 'help'],
    ['--version', 'version'],
    ['completion', 'completion'],
  ];
  for (const [line, problem] of cases) t.match(problemsOf(line).join('\n'), problem, line);
  t.end();
});

t.test('help names every command and every setting', async (t) => {
  const overview = await helpText(undefined);
  for (const { path, summary } of COMMANDS) {
    t.ok(overview.includes(path) && overview.includes(summary), path);
  }
  const serve = COMMANDS.find(({ path }) => path === 'serve');
  const flags = await helpText(serve);
  for (const name of SETTING_NAMES) t.ok(flags.includes(`--${name} `), name);
  t.notOk(flags.includes('--suggest'), 'what is for our own scripts stays out');
  const resolve = COMMANDS.find(({ path }) => path === 'resolve');
  t.match(await helpText(resolve), /NAME \[TYPE\][\s\S]*Exit status:/);
});

t.test('log lines cannot be forged and do not drive the terminal', (t) => {
  const at = new Date(0);
  t.equal(
    textLine(
      { level: 'warn', event: 'bogus', sentence: 'it is', fields: { a: 1, b: undefined } },
      at,
    ),
    '1970-01-01 00:00:00.000 warn  bogus: it is a=1',
  );
  const nasty = 'a\n2020 info\u001b[2J\u202e\u0085é';
  const line = textLine({ level: 'info', event: 'x', sentence: nasty }, at);
  t.ok(line.endsWith('a\\u000a2020 info\\u001b[2J\\u202e\\u0085é'), line);
  t.equal(escapeControls('żółw 亀'), 'żółw 亀', 'ordinary letters of any script stay');
  t.end();
});

t.test('one kind of complaint cannot fill the disk', (t) => {
  const lines: string[] = [];
  const log: Log = {
    isOn: () => true,
    close: () => Promise.resolve(),
    write: ({ event, sentence }) => lines.push(`${event} ${sentence}`),
  };
  let nowMs = 0;
  const limited = limitComplaints(log, () => nowMs);
  for (let count = 0; count < 1_000; count++) {
    limited.write({ level: 'warn', event: 'suspicious', sentence: `guess ${count}` });
    limited.write({ level: 'info', event: 'answered', sentence: 'x' });
  }
  limited.write({ level: 'warn', event: 'bogus', sentence: 'other kinds are still heard' });
  t.equal(lines.filter((line) => line.startsWith('suspicious')).length, 20);
  t.equal(
    lines.filter((line) => line.startsWith('answered')).length,
    1_000,
    'asked-for lines stay',
  );
  t.equal(lines.at(-1), 'bogus other kinds are still heard');
  nowMs = 1_000;
  limited.write({ level: 'warn', event: 'suspicious', sentence: 'again' });
  t.same(lines.slice(-2), [
    'suspicious 980 more lines of this kind were left out',
    'suspicious again',
  ]);
  t.end();
});
