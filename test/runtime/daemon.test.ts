/** The server on real sockets, on loopback, with a scripted resolver: UDP, TCP and their abuse. */
import { execFile, execFileSync } from 'node:child_process';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { ReplyCache } from '../../src/cache/index.js';
import type { Effect } from '../../src/resolver/index.js';
import {
  Daemon,
  type DaemonParts,
  type DaemonReport,
  Driver,
  type ListenAddress,
  SystemClock,
} from '../../src/runtime/index.js';
import {
  AccessList,
  CLIENT_LIMITS,
  CookieJar,
  DEFAULT_NAME_SERVER_CONFIG,
} from '../../src/server/index.js';
import {
  frame,
  IpAddress,
  IpPrefix,
  type Message,
  Rcode,
  RRType,
  TcpDeframer,
} from '../../src/wire/index.js';
import {
  answered,
  insecure,
  latin1,
  name,
  parsed,
  request,
  rrset,
  SIGNED_ADDRESSES,
  secure,
} from '../server/front-desk.js';
import { answering, pause, type Script, ScriptedMachine, until } from './scripted-machine.js';

// These tests judge sockets; signatures end in what is the future for the real clock, too.
const CLOCK = new SystemClock({ kind: 'fixed', wallSeconds: 1_800_000_000 });
const POSITIVE = answered({ sets: [[SIGNED_ADDRESSES, secure]] });

interface Running {
  readonly daemon: Daemon;
  readonly machine: ScriptedMachine;
  readonly driver: Driver;
  readonly reports: DaemonReport[];
  readonly port: number;
}

const local = (address: string, port = 0): ListenAddress => ({
  address: IpAddress.parse(address)!,
  port,
});

async function start(
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

class UdpStub {
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

class TcpStub {
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

t.test('UDP and TCP on the same port, on every address', async (t) => {
  const hasIpv6 = readFileSync('/proc/net/if_inet6', 'utf8').includes('0000000000000001');
  const listen = ['127.0.0.1', '127.0.0.2', ...(hasIpv6 ? ['::1'] : [])].map((text) => local(text));
  const { daemon } = await start(t, undefined, { listen });
  t.equal(daemon.addresses.length, listen.length);
  for (const { address, port } of daemon.addresses) {
    const host = address.toString();
    const octets = request({ ad: true, edns: { dnssecOk: true } });
    const overUdp = await new UdpStub(t, port, host).ask(octets);
    t.match(overUdp, { rcode: Rcode.NOERROR, authenticData: true, id: 0x4711 }, `UDP ${host}`);
    const tcp = new TcpStub(t, port, host);
    tcp.ask(octets);
    const overTcp = await tcp.reply();
    t.same({ ...overTcp }, { ...overUdp }, `TCP ${host}: the same reply`);
  }
  t.equal(daemon.counters.udpRequests, listen.length);
  t.equal(daemon.counters.tcpRequests, listen.length);
});

t.test('what cannot be bound is said in a sentence, and nothing stays bound', async (t) => {
  const { port, driver } = await start(t);
  const parts = {
    driver,
    clock: CLOCK,
    cookies: new CookieJar(new Uint8Array(16)),
    config: DEFAULT_NAME_SERVER_CONFIG,
    report: () => {},
  };
  const free = local('127.0.0.1', await freePort());
  const taken = await Daemon.open({ ...parts, listen: [free, local('127.0.0.1', port)] });
  t.match(taken, {
    ok: false,
    code: 'EADDRINUSE',
    sentence: `cannot listen on 127.0.0.1:${port}: something else listens there already`,
  });
  const away = await Daemon.open({ ...parts, listen: [free, local('203.0.113.1')] });
  t.match(away, { ok: false, code: 'EADDRNOTAVAIL', sentence: /203\.0\.113\.1:0: .*no such/ });
  const now = await Daemon.open({ ...parts, listen: [free] });
  t.match(now, { ok: true }, 'the free port was let go each time');
  if (now.ok) await now.daemon.close();

  const half = createServer();
  await new Promise<void>((resolve) => half.listen(0, '127.0.0.1', resolve));
  t.teardown(() => half.close());
  const { port: tcpTaken } = half.address() as { port: number };
  const onlyUdp = await Daemon.open({ ...parts, listen: [local('127.0.0.1', tcpTaken)] });
  t.match(onlyUdp, { ok: false, code: 'EADDRINUSE' }, 'UDP alone is not enough');
});

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

t.test('TCP: framing abuse', async (t) => {
  const { port, machine, reports } = await start(t);
  for (const length of [0, 1, 11]) {
    const stub = new TcpStub(t, port);
    stub.socket.write(Uint8Array.from([0, length, ...new Uint8Array(length)]));
    await until(`length ${length} ends the connection`, () => stub.closed);
    t.equal(stub.replies.length, 0);
  }
  const octets = frame(request());
  const dripping = new TcpStub(t, port);
  dripping.socket.setNoDelay(true);
  for (const octet of octets) {
    dripping.socket.write(Uint8Array.of(octet));
    await pause(1);
  }
  t.equal((await dripping.reply()).rcode, Rcode.NOERROR, 'octet by octet');

  const cut = new TcpStub(t, port);
  cut.socket.end(octets.subarray(0, 9));
  await until('a cut message ends the connection', () => cut.closed);
  t.equal(cut.replies.length, 0, 'and has no reply');

  const polite = new TcpStub(t, port);
  polite.socket.end(octets);
  t.equal((await polite.reply()).rcode, Rcode.NOERROR, 'who half-closes still gets the reply');
  await until('then it is closed', () => polite.closed);

  const response = request();
  response[2]! |= 0x80;
  const odd = new TcpStub(t, port);
  for (let left = 0; left < 100; left++) odd.ask(response);
  odd.ask(request({ id: 9 }));
  t.equal((await odd.reply()).id, 9, 'messages that deserve no reply block nothing');
  t.equal(machine.kinds().filter((kind) => kind === 'question').length, 3);
  t.same(reports, []);
});

/** Answers `slow.` when told to, everything else at once. */
function withSlowAnswers(): { script: Script; release: () => Effect[]; held: number[] } {
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
function prod({ machine, driver }: Running, effects: readonly Effect[]): void {
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

t.test('TCP: replies overtake each other (RFC 7766 §6.2.1.1)', async (t) => {
  const slow = withSlowAnswers();
  const running = await start(t, slow.script);
  const stub = new TcpStub(t, running.port);
  stub.ask(request({ id: 1, name: name('slow.example.org') }));
  stub.ask(request({ id: 2 }));
  t.equal((await stub.reply(1)).id, 2);
  prod(running, slow.release());
  t.equal((await stub.reply(2)).id, 1);
});

t.test('TCP: 16 in flight per connection, others are not affected', async (t) => {
  const slow = withSlowAnswers();
  const running = await start(t, slow.script);
  const most = CLIENT_LIMITS.tcpQueriesInFlight.value;
  const stub = new TcpStub(t, running.port);
  const count = 40;
  for (let id = 0; id < count; id++) stub.ask(request({ id, name: name(`s${id}.example.org`) }));
  await until('the first ones', () => slow.held.length === most);
  const other = new TcpStub(t, running.port);
  other.ask(request());
  await other.reply();
  await pause(30);
  t.equal(slow.held.length, most, 'no more are taken');
  while (stub.replies.length < count) {
    const before = stub.replies.length;
    prod(running, slow.release());
    await until('more replies', () => stub.replies.length > before);
    await pause(5);
  }
  t.equal(new Set(stub.replies.map(({ id }) => id)).size, count, 'all are answered in the end');
});

t.test('TCP: a client that goes takes its questions along', async (t) => {
  const slow = withSlowAnswers();
  const running = await start(t, slow.script);
  const stub = new TcpStub(t, running.port);
  stub.ask(request({ name: name('slow.example.org') }));
  await until('the question', () => slow.held.length === 1);
  stub.socket.resetAndDestroy();
  await until('the resolver is told', () => slow.held.length === 0);
  t.equal(running.daemon.counters.outstandingQuestions, 0);
  t.equal(running.daemon.counters.tcpConnections, 0);
});

t.test('TCP: 100,000 queries from a client that never reads (CVE-2024-0760)', async (t) => {
  const texts = Array.from({ length: 200 }, (_, at) =>
    latin1(`\xc8${String(at).padEnd(200, 'x')}`),
  );
  const big = rrset(name('www.example.org'), RRType.TXT, texts);
  const large = answered({ sets: [[big, insecure]] });
  const { daemon, port, machine } = await start(
    t,
    answering(({ type }) => (type === RRType.TXT ? large : POSITIVE)),
  );
  const rude = new TcpStub(t, port);
  rude.socket.pause();
  const query = frame(request({ type: RRType.TXT }));
  const block = new Uint8Array(query.length * 1_000);
  for (let at = 0; at < block.length; at += query.length) block.set(query, at);
  for (let sent = 0; sent < 100; sent++) rude.socket.write(block);
  await pause(200);
  const before = machine.events.length;
  await pause(100);
  t.ok(machine.events.length - before < 5, 'it has come to a stand-still');
  t.ok(daemon.tcpHeldOctets < 2_000_000, `${daemon.tcpHeldOctets} octets are held for it`);
  const startMs = performance.now();
  const victim = new TcpStub(t, port);
  victim.ask(request());
  await victim.reply();
  const tookMs = performance.now() - startMs;
  t.ok(tookMs < 100, `another client's reply took ${tookMs.toFixed(1)} ms`);
  t.equal(daemon.counters.tcpConnections, 2);
});

t.test('TCP: slow-loris: 300 silent and 300 trickling connections', async (t) => {
  const { daemon, port } = await start(t);
  const most = CLIENT_LIMITS.tcpConnections.value;
  const crowd = Array.from({ length: 600 }, () => new TcpStub(t, port));
  await until('the table is full', () => daemon.counters.tcpConnections === most);
  const trickle = frame(request());
  let at = 0;
  const timer = setInterval(() => {
    for (const { socket } of crowd.slice(300)) {
      if (!socket.destroyed) socket.write(trickle.subarray(at, at + 1));
    }
    at++;
  }, 100);
  t.teardown(() => clearInterval(timer));
  const times: number[] = [];
  for (let round = 0; round < 20; round++) {
    const startMs = performance.now();
    const victim = new TcpStub(t, port);
    victim.ask(request());
    await victim.reply();
    times.push(performance.now() - startMs);
    victim.socket.end();
    await pause(10);
  }
  times.sort((a, b) => a - b);
  t.comment(`victims: median ${times[10]?.toFixed(1)} ms, slowest ${times[19]?.toFixed(1)} ms`);
  // The crowd lives in this process, too, and takes its part of the time.
  t.ok(times[10]! < 100, 'most victims wait less than 100 ms');
  t.ok(times[19]! < 1_000, 'and none waits for a second');
  t.ok(daemon.counters.tcpConnections <= most);
  // Trickling gains no time: without a whole query within 2 s every one of them is gone.
  await until('all are closed', () => daemon.counters.tcpConnections === 0, 4_000);
  clearInterval(timer);
});

t.test('TCP: strangers are turned away before they can say anything', async (t) => {
  const access = new AccessList([IpPrefix.parse('127.0.0.1/32')!]);
  const config = { ...DEFAULT_NAME_SERVER_CONFIG, access };
  const { port, daemon } = await start(t, undefined, { config });
  const stranger = new TcpStub(t, port, '127.0.0.1', '127.0.0.9');
  stranger.ask(request());
  await until('closed', () => stranger.closed);
  t.equal(stranger.replies.length, 0);
  t.equal(daemon.counters.tcpRequests, 0);
  const overUdp = await new UdpStub(t, port, '127.0.0.1', '127.0.0.9').ask(request());
  t.match(overUdp, { rcode: Rcode.REFUSED, recursionAvailable: false });
  t.match(await new UdpStub(t, port).ask(request()), { rcode: Rcode.NOERROR });
});

t.test('UDP: garbage between good requests', async (t) => {
  const { port, reports, daemon } = await start(t);
  const stub = new UdpStub(t, port);
  for (let length = 0; length < 40; length++) stub.send(new Uint8Array(length).fill(0xff));
  const loop = request();
  loop[2]! |= 0x80;
  for (let left = 0; left < 20; left++) stub.send(loop);
  t.equal((await stub.ask(request({ id: 3 }))).id, 3);
  t.equal(stub.replies.length, 1, 'nothing else came back');
  t.same(reports, []);
  t.equal(daemon.counters.udpRequests, 61);
});

t.test('a resolver that breaks costs one SERVFAIL, and is heard of', async (t) => {
  const broken = answered({ sets: [[{ ...SIGNED_ADDRESSES, rdatas: [null as never] }, secure]] });
  const { port, reports } = await start(t, (event) => {
    if (event.kind !== 'question') return [];
    if (event.type === RRType.MX) throw new Error('invariant');
    const resolution = event.type === RRType.TXT ? broken : POSITIVE;
    return [{ kind: 'finished', handle: event.handle, resolution }];
  });
  const stub = new UdpStub(t, port);
  t.equal((await stub.ask(request({ type: RRType.MX }))).rcode, Rcode.SERVFAIL);
  t.match(reports, [{ kind: 'internal error', sentence: /invariant/ }]);
  t.equal((await stub.ask(request({ type: RRType.TXT }))).rcode, Rcode.SERVFAIL);
  t.match(reports[1], { kind: 'internal error', sentence: /could not be made/ });
  t.equal((await stub.ask(request())).rcode, Rcode.NOERROR, 'and all else goes on');
});

t.test('replies from memory over sockets', async (t) => {
  const replies = new ReplyCache({ maxOctets: 1_000_000, secret: 1 });
  const { port, machine } = await start(t, undefined, { replies });
  const stub = new UdpStub(t, port);
  for (let id = 0; id < 50; id++) {
    const message = await stub.ask(request({ id, ad: true, edns: {} }));
    t.match(message, { id, authenticData: true, answer: { length: 2 } });
  }
  t.equal(machine.events.length, 1, 'the resolver was asked once');
});

t.test('closing answers what is open, takes nothing new, and frees the ports', async (t) => {
  const slow = withSlowAnswers();
  const running = await start(t, slow.script);
  const { daemon, port } = running;
  const udp = new UdpStub(t, port);
  const tcp = new TcpStub(t, port);
  const idle = new TcpStub(t, port);
  idle.ask(request());
  await idle.reply();
  udp.send(request({ id: 1, name: name('s1.example.org') }));
  tcp.ask(request({ id: 2, name: name('s2.example.org') }));
  await until('both questions', () => slow.held.length === 2);
  const closed = daemon.close();
  await until('idle connections go first', () => idle.closed);
  const late = new TcpStub(t, port);
  await until('nobody else is let in', () => late.closed);
  udp.send(request({ id: 3 }));
  await pause(20);
  t.equal(udp.replies.length, 0, 'a new question is not taken');
  prod(running, slow.release());
  await closed;
  t.equal(tcp.replies[0]?.id, 2);
  await until('the datagram', () => udp.replies.length === 1);
  t.equal(parsed(udp.replies[0]!).id, 1);
  await until('the connection is closed', () => tcp.closed);
  const again = await start(t, undefined, { listen: [local('127.0.0.1', port)] });
  t.equal(again.port, port);
});

t.test('closing does not wait for ever', async (t) => {
  const { daemon, port } = await start(t, () => []);
  new UdpStub(t, port).send(request());
  await until('the question', () => daemon.counters.outstandingQuestions === 1);
  const startMs = performance.now();
  await daemon.close(50);
  t.ok(performance.now() - startMs < 1_000);
});

t.test('out of descriptors: accepting recovers, without spinning (EMFILE)', async (t) => {
  const program = `
    const url = (file) => new URL(file, ${JSON.stringify(import.meta.url)}).href;
    const { Daemon, Driver, SystemClock } = await import(url('../../src/runtime/index.js'));
    const { CookieJar, DEFAULT_NAME_SERVER_CONFIG } = await import(url('../../src/server/index.js'));
    const { IpAddress } = await import(url('../../src/wire/index.js'));
    const { answering, ScriptedMachine } = await import(url('./scripted-machine.js'));
    const { answered } = await import(url('../server/front-desk.js'));
    const clock = new SystemClock();
    const driver = new Driver({
      machine: new ScriptedMachine(answering(() => answered({ rcode: 3 }))),
      clock, openUpstream: () => ({ close() {} }), report: () => {} });
    const { daemon } = await Daemon.open({
      driver, clock, cookies: new CookieJar(new Uint8Array(16)),
      config: DEFAULT_NAME_SERVER_CONFIG, report: () => {},
      listen: [{ address: IpAddress.parse('127.0.0.1'), port: 0 }] });
    console.log(daemon.addresses[0].port);
    process.on('SIGUSR2', () => {
      const { user, system } = process.cpuUsage();
      console.log(Math.round((user + system) / 1000));
    });`;
  const child = execFile(process.execPath, ['--input-type=module', '-e', program]);
  t.teardown(() => child.kill('SIGKILL'));
  let shown = '';
  let complaints = '';
  child.stdout?.on('data', (text: string) => {
    shown += text;
  });
  child.stderr?.on('data', (text: string) => {
    complaints += text;
  });
  await until('the port', () => shown.includes('\n'));
  const port = Number(shown);
  execFileSync('prlimit', [`--pid=${child.pid}`, '--nofile=64:64']);
  const cpuMs = async (): Promise<number> => {
    const lines = shown.split('\n').length;
    child.kill('SIGUSR2');
    await until('its CPU time', () => shown.split('\n').length > lines);
    return Number(shown.trim().split('\n').at(-1));
  };
  const crowd = Array.from({ length: 200 }, () => new TcpStub(t, port));
  await pause(300);
  const before = await cpuMs();
  await pause(500);
  const spent = (await cpuMs()) - before;
  t.ok(spent < 100, `${spent} ms of CPU in 500 ms while it is full`);
  t.equal((await new UdpStub(t, port).ask(request())).rcode, Rcode.NXDOMAIN, 'UDP goes on');
  for (const { socket } of crowd) socket.destroy();
  await pause(50);
  const after = new TcpStub(t, port);
  after.ask(request());
  t.equal((await after.reply()).rcode, Rcode.NXDOMAIN, 'afterwards TCP goes on, too');
  t.equal(complaints, '');
});
