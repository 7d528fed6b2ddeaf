/**
 * `workers: N`: several processes behind the same sockets, which node:cluster hands out. Each has
 * its own resolver and cache; the first process only starts them, hears of them and ends them.
 */
import cluster, { type Worker } from 'node:cluster';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { WorkerCount } from '../config/index.js';
import { EXIT } from './command.js';
import type { Log } from './log.js';

/** What a worker tells the first process. */
interface ReadyMessage {
  readonly kind: 'ready';
  readonly addresses: readonly string[];
}

const STOP = 'stop';
/** A worker that dies at once must not be started a thousand times a second. */
const SHORTEST_REST_MS = 100;
const LONGEST_REST_MS = 5_000;
/** Workers answer what is open before they end; after that they are ended. */
const STOP_LIMIT_MS = 10_000;

export function workerProcesses(setting: WorkerCount): number {
  return setting === 'auto' ? availableParallelism() : setting;
}

export function isWorker(): boolean {
  return cluster.isWorker;
}

/** Told by a worker once it answers. */
export function tellReady(addresses: readonly string[]): void {
  const message: ReadyMessage = { kind: 'ready', addresses };
  process.send?.(message);
}

/** Settles when the first process wants this worker to end, or is no longer there. */
export function stopMessage(): Promise<void> {
  return new Promise((resolve) => {
    process.on('message', (message) => {
      if (message === STOP) resolve();
    });
    process.on('disconnect', () => resolve());
    // A terminal sends its signals to all processes; the first one decides for all.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  });
}

/** Its line to the first process keeps a worker alive, and cutting it would lose the status. */
export function endWorker(status: number): void {
  if (cluster.isWorker) process.exit(status);
}

export interface WorkersPlan {
  readonly count: number;
  /** The command line that makes a worker: that of the first process. */
  readonly args: readonly string[];
  readonly log: Log;
  /** Called once, when all workers answer. */
  readonly ready: (addresses: readonly string[]) => Promise<void>;
  /** Settles when the whole is to end. */
  readonly stopped: Promise<void>;
}

/** Runs until it is told to stop; ends with the exit status. */
export async function superviseWorkers(plan: WorkersPlan): Promise<number> {
  const exec = fileURLToPath(new URL('./main.js', import.meta.url));
  cluster.setupPrimary({ exec, args: [...plan.args] });
  const supervisor = new Supervisor(plan);
  supervisor.startAll();
  const failed = await Promise.race([supervisor.failed, plan.stopped]);
  await supervisor.stopAll();
  return failed ?? EXIT.ok;
}

class Supervisor {
  /** Settles with an exit status when workers cannot even start. */
  readonly failed: Promise<number>;
  readonly #plan: WorkersPlan;
  readonly #ready = new Set<Worker>();
  #fail: (status: number) => void = () => {};
  #announced = false;
  #stopping = false;
  #restMs = SHORTEST_REST_MS;

  constructor(plan: WorkersPlan) {
    this.#plan = plan;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  startAll(): void {
    for (let count = 0; count < this.#plan.count; count++) this.#start();
  }

  async stopAll(): Promise<void> {
    this.#stopping = true;
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    const ends = workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
    for (const worker of workers) if (worker.isConnected()) worker.send(STOP);
    const timer = setTimeout(() => {
      for (const worker of workers) worker.process.kill('SIGKILL');
    }, STOP_LIMIT_MS);
    await Promise.all(ends);
    clearTimeout(timer);
  }

  #start(): void {
    const worker = cluster.fork();
    worker.on('message', (message: ReadyMessage) => {
      if (message.kind === 'ready') this.#isReady(worker, message.addresses);
    });
    worker.on('exit', (code, signal) => this.#ended(worker, code, signal));
  }

  #isReady(worker: Worker, addresses: readonly string[]): void {
    this.#ready.add(worker);
    this.#restMs = SHORTEST_REST_MS;
    if (this.#announced || this.#ready.size < this.#plan.count) return;
    this.#announced = true;
    void this.#plan.ready(addresses);
  }

  #ended(worker: Worker, code: number, signal: string): void {
    this.#ready.delete(worker);
    if (this.#stopping) return;
    if (!this.#announced && signal === null) {
      // It has said why: a wrong setting or an address that is taken is wrong for all of them.
      this.#fail(code);
      return;
    }
    const how = signal === null ? `with status ${code}` : `by ${signal}`;
    const sentence = `worker ${worker.process.pid} ended ${how}; another one takes its place`;
    this.#plan.log.write({ level: 'error', event: 'worker', sentence });
    setTimeout(() => {
      if (!this.#stopping) this.#start();
    }, this.#restMs);
    this.#restMs = Math.min(this.#restMs * 2, LONGEST_REST_MS);
  }
}
