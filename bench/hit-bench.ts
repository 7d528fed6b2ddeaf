/** What answers from the cache cost: how many there are in a second, and how long one takes. */
import { execFile } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type Question, queryFor } from './client.js';
import { mean, quantile } from './statistics.js';
import { HOST, pinned } from './subjects.js';

const DNSPERF = '/usr/bin/dnsperf';

export interface HitFigures {
  readonly hitsPerSecond: number;
  readonly hitMs: number;
}

export interface LoadGenerator {
  /** Servers with several sockets get their clients by address and port. */
  readonly sockets: number;
  /** The processors that it may use, as taskset(1) takes them. */
  readonly cores?: string | undefined;
}

const USUAL: LoadGenerator = { sockets: 4 };

/** dnsperf, when it is there: a client in JavaScript would measure itself. */
export async function hitRate(
  questions: readonly Question[],
  port: number,
  seconds: number,
  generator = USUAL,
): Promise<LoadFigures> {
  if (existsSync(DNSPERF)) return await dnsperf(questions, port, seconds, generator);
  const client = await Client.to(port);
  const many = Array.from({ length: 2_000 * seconds }, (_, index) => {
    return questions[index % questions.length]!;
  });
  const times: number[] = [];
  const before = performance.now();
  await client.askAll(many, 100, ({ ms }) => times.push(ms));
  const elapsedSeconds = (performance.now() - before) / 1_000;
  client.close();
  const hitsPerSecond = many.length / elapsedSeconds;
  return { hitsPerSecond, hitMs: mean(times), seconds: elapsedSeconds };
}

export interface LoadFigures extends HitFigures {
  readonly seconds: number;
}

/** So many questions a second are offered; wants dnsperf. */
export function offeredLoad(
  questions: readonly Question[],
  port: number,
  perSecond: number,
  seconds: number,
): Promise<LoadFigures> {
  return dnsperf(questions, port, seconds, USUAL, '-Q', `${perSecond}`);
}

function dnsperf(
  questions: readonly Question[],
  port: number,
  seconds: number,
  { sockets, cores }: LoadGenerator,
  ...more: readonly string[]
): Promise<LoadFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'anchorite-bench-dnsperf-'));
  const file = join(folder, 'questions');
  writeFileSync(file, questions.map(([name, type]) => `${name}. ${type}\n`).join(''));
  const args = ['-s', HOST, '-p', `${port}`, '-d', file, '-l', `${seconds}`, '-D'];
  args.push('-c', `${sockets}`, '-T', '1', '-q', '200', ...more);
  return new Promise((resolve, reject) => {
    const { command, args: all } = pinned({ command: DNSPERF, args }, cores);
    execFile(command, all, (error, output) => {
      rmSync(folder, { recursive: true, force: true });
      if (error !== null) reject(error);
      else {
        const hitsPerSecond = Number(/Queries per second:\s+([\d.]+)/.exec(output)?.[1]);
        const latencySeconds = Number(/Average Latency \(s\):\s+([\d.]+)/.exec(output)?.[1]);
        const ran = Number(/Run time \(s\):\s+([\d.]+)/.exec(output)?.[1]);
        resolve({ hitsPerSecond, hitMs: 1_000 * latencySeconds, seconds: ran });
      }
    });
  });
}

export interface PacedFigures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly lost: number;
}

/** How long answers take while so many a second are asked for, evenly spread. */
export async function pacedHits(
  questions: readonly Question[],
  port: number,
  perSecond: number,
  seconds: number,
): Promise<PacedFigures> {
  const socket = await connected(port);
  const queries = questions.map((question) => queryFor(0, question));
  const count = perSecond * seconds;
  const sentMs = new Float64Array(count);
  const tookMs: number[] = [];
  socket.on('message', (octets) => {
    const at = performance.now();
    // 16 bits of the number are enough to tell which of the last few thousand it is.
    const index = latestWith((octets[0]! << 8) | octets[1]!, sent);
    if (sentMs[index]! > 0) tookMs.push(at - sentMs[index]!);
    sentMs[index] = 0;
  });
  const startMs = performance.now();
  let sent = 0;
  await new Promise<void>((resolve) => {
    const turn = () => {
      const nowMs = performance.now();
      // One at a time, so that replies are not left waiting behind a burst of our own.
      if (sent < count && nowMs >= startMs + (1_000 * sent) / perSecond) {
        const query = queries[sent % queries.length]!.slice();
        query[0] = (sent >> 8) & 0xff;
        query[1] = sent & 0xff;
        sentMs[sent] = performance.now();
        sent++;
        socket.send(query);
      }
      if (sent < count || nowMs < startMs + 1_000 * seconds + 200) setImmediate(turn);
      else resolve();
    };
    turn();
  });
  socket.close();
  return {
    p50Ms: quantile(tookMs, 0.5),
    p99Ms: quantile(tookMs, 0.99),
    lost: sent - tookMs.length,
  };
}

function latestWith(id: number, sent: number): number {
  const newest = sent - 1;
  return newest - (((newest & 0xffff) - id + 0x10000) & 0xffff);
}

function connected(port: number): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  return new Promise((resolve) => socket.connect(port, HOST, () => resolve(socket)));
}

/** Pipelined over one TCP connection (RFC 7766 §6.2.1.1), never more than `ahead` unanswered. */
export function tcpHits(
  questions: readonly Question[],
  port: number,
  seconds: number,
  ahead = 64,
): Promise<number> {
  const frames = questions.map((question, index) => framed(queryFor(index, question)));
  const socket = connect({ port, host: HOST, noDelay: true });
  let sent = 0;
  let received = 0;
  let held: Buffer = Buffer.alloc(0);
  const ask = () => {
    const batch: Buffer[] = [];
    while (sent - received < ahead) batch.push(frames[sent++ % frames.length]!);
    if (batch.length > 0) socket.write(Buffer.concat(batch));
  };
  return new Promise((resolve, reject) => {
    const startMs = performance.now();
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
    socket.on('connect', ask);
    socket.on('data', (chunk) => {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      let at = 0;
      for (; at + 2 <= held.length; received++) {
        const end = at + 2 + held.readUInt16BE(at);
        if (end > held.length) break;
        at = end;
      }
      held = held.subarray(at);
      const elapsedMs = performance.now() - startMs;
      if (elapsedMs < 1_000 * seconds) ask();
      else {
        socket.destroy();
        resolve((1_000 * received) / elapsedMs);
      }
    });
  });
}

function framed(message: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(message.length >> 8, message.length & 0xff), message]);
}
