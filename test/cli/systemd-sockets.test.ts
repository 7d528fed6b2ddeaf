/** Sockets that somebody else has opened: the daemon, alone or with workers, answers on these. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:dgram';
import type { Server } from 'node:net';
import t, { type Test } from 'tap';
import { inheritedSockets } from '../../src/runtime/index.js';
import { RRType } from '../../src/wire/index.js';
import { TcpStub } from '../runtime/running-daemon.js';
import { name, request } from '../server/front-desk.js';
import { openPortPair } from '../support/port-pair.js';
import { exchange, program, query } from './running-program.js';

interface Passed {
  readonly port: number;
  readonly udp: number;
  readonly tcp: number;
  closeUdp(): void;
  /** As long as it is open here, this process takes connections from the others. */
  closeTcp(): void;
}

/** As systemd does: bound, not read from, and handed on by number. */
async function openBoth(): Promise<Passed> {
  const { port, tcp, udp } = await openPortPair();
  const handle = handleOf(udp);
  handle.recvStop();
  const closing = { closeUdp: () => udp.close(), closeTcp: () => void tcp.close() };
  return { port, udp: handle.fd, tcp: handleOf(tcp).fd, ...closing };
}

interface Handle {
  readonly fd: number;
  recvStop(): void;
}

function handleOf(socket: Socket | Server): Handle {
  const symbols = Object.getOwnPropertySymbols(socket);
  const state = symbols.find(({ description }) => description === 'state symbol');
  const holder = state === undefined ? socket : (socket as never)[state];
  return Object.entries(holder).find(([key]) => {
    return key === 'handle' || key === '_handle';
  })?.[1] as Handle;
}

/** LISTEN_PID is that of the program itself, which the shell becomes. */
function startWith(passed: readonly number[], ...args: string[]): ChildProcess {
  const script = 'LISTEN_PID=$$ exec "$@"';
  const command = [process.execPath, program, 'serve', '--lab', '--lab-delay', '1', ...args];
  return spawn('/bin/sh', ['-c', script, 'sh', ...command, '--log-format', 'text'], {
    stdio: ['ignore', 'ignore', 'pipe', ...passed],
    env: { ...process.env, LISTEN_FDS: `${passed.length}`, NOTIFY_SOCKET: '', STATE_DIRECTORY: '' },
  });
}

function readyAt(child: ChildProcess): Promise<string> {
  let log = '';
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (chunk) => {
      log += chunk;
      const ready = /answering on (.*?)( startMs|$)/m.exec(log);
      if (ready !== null) resolve(ready[1]!);
    });
    child.once('exit', () => reject(new Error(log)));
  });
}

function endOf(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const end = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill(signal);
  return end;
}

async function answers(t: Test, port: number, what: string): Promise<void> {
  const overUdp = await exchange(port, query('p256.dane', 'MX'));
  t.equal(overUdp.flag_ad, true, `${what}: UDP`);
  const stub = new TcpStub(t, port);
  stub.ask(request({ name: name('p256.dane'), type: RRType.MX, ad: true }));
  t.equal((await stub.reply()).authenticData, true, `${what}: TCP`);
}

for (const workers of ['1', '2']) {
  t.test(`${workers} processes on sockets that were passed`, async (t) => {
    const passed = await openBoth();
    const first = startWith([passed.udp, passed.tcp], '--workers', workers);
    passed.closeTcp();
    t.equal(await readyAt(first), `127.0.0.1:${passed.port}`, 'not where listen says');
    await answers(t, passed.port, 'the first');
    t.equal(await endOf(first, 'SIGTERM'), 0);
    // Nobody is there; the question waits in the socket.
    const waiting = exchange(passed.port, query('p256.dane', 'MX'));
    const second = startWith([passed.udp], '--workers', workers);
    await readyAt(second);
    t.equal((await waiting).flag_ad, true, 'asked between two daemons, and answered');
    await answers(t, passed.port, 'the second, which has opened TCP itself');
    await endOf(second, 'SIGTERM');
    passed.closeUdp();
  });
}

t.test('what systemd has passed to somebody else, or what is no socket', (t) => {
  t.equal(inheritedSockets({}, process.pid), undefined);
  const environment = { LISTEN_FDS: '1', LISTEN_PID: '1' };
  t.equal(inheritedSockets(environment, process.pid), undefined, 'sd_listen_fds(3): LISTEN_PID');
  const many = { LISTEN_FDS: '10000', LISTEN_PID: String(process.pid) };
  t.match(inheritedSockets(many, process.pid), {
    ok: false,
    sentence: /descriptor \d+ from systemd is neither a UDP socket nor a TCP socket/,
  });
  t.end();
});
