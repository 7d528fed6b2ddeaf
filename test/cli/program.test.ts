/** The program as it is started: exit statuses, what it prints and where, signals, first light. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { probeResolver } from '../../src/runtime/index.js';
import { IpAddress, Rcode, RRType } from '../../src/wire/index.js';
import { TcpStub, UdpStub } from '../runtime/running-daemon.js';
import { name as nameOf, request } from '../server/front-desk.js';
import { exchange, program, query, run, serve } from './running-program.js';

const folder = mkdtempSync(join(tmpdir(), 'anchorite-'));
t.teardown(() => rmSync(folder, { recursive: true }));

function fileWith(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

t.test('usage', async (t) => {
  t.match(await run('--version'), { status: 0, stdout: /^\d+\.\d+\.\d+\n$/ });
  t.match(await run(), { status: 0, stdout: /anchorite COMMAND/ });
  t.match(await run('serve', '--help'), { status: 0, stdout: /--qname-minimisation/ });
  t.match(await run('sevre'), { status: 2, stderr: /did you mean 'serve'/, stdout: '' });
  t.match(await run('serve', '--prot', '53'), { status: 2, stderr: /--prot is not a flag/ });
});

t.test('config check and config show', async (t) => {
  const good = fileWith('good.yaml', 'listen: 127.0.0.1:53\nprefetch: off\n');
  t.match(await run('config', 'check', good), { status: 0, stdout: `${good}: good\n` });
  const bad = fileWith('bad.yaml', 'listen: 127.0.0.1:53\nedns-size: 99999\nprefect: on\n');
  const checked = await run('config', 'check', bad);
  t.equal(checked.status, 2);
  t.same(checked.stderr.trimEnd().split('\n'), [
    `anchorite: ${bad} line 2: edns-size must be a whole number of octets from 512 to 4096; ` +
      '"99999" is not',
    `anchorite: ${bad} line 3: prefect is not a setting; did you mean 'prefetch'?`,
  ]);
  const absent = await run('config', 'check', join(folder, 'absent.yaml'));
  t.match(absent, { status: 2, stderr: /cannot read .*absent\.yaml: there is no such file/ });
  const dangling = fileWith('dangling.yaml', 'root-hints: /nonexistent/hints\n');
  t.match(await run('config', 'check', dangling), { status: 2, stderr: /root-hints: cannot read/ });
  const shown = await run('config', 'show', '--config', good, '--sha1');
  t.equal(shown.status, 0);
  t.match(shown.stdout, /^listen: # .*good\.yaml line 1\n {2}- 127\.0\.0\.1:53$/m);
  t.match(shown.stdout, /^prefetch: off # .*line 2$/m);
  t.match(shown.stdout, /^sha1: on # --sha1$/m);
  t.match(shown.stdout, /^edns-size: 1232 # default$/m);
  t.match(await run('config', 'show', '--config', bad), { status: 2 });
});

t.test('bad configuration ends serve and resolve with status 2 and a sentence', async (t) => {
  const cases: ReadonlyArray<readonly [args: string[], RegExp]> = [
    [['serve', '--listen', 'nowhere'], /^anchorite: --listen must be an IPv4 or IPv6 address/],
    [['serve', '--ipv4=off', '--ipv6=off'], /both off/],
    [['serve', '--root-hints', '/nonexistent'], /root-hints: cannot read \/nonexistent/],
    [['serve', '--trust-anchor-file', program], /trust-anchor-file: .* line 1/],
    [['serve', '--lab-loss', '5'], /--lab-loss means nothing without --lab/],
    [['serve', '--lab', '--lab-loss', 'all'], /--lab-loss must be a number/],
    [['resolve', 'a..b'], /'a\.\.b' is not a domain name/],
    [['resolve', 'a.b', 'WHAT'], /'WHAT' is not a record type/],
    [['resolve', 'a.b', 'AXFR'], /AXFR cannot be resolved/],
    [['resolve', 'a.b', '--server', 'here'], /--server must be an IPv4/],
  ];
  for (const [args, sentence] of cases) {
    const result = await run(...args);
    t.match(result, { status: 2, stdout: '', stderr: sentence }, args.join(' '));
    t.notMatch(result.stderr, /\n\s+at /, 'no stack trace');
  }
});

t.test('resolve: verdicts are exit statuses', async (t) => {
  const lab = ['--lab', '--lab-delay', '1'];
  const secure = await run('resolve', '--trace', '_25._tcp.mx.p256.dane', 'TLSA', ...lab);
  t.equal(secure.status, 0);
  t.match(secure.stdout, /^;; WALK$/m);
  t.match(secure.stdout, /ms -> \S+ udp \(\.\) dane\. A/i);
  t.match(secure.stdout, /delegation p256\.dane\. DS is secure, signed until \d{4}-/i);
  t.match(secure.stdout, /the keys of p256\.dane\. are secure/i);
  t.match(secure.stdout, /^_25\._tcp\.mx\.p256\.dane\. \d+ IN TLSA 3 1 1 [0-9A-F]{64}$/im);
  t.match(secure.stdout, /^;; VERDICT: secure\. /m);
  const insecure = await run('resolve', 'unsigned.dane', 'MX', ...lab);
  t.match(insecure, { status: 3, stdout: /VERDICT: insecure\. .*\(no DS; RFC 4035 §5\.2\)/ });
  const bogus = await run('resolve', 'expired.broken', 'MX', ...lab);
  t.match(bogus, { status: 4, stdout: /VERDICT: bogus\. .*\(signature expired; RFC 4035/ });
  t.notMatch(bogus.stdout, /ANSWER/, 'bogus data is not shown');
  const failed = await run('resolve', 'refused.broken', 'MX', ...lab);
  t.match(failed, { status: 5, stdout: /status: SERVFAIL[\s\S]*VERDICT: none\. / });
  const json = await run('resolve', '--json', '--trace', 'p256.dane', 'MX', ...lab);
  const value = JSON.parse(json.stdout);
  t.match(value, { rcode: 'NOERROR', security: 'secure', answers: [{ type: 'MX' }] });
  t.ok(value.queries > 0 && value.trace.length > value.queries);
  const list = await run('lab', 'list');
  t.match(list, {
    status: 0,
    stdout: /^expired\.broken\n[\s\S]*SERVFAIL bogus \(signature expired\)/m,
  });
});

t.test('why: the cause, since when, and a letter', async (t) => {
  const lab = ['--lab', '--lab-delay', '1'];
  const expired = await run('why', '_25._tcp.mx.expired-tlsa.broken', ...lab);
  t.equal(expired.status, 4, 'the exit status of resolve');
  t.match(expired.stdout, /^_25\._tcp\.mx\.expired-tlsa\.broken\. TLSA is bogus\.$/m);
  t.match(expired.stdout, /^Cause: +signatures expired$/m);
  t.match(expired.stdout, /^Since: +\d{4}-\d\d-\d\d \d\d:\d\d UTC$/m);
  const letter = await run('why', '--letter', 'wrong-ds.broken', ...lab);
  t.match(letter, { status: 4, stdout: /^To: hostmaster@wrong-ds\.broken\nSubject: wrong-ds/ });
  const json = await run('why', '--json', 'unsigned.dane', ...lab);
  t.match(JSON.parse(json.stdout), { question: 'unsigned.dane. MX', cause: 'not signed' });
  t.equal(json.status, 3);
  const none = await run('why', '--letter', 'p256.dane', ...lab);
  t.match(none, { status: 0, stdout: '', stderr: /nothing to write/ });
  t.match(await run('why', 'a..b'), { status: 2, stderr: /is not a domain name/ });
});

t.test('serve: answers, logs, and ends when it is told to', async (t) => {
  const server = await serve('--lab', '--lab-delay', '1', '--log-format', 'json', '--log-queries');
  t.comment(`ready after ${server.readyMs.toFixed(0)} ms`);
  const secure = await exchange(server.port, query('p256.dane', 'MX'));
  t.match(secure, { id: 4711, rcode: 'NOERROR', flag_ad: true, answers: [{ type: 'MX' }] });
  const insecure = await exchange(server.port, query('unsigned.dane', 'MX'));
  t.match(insecure, { rcode: 'NOERROR', flag_ad: false });
  const bogus = await exchange(server.port, query('expired.broken', 'MX'));
  t.match(bogus, { rcode: 'SERVFAIL', flag_ad: false, answers: [] });
  const root = await exchange(server.port, query('.', 'NS'));
  t.match(root, { flag_ad: true }, 'what Postfix probes');
  const asked = await run('resolve', 'p256.dane', 'MX', '--server', `127.0.0.1:${server.port}`);
  t.match(asked, { status: 0, stdout: /flags: rd ra ad[\s\S]*the server sets AD/ });
  const address = IpAddress.parse('127.0.0.1')!;
  const probed = await probeResolver({ address, port: server.port });
  const good = { authenticData: true };
  t.match(probed, { probe: good, probeOverTcp: good, tlsa: good }, 'what the doctor wants to see');
  const told = await run('resolve', 'expired.broken', 'MX', '--server', `127.0.0.1:${server.port}`);
  t.match(told, { status: 4, stdout: /SERVFAIL[\s\S]*EDE 7/ });
  server.child.kill('SIGTERM');
  const { status, stdout } = await server.end;
  t.equal(status, 0, 'SIGTERM is an orderly end');
  t.equal(stdout, '');
  const events = server
    .log()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.match(events[0], { level: 'info', event: 'ready', message: /answering on/ });
  const answered = events.filter(({ event }) => event === 'answered');
  t.match(answered[0], { message: 'p256.dane. MX: NOERROR, secure, AD', client: '127.0.0.1' });
  const complaint = events.find(({ event }) => event === 'bogus');
  t.match(complaint, { level: 'warn', reason: 'signature expired', section: /RFC 4035/ });
  t.match(events.at(-1), { event: 'stopped' });
});

t.test('serve: a second listener for clients that cannot see AD', async (t) => {
  const server = await serve('--lab', '--lab-delay', '1', '--listen-secure-only', '127.0.0.1:0');
  const [, second = ''] = /127\.0\.0\.1:(\d+) \(secure only\)/.exec(server.log()) ?? [];
  const strict = Number(second);
  const octets = (name: string, type: number, cd: boolean): Uint8Array =>
    request({ name: nameOf(name), type, cd });
  const over = {
    udp: async (port: number, message: Uint8Array) => new UdpStub(t, port).ask(message),
    tcp: async (port: number, message: Uint8Array) => {
      const stub = new TcpStub(t, port);
      stub.ask(message);
      return stub.reply();
    },
  };
  const INSECURE = '_25._tcp.mx.unsigned.dane';
  const BOGUS = '_25._tcp.mx.expired-tlsa.broken';
  for (const round of ['cold', 'warm', 'warm']) {
    for (const ask of [over.udp, over.tcp]) {
      for (const cd of [false, true]) {
        const what = `${round} CD=${cd}`;
        const insecure = octets(INSECURE, RRType.TLSA, cd);
        // Whichever of the two was asked before must make no difference.
        const ports = round === 'cold' ? [server.port, strict] : [strict, server.port];
        for (const port of ports) {
          const records = (await ask(port, insecure)).answer.length;
          t.equal(records, port === strict ? 0 : 1, `${what}: insecure at ${port}`);
        }
        const bogus = await ask(strict, octets(BOGUS, RRType.TLSA, cd));
        t.equal(bogus.rcode, Rcode.SERVFAIL, `${what}: bogus`);
        const secure = await ask(strict, octets('_25._tcp.mx.p256.dane', RRType.TLSA, cd));
        t.equal(secure.answer.length, 1, `${what}: secure`);
        const address = await ask(strict, octets('mx.unsigned.dane', RRType.A, cd));
        t.equal(address.answer.length, 1, `${what}: other types`);
      }
    }
  }
  const loose = await over.udp(server.port, octets(BOGUS, RRType.TLSA, true));
  t.equal(loose.answer.length, 1, 'control: on the ordinary listener CD=1 brings bogus data');
  server.child.kill('SIGTERM');
  t.equal((await server.end).status, 0);
  const same = ['--listen', '127.0.0.1:5399', '--listen-secure-only', '127.0.0.1:5399'];
  t.match(await run('serve', '--lab', ...same), {
    status: 2,
    stderr: /both have 127\.0\.0\.1:5399/,
  });
});

t.test('serve: text, a command to try, SIGINT, and an address that is taken', async (t) => {
  const server = await serve('--lab', '--suggest', '--log-format', 'text');
  const taken = await run('serve', '--lab', '--listen', `127.0.0.1:${server.port}`);
  t.match(taken, { status: 1, stderr: /cannot listen.*something else listens there/ });
  server.child.kill('SIGINT');
  const { status, stdout } = await server.end;
  t.equal(status, 0);
  t.match(stdout, new RegExp(`dig @127\\.0\\.0\\.1 -p ${server.port} \\+dnssec`));
  t.match(server.log(), /^\d{4}-\d\d-\d\d [\d:.]+ info {2}ready: answering on/m);
});

t.test('serve: warnings that an operator must see', async (t) => {
  const server = await serve('--trust-anchor=', '--priming=off', '--log-format', 'text');
  server.child.kill('SIGTERM');
  t.equal((await server.end).status, 0);
  t.match(
    server.log(),
    /warn {2}trust-anchor: no trust anchor is configured: nothing is validated/,
  );
});
