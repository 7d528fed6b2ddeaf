import t from 'tap';
import { CLIENT_LIMITS } from '../../src/server/index.js';
import { frame, Rcode, RRType } from '../../src/wire/index.js';
import { answered, insecure, latin1, name, request, rrset } from '../server/front-desk.js';
import { POSITIVE, prod, start, TcpStub, withSlowAnswers } from './running-daemon.js';
import { answering, pause, until } from './scripted-machine.js';

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
  let heard = 0;
  for (let rounds = 0; (heard === 0 || heard < machine.events.length) && rounds < 50; rounds++) {
    heard = machine.events.length;
    await pause(100);
  }
  t.equal(machine.events.length, heard, 'it has come to a stand-still');
  t.ok(daemon.tcpHeldOctets < 2_000_000, `${daemon.tcpHeldOctets} octets are held for it`);
  const startMs = performance.now();
  const victim = new TcpStub(t, port);
  victim.ask(request());
  await victim.reply();
  const tookMs = performance.now() - startMs;
  t.ok(tookMs < 1_000, `another client's reply took ${tookMs.toFixed(1)} ms`);
  t.equal(daemon.counters.tcpConnections, 2);
});

t.test('TCP: a query that came while the process stood still is not late', async (t) => {
  const { daemon, port } = await start(t);
  const [asks, silent] = [new TcpStub(t, port), new TcpStub(t, port)];
  await until('both are accepted', () => daemon.counters.tcpConnections === 2);
  asks.ask(request());
  // As long as a machine that is moved to another host, or has its memory swapped in.
  const never = new Int32Array(new SharedArrayBuffer(4));
  Atomics.wait(never, 0, 0, CLIENT_LIMITS.tcpFirstQueryMs.value + 500);
  t.equal((await asks.reply()).rcode, Rcode.NOERROR);
  await until('the other, who asks nothing, is gone', () => silent.closed);
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
  t.ok(times[10]! < 250, 'most victims wait less than 250 ms');
  t.ok(times[19]! < 1_500, 'and none until the crowd is gone');
  t.ok(daemon.counters.tcpConnections <= most);
  // Trickling gains no time: without a whole query within 2 s every one of them is gone.
  await until('all are closed', () => daemon.counters.tcpConnections === 0, 4_000);
  clearInterval(timer);
});
