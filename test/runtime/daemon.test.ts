/** The server on real sockets, on loopback, with a scripted resolver: from opening to closing. */
import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import t from 'tap';
import { ReplyCache } from '../../src/cache/index.js';
import { Daemon } from '../../src/runtime/index.js';
import { AccessList, CookieJar, DEFAULT_NAME_SERVER_CONFIG } from '../../src/server/index.js';
import { IpPrefix, Rcode, RRType } from '../../src/wire/index.js';
import { answered, name, parsed, request, SIGNED_ADDRESSES, secure } from '../server/front-desk.js';
import { openPortPair } from '../support/port-pair.js';
import {
  CLOCK,
  local,
  POSITIVE,
  prod,
  start,
  TcpStub,
  UdpStub,
  withSlowAnswers,
} from './running-daemon.js';
import { pause, until } from './scripted-machine.js';

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
  const { port, tcp, udp } = await openPortPair();
  await new Promise<void>((resolve) => tcp.close(() => resolve()));
  await new Promise<void>((resolve) => udp.close(() => resolve()));
  return port;
}

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
    const server = await import(url('../../src/server/index.js'));
    const { CookieJar, DEFAULT_NAME_SERVER_CONFIG } = server;
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
  t.ok(spent < 250, `${spent} ms of CPU in 500 ms while it is full`);
  t.equal((await new UdpStub(t, port).ask(request())).rcode, Rcode.NXDOMAIN, 'UDP goes on');
  for (const { socket } of crowd) socket.destroy();
  await pause(50);
  const after = new TcpStub(t, port);
  after.ask(request());
  t.equal((await after.reply()).rcode, Rcode.NXDOMAIN, 'afterwards TCP goes on, too');
  t.equal(complaints, '');
});
