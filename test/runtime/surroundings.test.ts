/** What the runtime has of the machine it runs on: clocks, entropy, files and systemd. */
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
import {
  findTrustAnchorsFolder,
  notifyReady,
  notifyStopping,
  randomBetween,
  readTextFile,
  SystemClock,
  SystemEntropy,
  writeFileAtomically,
} from '../../src/runtime/index.js';

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
  // The standard deviation is 43: beyond 300 less than once in 100 million runs.
  t.ok(Math.abs(distinct.size - expected) < 300, `${distinct.size} distinct, ${expected} expected`);
  const mean = draws / bins.length;
  let chiSquare = 0;
  for (const count of bins) chiSquare += (count - mean) ** 2 / mean;
  // 63 degrees of freedom: above 150 less than once in 100 million runs.
  t.ok(chiSquare < 150, `chi-square ${chiSquare.toFixed(1)}`);
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
