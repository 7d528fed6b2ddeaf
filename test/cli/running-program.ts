/** The program as a process: started with arguments, asked over sockets, ended with a status. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import dnsPacket from 'dns-packet';

/** As users get it: bundled (scripts/prepare.mjs). */
export const program = fileURLToPath(new URL('../../program/cli/main.js', import.meta.url));

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, STATE_DIRECTORY: '', NOTIFY_SOCKET: '', ...environment },
  });
}

export function ended(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve) => {
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}

export function run(...args: string[]): Promise<Ended> {
  return ended(start(args));
}

export interface Served {
  readonly child: ChildProcess;
  readonly port: number;
  readonly readyMs: number;
  readonly end: Promise<Ended>;
  /** Everything logged so far. */
  log(): string;
}

export async function serve(...args: string[]): Promise<Served> {
  const startMs = performance.now();
  const child = start(['serve', '--listen', '127.0.0.1:0', ...args]);
  const end = ended(child);
  let log = '';
  const port = await new Promise<number>((resolve, reject) => {
    child.stderr?.on('data', (chunk) => {
      log += chunk;
      const ready = /"?ready"?.*answering on 127\.0\.0\.1:(\d+)/.exec(log);
      if (ready !== null) resolve(Number(ready[1]));
    });
    child.on('close', () => reject(new Error(`it did not start: ${log}`)));
  });
  return { child, port, readyMs: performance.now() - startMs, end, log: () => log };
}

export function exchange(port: number, query: Buffer): Promise<dnsPacket.DecodedPacket> {
  const socket = createSocket('udp4');
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer within 5 s')), 5_000);
    socket.on('message', (octets) => {
      clearTimeout(timer);
      socket.close();
      resolve(dnsPacket.decode(octets));
    });
    socket.send(query, port, '127.0.0.1');
  });
}

export function query(name: string, type: dnsPacket.RecordType): Buffer {
  const flags = dnsPacket.RECURSION_DESIRED | dnsPacket.AUTHENTIC_DATA;
  return dnsPacket.encode({ type: 'query', id: 4711, flags, questions: [{ name, type }] });
}

/** Linux only, as is the product's home. */
export function childrenOf(pid: number): number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return list.split(' ').map(Number);
}
