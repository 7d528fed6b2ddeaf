import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import type { Test } from 'tap';
import type { Effect } from '../../src/resolver/index.js';
import {
  Daemon,
  type DaemonParts,
  type DaemonReport,
  Driver,
  type ListenAddress,
  SystemClock,
} from '../../src/runtime/index.js';
import { CookieJar, DEFAULT_NAME_SERVER_CONFIG } from '../../src/server/index.js';
import { frame, IpAddress, type Message, TcpDeframer } from '../../src/wire/index.js';
import { answered, latin1, name, parsed, SIGNED_ADDRESSES, secure } from '../server/front-desk.js';
import { answering, type Script, ScriptedMachine, until } from './scripted-machine.js';

// These tests judge sockets; signatures end in what is the future for the real clock, too.
export const CLOCK = new SystemClock({ kind: 'fixed', wallSeconds: 1_800_000_000 });
export const POSITIVE = answered({ sets: [[SIGNED_ADDRESSES, secure]] });

export interface Running {
  readonly daemon: Daemon;
  readonly machine: ScriptedMachine;
  readonly driver: Driver;
  readonly reports: DaemonReport[];
  readonly port: number;
}

export const local = (address: string, port = 0): ListenAddress => ({
  address: IpAddress.parse(address)!,
  port,
});

export async function start(
  t: Test,
  script: Script = answering(() => POSITIVE),
  parts: Partial<DaemonParts> = {},
): Promise<Running> {
  const machine = new ScriptedMachine(script);
  const reports: DaemonReport[] = [];
  const driver = new Driver({
    machine,
    clock: CLOCK,
    openUpstream: () => ({ send: () => {}, abandon: () => {}, close: () => {} }),
    report: (report) => {
      if (report.kind === 'internal error') reports.push(report);
    },
  });
  const started = await Daemon.open({
    driver,
    clock: CLOCK,
    cookies: new CookieJar(latin1('0123456789abcdef')),
    config: DEFAULT_NAME_SERVER_CONFIG,
    listen: [local('127.0.0.1')],
    report: (report) => void reports.push(report),
    ...parts,
  });
  if (!started.ok) throw new Error(started.sentence);
  const { daemon } = started;
  t.teardown(async () => {
    await daemon.close(0);
    driver.close();
  });
  return { daemon, machine, driver, reports, port: daemon.addresses[0]!.port };
}

// --- clients ---

export class UdpStub {
  readonly replies: Uint8Array[] = [];
  readonly #socket: UdpSocket;
  readonly #port: number;
  readonly #host: string;

  constructor(t: Test, port: number, host = '127.0.0.1', from?: string) {
    this.#port = port;
    this.#host = host;
    this.#socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    this.#socket.on('message', (octets) => this.replies.push(Uint8Array.from(octets)));
    if (from !== undefined) this.#socket.bind(0, from);
    t.teardown(() => this.#socket.close());
  }

  send(octets: Uint8Array): void {
    this.#socket.send(octets, this.#port, this.#host);
  }

  async ask(octets: Uint8Array): Promise<Message> {
    const before = this.replies.length;
    this.send(octets);
    await until('a reply over UDP', () => this.replies.length > before);
    return parsed(this.replies[before]!);
  }
}

export class TcpStub {
  readonly socket: Socket;
  readonly replies: Message[] = [];
  closed = false;
  readonly #deframer = new TcpDeframer();

  constructor(t: Test, port: number, host = '127.0.0.1', from?: string) {
    const options = from === undefined ? {} : { localAddress: from };
    this.socket = connect({ port, host, allowHalfOpen: true, ...options });
    this.socket.on('data', (chunk) => {
      for (const octets of this.#deframer.push(chunk)) this.replies.push(parsed(octets));
    });
    this.socket.on('error', () => {});
    this.socket.on('end', () => {
      this.closed = true;
      this.socket.end();
    });
    this.socket.on('close', () => {
      this.closed = true;
    });
    t.teardown(() => this.socket.destroy());
  }

  ask(octets: Uint8Array): void {
    this.socket.write(frame(octets));
  }

  async reply(count = 1): Promise<Message> {
    await until(`${count} replies over TCP`, () => this.replies.length >= count);
    return this.replies[count - 1]!;
  }
}

/** Answers `slow.` when told to, everything else at once. */
export function withSlowAnswers(): { script: Script; release: () => Effect[]; held: number[] } {
  const held: number[] = [];
  return {
    held,
    script: (event) => {
      if (event.kind === 'cancelled') {
        held.splice(held.indexOf(event.handle), 1);
        return [];
      }
      if (event.kind !== 'question') return [];
      if (event.name.label(0)[0] === 0x73) {
        held.push(event.handle);
        return [];
      }
      return [{ kind: 'finished', handle: event.handle, resolution: POSITIVE }];
    },
    release: () =>
      held.splice(0).map((handle) => ({ kind: 'finished', handle, resolution: POSITIVE })),
  };
}

/** Has the machine say something although nothing has happened to it. */
export function prod({ machine, driver }: Running, effects: readonly Effect[]): void {
  const { script } = machine;
  const handle = driver.newHandle();
  const event = { name: name('x'), type: 1, checkingDisabled: false, recursionDesired: true };
  machine.script = (got, now) => {
    if (got.kind === 'question' && got.handle === handle) return effects;
    return script(got, now);
  };
  driver.ask({ kind: 'question', handle, ...event }, () => {});
  driver.cancel(handle);
  machine.script = script;
}
