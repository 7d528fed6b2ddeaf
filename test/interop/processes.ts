// Runs other people's programs: short ones to their end, servers until the run is over.
// Only processes started here are ever stopped, each by its own id.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

export interface RunOptions {
  readonly folder?: string;
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Take any exit status; otherwise one that is not zero is an error. */
  readonly anyStatus?: boolean;
}

export interface Finished {
  readonly status: number;
  readonly output: string;
  readonly complaints: string;
}

/** Runs a program to its end. */
export function finish(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.folder,
      env: { ...process.env, ...options.environment },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: options.timeoutMs ?? 60_000,
      killSignal: 'SIGKILL',
    });
    const output: Buffer[] = [];
    const complaints: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const result = {
        status: code ?? -1,
        output: Buffer.concat(output).toString(),
        complaints: Buffer.concat(complaints).toString(),
      };
      if (options.anyStatus === true || code === 0) resolve(result);
      else {
        const line = [command, ...args].join(' ');
        const said = `${result.complaints}${result.output}`.trim().slice(-2000);
        reject(new Error(`${line}: ${signal ?? `status ${result.status}`}\n${said}`));
      }
    });
    // A program that does not read its input closes the pipe; that is no fault.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  return (await finish(command, args, options)).output;
}

/** The arguments that run a program inside a network namespace, as the same process id. */
export function inNamespace(
  namespace: string,
  command: string,
  args: readonly string[],
): [string, string[]] {
  return ['ip', ['netns', 'exec', namespace, command, ...args]];
}

interface Server {
  readonly name: string;
  readonly process: ChildProcess;
  readonly logFile: string;
}

export class Servers {
  readonly #running: Server[] = [];

  start(name: string, namespace: string, command: readonly string[], logFile: string): void {
    const [program, args] = inNamespace(namespace, command[0]!, command.slice(1));
    const log = openSync(logFile, 'a');
    const child = spawn(program, args, { stdio: ['ignore', log, log] });
    closeSync(log);
    child.on('error', () => {});
    this.#running.push({ name, process: child, logFile });
  }

  /** Throws when a server that was started has ended, with the end of its log. */
  checkAlive(): void {
    for (const { name, process: child, logFile } of this.#running) {
      if (child.exitCode === null && child.signalCode === null) continue;
      const end = readFileSync(logFile, 'utf8').slice(-2000);
      throw new Error(`${name} ended with ${child.exitCode ?? child.signalCode}\n${end}`);
    }
  }

  async stop(name: string): Promise<number | NodeJS.Signals | null> {
    const index = this.#running.findIndex((server) => server.name === name);
    if (index < 0) return null;
    const [server] = this.#running.splice(index, 1);
    return endProcess(server!.process);
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.#running.splice(0).map((server) => endProcess(server.process)));
  }
}

/** Asks a process to end, insists after ten seconds, and tells how it ended. */
async function endProcess(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  const over = (): boolean => child.exitCode !== null || child.signalCode !== null;
  if (!over()) child.kill('SIGTERM');
  for (let waitedMs = 0; waitedMs < 10_000 && !over(); waitedMs += 20) await pause(20);
  if (!over()) {
    child.kill('SIGKILL');
    await pause(50);
  }
  return child.exitCode ?? child.signalCode;
}

/** Runs `work` on every item, at most `width` at a time. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
