/** The loop around the machine, the clocks, entropy, files and systemd. */
import { createSocket } from 'node:dgram';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Effect, Report, Resolution } from '../../src/resolver/index.js';
import {
  type Clock,
  Driver,
  findTrustAnchorsFolder,
  notifyReady,
  notifyStopping,
  type OutgoingQuery,
  type QuestionEvent,
  randomBetween,
  readTextFile,
  SystemClock,
  SystemEntropy,
  type UpstreamEvent,
  writeFileAtomically,
} from '../../src/runtime/index.js';
import { IpAddress, Rcode } from '../../src/wire/index.js';
import { answered, name } from '../server/front-desk.js';
import { answering, pause, ScriptedMachine, until } from './scripted-machine.js';

const SERVER = IpAddress.parse('192.0.2.53')!;

class Network {
  readonly sent: OutgoingQuery[] = [];
  readonly abandoned: number[] = [];
  closed = false;
  onSend: (query: OutgoingQuery) => void = () => {};
  deliver: (event: UpstreamEvent) => void = () => {};

  readonly open = (deliver: (event: UpstreamEvent) => void) => {
    this.deliver = deliver;
    return {
      send: (query: OutgoingQuery) => {
        this.sent.push(query);
        this.onSend(query);
      },
      abandon: (queryId: number) => void this.abandoned.push(queryId),
      close: () => {
        this.closed = true;
      },
    };
  };
}

/** With it, all that happens at once happens in one turn, however slow the machine is. */
const STILL: Clock = { now: () => ({ monotonicMs: 5_000, wallSeconds: 5, cacheMs: 5_000 }) };

function setUp(machine = new ScriptedMachine(), clock: Clock = new SystemClock()) {
  const network = new Network();
  const reports: Report[] = [];
  const driver = new Driver({
    machine,
    clock,
    openUpstream: network.open,
    report: (report) => void reports.push(report),
  });
  return { machine, network, reports, clock, driver };
}

function question(driver: Driver, label = 'www'): QuestionEvent {
  return {
    kind: 'question',
    handle: driver.newHandle(),
    name: name(`${label}.example.org`),
    type: 1,
    checkingDisabled: false,
    recursionDesired: true,
  };
}

function sending(queryId: number, transport: 'udp' | 'tcp' = 'udp'): Effect {
  const octets = new Uint8Array(12);
  return { kind: 'send', queryId, address: SERVER, port: 53, transport, octets };
}

const errorsOf = ({ errors }: Resolution): string[] => errors.map(({ text }) => text);

t.test('effects are carried out in order, and the asker hears once', (t) => {
  const { machine, network, driver, reports } = setUp();
  machine.script = (event) =>
    event.kind === 'question'
      ? [
          sending(1),
          sending(2),
          { kind: 'abandon', queryId: 1 },
          { kind: 'report', report: { kind: 'trust anchor', sentence: 'hello' } },
          { kind: 'finished', handle: event.handle, resolution: answered() },
          { kind: 'finished', handle: event.handle, resolution: answered() },
        ]
      : [];
  let heard = 0;
  driver.ask(question(driver), () => {
    heard++;
  });
  t.equal(heard, 1);
  t.same(
    network.sent.map(({ queryId }) => queryId),
    [1, 2],
  );
  t.same(network.abandoned, [1]);
  t.match(reports, [{ kind: 'trust anchor' }]);
  t.equal(driver.outstandingQuestions, 0);
  driver.close();
  t.end();
});

t.test('events that effects cause wait for their turn', (t) => {
  const { machine, network, driver } = setUp(new ScriptedMachine(), STILL);
  const order: string[] = [];
  network.onSend = ({ queryId }) => {
    // A socket may fail while the machine's effects are still being carried out.
    network.deliver({ kind: 'failed', queryId, failure: 'unreachable' });
    order.push(`sent ${queryId}`);
  };
  machine.script = (event) => {
    order.push(event.kind);
    return event.kind === 'question' ? [sending(1), sending(2)] : [];
  };
  driver.ask(question(driver), () => {});
  t.same(order, ['question', 'sent 1', 'sent 2', 'failed', 'failed']);
  driver.close();
  t.end();
});

t.test('an answer may cause the next question', (t) => {
  const { driver } = setUp(new ScriptedMachine(answering(() => answered())), STILL);
  const heard: string[] = [];
  driver.ask(question(driver), () => {
    driver.ask(question(driver), () => void heard.push('second'));
    heard.push('first');
  });
  t.same(heard, ['first', 'second']);
  driver.close();
  t.end();
});

t.test(
  'a burst of replies leaves room for clients, and its order and instants are kept',
  async (t) => {
    let nowMs = 100;
    const clock: Clock = {
      now: () => ({ monotonicMs: nowMs, wallSeconds: 5, cacheMs: nowMs }),
    };
    const { machine, network, driver } = setUp(new ScriptedMachine(), clock);
    const instants: number[] = [];
    machine.script = (_, now) => {
      instants.push(now.monotonicMs);
      nowMs += 0.4;
      return [];
    };
    for (let queryId = 1; queryId <= 8; queryId++) {
      nowMs += 0.01;
      network.deliver({ kind: 'failed', queryId, failure: 'unreachable' });
    }
    const arrivedBy = nowMs;
    t.equal(machine.events.length, 3, 'a millisecond of work, and then others');
    const turns: number[] = [];
    while (machine.events.length < 8) {
      await new Promise((resolve) => setImmediate(resolve));
      turns.push(machine.events.length);
    }
    t.same(turns, [6, 8], 'each turn of the event loop gets its share');
    t.same(
      machine.events.map((event) => 'queryId' in event && event.queryId),
      [1, 2, 3, 4, 5, 6, 7, 8],
    );
    t.ok(instants.every((instant) => instant <= arrivedBy) && instants[7]! > instants[6]!);
    t.ok(instants[7]! < nowMs - 1, 'the last one is not late for having waited here');
    driver.close();
  },
);

t.test('closed while events wait, the driver is silent', async (t) => {
  let nowMs = 100;
  const clock: Clock = { now: () => ({ monotonicMs: nowMs, wallSeconds: 5, cacheMs: nowMs }) };
  const { machine, network, driver } = setUp(new ScriptedMachine(), clock);
  machine.script = () => {
    nowMs += 2;
    return [];
  };
  for (const queryId of [1, 2]) {
    network.deliver({ kind: 'failed', queryId, failure: 'unreachable' });
  }
  driver.close();
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  t.equal(machine.events.length, 1);
});

t.test('a reply that is here when the timer fires is not late', async (t) => {
  const { machine, network, driver, clock } = setUp();
  const receiver = createSocket('udp4');
  await new Promise<void>((resolve) => receiver.bind(0, '127.0.0.1', resolve));
  receiver.on('message', () => {
    network.deliver({ kind: 'failed', queryId: 1, failure: 'unreachable' });
  });
  const sender = createSocket('udp4');
  await new Promise<void>((resolve) =>
    sender.connect(receiver.address().port, '127.0.0.1', resolve),
  );
  machine.script = (event) => {
    if (event.kind === 'tick') machine.deadlineMs = undefined;
    return [];
  };
  const dueMs = clock.now().monotonicMs + 20;
  machine.deadlineMs = dueMs;
  driver.ask(question(driver), () => {});
  // The event loop stands still until both are there, as it does while signatures are checked.
  sender.send('reply');
  while (clock.now().monotonicMs < dueMs + 10);
  await until('both events', () => machine.events.length >= 3);
  t.same(machine.kinds().slice(0, 3), ['question', 'failed', 'tick']);
  driver.close();
  receiver.close();
  sender.close();
});

t.test('a broken invariant fails one question, loudly', async (t) => {
  const { machine, driver, reports } = setUp(new ScriptedMachine(), STILL);
  machine.script = (event) => {
    if (event.kind !== 'question') return [];
    if (event.name.equals(name('bad.example.org'))) throw new Error('invariant');
    return [{ kind: 'finished', handle: event.handle, resolution: answered() }];
  };
  const outcomes: Resolution[] = [];
  driver.ask(question(driver, 'bad'), (resolution) => void outcomes.push(resolution));
  driver.ask(question(driver, 'good'), (resolution) => void outcomes.push(resolution));
  t.match(outcomes, [{ rcode: Rcode.SERVFAIL }, { rcode: Rcode.NOERROR }]);
  t.same(errorsOf(outcomes[0]!), ['internal error']);
  t.equal(outcomes[0]?.security.status, 'indeterminate', 'and never anything better');
  t.match(reports, [{ kind: 'internal error', sentence: /handling 'question' failed.*invariant/ }]);

  driver.ask(question(driver, 'good'), () => {
    throw new Error('asker');
  });
  t.match(reports[1], { kind: 'internal error', sentence: /replying failed.*asker/ });
  t.equal(driver.outstandingQuestions, 0);
  driver.close();
});

t.test('a machine that breaks on every tick is not woken in a loop', async (t) => {
  const { machine, clock, driver, reports } = setUp();
  machine.script = (event) => {
    if (event.kind === 'tick') throw new Error('tick');
    return [];
  };
  machine.deadlineMs = clock.now().monotonicMs;
  driver.ask(question(driver), () => {});
  await pause(350);
  driver.close();
  t.ok(reports.length >= 1 && reports.length <= 5, `${reports.length} ticks in 350 ms`);
});

t.test('a transport that throws is a failed query', (t) => {
  const { machine, network, driver, reports } = setUp(new ScriptedMachine(), STILL);
  network.onSend = () => {
    throw Object.assign(new Error('no'), { code: 'EMFILE' });
  };
  machine.script = (event) => (event.kind === 'question' ? [sending(7)] : []);
  driver.ask(question(driver), () => {});
  t.match(machine.events[1], { kind: 'failed', queryId: 7, failure: 'send error' });
  t.match(reports, [{ kind: 'internal error' }]);
  driver.close();
  t.end();
});

t.test('the machine is woken when it wants to be, and early wakes are harmless', async (t) => {
  const { machine, clock, driver } = setUp();
  const wokenMs: number[] = [];
  const startMs = clock.now().monotonicMs;
  machine.script = (event, now) => {
    if (event.kind === 'question') machine.deadlineMs = startMs + 60;
    if (event.kind === 'tick') {
      wokenMs.push(now.monotonicMs - startMs);
      if (now.monotonicMs >= startMs + 60) machine.deadlineMs = undefined;
    }
    return [];
  };
  machine.deadlineMs = startMs + 20;
  driver.ask(question(driver), () => {});
  await until('the last wake', () => machine.deadlineMs === undefined);
  t.ok(wokenMs.at(-1)! >= 60 && wokenMs.at(-1)! < 1_000, `woken at ${wokenMs.join(', ')} ms`);
  t.ok(wokenMs.length <= 3);
  driver.close();
});

t.test('cancelling: the machine is told, the asker hears nothing', (t) => {
  const { machine, driver } = setUp();
  const asked = question(driver);
  driver.ask(asked, () => t.fail('it was cancelled'));
  driver.cancel(asked.handle);
  driver.cancel(asked.handle);
  t.same(machine.kinds(), ['question', 'cancelled'], 'once');
  driver.close();
  t.end();
});

t.test('closing ends every question and the transport', (t) => {
  const { network, driver } = setUp();
  const outcomes: Resolution[] = [];
  driver.ask(question(driver), (resolution) => void outcomes.push(resolution));
  driver.close();
  driver.close();
  driver.ask(question(driver), (resolution) => void outcomes.push(resolution));
  t.match(outcomes, [{ rcode: Rcode.SERVFAIL }, { rcode: Rcode.SERVFAIL }]);
  t.same(outcomes.map(errorsOf), [['shutting down'], ['shutting down']]);
  t.equal(network.closed, true);
  network.deliver({ kind: 'received', queryId: 1, octets: new Uint8Array(0) });
  t.end();
});

// --- clocks ---

t.test('cache time follows forward steps of the wall clock and ignores backward ones', (t) => {
  const time = { wall: 1_800_000_000_000, monotonic: 5_000 };
  const sources = { wallMs: () => time.wall, monotonicMs: () => time.monotonic };
  const clock = new SystemClock({ kind: 'system' }, sources);
  const pass = (ms: number): void => {
    time.wall += ms;
    time.monotonic += ms;
  };
  const start = clock.now();
  t.equal(start.wallSeconds, 1_800_000_000);
  pass(1_500);
  t.equal(clock.now().cacheMs - start.cacheMs, 1_500);
  time.wall += 3_600_000;
  const ahead = clock.now();
  t.equal(ahead.cacheMs - start.cacheMs, 3_601_500, 'an hour forward ages by an hour');
  t.equal(ahead.monotonicMs - start.monotonicMs, 1_500, 'timers do not notice');
  time.wall -= 7_200_000;
  const back = clock.now();
  t.equal(back.cacheMs, ahead.cacheMs, 'two hours back: nothing becomes younger');
  t.equal(back.wallSeconds, ahead.wallSeconds - 7_200, 'signatures see the wall clock');
  pass(1_000);
  t.equal(clock.now().cacheMs, ahead.cacheMs + 1_000, 'and time goes on');
  let before = clock.now().cacheMs;
  let seed = 12_345;
  for (let step = 0; step < 1_000; step++) {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    time.wall += (seed % 20_001) - 10_000;
    time.monotonic += seed % 100;
    const { cacheMs } = clock.now();
    if (cacheMs < before) t.fail(`went back at step ${step}`);
    before = cacheMs;
  }
  t.end();
});

t.test('fixed and offset clocks', (t) => {
  const time = { wall: 1_800_000_000_000, monotonic: 0 };
  const sources = { wallMs: () => time.wall, monotonicMs: () => time.monotonic };
  const fixed = new SystemClock({ kind: 'fixed', wallSeconds: 1_500_000_000 }, sources);
  const offset = new SystemClock({ kind: 'offset', offsetSeconds: -60 }, sources);
  const start = fixed.now();
  time.wall += 9_000;
  time.monotonic += 9_000;
  t.equal(fixed.now().wallSeconds, 1_500_000_000, 'signatures: always the same instant');
  t.equal(fixed.now().cacheMs - start.cacheMs, 9_000, 'TTLs: time passes');
  t.equal(offset.now().wallSeconds, 1_800_000_009 - 60);
  t.end();
});

// --- entropy ---

t.test('entropy: in range, never the same octets twice, from the generator alone', (t) => {
  let drawn = 0;
  let next = 0;
  // A generator whose every octet is known shows which were handed out, and in which order.
  const counting = new SystemEntropy((octets) => {
    drawn += octets.length;
    for (let at = 0; at < octets.length; at++) octets[at] = next++ & 0xff;
  });
  t.equal(counting.uint16(), 0x0001);
  t.equal(counting.uint16(), 0x0203);
  t.equal(counting.uint32(), 0x04050607);
  for (let left = 0; left < 10_000; left++) counting.uint16();
  t.ok(drawn >= 20_008 && drawn < 20_008 + 2 * 4_096, `${drawn} octets for 20,008`);
  const entropy = new SystemEntropy();
  const octets = new Uint8Array(64);
  entropy.fill(octets);
  t.ok(new Set(octets).size > 20);
  for (let left = 0; left < 1_000; left++) {
    const value = entropy.uint32();
    if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) t.fail(String(value));
  }
  t.end();
});

t.test('random ports are spread evenly: 20,000 draws', (t) => {
  const entropy = new SystemEntropy();
  const draws = 20_000;
  const low = 1_024;
  const high = 65_535;
  const bins = new Uint32Array(64);
  const distinct = new Set<number>();
  for (let left = 0; left < draws; left++) {
    const port = randomBetween(entropy, low, high);
    if (port < low || port > high) t.fail(String(port));
    distinct.add(port);
    bins[Math.floor(((port - low) * bins.length) / (high - low + 1))]!++;
  }
  const pool = high - low + 1;
  const expected = pool * (1 - (1 - 1 / pool) ** draws);
  t.ok(Math.abs(distinct.size - expected) < 200, `${distinct.size} distinct, ${expected} expected`);
  const mean = draws / bins.length;
  let chiSquare = 0;
  for (const count of bins) chiSquare += (count - mean) ** 2 / mean;
  // 63 degrees of freedom: above 130 once in a million runs.
  t.ok(chiSquare < 130, `chi-square ${chiSquare.toFixed(1)}`);
  t.end();
});

// --- files ---

t.test('files are read whole or refused with a sentence', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'anchorite-files-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'text'), 'h\u00e9llo\n');
  t.same(readTextFile(join(folder, 'text')), { ok: true, text: 'h\u00e9llo\n' });
  t.match(readTextFile(join(folder, 'none')), { ok: false, code: 'ENOENT', sentence: /no such/ });
  t.match(readTextFile(folder), { ok: false, code: 'EISDIR', sentence: /is a folder/ });
  t.match(readTextFile(join(folder, 'text', 'x')), { ok: false, code: 'ENOTDIR' });
  t.end();
});

t.test('files are replaced whole or not at all', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'anchorite-files-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'anchors');
  t.same(writeFileAtomically(path, 'one'), { ok: true });
  t.same(writeFileAtomically(path, 'two'.repeat(100_000)), { ok: true });
  t.equal(readFileSync(path, 'utf8').length, 300_000);
  t.same(readdirSync(folder), ['anchors'], 'nothing else is left');
  t.match(writeFileAtomically(join(folder, 'no', 'such'), ''), { ok: false, code: 'ENOENT' });
  t.match(writeFileAtomically('/proc/anchorite', ''), { ok: false, sentence: /cannot write/ });
  mkdirSync(join(folder, 'taken'));
  const refused = writeFileAtomically(join(folder, 'taken'), 'x');
  t.match(refused, { ok: false }, 'a folder is not replaced');
  t.same(readdirSync(folder).sort(), ['anchors', 'taken'], 'and nothing is left behind');
  const isRoot = process.getuid?.() === 0;
  t.test('read-only folder', { skip: isRoot ? 'root may write anywhere' : false }, (t) => {
    chmodSync(folder, 0o500);
    t.match(writeFileAtomically(path, 'three'), { ok: false, code: 'EACCES' });
    chmodSync(folder, 0o700);
    t.end();
  });
  t.end();
});

t.test('the shipped trust anchors are found', (t) => {
  const folder = findTrustAnchorsFolder();
  t.ok(folder !== undefined && existsSync(folder));
  t.end();
});

// --- systemd ---

t.test('readiness is told to systemd, and only under systemd', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'anchorite-notify-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, 'notify');
  const log = join(folder, 'log');
  writeFileSync(program, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> ${log}\n`, { mode: 0o755 });
  const environment = { NOTIFY_SOCKET: '/run/notify', PATH: process.env.PATH };
  t.same(await notifyReady('listening', { environment: {}, program }), {
    kind: 'not under systemd',
  });
  t.notOk(existsSync(log));
  t.same(await notifyReady('listening', { environment, program }), { kind: 'sent' });
  t.same(await notifyStopping({ environment, program }), { kind: 'sent' });
  t.same(readFileSync(log, 'utf8').split('\n'), [
    '/run/notify --ready --status=listening',
    '/run/notify STOPPING=1',
    '',
  ]);
  const absent = join(folder, 'absent');
  t.match(await notifyReady('', { environment, program: absent }), { kind: 'failed' });
  writeFileSync(program, '#!/bin/sh\nexit 3\n', { mode: 0o755 });
  t.match(await notifyReady('', { environment, program }), {
    kind: 'failed',
    sentence: /status 3/,
  });
  writeFileSync(program, '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
  const stuck = await notifyReady('', { environment, program, timeLimitMs: 100 });
  t.match(stuck, { kind: 'failed', sentence: /SIGTERM/ });
});
