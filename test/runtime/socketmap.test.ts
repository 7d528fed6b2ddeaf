/** The policy server over real sockets: TCP and Unix, its bounds, its access list, its end. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { DANE_LIMITS } from '../../src/dane/index.js';
import { type SocketmapEndpoint, SocketmapServer } from '../../src/runtime/index.js';
import { AccessList } from '../../src/server/index.js';
import { IpAddress, IpPrefix } from '../../src/wire/index.js';
import { assembled, configOf } from '../support/lab-daemon.js';
import { until } from './scripted-machine.js';

const assembly = await assembled(configOf({ 'cache-size': '16M' }), true);
const folder = mkdtempSync(join(tmpdir(), 'anchorite-'));
const loopback: SocketmapEndpoint = {
  kind: 'inet',
  address: IpAddress.parse('127.0.0.1')!,
  port: 0,
};
const reports: string[] = [];
const servers: SocketmapServer[] = [];

async function open(
  endpoints: readonly SocketmapEndpoint[],
  access = AccessList.loopback,
): Promise<SocketmapServer> {
  const { driver } = assembly;
  const report = ({ sentence }: { sentence: string }): void => void reports.push(sentence);
  const start = await SocketmapServer.open({ driver, access, endpoints, report });
  if (!start.ok) throw new Error(start.sentence);
  servers.push(start.server);
  return start.server;
}

const path = join(folder, 'policy.sock');
const server = await open([loopback, { kind: 'unix', path }]);

t.teardown(async () => {
  for (const each of servers) await each.close(0);
  assembly.driver.close();
  rmSync(folder, { recursive: true });
});

function portOf({ endpoints: [first] }: SocketmapServer): number {
  return first?.kind === 'inet' ? first.port : 0;
}

/** What comes back for what is sent, until the other side closes or enough netstrings came. */
function talk(socket: Socket, text: string, replies: number): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
      if (heard.split(',').length > replies) socket.end();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(heard));
    socket.write(text);
  });
}

const frame = (text: string): string => `${text.length}:${text},`;
const toTcp = (): Socket => connect(portOf(server), '127.0.0.1');

t.test('over TCP and over a Unix socket', async (t) => {
  for (const socket of [toTcp(), connect(path)]) {
    t.equal(await talk(socket, frame('QUERY p256.dane'), 1), frame('OK dane-only'));
  }
  t.ok(reports.includes('policy for p256.dane: OK dane-only'));
  // RFC 6531: Postfix has the name in UTF-8, as the recipient wrote it.
  const utf8 = 'QUERY ｐ256.dane';
  const framed = `${Buffer.byteLength(utf8)}:${utf8},`;
  t.equal(await talk(toTcp(), framed, 1), frame('OK dane-only'));
});

const postmap = ['/usr/sbin/postmap', '/usr/bin/postmap'].find(existsSync);
const skip = postmap === undefined ? 'SKIPPED: Postfix is not installed' : false;

t.test("Postfix's own client", { skip }, async (t) => {
  const configuration = join(folder, 'postfix');
  mkdirSync(configuration);
  writeFileSync(join(configuration, 'main.cf'), 'compatibility_level = 3.6\n');
  const ask = (map: string, keys: readonly string[]): Promise<string> =>
    new Promise((resolve) => {
      const child = execFile(postmap ?? '', ['-c', configuration, '-q', '-', map], (_, stdout) =>
        resolve(stdout),
      );
      child.stdin?.end(keys.join('\n'));
    });
  const keys = ['p256.dane', 'unsigned.dane', 'pkix.dane', 'null-mx.dane', '[mx.p256.dane]'];
  const found = 'p256.dane\tdane-only\npkix.dane\tdane\n[mx.p256.dane]\tdane-only\n';
  const inet = `socketmap:inet:127.0.0.1:${portOf(server)}`;
  for (const map of [`${inet}:QUERY`, `${inet}:QUERYwithTLSRPT`, `socketmap:unix:${path}:QUERY`]) {
    t.equal(await ask(map, keys), found, map.replace(/\d{3,}/, 'PORT'));
  }
});

t.test('one after the other on one connection, in order, whole or in pieces', async (t) => {
  const domains = ['p256.dane', 'unsigned.dane', 'pkix.dane', 'null-mx.dane'];
  const text = domains.map((domain) => frame(`QUERY ${domain}`)).join('');
  const expected = ['OK dane-only', 'NOTFOUND ', 'OK dane', 'NOTFOUND '].map(frame).join('');
  t.equal(await talk(toTcp(), text, 4), expected, 'all at once');
  const socket = toTcp();
  const heard = talk(socket, '', 4);
  for (const character of text) {
    socket.write(character);
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.equal(await heard, expected, 'octet by octet');
});

t.test('a thousand requests at once are answered like one', async (t) => {
  const text = frame('QUERY a..b').repeat(1_000);
  t.equal(await talk(toTcp(), text, 1_000), frame('NOTFOUND ').repeat(1_000));
});

t.test('what is no netstring, or too long, ends the connection', async (t) => {
  for (const bad of ['GET / HTTP/1.0\r\n\r\n', '5:QUERY.', '99999:', '007:QUERY a,']) {
    t.equal(await talk(toTcp(), bad, 1), '', bad);
  }
});

t.test('another client is served while one waits', async (t) => {
  const idle = toTcp();
  await new Promise((resolve) => idle.once('connect', resolve));
  idle.write('14:QUERY p2');
  t.equal(await talk(toTcp(), frame('QUERY rsa.dane'), 1), frame('OK dane-only'));
  idle.destroy();
});

t.test('beyond the limit of connections nobody gets in', async (t) => {
  const { value: limit } = DANE_LIMITS.socketmapConnections;
  const idle = Array.from({ length: limit }, toTcp);
  await Promise.all(idle.map((each) => new Promise((resolve) => each.once('connect', resolve))));
  t.equal(await talk(toTcp(), frame('QUERY p256.dane'), 1), '', 'closed without a word');
  t.equal(server.connections, limit);
  for (const each of idle) each.destroy();
  await until('nothing is left behind', () => server.connections === 0);
  t.equal(await talk(toTcp(), frame('QUERY p256.dane'), 1), frame('OK dane-only'));
});

t.test('the access list is that of DNS clients', async (t) => {
  const elsewhere = new AccessList([IpPrefix.parse('192.0.2.0/24')!]);
  const strict = await open([loopback], elsewhere);
  const socket = connect(portOf(strict), '127.0.0.1');
  t.equal(await talk(socket, frame('QUERY p256.dane'), 1), '');
});

t.test('a place that is taken, and one that a dead server has left', async (t) => {
  const { driver } = assembly;
  const parts = { driver, access: AccessList.loopback, report: () => undefined };
  const taken = await SocketmapServer.open({ ...parts, endpoints: [{ kind: 'unix', path }] });
  t.match(taken, { ok: false, code: 'EADDRINUSE', sentence: /policy\.sock: something else/ });
  t.equal(
    await talk(connect(path), frame('QUERY p256.dane'), 1),
    frame('OK dane-only'),
    'unharmed',
  );
  // A listener whose process died leaves its name in the folder: no one answers there.
  const { execFileSync } = await import('node:child_process');
  const stale = join(folder, 'stale.sock');
  const script = `require('net').createServer().listen(${JSON.stringify(stale)}, () => process.kill(process.pid, 'SIGKILL'))`;
  t.throws(() => execFileSync(process.execPath, ['-e', script], { stdio: 'ignore' }));
  const again = await open([{ kind: 'unix', path: stale }]);
  t.equal(await talk(connect(stale), frame('QUERY p256.dane'), 1), frame('OK dane-only'));
  await again.close();
  // A path that was meant for something else is left alone.
  const letter = join(folder, 'letter');
  writeFileSync(letter, 'dear reader');
  await t.rejects(open([{ kind: 'unix', path: letter }]), /cannot listen on .*letter/);
  t.equal(readFileSync(letter, 'latin1'), 'dear reader');
});

t.test('the end: what was asked is answered, idle connections close, no new ones', async (t) => {
  const ending = await open([loopback]);
  const port = portOf(ending);
  const asking = connect(port, '127.0.0.1');
  const idle = connect(port, '127.0.0.1');
  await Promise.all(
    [asking, idle].map((each) => new Promise((done) => each.once('connect', done))),
  );
  const heard = talk(asking, frame('QUERY split.dane'), 1);
  const idleHeard = talk(idle, '', 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await ending.close();
  t.equal(await heard, frame('OK dane-only'));
  t.equal(await idleHeard, '');
  const late = connect(port, '127.0.0.1');
  t.equal(await talk(late, frame('QUERY p256.dane'), 1), '');
});
