/** What becomes of questions when one of two workers ends, and that every listener is shared. */
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import dnsPacket from 'dns-packet';
import t from 'tap';
import { childrenOf, exchange, query, type Served, serve } from './running-program.js';
import { aliveAgain, logged, samples, stop, TWO_WORKERS } from './running-workers.js';

/** Each question is sent once, from one socket; says which came back. */
class Crowd {
  readonly answered = new Map<number, dnsPacket.DecodedPacket>();
  readonly #socket = createSocket('udp4');
  #asked = 0;
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
    this.#socket.on('message', (octets) => {
      const reply = dnsPacket.decode(octets);
      this.answered.set(reply.id ?? 0, reply);
    });
  }

  get asked(): number {
    return this.#asked;
  }

  ask(count: number): void {
    for (let left = count; left > 0; left--) {
      const id = ++this.#asked;
      const questions = [{ name: `nobody-${id}.p256.dane`, type: 'A' as const }];
      const flags = dnsPacket.RECURSION_DESIRED | dnsPacket.AUTHENTIC_DATA;
      const octets = dnsPacket.encode({ type: 'query', id, flags, questions });
      this.#socket.send(octets, this.#port, '127.0.0.1');
    }
  }

  async settle(): Promise<void> {
    for (let tries = 0; this.answered.size < this.#asked && tries < 150; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  close(): void {
    this.#socket.close();
  }
}

function openOnes(server: Served): number {
  const open = server.log().matchAll(/gets the (\d+) questions that it had open/g);
  return [...open].reduce((sum, [, count]) => sum + Number(count), 0);
}

t.test('a worker ends by SIGTERM or SIGKILL: what it had heard is answered', async (t) => {
  // Slow enough that all are open when the worker ends.
  const slow = ['--lab-delay', '200', '--aggressive-nsec=off'];
  const server = await serve(...TWO_WORKERS, ...slow);
  await exchange(server.port, query('p256.dane', 'MX'));
  const crowd = new Crowd(server.port);
  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGKILL', 'SIGKILL'] as const) {
    // Whether the one that is killed has any questions open is chance; once is enough.
    if (openOnes(server) > 0) break;
    const [oldest = 0] = childrenOf(server.child.pid ?? 0);
    const lostBefore = crowd.asked - crowd.answered.size;
    crowd.ask(60);
    await new Promise((resolve) => setTimeout(resolve, 60));
    process.kill(oldest, signal);
    crowd.ask(60);
    await logged(server, new RegExp(`worker ${oldest} (ended by|was told)`));
    crowd.ask(20);
    await crowd.settle();
    const lost = crowd.asked - crowd.answered.size - lostBefore;
    // The one that it was reading when it was killed had not been noted yet.
    t.ok(lost <= (signal === 'SIGKILL' ? 1 : 0), `${signal}: ${lost} of 140 are lost`);
    await aliveAgain(server);
  }
  const wrong = [...crowd.answered.values()].filter(({ flag_ad: ad }) => ad !== true);
  t.same(wrong, [], 'each is answered with the proof that there is no such name');
  t.comment(`the killed worker had ${openOnes(server)} questions open`);
  t.ok(openOnes(server) > 0, 'control: questions were open in a worker that was killed');
  t.match(server.log(), /was told to end and has answered all it had heard/);
  crowd.close();
  t.equal(await stop(server), 0);
});

t.test('systemd sends SIGTERM to every process, in whatever order', async (t) => {
  const server = await serve(...TWO_WORKERS, '--lab-delay', '1');
  for (const child of childrenOf(server.child.pid ?? 0)) process.kill(child, 'SIGTERM');
  // The first process has begun to replace them when it is told that all is over.
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.equal(await stop(server), 0);
  t.notMatch(server.log(), /killed|error/, 'nobody had to be killed');
});

t.test('told to end, with questions that take longer than it may: its heir answers', async (t) => {
  const server = await serve(...TWO_WORKERS, '--lab-delay', '900', '--aggressive-nsec=off');
  const crowd = new Crowd(server.port);
  const [oldest = 0] = childrenOf(server.child.pid ?? 0);
  process.kill(oldest, 'SIGTERM');
  for (let count = 0; count < 40; count++) {
    crowd.ask(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await logged(server, new RegExp(`worker ${oldest} was told to end`));
  t.ok(openOnes(server) > 0, 'control: it could not answer everything');
  t.notMatch(server.log(), /has answered all/);
  for (let tries = 0; tries < 4; tries++) await crowd.settle();
  t.equal(crowd.answered.size, crowd.asked);
  crowd.close();
  t.equal(await stop(server), 0);
});

const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0;
const skip = hasPrlimit ? false : 'prlimit is not installed here';
t.test('a machine that has no room for another process', { skip }, async (t) => {
  const server = await serve(...TWO_WORKERS);
  const pid = `${server.child.pid}`;
  const mostFiles = (count: number) =>
    spawnSync('prlimit', ['--pid', pid, `--nofile=${count}:`], { encoding: 'utf8' });
  t.match(mostFiles(10), { status: 0 });
  process.kill(childrenOf(server.child.pid ?? 0)[0] ?? 0, 'SIGKILL');
  await logged(server, /a worker cannot be started now/);
  t.match(await exchange(server.port, query('p256.dane', 'MX')), { rcode: 'NOERROR' }, 'the other');
  t.match(mostFiles(1_000), { status: 0 });
  await aliveAgain(server);
  t.equal((await samples(server)).get('anchorite_workers'), 2, 'there is room again');
  t.equal(await stop(server), 0);
});

t.test('every kind of listener is shared, and a stale socket is cleared away', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'anchorite-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'policy');
  await leaveStaleSocket(path);
  const places = ['--listen-secure-only', '127.0.0.1:0', '--socketmap', `unix:${path}`];
  const server = await serve(...TWO_WORKERS, '--lab-delay', '1', ...places);
  t.equal(statSync(path).mode & 0o777, 0o777, 'Postfix is somebody else');
  const [, second = ''] = /127\.0\.0\.1:(\d+) \(secure only\)/.exec(server.log()) ?? [];
  const [oldest = 0] = childrenOf(server.child.pid ?? 0);
  for (const round of ['two', 'one is new']) {
    for (let count = 0; count < 4; count++) {
      const strict = query('_25._tcp.mx.unsigned.dane', 'TLSA' as dnsPacket.RecordType);
      t.match(await exchange(Number(second), strict), { answers: [] }, round);
      t.match(await policyOf(path, 'p256.dane'), /OK dane-only|OK secure|OK dane/, round);
    }
    if (round === 'two') {
      process.kill(oldest, 'SIGKILL');
      await logged(server, /ended by SIGKILL/);
      await aliveAgain(server);
    }
  }
  t.equal(await stop(server), 0);
  t.notOk(existsSync(path), 'and the socket goes with the last');
});

function policyOf(path: string, domain: string): Promise<string> {
  const request = `QUERY ${domain}`;
  const socket = connect(path, () => socket.write(`${request.length}:${request},`));
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('data', (octets) => {
      socket.destroy();
      resolve(octets.toString());
    });
  });
}

/** As after SIGKILL: the file is there, and nobody listens. */
function leaveStaleSocket(path: string): Promise<void> {
  const end = "() => process.kill(process.pid, 'SIGKILL')";
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, ${end})`;
  return new Promise((resolve) => {
    spawn(process.execPath, ['-e', script]).once('exit', () => resolve());
  });
}
